//! The plant as the controller tells it: the catalogue of its points, their live values, its alarms. One `EventSource`.

import { ask } from "./api";

export type Quality = "good" | "uncertain" | "held" | "bad";
export type Priority = "P1" | "P2" | "P3" | "P4";
export const PRIORITIES: readonly Priority[] = ["P1", "P2", "P3", "P4"];

export interface Row {
  id: number;
  path: string;
  tag?: string;
  unit: string;
  about?: string;
  kind: "input" | "output" | "setting" | "status" | "retained" | "alarm";
  form: "number" | "onoff" | "states" | "reasons" | "alarm";
  symbol?: string;
  decimals?: number;
  range?: [number, number];
  states?: string[];
  role?: string;
  alarm?: { number: number; priority: Priority; latching: boolean };
}

export interface Shape {
  tanks: number;
  filters: number;
  raw_pumps: number;
  feed_pumps: number;
  lift_pumps: number;
  blower: boolean;
  elevated_tank: boolean;
}

export interface Catalogue {
  version: string;
  site: { name: string; languages: string[]; open_view: boolean; field?: boolean };
  speed: number;
  shape: Shape;
  rows: Row[];
}

/** A live value. `last` is the last one that was good: shown in brackets while the value is bad. */
export interface Sample {
  value: number | null;
  quality: Quality;
  /** Reasons that hold an output or block a unit; of a value in doubt, why it is. */
  extra: string[];
  last: number | null;
}

export interface Alarm {
  id: number;
  number: number;
  path: string;
  tag: string;
  unit: string;
  priority: Priority;
  state: string;
  active: boolean;
  acked: boolean;
  latched: boolean;
  since: number;
  event: string;
  user: string | null;
  saved: boolean;
}

interface Update {
  at: number;
  wall: number;
  clock: boolean;
  values: Record<string, [number | null, Quality, string[]?]>;
}

/** `waiting` before the first values; `stale` after 10 s of silence, `lost` after 60 s (HMI-23). */
export type Link = "waiting" | "live" | "stale" | "lost";
const STALE_MS = 10_000;
const LOST_MS = 60_000;
/** A closed stream is opened again after this long, ms. */
const RETRY_MS = 3_000;

const EMPTY: Catalogue = {
  version: "",
  site: { name: "", languages: [], open_view: true },
  speed: 1,
  shape: {
    tanks: 0,
    filters: 0,
    raw_pumps: 0,
    feed_pumps: 0,
    lift_pumps: 0,
    blower: false,
    elevated_tank: false,
  },
  rows: [],
};

let catalogue = EMPTY;
let byPath = new Map<string, Row>();
let byId = new Map<number, Row>();
let samples = new Map<number, Sample>();
let alarmList: Alarm[] = [];
let wallMs = 0;
let clockTrusted = true;
let heardAt = Number.NEGATIVE_INFINITY;
let sessionNeeded = false;
let changed: () => void = () => {};

export const plant = {
  catalogue: (): Catalogue => catalogue,
  row: (path: string): Row | undefined => byPath.get(path),
  rowOf: (id: number): Row | undefined => byId.get(id),
  sample: (row: Row | undefined): Sample | undefined => (row === undefined ? undefined : samples.get(row.id)),
  alarms: (): readonly Alarm[] => alarmList,
  /** Wall time of the newest values, ms since 1970. */
  wall: (): number => wallMs,
  clockTrusted: (): boolean => clockTrusted,
  /** Seconds since anything was heard. */
  silence: (): number => Math.floor((performance.now() - heardAt) / 1000),
  /** The site wants a log-in even for looking. */
  sessionNeeded: (): boolean => sessionNeeded,
  link(): Link {
    if (samples.size === 0) return "waiting";
    const silence = performance.now() - heardAt;
    if (silence < STALE_MS) return "live";
    return silence < LOST_MS ? "stale" : "lost";
  },
};

/** The number of a point while it can be used, whatever its quality but bad. */
export function usable(path: string): number | undefined {
  const sample = plant.sample(plant.row(path));
  return sample === undefined || sample.quality === "bad" ? undefined : (sample.value ?? undefined);
}

/** The name of the state a state point stands in. */
export function stateOf(path: string): string | undefined {
  const row = plant.row(path);
  const value = plant.sample(row)?.value;
  return value === undefined || value === null ? undefined : row?.states?.[value];
}

/** The first of these paths that this plant has. */
export function first(...paths: string[]): Row | undefined {
  for (const path of paths) {
    const row = byPath.get(path);
    if (row !== undefined) return row;
  }
  return undefined;
}

async function readCatalogue(): Promise<boolean> {
  const answer = await ask<Catalogue>("GET", "/api/catalogue");
  sessionNeeded = answer.status === 401;
  if (answer.data === undefined) return false;
  // Another build serves this address now: its pages may differ too.
  if (catalogue.version !== "" && catalogue.version !== answer.data.version) location.reload();
  catalogue = answer.data;
  byPath = new Map(catalogue.rows.map((row) => [row.path, row]));
  byId = new Map(catalogue.rows.map((row) => [row.id, row]));
  samples = new Map();
  return true;
}

function heard(wall: number): void {
  heardAt = performance.now();
  wallMs = wall;
}

function take(update: Update): void {
  heard(update.wall);
  clockTrusted = update.clock;
  for (const [id, [value, quality, extra]] of Object.entries(update.values)) {
    const before = samples.get(Number(id));
    const last = quality === "bad" ? (before?.last ?? null) : value;
    samples.set(Number(id), { value, quality, extra: extra ?? [], last });
  }
  changed();
}

/** Follows the plant for as long as the page is open; calls back after every change. */
export function follow(onChange: () => void): void {
  changed = onChange;
  void open();
  // Silence is a change too: ages grow, and at its limits the page looks different.
  setInterval(() => {
    if (plant.link() !== "live") onChange();
  }, 1000);
}

/** Opens the stream anew, after a log-in. */
export function reopen(): void {
  stream?.close();
  void open();
}

let stream: EventSource | undefined;

async function open(): Promise<void> {
  if (!(await readCatalogue())) {
    changed();
    if (!sessionNeeded) setTimeout(() => void open(), RETRY_MS);
    return;
  }
  const source = new EventSource("/api/live");
  stream = source;
  source.addEventListener("full", (event) => take(JSON.parse(event.data) as Update));
  source.addEventListener("change", (event) => take(JSON.parse(event.data) as Update));
  source.addEventListener("alarms", (event) => {
    alarmList = (JSON.parse(event.data) as { alarms: Alarm[] }).alarms;
    heardAt = performance.now();
    changed();
  });
  source.addEventListener("beat", (event) => {
    heard((JSON.parse(event.data) as { wall: number }).wall);
    changed();
  });
  source.addEventListener("error", () => {
    // Point numbers are valid for one start of the controller: the catalogue is read again before values are believed.
    source.close();
    if (stream === source) setTimeout(() => void open(), RETRY_MS);
  });
}
