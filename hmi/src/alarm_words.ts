//! How alarms read: their text, what to do about them, which is worst.

import { unitName } from "./names";
import { plant, PRIORITIES, type Alarm, type Priority } from "./plant";
import { find, text } from "./text";

/** `Filter 2: Filter very clogged`. */
export function alarmName(alarm: { number: number; unit: string }): string {
  return `${unitName(alarm.unit)}: ${text("alarm", String(alarm.number))}`;
}

/** What a villager does about it. */
export function alarmAction(alarm: Alarm): string {
  return find("do", String(alarm.number), { tag: alarm.tag }) ?? "";
}

/** Annunciated alarms of a priority. */
export function count(priority: Priority): number {
  return plant.alarms().filter((alarm) => alarm.priority === priority).length;
}

/** The alarm to deal with first: the worst that is active, not yet seen before seen, newest first as the list comes. */
export function worst(alarms: readonly Alarm[] = plant.alarms()): Alarm | undefined {
  const rank = (alarm: Alarm) =>
    PRIORITIES.indexOf(alarm.priority) * 4 + (alarm.active ? 0 : 2) + (alarm.acked ? 1 : 0);
  return [...alarms].sort((one, other) => rank(one) - rank(other))[0];
}

/** The worst priority among a unit's active alarms. */
export function unitPriority(...units: string[]): Priority | undefined {
  return worst(plant.alarms().filter((alarm) => alarm.active && units.includes(alarm.unit)))?.priority;
}
