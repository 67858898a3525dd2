//! The field page of the demo: a newcomer plays river, grid and broken equipment, and watches what the plant does.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api";
import { failure } from "../commands";
import * as format from "../format";
import { fullName, unitName, deviceName } from "../names";
import { plant } from "../plant";
import { find, text, ui } from "../text";
import { type Outcome, Told } from "../ui";

interface Field {
  storm: boolean;
  mains: boolean;
  emergency_stop: boolean;
  local?: boolean;
  faults: { path: string; kind: string }[];
  targets: { sensors: string[]; actuators: string[] };
  truth: Record<string, unknown>;
}

type Act = Record<string, string | number | boolean>;

/** Worlds are looked at this often, ms. */
const REFRESH_MS = 1000;

/** The units the model speaks in, by the last word of a name. */
const SYMBOLS: Record<string, string> = {
  turbidity: "NTU",
  level: "m",
  flow: "m³/h",
  demand: "m³/h",
  chlorine: "mg/l",
  dose: "mg/l",
  temperature: "°C",
  rain: "mm/h",
  minutes: "min",
  power: "kW",
  dosed: "g",
  tank: "%",
};
/** These levels are shares of their tanks. */
const SHARES = new Set(["settled_level", "waste_level"]);

function symbolOf(key: string): string {
  return SHARES.has(key) ? "%" : (SYMBOLS[key.split("_").pop() ?? ""] ?? "");
}

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
        {field?.local === true ? (
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
          {Object.entries(field?.truth ?? {}).map(([key, value]) => {
            const name = find("truth", key);
            return name === undefined || typeof value !== "number" ? null : (
              <li class="line" key={key}>
                <span class="name">{name}</span>
                <span class="value">
                  {format.number(value, 2)} {symbolOf(key)}
                </span>
              </li>
            );
          })}
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
