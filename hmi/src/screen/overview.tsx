//! Overview: is my water safe, is the tank filling, what is there to do. (`docs/spec/interfaces.md` 3.6, screen 1.)

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { alarmAction, alarmName, worst } from "../alarm_words";
import { CommandButton } from "../commands";
import { KEY_VALUES } from "../key_values";
import { Mimic } from "../mimic";
import { plantReasons, plantState, tankPercent, waterIsSafe } from "../judgement";
import { first, plant, usable } from "../plant";
import { who } from "../session";
import { text, ui } from "../text";
import { Bar, Shape, Value } from "../ui";

/** States in which nobody need do anything while there is no alarm. */
const AT_WORK = new Set(["Boot", "Starting", "Producing", "Degraded", "Standby"]);

/** A plant that makes water says itself why it makes less. */
function because(state: string, reason: string): string {
  return state === "Producing" || state === "Degraded" ? reason : ui("because", { reason });
}

/** The one sentence (HMI-08): the worst alarm's first step, or why the plant stands, or that all is well. */
function Sentence(): JSX.Element {
  const alarm = worst(plant.alarms().filter((one) => one.active || one.latched));
  const safe = waterIsSafe();
  const state = plantState();
  const reasons = plantReasons();
  const percent = tankPercent();
  const step = state === "Starting" ? (usable("system.step") ?? 0) : 0;
  const water = ui(safe === undefined ? "water_unknown" : safe ? "water_safe" : "water_unsafe");
  const tank = percent === undefined ? "" : ` ${ui("tank", { percent })}`;
  const urgent = alarm !== undefined && (alarm.priority === "P1" || alarm.priority === "P2");
  return (
    <section
      class={`sentence ${alarm?.priority ?? ""}`}
      aria-live="polite"
      data-water={safe === undefined ? "unknown" : safe ? "safe" : "unsafe"}
    >
      <p class="first">
        {urgent && <Shape priority={alarm.priority} size={24} />}
        {urgent ? alarmName(alarm) : water + tank}
      </p>
      {alarm !== undefined && <p>{ui("do", { action: alarmAction(alarm) })}</p>}
      {urgent && <p>{water + tank}</p>}
      {alarm === undefined && state !== undefined && AT_WORK.has(state) && <p>{ui("no_action")}</p>}
      {state !== undefined && (
        <p class="plant-state" data-state={state}>
          {ui("plant_state", { state: text("state", state) })}
          {step > 0 && ` ${ui("start_step", { step })}`}
          {reasons[0] !== undefined && ` ${because(state, text("reason", reasons[0]))}`}
        </p>
      )}
    </section>
  );
}

function KeyValues(): JSX.Element {
  return (
    <section class="key-values" aria-label={ui("key_values")}>
      {KEY_VALUES.map((key) => {
        const row = first(...key.paths);
        if (row === undefined) return null;
        const target = key.target === undefined ? undefined : usable(key.target);
        return (
          <a key={row.path} href={`#/unit/${row.unit}`} class="key-value" data-path={row.path}>
            <Bar
              value={usable(row.path)}
              scale={{ ...key.scale(row), target }}
              abnormal={
                worst(plant.alarms().filter((one) => one.active && key.alarms.includes(one.number)))?.priority
              }
            />
            <span>
              <span class="name">{text("key", key.name)}</span>
              <Value row={row} />
              {target !== undefined && (
                <small>
                  {ui("setpoint")} {target}
                </small>
              )}
            </span>
          </a>
        );
      })}
    </section>
  );
}

/** Wide enough for the drawing in one or two rows. */
const DESK = "(min-width: 800px)";

export function Overview(): JSX.Element {
  const [desk, setDesk] = useState(() => matchMedia(DESK).matches);
  useEffect(() => {
    const media = matchMedia(DESK);
    const follow = () => setDesk(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  const site = plant.catalogue().site.name;
  const latched = plant.alarms().some((alarm) => alarm.latched && !alarm.active);
  return (
    <>
      {who.setupNeeded() && (
        <section class="notice">
          <p>{ui("setup_needed")}</p>
          <a class="button strong" href="#/setup">
            {ui("setup_open")}
          </a>
        </section>
      )}
      <Sentence />
      <Mimic width={desk ? 1080 : 344} />
      <KeyValues />
      <section class="actions plant-commands" aria-label={ui("commands")}>
        <CommandButton command="Start" object={site} label={ui("start")} />
        <CommandButton command="Stop" object={site} label={ui("stop")} />
        {latched && <CommandButton command="Reset" object={site} label={ui("reset")} />}
        <CommandButton command="StopAll" object={site} label={ui("stop_all")} strong />
      </section>
    </>
  );
}
