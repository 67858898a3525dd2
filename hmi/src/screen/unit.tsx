//! One unit: its state, what holds it, its equipment, values, settings and commands.

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { alarmAction, unitPriority } from "../alarm_words";
import { change, CommandButton } from "../commands";
import { deviceName, deviceOf, flowOrder, fullName, pointName, tagOf, unitName } from "../names";
import { first, plant, stateOf, usable, type Row } from "../plant";
import { who } from "../session";
import { text, ui } from "../text";
import { Trend } from "../trend";
import { bare, reading, Shape, Value } from "../ui";

/** What people ask of a unit. */
const COMMANDS: Record<string, string[]> = {
  filter: ["Wash", "AbortWash"],
  tank: ["Desludge"],
  disinfection: ["Prime"],
  intake: ["CloseIntake", "OpenIntake"],
  distribution: ["ConfirmDrained", "ConfirmQuality"],
  waste: ["ConfirmSludgeRemoved"],
  system: ["Start", "Stop", "Reset", "ConfirmStrength", "Silence", "StopAll"],
};

function Section({
  title,
  wide,
  children,
}: {
  title: string;
  wide?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section class={wide === true ? "part wide" : "part"}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Reasons({ keys }: { keys: string[] }): JSX.Element {
  return (
    <ul class="reasons">
      {keys.map((key) => (
        <li key={key} data-reason={key}>
          {text("reason", key)}
        </li>
      ))}
    </ul>
  );
}

/** A line of a list: name, a small bar where there is a range, the value; a number opens its last 24 hours. */
function Line({ row }: { row: Row }): JSX.Element {
  const [open, setOpen] = useState(false);
  const value = usable(row.path);
  const [low, high] = row.range ?? [0, 0];
  const content = (
    <>
      <span class="name">
        {pointName(row)} <small>{tagOf(row)}</small>
      </span>
      {row.form === "number" && row.range !== undefined && high > low && (
        <meter min={low} max={high} value={value ?? low} aria-hidden="true" />
      )}
      <Value row={row} />
    </>
  );
  if (row.form !== "number")
    return (
      <li class="line" data-path={row.path}>
        {content}
      </li>
    );
  return (
    <li class="line" data-path={row.path}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{content}</summary>
        {open && <Trend row={row} />}
      </details>
    </li>
  );
}

/** An output, and what holds it off. */
function OutputLine({ row, blocked }: { row: Row; blocked: string[] }): JSX.Element {
  const sample = plant.sample(row);
  const held = sample?.extra ?? [];
  const why = held.length > 0 ? held : blocked;
  return (
    <li class="line" data-path={row.path}>
      <span class="name">
        {pointName(row)} <small>{tagOf(row)}</small>
      </span>
      <Value row={row} />
      {sample?.value === 0 && why.length > 0 && (
        <details>
          <summary>{ui("why_not")}</summary>
          {held.length > 0 && <p>{ui("held_off")}</p>}
          <Reasons keys={why} />
        </details>
      )}
    </li>
  );
}

/** A device in one word: what its feedback says. */
function deviceState(unit: string, device: string): string | undefined {
  const at = `${unit}.${device}`;
  const state = stateOf(`${at}.state`);
  if (state !== undefined) return text("state", state);
  if (plant.row(`${at}.opened`) !== undefined) {
    const opened = usable(`${at}.opened`);
    const closed = usable(`${at}.closed`);
    if (opened === undefined || closed === undefined) return ui("unknown");
    return opened >= 0.5 ? ui("open") : closed >= 0.5 ? ui("closed") : ui("moving");
  }
  if (plant.row(`${at}.running`) !== undefined) {
    const running = usable(`${at}.running`);
    return running === undefined ? ui("unknown") : running >= 0.5 ? ui("running") : ui("stopped");
  }
  const rate = plant.row(`${at}.rate`);
  return rate === undefined ? undefined : reading(rate, plant.sample(rate));
}

function SettingLine({ row }: { row: Row }): JSX.Element {
  const sample = plant.sample(row);
  const role = row.role ?? "Engineer";
  const may = who.user() === null || who.may(role);
  return (
    <li class="line setting" data-path={row.path}>
      <span class="name">
        {fullName(row)}
        {row.range !== undefined && row.form === "number" && (
          <small>{ui("allowed", { low: bare(row, row.range[0]), high: bare(row, row.range[1]) })}</small>
        )}
      </span>
      <span class="value">{reading(row, sample)}</span>
      {may ? (
        <button type="button" disabled={plant.link() !== "live"} onClick={() => change(row)}>
          {ui("change")}
        </button>
      ) : (
        <small>{ui("role_needed", { role: text("role", role) })}</small>
      )}
    </li>
  );
}

function Settings({ rows }: { rows: Row[] }): JSX.Element {
  return (
    <ul class="lines">
      {rows.map((row) => (
        <SettingLine key={row.path} row={row} />
      ))}
    </ul>
  );
}

/** Contacts and commands of a device stay folded; numbers stay in sight. */
function Device({
  unit,
  device,
  rows,
  blocked,
}: {
  unit: string;
  device: string;
  rows: Row[];
  blocked: string[];
}): JSX.Element {
  const own = plant.sample(first(`${unit}.${device}.blocked`))?.extra ?? [];
  const state = first(`${unit}.${device}.state`);
  return (
    <details class="device">
      <summary>
        <span class="name">
          {deviceName(device)} <small>{(state ?? rows[0])?.tag}</small>
        </span>
        <span class="value">{deviceState(unit, device)}</span>
      </summary>
      <Reasons keys={own} />
      <ul class="lines">
        {rows
          .filter((row) => row.form !== "reasons" && row !== state)
          .map((row) =>
            row.kind === "output" ? (
              <OutputLine key={row.path} row={row} blocked={own.length > 0 ? own : blocked} />
            ) : (
              <Line key={row.path} row={row} />
            ),
          )}
      </ul>
    </details>
  );
}

export function Unit({ unit }: { unit: string }): JSX.Element {
  const rows = plant.catalogue().rows.filter((row) => row.unit === unit && row.kind !== "alarm");
  if (rows.length === 0)
    return <p class="empty">{plant.link() === "waiting" ? ui("connecting") : ui("unknown_unit")}</p>;
  const state = first(`${unit}.state`);
  const blocked = plant.sample(first(`${unit}.blocked`))?.extra ?? [];
  const others = rows.filter(
    (row) => row.form === "reasons" && deviceOf(row.path) === undefined && row.path !== `${unit}.blocked`,
  );
  const own = rows.filter(
    (row) => deviceOf(row.path) === undefined && row !== state && row.form !== "reasons",
  );
  const devices = new Map<string, Row[]>();
  for (const row of rows) {
    const device = deviceOf(row.path);
    if (device !== undefined && row.kind !== "setting")
      devices.set(device, [...(devices.get(device) ?? []), row]);
  }
  const number = /\d+$/.exec(unit)?.[0];
  const commands = COMMANDS[unit.replace(/\d+$/, "")] ?? [];
  const values = own.filter((row) => row.kind === "input" || row.kind === "status");
  const outputs = own.filter((row) => row.kind === "output");
  const totals = own.filter((row) => row.kind === "retained");
  const settings = rows.filter((row) => row.kind === "setting");
  const alarms = plant.alarms().filter((alarm) => alarm.unit === unit);
  const priority = unitPriority(unit);
  return (
    <article class="parts">
      <h1>
        {priority !== undefined && <Shape priority={priority} size={24} />}
        {unitName(unit)}
        {state !== undefined && (
          <span class="state" data-state={stateOf(state.path)}>
            {reading(state, plant.sample(state))}
          </span>
        )}
      </h1>
      {alarms.map((alarm) => (
        <a key={alarm.id} href="#/alarms" class={`notice ${alarm.priority}`}>
          <Shape priority={alarm.priority} />
          <span>
            {text("alarm", String(alarm.number))}. {alarmAction(alarm)}
          </span>
        </a>
      ))}
      <Section title={ui("why_stopped")} wide>
        {blocked.length === 0 ? <p>{ui("nothing_holds")}</p> : <Reasons keys={blocked} />}
        {others.map((row) => {
          const keys = plant.sample(row)?.extra ?? [];
          return keys.length === 0 ? null : (
            <div key={row.path} data-path={row.path}>
              <p>{pointName(row)}:</p>
              <Reasons keys={keys} />
            </div>
          );
        })}
      </Section>
      {commands.length > 0 && (
        <section class="actions" aria-label={ui("commands")}>
          {commands.map((command) => (
            <CommandButton
              key={command}
              command={command}
              target={number === undefined ? null : Number(number)}
              object={unitName(unit)}
              strong={command === "StopAll"}
            />
          ))}
        </section>
      )}
      {values.length > 0 && (
        <Section title={ui("values")}>
          <ul class="lines">
            {values.map((row) => (
              <Line key={row.path} row={row} />
            ))}
          </ul>
        </Section>
      )}
      {devices.size > 0 && (
        <Section title={ui("equipment")}>
          {[...devices].map(([device, of]) => (
            <Device key={device} unit={unit} device={device} rows={of} blocked={blocked} />
          ))}
        </Section>
      )}
      {outputs.length > 0 && (
        <Section title={ui("outputs")}>
          <ul class="lines">
            {outputs.map((row) => (
              <OutputLine key={row.path} row={row} blocked={blocked} />
            ))}
          </ul>
        </Section>
      )}
      {settings.length > 0 && (
        <Section title={ui("settings")}>
          <Settings rows={settings.filter((row) => row.role !== "Engineer")} />
          <details>
            <summary>{ui("settings_engineer")}</summary>
            <Settings rows={settings.filter((row) => row.role === "Engineer")} />
          </details>
        </Section>
      )}
      {totals.length > 0 && (
        <Section title={ui("totals")}>
          <ul class="lines">
            {totals.map((row) => (
              <Line key={row.path} row={row} />
            ))}
          </ul>
        </Section>
      )}
      <nav class="units" aria-label={ui("all_units")}>
        <h2>{ui("all_units")}</h2>
        {flowOrder(new Set(plant.catalogue().rows.map((row) => row.unit))).map((one) => (
          <a key={one} class="button" href={`#/unit/${one}`} aria-current={one === unit ? "page" : undefined}>
            {unitName(one)}
          </a>
        ))}
      </nav>
    </article>
  );
}
