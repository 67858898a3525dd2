//! The frame around every screen: alarm bar on top, who and which language at its right, three places below (HMI-07).

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { count } from "./alarm_words";
import { CommandButton, LogIn, SilenceButton } from "./commands";
import * as format from "./format";
import { boilWater } from "./judgement";
import { follow, plant, PRIORITIES, usable } from "./plant";
import { Alarms } from "./screen/alarms";
import { FieldPage } from "./screen/field";
import { Log } from "./screen/log";
import { Overview } from "./screen/overview";
import { SetUp } from "./screen/setup";
import { Unit } from "./screen/unit";
import { followSession, logOut, who } from "./session";
import { language, LANGUAGES, speak, text, ui } from "./text";
import { closeSheet, openSheet, Shape, SheetHost } from "./ui";

function AlarmBar(): JSX.Element {
  return (
    <a
      class="alarm-bar"
      href="#/alarms"
      aria-label={`${ui("alarms")}: ${PRIORITIES.map((one) => `${count(one)} ${text("priority", one)}`).join(", ")}`}
    >
      {PRIORITIES.map((priority) => {
        const number = count(priority);
        const unseen = plant.alarms().some((alarm) => alarm.priority === priority && !alarm.acked);
        return (
          <span
            key={priority}
            class={`count ${number > 0 ? priority : "none"} ${unseen ? "unseen" : ""}`}
            data-priority={priority}
            data-count={number}
          >
            <Shape priority={priority} size={20} />
            <b>{number}</b>
            <small>{text("priority", priority)}</small>
          </span>
        );
      })}
    </a>
  );
}

function Languages({ onChosen }: { onChosen: () => void }): JSX.Element {
  const offered = plant.catalogue().site.languages;
  return (
    <>
      <h2>{ui("language")}</h2>
      <div class="actions">
        {LANGUAGES.filter((one) => offered.length === 0 || offered.includes(one.code)).map((one) => (
          <button
            key={one.code}
            type="button"
            lang={one.code}
            class={one === language() ? "strong" : ""}
            onClick={() => {
              void speak(one.code).then(() => {
                closeSheet();
                onChosen();
              });
            }}
          >
            {one.endonym}
          </button>
        ))}
      </div>
    </>
  );
}

function Me(): JSX.Element {
  const user = who.user();
  if (user === null) return <LogIn />;
  const role = who.highest();
  return (
    <>
      <h2>{ui("you_are", { user })}</h2>
      {role !== undefined && <p>{text("role", role)}</p>}
      <div class="actions">
        <button type="button" onClick={closeSheet}>
          {ui("close")}
        </button>
        <button
          type="button"
          onClick={() => {
            void logOut();
            closeSheet();
          }}
        >
          {ui("log_out")}
        </button>
      </div>
    </>
  );
}

function Top({ onLanguage }: { onLanguage: () => void }): JSX.Element {
  const { site, speed } = plant.catalogue();
  const horn = (usable("system.horn") ?? 0) >= 0.5;
  return (
    <header>
      <div class="top">
        <span class="site">
          {site.name === "" ? "Sweetspring" : site.name}
          {speed !== 1 && <small title={ui("speed", { speed })}> ×{speed}</small>}
        </span>
        <time title={plant.clockTrusted() ? undefined : ui("clock_unknown")}>
          {plant.wall() > 0 && format.clock(plant.wall())}
          {plant.clockTrusted() ? "" : " ?"}
        </time>
        <button
          type="button"
          class="small language"
          aria-label={ui("language")}
          onClick={() => openSheet(() => <Languages onChosen={onLanguage} />)}
        >
          {language().code.toUpperCase()}
        </button>
        <button type="button" class="small me" onClick={() => openSheet(() => <Me />)}>
          {who.user() ?? ui("log_in")}
        </button>
      </div>
      <AlarmBar />
      <Boil />
      {horn && (
        <div class="horn">
          <SilenceButton />
        </div>
      )}
      {language().draft && <p class="draft">{ui("draft")}</p>}
      <Lost />
    </header>
  );
}

/** People are to boil their water: on every screen, also with the last that is known (INV-45). */
function Boil(): JSX.Element | null {
  if (!boilWater()) return null;
  const left = usable("system.emergency_profile.time_left") ?? 0;
  return (
    <div class="boil" role="alert">
      <p>{ui("boil_water")}</p>
      {left > 0 && (
        <>
          <p>{ui("boil_left", { time: format.duration(left) })}</p>
          <CommandButton command="EndEmergency" />
        </>
      )}
    </div>
  );
}

/** The banner of HMI-23. */
function Lost(): JSX.Element | null {
  const link = plant.link();
  if (link === "live" || link === "waiting") return null;
  const seconds = plant.silence();
  const age =
    link === "stale"
      ? ui("connection_lost", { seconds })
      : ui("connection_lost_long", { minutes: Math.floor(seconds / 60) });
  return (
    <p class="lost" role="alert">
      {age} {ui("commands_off")}
    </p>
  );
}

function Tabs({ at }: { at: string }): JSX.Element {
  const total = plant.alarms().length;
  const tabs: [string, string][] = [
    ["", ui("plant")],
    ["alarms", `${ui("alarms")}${total > 0 ? ` ${total}` : ""}`],
    ["log", ui("log")],
  ];
  if (plant.catalogue().site.field === true) tabs.push(["field", ui("field")]);
  return (
    <nav class="tabs">
      {tabs.map(([place, label]) => (
        <a key={place} href={`#/${place}`} aria-current={at === place ? "page" : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}

function Screen({ route }: { route: string[] }): JSX.Element {
  if (plant.sessionNeeded()) {
    return (
      <article class="narrow">
        <p>{ui("log_in_to_see")}</p>
        <LogIn />
      </article>
    );
  }
  const [place = "", which = ""] = route;
  if (place === "alarms") return <Alarms />;
  if (place === "log") return <Log />;
  if (place === "field") return <FieldPage />;
  if (place === "setup") return <SetUp />;
  if (place === "unit") return <Unit key={which} unit={which} />;
  return plant.link() === "waiting" ? <p class="empty">{ui("connecting")}</p> : <Overview />;
}

function routeOf(): string[] {
  return location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
}

export function App(): JSX.Element {
  const [, redraw] = useState(0);
  const [route, setRoute] = useState(routeOf);
  const again = () => redraw((count) => count + 1);
  useEffect(() => {
    follow(again);
    followSession(again);
    addEventListener("hashchange", () => {
      setRoute(routeOf());
      scrollTo(0, 0);
    });
  }, []);
  document.title = plant.catalogue().site.name || "Sweetspring";
  return (
    <div class={`page ${plant.link()}`}>
      <Top onLanguage={again} />
      <main>
        <Screen route={route} />
      </main>
      <Tabs at={route[0] ?? ""} />
      <SheetHost />
    </div>
  );
}
