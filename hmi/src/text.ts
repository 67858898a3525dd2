//! Every word people read comes from the catalogues in `text/`, one file a language. Text is stored as key and parameters,
//! so that a page changes its language without asking the controller again.

import type en from "./text/en.json";

type Catalogue = Record<string, Record<string, string>>;

/** A language by its endonym. A draft is machine translated and not yet reviewed by a speaker (HMI-19). */
export interface Language {
  code: string;
  endonym: string;
  draft: boolean;
  /** Fetched when it is first spoken: nobody waits for a language that is not theirs. */
  read: () => Promise<Catalogue>;
}

const ENGLISH: Language = {
  code: "en",
  endonym: "English",
  draft: false,
  read: async () => (await import("./text/en.json")).default,
};

export const LANGUAGES: readonly Language[] = [
  ENGLISH,
  { code: "lo", endonym: "ລາວ", draft: true, read: async () => (await import("./text/lo.json")).default },
];

const STORED = "sweetspring.language";

let current = ENGLISH;
let catalogue: Catalogue = {};

export function language(): Language {
  return current;
}

/** Speaks the language chosen here before, or the browser's. */
export async function greet(): Promise<void> {
  let wanted: string | null = null;
  try {
    wanted = localStorage.getItem(STORED);
  } catch {
    // A browser that keeps nothing still speaks its own language.
  }
  await turnTo(wanted ?? navigator.language.slice(0, 2));
}

/** Speaks another language from now on; stays with this one when the other cannot be fetched. */
export async function speak(code: string): Promise<void> {
  await turnTo(code);
  try {
    localStorage.setItem(STORED, current.code);
  } catch {
    // Holds until the page is closed, then.
  }
}

async function turnTo(code: string): Promise<void> {
  const wanted = LANGUAGES.find((one) => one.code === code) ?? ENGLISH;
  try {
    catalogue = await wanted.read();
    current = wanted;
  } catch {
    // No connection: the words at hand serve on.
  }
  document.documentElement.lang = current.code;
}

export type Parameters = Record<string, string | number>;

/** The text of a key in the language of now, or nothing. */
export function find(group: string, key: string, parameters?: Parameters): string | undefined {
  const template = catalogue[group]?.[key];
  if (template === undefined || parameters === undefined) return template;
  return template.replace(/\{(\w+)\}/g, (all, name: string) => String(parameters[name] ?? all));
}

/** The text of a key that the catalogues are checked to hold; a key from a newer controller shows as it is. */
export function text(group: string, key: string, parameters?: Parameters): string {
  return find(group, key, parameters) ?? words(key);
}

/** A text of the page itself. */
export function ui(key: keyof (typeof en)["ui"], parameters?: Parameters): string {
  return text("ui", key, parameters);
}

/** `WashQueued` as `Wash queued`: better than nothing where a newer controller says what the catalogues do not know. */
function words(key: string): string {
  const spaced = key
    .replace(/_/g, " ")
    .replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
