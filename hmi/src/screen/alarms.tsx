//! The alarm list (`docs/spec/interfaces.md` 3.6, screen 4). Critical and High are seen one by one (AR-03).

import type { JSX } from "preact";
import { alarmAction, alarmName } from "../alarm_words";
import { acknowledge, CommandButton } from "../commands";
import * as format from "../format";
import { plant, type Alarm } from "../plant";
import { text, ui } from "../text";
import { Shape } from "../ui";

function standing(alarm: Alarm): string {
  const parts = [alarm.active ? ui("active") : alarm.latched ? ui("latched") : ui("gone")];
  parts.push(
    !alarm.acked ? ui("not_seen") : alarm.user === null ? ui("seen") : ui("seen_by", { user: alarm.user }),
  );
  if (!alarm.saved) parts.push(ui("not_saved"));
  return parts.join(" · ");
}

function Entry({ alarm }: { alarm: Alarm }): JSX.Element {
  const name = alarmName(alarm);
  return (
    <li
      class={`alarm ${alarm.priority} ${alarm.acked ? "seen" : "unseen"}`}
      data-number={alarm.number}
      data-state={alarm.state}
    >
      <div class="alarm-head">
        <Shape priority={alarm.priority} size={28} />
        <span class="alarm-priority">{text("priority", alarm.priority)}</span>
        <span class="alarm-number">
          {alarm.number} {alarm.tag}
        </span>
      </div>
      <p class="alarm-text">{name}</p>
      <p class="alarm-do">{ui("do", { action: alarmAction(alarm) })}</p>
      <p class="alarm-state">
        {ui("since", { time: format.dateTime(alarm.since) })}
        <br />
        {standing(alarm)}
      </p>
      <div class="alarm-actions">
        {!alarm.acked && (
          <button
            type="button"
            class="strong"
            disabled={plant.link() !== "live"}
            onClick={() => acknowledge([alarm], name)}
          >
            {ui("ack")}
          </button>
        )}
        {alarm.latched && !alarm.active && alarm.acked && (
          <CommandButton command="ResetAlarm" target={alarm.id} object={name} label={ui("alarm_reset")} />
        )}
        <a class="button" href={`#/unit/${alarm.unit}`}>
          {ui("more")}
        </a>
      </div>
    </li>
  );
}

export function Alarms(): JSX.Element {
  const alarms = plant.alarms();
  const lesser = alarms.filter(
    (alarm) => !alarm.acked && (alarm.priority === "P3" || alarm.priority === "P4"),
  );
  return (
    <article>
      <h1>{ui("alarms")}</h1>
      {alarms.length === 0 && (
        <p class="empty">{plant.link() === "waiting" ? ui("connecting") : ui("no_alarms")}</p>
      )}
      <ul class="alarm-list">
        {alarms.map((alarm) => (
          <Entry key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      {lesser.length > 1 && (
        <button
          type="button"
          disabled={plant.link() !== "live"}
          onClick={() => acknowledge(lesser, lesser.map(alarmName).join("; "))}
        >
          {ui("ack_others")}
        </button>
      )}
    </article>
  );
}
