//! Numbers and times as people of the plant read them (HMI-16, HMI-17): Latin digits, a point, no grouping.

/** A number with fixed decimals. */
export function number(value: number, decimals: number): string {
  const shown = value.toFixed(decimals);
  return Number(shown) === 0 ? (0).toFixed(decimals) : shown;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Before this the controller's clock was not set yet: 2020. */
const CLOCK_MIN = 1_577_836_800_000;

/** `2026-11-22 20:05` in the browser's time zone, which is the plant's for everybody who stands there. */
export function dateTime(ms: number): string {
  if (ms < CLOCK_MIN) return "--";
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}

/** `20:05`. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A number as typed: `,` counts as `.`; nothing when it is not a number. */
export function typed(entry: string): number | undefined {
  const cleaned = entry.trim().replace(",", ".");
  if (!/^-?\d+(\.\d*)?$|^-?\.\d+$/.test(cleaned)) return undefined;
  return Number(cleaned);
}

/** Seconds as people say them: `90 s`, `15 min`, `48.0 h`, `12.5 d`. */
export function duration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 120) return `${number(seconds, 0)} s`;
  if (size < 7200) return `${number(seconds / 60, 0)} min`;
  if (size < 4 * 86_400) return `${number(seconds / 3600, 1)} h`;
  return `${number(seconds / 86_400, 1)} d`;
}
