//! The few things every screen is made of: priority shapes, values with their quality, bars, sheets, the button to hold.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as format from "./format";
import { plant, type Priority, type Row, type Sample } from "./plant";
import { text, ui } from "./text";

/** Square, triangle up, triangle down, circle: a priority is told by shape, number and word, never by colour alone. */
export function Shape({ priority, size = 20 }: { priority: Priority; size?: number }): JSX.Element {
  const drawn = {
    P1: <rect x="2" y="2" width="16" height="16" />,
    P2: <path d="M10 1.5 19 18H1Z" />,
    P3: <path d="M10 18.5 1 2h18Z" />,
    P4: <circle cx="10" cy="10" r="8.5" />,
  }[priority];
  return (
    <svg class={`shape ${priority}`} viewBox="0 0 20 20" width={size} height={size} aria-hidden="true">
      {drawn}
    </svg>
  );
}

/** How a sample reads: `0.09 NTU`, `? 0.09 NTU`, `x [0.09 NTU]`, `--`. Never a 0 for a missing value. */
export function reading(row: Row | undefined, sample: Sample | undefined): string {
  if (row === undefined || sample === undefined || plant.link() === "lost") return "--";
  if (sample.quality === "bad" || sample.value === null) {
    return sample.last === null ? "x --" : `x [${bare(row, sample.last)}]`;
  }
  const shown = bare(row, sample.value);
  return sample.quality === "uncertain" ? `? ${shown}` : shown;
}

/** A value with its unit, as its form says. */
export function bare(row: Row, value: number): string {
  switch (row.form) {
    case "onoff":
      if (row.kind === "output") return value >= 0.5 ? ui("on") : ui("off");
      return value >= 0.5 ? ui("yes") : ui("no");
    case "states":
      return text("state", row.states?.[value] ?? String(value));
    case "alarm":
      return text("state", ALARM_STATES[value] ?? String(value));
    case "reasons":
      return "";
    case "number": {
      const symbol = row.symbol ?? "";
      if (symbol === "s") return format.duration(value);
      const shown = format.number(value, row.decimals ?? 2);
      return UNSPOKEN.has(symbol) ? shown : `${shown} ${symbol}`;
    }
  }
}

/** Symbols that say nothing to people: ratios, counts, and pH, whose name is its unit. */
const UNSPOKEN = new Set(["", "1", "pcs", "pH"]);

const ALARM_STATES = [
  "Normal",
  "Unacknowledged",
  "Acknowledged",
  "ReturnedUnacknowledged",
  "LatchedUnacknowledged",
  "LatchedAcknowledged",
];

/** What is wrong with a value, in words; nothing when it is good. */
export function doubt(sample: Sample | undefined): string | undefined {
  if (sample === undefined || sample.quality === "good") return undefined;
  const why = sample.extra[0];
  const word = text("quality", sample.quality);
  return why === undefined ? word : `${word}: ${text("quality", why)}`;
}

/** A value with the mark of its quality. */
export function Value({ row }: { row: Row | undefined }): JSX.Element {
  const sample = plant.sample(row);
  const wrong = doubt(sample);
  return (
    <span
      class={`value ${sample?.quality ?? "bad"}`}
      title={wrong}
      aria-label={wrong && `${reading(row, sample)} ${wrong}`}
    >
      {reading(row, sample)}
      {plant.link() === "lost" &&
        row !== undefined &&
        sample !== undefined &&
        sample.last !== null &&
        row.form !== "reasons" && (
          <small> {ui("last_at", { value: bare(row, sample.last), time: format.clock(plant.wall()) })}</small>
        )}
    </span>
  );
}

/** What a bar shows beside its value; all in the point's unit. */
export interface Scale {
  low: number;
  high: number;
  /** Where it normally stands. */
  band?: [number, number];
  /** Alarm limits. */
  limits?: number[];
  target?: number | undefined;
}

const BAR = 96;

/** A vertical bar with normal band, limits, target and value (HMI-04). */
export function Bar({
  value,
  scale,
  abnormal,
}: {
  value: number | undefined;
  scale: Scale;
  abnormal?: Priority | undefined;
}): JSX.Element {
  const share = (at: number) => Math.max(0, Math.min(1, (at - scale.low) / (scale.high - scale.low)));
  const y = (at: number) => 2 + BAR * (1 - share(at));
  return (
    <svg
      class={`bar ${abnormal ?? ""}`}
      viewBox={`0 0 34 ${BAR + 4}`}
      width="34"
      height={BAR + 4}
      aria-hidden="true"
    >
      <rect class="bar-range" x="8" y="2" width="16" height={BAR} />
      {scale.band && (
        <rect
          class="bar-band"
          x="8"
          y={y(scale.band[1])}
          width="16"
          height={y(scale.band[0]) - y(scale.band[1])}
        />
      )}
      {value !== undefined && (
        <rect class="bar-value" x="12" y={y(value)} width="8" height={2 + BAR - y(value)} />
      )}
      {scale.limits?.map((limit) => (
        <path key={limit} class="bar-limit" d={`M4 ${y(limit)}H28`} />
      ))}
      {scale.target !== undefined && <path class="bar-target" d={`M24 ${y(scale.target)}l8 -5v10Z`} />}
      {value !== undefined && <path class="bar-mark" d={`M6 ${y(value)}H26`} />}
    </svg>
  );
}

/** How long a command is held before it is sent, ms (HMI-30). */
export const HOLD_MS = 1500;

/** Held with finger, mouse, Space or Enter. */
export function Hold({
  label,
  disabled,
  onHeld,
}: {
  label: string;
  disabled?: boolean;
  onHeld: () => void;
}): JSX.Element {
  const [holding, setHolding] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const release = () => {
    clearTimeout(timer.current);
    setHolding(false);
  };
  const press = () => {
    if (disabled === true) return;
    clearTimeout(timer.current);
    setHolding(true);
    timer.current = setTimeout(() => {
      setHolding(false);
      onHeld();
    }, HOLD_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <button
      type="button"
      class={`hold ${holding ? "holding" : ""}`}
      disabled={disabled}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onBlur={release}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (!event.repeat) press();
      }}
      onKeyUp={release}
    >
      <span class="hold-fill" />
      <span class="hold-label">
        {label}
        <small>{holding ? ui("holding") : ui("hold")}</small>
      </span>
    </button>
  );
}

let sheet: (() => ComponentChildren) | undefined;
let sheetChanged: () => void = () => {};

/** Shows a sheet over the page; one at a time. Drawn anew with the page, so that it too knows when the connection is lost. */
export function openSheet(content: () => ComponentChildren): void {
  sheet = content;
  sheetChanged();
}

export function closeSheet(): void {
  sheet = undefined;
  sheetChanged();
}

/** Where sheets appear. */
export function SheetHost(): JSX.Element {
  const [, redraw] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    sheetChanged = () => redraw((count) => count + 1);
  }, []);
  const shown = sheet !== undefined;
  useEffect(() => {
    if (shown && dialog.current?.open === false) dialog.current.showModal();
    if (!shown && dialog.current?.open === true) dialog.current.close();
  }, [shown]);
  return (
    <dialog
      ref={dialog}
      onClose={closeSheet}
      onClick={(event) => {
        if (event.target === dialog.current) closeSheet();
      }}
    >
      <div class="sheet">{sheet?.()}</div>
    </dialog>
  );
}

/** A password may be shown: no memory puzzle, and pasting works. */
export function PasswordField({
  value,
  fresh,
  onValue,
}: {
  value: string;
  fresh: boolean;
  onValue: (value: string) => void;
}): JSX.Element {
  const [shown, setShown] = useState(false);
  // The types of inputs tell text and password apart; this one is both in turn.
  const kind = { type: shown ? "text" : "password" } as { type: "text" };
  return (
    <>
      <label>
        {ui("password")}
        <input
          {...kind}
          name="password"
          autocomplete={fresh ? "new-password" : "current-password"}
          required
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {fresh && <small>{ui("password_rule")}</small>}
      </label>
      <label class="tick">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />
        {ui("show_password")}
      </label>
    </>
  );
}

/** A question is under way, was answered, or failed. */
export type Outcome =
  { kind: "idle" } | { kind: "sending" } | { kind: "accepted" } | { kind: "refused"; why: string };

/** Says how it went. */
export function Told({ outcome }: { outcome: Outcome }): JSX.Element {
  return (
    <p class={`told ${outcome.kind}`} role="status" aria-live="polite">
      {outcome.kind === "sending" && ui("sending")}
      {outcome.kind === "accepted" && `✓ ${ui("accepted")}`}
      {outcome.kind === "refused" && `${ui("refused")} ${outcome.why}`}
    </p>
  );
}
