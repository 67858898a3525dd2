//! What the top sentence says: whether the water is safe, how full the tank is, what state the plant is in and why.

import { first, plant, stateOf, usable } from "./plant";

/** Chlorine that may go to people, mg/l, and turbidity that may, NTU (`docs/spec/contracts.md`, causes). */
const CHLORINE_MIN = 0.3;
const CHLORINE_MAX = 4.0;
const TURBIDITY_MAX = 1.0;

/** Alarms that say that the water in the clear well is not safe: turbidity, chlorine, contact time, quality hold. */
const UNSAFE = new Set([304, 402, 404, 406, 416]);

/** People are to boil their water; where the connection is lost, as far as was last known. */
export function boilWater(): boolean {
  const sample = plant.sample(plant.row("system.boil_water"));
  return (sample?.value ?? sample?.last ?? 0) >= 0.5;
}

/** Whether water on its way to people is safe; `undefined` when that is not known. */
export function waterIsSafe(): boolean | undefined {
  if (plant.link() === "lost" || plant.link() === "waiting") return undefined;
  if (boilWater()) return false;
  if (plant.alarms().some((alarm) => alarm.active && UNSAFE.has(alarm.number))) return false;
  const chlorine = usable("disinfection.outlet_chlorine");
  if (chlorine === undefined) return undefined;
  // The core's own word, where it gives one.
  const told = usable("distribution.safe_to_drink");
  if (told !== undefined) return told >= 0.5;
  if (!(chlorine >= CHLORINE_MIN && chlorine <= CHLORINE_MAX)) return false;
  const flow = usable("filtration.flow");
  const turbidity = usable("filtration.combined_turbidity");
  // Without flow its analyser sees no fresh water, and nothing new comes into the clear well.
  if (flow !== undefined && flow < 0.1) return true;
  return turbidity === undefined ? undefined : turbidity <= TURBIDITY_MAX;
}

/** How full the tank is that feeds the village, percent; of its gauge where the core does not say. */
export function tankPercent(): number | undefined {
  const told = usable("distribution.elevated_share");
  if (told !== undefined && plant.catalogue().shape.elevated_tank)
    return Math.round(plant.row("distribution.elevated_share")?.symbol === "%" ? told : told * 100);
  const row = first("distribution.elevated_level", "distribution.level", "distribution.level_a");
  const value = row && usable(row.path);
  if (row?.range === undefined || value === undefined) return undefined;
  return Math.round((100 * value) / row.range[1]);
}

/** The plant's state by name. */
export function plantState(): string | undefined {
  return stateOf("system.state");
}

/** Why the plant stands, or makes less than it could; first things first. */
export function plantReasons(): string[] {
  const told = (path: string) => plant.sample(plant.row(path))?.extra ?? [];
  const state = plantState();
  if (state === "Producing" || state === "Degraded") return told("system.degraded_by");
  if (state === "Starting") return told("system.blocked");
  return [...new Set([...told("system.stopped_by"), ...told("system.blocked")])];
}
