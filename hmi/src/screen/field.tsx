//! The field page of the demo: a newcomer plays river, grid and broken equipment, and watches what the plant does.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api";
import { failure } from "../commands";
import * as format from "../format";
import { fullName, unitName, deviceName } from "../names";
import { plant } from "../plant";
import { text, ui } from "../text";
import { type Outcome, Told } from "../ui";

interface Field {
  storm: boolean;
  mains: boolean;
  emergency_stop: boolean;
  remote: boolean;
  faults: { path: string; kind: string }[];
  targets: { sensors: string[]; actuators: string[] };
  truth: Record<string, number>;
}

type Act = Record<string, string | number | boolean>;

/** Worlds are looked at this often, ms. */
const REFRESH_MS = 1000;

/** The units the truth is told in. */
const SYMBOLS: Record<string, string> = {
  raw_turbidity: "NTU",
  river_level: "m",
  rain: "mm/h",
  settled_turbidity: "NTU",
  filtered_turbidity: "NTU",
  outlet_chlorine: "mg/l",
  clear_well_level: "m",
  elevated_level: "m",
  demand: "m³/h",
};

/** The buses that can be cut. */
const BUSES = ["a", "b", "c", "d"];

function sensorName(path: string): string {
  const row = plant.row(path);
  return row === undefined ? path : `${unitName(row.unit)}: ${fullName(row)}`;
}

function actuatorName(path: string): string {
  const [unit = "", device = ""] = path.split(".");
  return `${unitName(unit)}: ${deviceName(device)}`;
}

export function FieldPage(): JSX.Element {
  const [field, setField] = useState<Field>();
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const read = async () => {
    const answer = await ask<Field>("GET", "/api/field");
    if (answer.data !== undefined) setField(answer.data);
  };
  useEffect(() => {
    void read();
    const timer = setInterval(() => void read(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const act = async (what: Act) => {
    setOutcome({ kind: "sending" });
    const answer = await ask<{ accepted: boolean; reason?: string }>("POST", "/api/field", what);
    if (answer.data?.accepted === true) setOutcome({ kind: "accepted" });
    else setOutcome({ kind: "refused", why: answer.data?.reason ?? failure(answer) });
    await read();
  };
  if (plant.catalogue().site.field !== true) return <p class="empty">{ui("field_off")}</p>;
  const pressed = field?.emergency_stop === true;
  const mains = field?.mains !== false;
  return (
    <article class="parts">
      <h1>{ui("field_title")}</h1>
      <p>{ui("field_about")}</p>
      <Told outcome={outcome} />
      <section class="part">
        <h2>{ui("field_panel")}</h2>
        {pressed ? (
          <Deed
            label={ui("field_release_stop")}
            watch={ui("field_watch_release")}
            act={() => act({ act: "release", tag: "ES-900" })}
          />
        ) : (
          <Deed
            label={ui("field_press_stop")}
            watch={ui("field_watch_stop")}
            strong
            act={() => act({ act: "press", tag: "ES-900" })}
          />
        )}
        <Deed
          label={ui("field_press_reset")}
          watch={ui("field_watch_reset")}
          act={() => act({ act: "press", tag: "HS-901" })}
        />
        {field?.remote === false ? (
          <Deed
            label={ui("field_remote")}
            watch={ui("field_watch_selector")}
            strong
            act={() => act({ act: "turn", tag: "HS-900", to: "remote" })}
          />
        ) : (
          <Deed
            label={ui("field_local")}
            watch={ui("field_watch_selector")}
            act={() => act({ act: "turn", tag: "HS-900", to: "local" })}
          />
        )}
      </section>
      <section class="part">
        <h2>{ui("field_world")}</h2>
        <Storm act={act} raging={field?.storm === true} />
        {mains ? (
          <Deed
            label={ui("field_mains_off")}
            watch={ui("field_watch_mains")}
            act={() => act({ act: "mains", on: false })}
          />
        ) : (
          <Deed
            label={ui("field_mains_on")}
            watch={ui("field_watch_mains")}
            strong
            act={() => act({ act: "mains", on: true })}
          />
        )}
        <Buses act={act} />
      </section>
      <Breakage
        title={ui("field_break_sensor")}
        watch={ui("field_watch_sensor")}
        targets={field?.targets.sensors ?? []}
        kinds={["dropout", "stuck", "zero", "bias"]}
        name={sensorName}
        act={(path, kind, value) =>
          act({ act: "fault", path, kind, ...(value === undefined ? {} : { value }) })
        }
      />
      <Breakage
        title={ui("field_break_actuator")}
        watch={ui("field_watch_actuator")}
        targets={field?.targets.actuators ?? []}
        kinds={["trip", "seize"]}
        name={actuatorName}
        act={(path, kind) => act({ act: "actuator", path, kind })}
      />
      <section class="part">
        <h2>{ui("field_broken")}</h2>
        {(field?.faults.length ?? 0) === 0 ? (
          <p>{ui("field_nothing_broken")}</p>
        ) : (
          <ul class="lines">
            {field?.faults.map((fault) => (
              <li class="line" key={fault.path + fault.kind}>
                <span class="name">
                  {plant.row(fault.path) === undefined ? actuatorName(fault.path) : sensorName(fault.path)}
                </span>
                <span class="value">{text("fault", fault.kind)}</span>
              </li>
            ))}
          </ul>
        )}
        <Deed label={ui("field_repair")} act={() => act({ act: "clear" })} />
      </section>
      <section class="part">
        <h2>{ui("field_truth")}</h2>
        <ul class="lines">
          {Object.entries(field?.truth ?? {}).map(([key, value]) => (
            <li class="line" key={key}>
              <span class="name">{text("truth", key)}</span>
              <span class="value">
                {format.number(value, 2)} {SYMBOLS[key]}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </article>
  );
}

/** One deed, and what to watch after it. */
function Deed({
  label,
  watch,
  act,
  strong,
}: {
  label: string;
  watch?: string;
  act: () => void | Promise<void>;
  strong?: boolean;
}): JSX.Element {
  return (
    <div class="deed">
      <div class="actions">
        <button type="button" class={strong === true ? "strong" : ""} onClick={() => void act()}>
          {label}
        </button>
      </div>
      {watch !== undefined && <p class="watch">{watch}</p>}
    </div>
  );
}

/** Cuts a bus, or joins it again. */
function Buses({ act }: { act: (what: Act) => Promise<void> }): JSX.Element {
  const [bus, setBus] = useState("b");
  return (
    <div class="deed">
      <label>
        {ui("field_bus")}
        <select value={bus} onChange={(event) => setBus(event.currentTarget.value)}>
          {BUSES.map((one) => (
            <option key={one} value={one}>
              {one.toUpperCase()}
            </option>
          ))}
        </select>
      </label>
      <div class="actions">
        <button type="button" onClick={() => void act({ act: "link", bus, up: false })}>
          {ui("field_bus_cut")}
        </button>
        <button type="button" onClick={() => void act({ act: "link", bus, up: true })}>
          {ui("field_bus_join")}
        </button>
      </div>
      <p class="watch">{ui("field_watch_bus")}</p>
    </div>
  );
}

function Storm({ act, raging }: { act: (what: Act) => Promise<void>; raging: boolean }): JSX.Element {
  const [peak, setPeak] = useState("600");
  const value = format.typed(peak);
  return (
    <div class="deed">
      <label>
        {ui("field_storm_peak")}
        <input inputMode="decimal" value={peak} onInput={(event) => setPeak(event.currentTarget.value)} />
      </label>
      <div class="actions">
        <button
          type="button"
          disabled={value === undefined}
          onClick={() => value !== undefined && void act({ act: "storm", peak_ntu: value })}
        >
          {ui("field_storm")}
          {raging ? " ✓" : ""}
        </button>
      </div>
      <p class="watch">{ui("field_watch_storm")}</p>
    </div>
  );
}

function Breakage({
  title,
  watch,
  targets,
  kinds,
  name,
  act,
}: {
  title: string;
  watch: string;
  targets: string[];
  kinds: string[];
  name: (path: string) => string;
  act: (path: string, kind: string, value: number | undefined) => Promise<void>;
}): JSX.Element {
  const [path, setPath] = useState("");
  const [kind, setKind] = useState(kinds[0] ?? "");
  const [amount, setAmount] = useState("0.5");
  const chosen = path === "" ? (targets[0] ?? "") : path;
  const valued = kind === "bias";
  return (
    <section class="part">
      <h2>{title}</h2>
      <div class="choices">
        <label>
          {ui("field_which")}
          <select value={chosen} onChange={(event) => setPath(event.currentTarget.value)}>
            {targets.map((one) => (
              <option key={one} value={one}>
                {name(one)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {ui("field_how")}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {text("fault", one)}
              </option>
            ))}
          </select>
        </label>
        {valued && (
          <label>
            {ui("field_amount")}
            <input
              inputMode="decimal"
              value={amount}
              onInput={(event) => setAmount(event.currentTarget.value)}
            />
          </label>
        )}
      </div>
      <div class="actions">
        <button
          type="button"
          disabled={chosen === ""}
          onClick={() => void act(chosen, kind, valued ? format.typed(amount) : undefined)}
        >
          {ui("field_break")}
        </button>
        <button type="button" disabled={chosen === ""} onClick={() => void act(chosen, "clear", undefined)}>
          {ui("field_mend")}
        </button>
      </div>
      <p class="watch">{watch}</p>
    </section>
  );
}
