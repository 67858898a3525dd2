//! Who stands before the screen, and what they may do.

import { ask, type Answer } from "./api";
import { reopen } from "./plant";

interface Session {
  user: string | null;
  roles?: string[];
  setup_needed?: boolean;
}

/** From the least to the most; each may do what those before it may. Admin keeps people and certificates, and does not
 * operate (`docs/spec/contracts.md`, roles). */
const ROLES = ["Observer", "Operator", "Supervisor", "Engineer"];

let session: Session = { user: null };
let changed: () => void = () => {};

export const who = {
  user: (): string | null => session.user,
  setupNeeded: (): boolean => session.setup_needed === true,
  /** Whether somebody is logged in who has at least this role. */
  may(role: string): boolean {
    return (session.roles ?? []).some(
      (one) => ROLES.includes(one) && ROLES.indexOf(one) >= ROLES.indexOf(role),
    );
  },
  highest: (): string | undefined =>
    ROLES.filter((role) => session.roles?.includes(role)).pop() ?? session.roles?.[0],
};

export function followSession(onChange: () => void): void {
  changed = onChange;
  void refresh();
}

export async function refresh(): Promise<void> {
  const answer = await ask<Session>("GET", "/api/session");
  if (answer.data !== undefined) session = answer.data;
  changed();
}

/** The controller does not know this session any more. */
export function expired(): void {
  session = { ...session, user: null, roles: [] };
  changed();
}

export async function logIn(user: string, password: string): Promise<Answer<Session>> {
  return entered(await ask<Session>("POST", "/api/session", { user, password }));
}

export async function setUp(code: string, user: string, password: string): Promise<Answer<Session>> {
  return entered(await ask<Session>("POST", "/api/setup", { code, user, password }));
}

function entered(answer: Answer<Session>): Answer<Session> {
  if (answer.data !== undefined) {
    session = { ...answer.data, setup_needed: false };
    void refresh();
    reopen();
  }
  return answer;
}

export async function logOut(): Promise<void> {
  await ask("DELETE", "/api/session");
  expired();
  void refresh();
}
