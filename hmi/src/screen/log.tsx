//! What happened, newest first, in plain words.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api";
import { verb } from "../commands";
import * as format from "../format";
import { deviceName, deviceOf, fullName, unitName } from "../names";
import { plant } from "../plant";
import { text, ui } from "../text";
import { bare, Shape } from "../ui";

interface Happening {
  number: number;
  wall: number;
  clock: boolean;
  kind: "alarm" | "answer" | "state" | "cause" | "setting" | "test" | "shell";
  path: string;
  from: string;
  to: string;
  user: string;
  why: string;
  reason: string;
}

/** Events of one page. */
const PAGE = 200;
/** The newest are asked for this often, ms. */
const REFRESH_MS = 5000;

/** A unit, or a point of one. */
function name(path: string): string {
  const row = plant.row(path);
  if (row === undefined) return unitName(path);
  if (row.alarm !== undefined) return `${unitName(row.unit)}: ${text("alarm", String(row.alarm.number))}`;
  const device = deviceOf(row.path);
  if (row.form === "states")
    return device === undefined ? unitName(row.unit) : `${unitName(row.unit)}: ${deviceName(device)}`;
  return `${unitName(row.unit)}: ${fullName(row)}`;
}

/** A value of a setting with its unit. */
function shown(path: string, word: string): string {
  const row = plant.row(path);
  const value = Number(word);
  return row === undefined || word === "" || Number.isNaN(value) ? word : bare(row, value);
}

/** One event as a sentence (`src/journal/record.rs` says which word stands where). */
function sentence(event: Happening): string {
  const { path, from, to, reason } = event;
  const user = event.user === "" ? ui("plant") : event.user;
  switch (event.kind) {
    case "alarm":
      return text("event", "alarm", { name: name(path), to: text("state", to) });
    case "state":
      return text("event", "state", { name: name(path), from: text("state", from), to: text("state", to) });
    case "cause":
      return text("event", to === "Ended" ? "cause_ended" : "cause_began", {
        reason: text("reason", reason),
      });
    case "setting":
      return text("event", "setting", {
        user,
        name: name(path),
        from: shown(path, from),
        to: shown(path, to),
      });
    case "test":
      return text("event", "test", { user, name: name(path), from, to });
    case "answer": {
      const command = path === "" ? verb(from) : `${verb(from)}, ${name(path)}`;
      return to === "Accepted"
        ? text("event", "answer_accepted", { user, command })
        : text("event", "answer_refused", { user, command, reason: text("reason", reason) });
    }
    case "shell": {
      const change = [path, from, to].filter((word) => word !== "").join(" ");
      const who = event.user === "" ? "" : `${event.user}: `;
      return `${who}${text("note", reason)}${change === "" ? "" : ` (${change})`}`;
    }
  }
}

/** A pump or a valve went about its work. */
function ofEquipment(event: Happening): boolean {
  return event.kind === "state" && deviceOf(event.path) !== undefined;
}

function Mark({ event }: { event: Happening }): JSX.Element | null {
  const priority = event.kind === "alarm" ? plant.row(event.path)?.alarm?.priority : undefined;
  return priority === undefined ? null : <Shape priority={priority} size={16} />;
}

export function Log(): JSX.Element {
  const [events, setEvents] = useState<Happening[]>([]);
  const [oldest, setOldest] = useState(false);
  const [equipment, setEquipment] = useState(false);
  useEffect(() => {
    let alive = true;
    const read = async () => {
      const answer = await ask<{ events: Happening[] }>("GET", `/api/events?limit=${PAGE}`);
      if (!alive || answer.data === undefined) return;
      const newest = answer.data.events;
      setEvents((known) => {
        const from = newest[newest.length - 1]?.number ?? Number.POSITIVE_INFINITY;
        return [...newest, ...known.filter((event) => event.number < from)];
      });
    };
    void read();
    const timer = setInterval(() => void read(), REFRESH_MS);
    return () => {
      alive = false;
      clearInterval(timer);
    };
  }, []);
  const older = async () => {
    const before = events[events.length - 1]?.number;
    const answer = await ask<{ events: Happening[] }>(
      "GET",
      `/api/events?limit=${PAGE}&before=${String(before)}`,
    );
    const more = answer.data?.events ?? [];
    setEvents((known) => [...known, ...more]);
    setOldest(more.length < PAGE);
  };
  return (
    <article>
      <h1>{ui("log")}</h1>
      <label class="tick">
        <input
          type="checkbox"
          checked={equipment}
          onChange={(event) => setEquipment(event.currentTarget.checked)}
        />
        {ui("log_equipment")}
      </label>
      {events.length === 0 && <p class="empty">{ui("no_events")}</p>}
      <ol class="log">
        {events
          .filter((event) => equipment || !ofEquipment(event))
          .map((event) => (
            <li key={event.number} data-kind={event.kind}>
              <time dateTime={new Date(event.wall).toISOString()}>
                {format.dateTime(event.wall)}
                {event.clock ? "" : " ?"}
              </time>
              <span>
                <Mark event={event} /> {sentence(event)}
                {event.why === "" ? "" : ` (${event.why})`}
              </span>
            </li>
          ))}
      </ol>
      {events.length >= PAGE && !oldest && (
        <button type="button" onClick={() => void older()}>
          {ui("older")}
        </button>
      )}
    </article>
  );
}
