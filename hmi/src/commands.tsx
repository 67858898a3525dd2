//! Asking the plant to do something: select, confirm by holding, and hear whether it was accepted (HMI-30). A command is
//! never kept for later.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, type Answer } from "./api";
import * as format from "./format";
import { fullName } from "./names";
import { plant, type Alarm, type Row } from "./plant";
import { expired, logIn, who } from "./session";
import { find, text, ui } from "./text";
import { bare, closeSheet, Hold, openSheet, type Outcome, PasswordField, Told } from "./ui";

interface Verdict {
  accepted: boolean;
  reason?: string;
}

/** A change larger than this share of the span is typed twice (HMI-31). */
const LARGE_CHANGE = 0.2;

/** Why a request did not work, in words. */
export function failure(answer: Answer<unknown>): string {
  const key = answer.error ?? "Failed";
  return (
    find("error", key, { seconds: answer.seconds ?? 60 }) ?? find("reason", key) ?? text("error", "Failed")
  );
}

function outcomeOf(answer: Answer<Verdict>): Outcome {
  if (answer.status === 401) expired();
  if (answer.data === undefined) return { kind: "refused", why: failure(answer) };
  if (answer.data.accepted) return { kind: "accepted" };
  const reason = answer.data.reason ?? "NotNow";
  return { kind: "refused", why: find("reason", reason) ?? reason };
}

/** Runs `then` for somebody who may; asks who it is first. */
function asUser(role: string, then: () => void): void {
  if (who.user() === null) openSheet(() => <LogIn then={then} />);
  else if (who.may(role)) then();
  else openSheet(() => <Refused role={role} />);
}

function Refused({ role }: { role: string }): JSX.Element {
  return (
    <>
      <h2>{ui("refused")}</h2>
      <p>{ui("role_needed", { role: text("role", role) })}</p>
      <button type="button" onClick={closeSheet}>
        {ui("close")}
      </button>
    </>
  );
}

export function LogIn({ then }: { then?: () => void }): JSX.Element {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const enter = async (event: Event) => {
    event.preventDefault();
    setOutcome({ kind: "sending" });
    const answer = await logIn(user.trim(), password);
    if (answer.data === undefined) setOutcome({ kind: "refused", why: failure(answer) });
    else if (then === undefined) closeSheet();
    else then();
  };
  return (
    <form onSubmit={(event) => void enter(event)}>
      <h2>{ui("log_in")}</h2>
      <label>
        {ui("name")}
        <input
          name="user"
          autocomplete="username"
          autocapitalize="none"
          required
          value={user}
          onInput={(event) => setUser(event.currentTarget.value)}
        />
      </label>
      <PasswordField value={password} fresh={false} onValue={setPassword} />
      <Told outcome={outcome} />
      <div class="actions">
        <button type="button" onClick={closeSheet}>
          {ui("cancel")}
        </button>
        <button type="submit" class="strong">
          {ui("enter")}
        </button>
      </div>
    </form>
  );
}

/** A verb, what it acts on, and what follows. */
interface Wanted {
  command: string;
  target: number | null;
  object: string;
}

/** The words of a command's button. */
export function verb(command: string): string {
  return text("command", command);
}

export function CommandButton({
  command,
  target = null,
  object = "",
  label,
  strong,
}: Partial<Wanted> & { command: string; label?: string; strong?: boolean }): JSX.Element {
  const live = plant.link() === "live";
  return (
    <button
      type="button"
      class={`command ${strong === true ? "strong" : ""}`}
      data-command={command}
      disabled={!live}
      title={live ? undefined : ui("not_connected")}
      onClick={() => {
        const show = () =>
          openSheet(() => (
            <Confirm key={`${command} ${String(target)}`} command={command} target={target} object={object} />
          ));
        // Stop All needs nobody's name at a panel; elsewhere the controller asks for one.
        if (command === "StopAll") show();
        else asUser("Operator", show);
      }}
    >
      {label ?? verb(command)}
    </button>
  );
}

function Confirm({ command, target, object }: Wanted): JSX.Element {
  const [token, setToken] = useState<string>();
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const open = command === "StopAll";
  useEffect(() => {
    if (open) return;
    void ask<{ token: string }>("POST", "/api/select", { command, target }).then((answer) => {
      if (answer.status === 401) expired();
      if (answer.data === undefined) setOutcome({ kind: "refused", why: failure(answer) });
      else setToken(answer.data.token);
    });
  }, []);
  const send = async () => {
    setOutcome({ kind: "sending" });
    const answer = open
      ? await ask<Verdict>("POST", "/api/stop-all", { why: "" })
      : await ask<Verdict>("POST", "/api/command", { token, command, target, why: "" });
    if (open && (answer.status === 401 || answer.status === 403)) {
      openSheet(() => (
        <LogIn then={() => openSheet(() => <Confirm command={command} target={target} object={object} />)} />
      ));
      return;
    }
    setOutcome(outcomeOf(answer));
  };
  const over = outcome.kind === "accepted" || outcome.kind === "refused";
  return (
    <>
      <h2>{verb(command)}</h2>
      {object !== "" && <p class="object">{object}</p>}
      <p>{text("effect", command)}</p>
      <Told outcome={outcome} />
      <div class="actions">
        <button type="button" onClick={closeSheet}>
          {over ? ui("close") : ui("cancel")}
        </button>
        {!over && (
          <Hold
            label={verb(command)}
            disabled={(token === undefined && !open) || outcome.kind === "sending" || plant.link() !== "live"}
            onHeld={() => void send()}
          />
        )}
      </div>
    </>
  );
}

/** The horn, in one tap; at a panel without log-in (`docs/spec/interfaces.md` 3.7). */
export function SilenceButton(): JSX.Element {
  const silence = async () => {
    const answer = await ask<Verdict>("POST", "/api/silence", {});
    if (answer.status === 401) expired();
    const unknown = answer.status === 401 || answer.status === 403;
    if (unknown && !who.may("Operator")) asUser("Operator", () => void silence().then(closeSheet));
  };
  return (
    <button
      type="button"
      data-command="Silence"
      disabled={plant.link() !== "live"}
      onClick={() => void silence()}
    >
      {ui("silence")}
    </button>
  );
}

/** Somebody has seen an alarm: tap, then confirm. */
export function acknowledge(alarms: readonly Alarm[], name: string): void {
  asUser("Operator", () =>
    openSheet(() => <Acknowledge key={alarms.map((one) => one.event).join()} alarms={alarms} name={name} />),
  );
}

function Acknowledge({ alarms, name }: { alarms: readonly Alarm[]; name: string }): JSX.Element {
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const send = async () => {
    setOutcome({ kind: "sending" });
    for (const alarm of alarms) {
      const told = outcomeOf(await ask<Verdict>("POST", "/api/ack", { alarm: alarm.id, comment: "" }));
      if (told.kind === "refused") {
        setOutcome(told);
        return;
      }
    }
    closeSheet();
  };
  return (
    <>
      <h2>{ui("ack_title")}</h2>
      <p class="object">{name}</p>
      <p>{ui("ack_effect")}</p>
      <Told outcome={outcome} />
      <div class="actions">
        <button type="button" onClick={closeSheet}>
          {ui("cancel")}
        </button>
        <button
          type="button"
          class="strong"
          disabled={outcome.kind === "sending" || plant.link() !== "live"}
          onClick={() => void send()}
        >
          {ui("confirm")}
        </button>
      </div>
    </>
  );
}

/** Opens the sheet that changes a setting. */
export function change(row: Row): void {
  asUser(row.role ?? "Engineer", () => openSheet(() => <Change key={row.path} row={row} />));
}

function Change({ row }: { row: Row }): JSX.Element {
  const now = plant.sample(row)?.value ?? null;
  const [entry, setEntry] = useState("");
  const [again, setAgain] = useState("");
  const [why, setWhy] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const [low, high] = row.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const value = row.form === "onoff" ? (entry === "" ? undefined : Number(entry)) : format.typed(entry);
  const inside = value !== undefined && value >= low && value <= high;
  const large =
    row.form === "number" && inside && now !== null && Math.abs(value - now) > LARGE_CHANGE * (high - low);
  const ready = inside && (!large || format.typed(again) === value);
  const send = async (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    setOutcome({ kind: "sending" });
    setOutcome(outcomeOf(await ask<Verdict>("POST", "/api/settings", { path: row.path, value, why })));
  };
  const over = outcome.kind === "accepted";
  // A time is typed in seconds, and shown so here.
  const exact = (one: number) => (row.symbol === "s" ? `${format.number(one, 0)} s` : bare(row, one));
  return (
    <form onSubmit={(event) => void send(event)}>
      <h2>{fullName(row)}</h2>
      <p>
        {now !== null && ui("now", { value: exact(now) })}
        {row.form === "number" && row.range && (
          <>
            <br />
            {ui("allowed", { low: exact(low), high: exact(high) })}
          </>
        )}
      </p>
      {row.form === "onoff" ? (
        <label>
          {ui("new_value")}
          <select value={entry} onChange={(event) => setEntry(event.currentTarget.value)}>
            <option value="" />
            <option value="1">{ui("on")}</option>
            <option value="0">{ui("off")}</option>
          </select>
        </label>
      ) : (
        <label>
          {ui("new_value")}
          <input
            inputMode="decimal"
            value={entry}
            aria-invalid={value !== undefined && !inside}
            onInput={(event) => setEntry(event.currentTarget.value)}
          />
        </label>
      )}
      {value !== undefined && !inside && <p class="told refused">{ui("out_of_range")}</p>}
      {large && (
        <label>
          {ui("new_value_again")}
          <input inputMode="decimal" value={again} onInput={(event) => setAgain(event.currentTarget.value)} />
        </label>
      )}
      {large && again !== "" && !ready && <p class="told refused">{ui("not_same")}</p>}
      <label>
        {ui("reason_why")}
        <input value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </label>
      <Told outcome={outcome} />
      <div class="actions">
        <button type="button" onClick={closeSheet}>
          {over ? ui("close") : ui("cancel")}
        </button>
        {!over && (
          <button type="submit" class="strong" disabled={!ready || plant.link() !== "live"}>
            {ui("confirm")}
          </button>
        )}
      </div>
    </form>
  );
}
