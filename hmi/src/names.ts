//! Names of units, devices and points in the language of now, from their paths; the catalogue's own line where the
//! language files know no better.

import type { Row } from "./plant";
import { find, text } from "./text";

/** `filter2` is `filter` and 2. */
function parted(name: string): { base: string; number: string } {
  const found = /^([a-z_]+?)(\d+)$/.exec(name);
  return { base: found?.[1] ?? name, number: found?.[2] ?? "" };
}

/** Units as the water meets them. */
const FLOW = [
  "intake",
  "coagulation",
  "tank",
  "sedimentation",
  "filtration",
  "filter",
  "disinfection",
  "distribution",
  "waste",
  "chemicals",
  "power",
  "hydrology",
  "system",
];

/** Units sorted as the water meets them. */
export function flowOrder(units: Iterable<string>): string[] {
  const place = (unit: string) => FLOW.indexOf(parted(unit).base);
  return [...units].sort((one, other) => place(one) - place(other) || one.localeCompare(other));
}

/** The tag on the device's plate; points of a unit as a whole have none. */
export function tagOf(row: Row): string {
  return row.tag === undefined || row.tag.startsWith("U-") ? "" : row.tag;
}

/** `Filter 2`. */
export function unitName(unit: string): string {
  const { base, number } = parted(unit);
  return text("unit", base, { n: number });
}

/** `Filter 2`, short enough for the drawing. */
export function shortName(unit: string): string {
  const { base, number } = parted(unit);
  return find("short", base, { n: number }) ?? unitName(unit);
}

/** `Pump A` of `pump_a`. */
export function deviceName(device: string): string {
  const lettered = /^(.+)_([a-z])$/.exec(device);
  const base = lettered?.[1];
  const letter = lettered?.[2];
  if (base !== undefined && letter !== undefined) {
    const named = find("device", `${base}_x`, { x: letter.toUpperCase() });
    if (named !== undefined) return named;
  }
  return text("device", device);
}

/** The device a path leads through, if any. */
export function deviceOf(path: string): string | undefined {
  const parts = path.split(".");
  return parts.length > 2 ? parts[1] : undefined;
}

/** `Head loss` of `filter2.head_loss`: by the whole path without numbers, then by its last word. */
export function pointName(row: Row): string {
  const parts = row.path.split(".");
  const field = parts[parts.length - 1] ?? row.path;
  const general = [parted(parts[0] ?? "").base, ...parts.slice(1)].join(".");
  return (
    find("point", general) ?? find("point", field) ?? row.about?.replace(/\.$/, "") ?? text("point", field)
  );
}

/** With its device, for lists that mix them: `Pump A: Speed`. */
export function fullName(row: Row): string {
  const device = deviceOf(row.path);
  return device === undefined ? pointName(row) : `${deviceName(device)}: ${pointName(row)}`;
}
