//! The six values by which one sees how the plant does, with where they normally stand. Bands and limits are those of
//! `docs/spec/plant.md` 4 and 5.1.

import type { Row } from "./plant";
import type { Scale } from "./ui";

interface KeyValue {
  name: string;
  /** The first of these that the plant has. */
  paths: string[];
  /** Path of the setting it is kept at. */
  target?: string;
  scale: (row: Row) => Scale;
  /** Alarms that colour it. */
  alarms: number[];
}

function whole(row: Row): { low: number; high: number } {
  return { low: row.range?.[0] ?? 0, high: row.range?.[1] ?? 1 };
}

export const KEY_VALUES: readonly KeyValue[] = [
  // Goal 0.30 NTU; alarms 303 at 0.5, 304 at 1.0.
  {
    name: "turbidity",
    alarms: [303, 304],
    paths: ["filtration.combined_turbidity"],
    scale: () => ({ low: 0, high: 1.2, band: [0, 0.3], limits: [0.5, 1.0] }),
  },
  // Alarms 402 at 0.3, 401 at 0.5, 403 at 2.0, 404 at 4.0 mg/l.
  {
    name: "chlorine",
    alarms: [401, 402, 403, 404],
    paths: ["disinfection.outlet_chlorine"],
    target: "disinfection.target",
    scale: () => ({ low: 0, high: 4.5, band: [0.5, 2.0], limits: [0.3, 4.0] }),
  },
  // Alarm 411 at 6.5 and 8.5; trip at 6 and 9.
  {
    name: "ph",
    alarms: [411],
    paths: ["disinfection.ph"],
    scale: () => ({ low: 5.5, high: 9.5, band: [6.5, 8.5], limits: [6.0, 9.0] }),
  },
  // Between MINIMUM and NORMAL, 0.5 and 1 of the nominal flow, which is half the instrument's range.
  {
    name: "flow",
    alarms: [106],
    paths: ["intake.raw_flow", "intake.flow"],
    scale: (row) => ({ ...whole(row), band: [whole(row).high * 0.25, whole(row).high * 0.5] }),
  },
  // Alarm 413 at 0.70 m, 421 at 1.92 m.
  {
    name: "clear_well",
    alarms: [413, 414, 415, 421],
    paths: ["distribution.level", "distribution.level_a"],
    scale: (row) => ({ ...whole(row), band: [0.7, 1.92], limits: [0.7, 1.92] }),
  },
  // Alarms 503 at 1.0 m, 504 at 0.4 m; high-high at 2.40 m.
  {
    name: "elevated",
    alarms: [503, 504, 505],
    paths: ["distribution.elevated_level"],
    scale: (row) => ({ ...whole(row), band: [1.0, 2.4], limits: [0.4, 2.4] }),
  },
  // Static head of the elevated tank to the end of the pump's curve.
  {
    name: "pressure",
    alarms: [507],
    paths: ["distribution.pressure"],
    scale: () => ({ low: 0, high: 600, band: [200, 480] }),
  },
];
