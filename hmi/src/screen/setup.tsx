//! First boot: the code from the terminal makes the owner.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { failure } from "../commands";
import { setUp, who } from "../session";
import { ui } from "../text";
import { type Outcome, PasswordField, Told } from "../ui";

export function SetUp(): JSX.Element {
  const [code, setCode] = useState("");
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [outcome, setOutcome] = useState<Outcome>({ kind: "idle" });
  const send = async (event: Event) => {
    event.preventDefault();
    setOutcome({ kind: "sending" });
    const answer = await setUp(code.trim(), user.trim(), password);
    setOutcome(answer.data === undefined ? { kind: "refused", why: failure(answer) } : { kind: "accepted" });
  };
  if (outcome.kind === "accepted" || !who.setupNeeded()) {
    return (
      <article class="narrow">
        <h1>{ui("setup_done")}</h1>
        <a class="button strong" href="#/">
          {ui("plant")}
        </a>
      </article>
    );
  }
  return (
    <article class="narrow">
      <h1>{ui("setup_title")}</h1>
      <p>{ui("setup_where")}</p>
      <form onSubmit={(event) => void send(event)}>
        <label>
          {ui("setup_code")}
          <input
            name="code"
            autocomplete="one-time-code"
            autocapitalize="none"
            spellcheck={false}
            required
            value={code}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </label>
        <label>
          {ui("name")}
          <input
            name="user"
            autocomplete="username"
            autocapitalize="none"
            required
            value={user}
            onInput={(event) => setUser(event.currentTarget.value)}
          />
        </label>
        <PasswordField value={password} fresh={true} onValue={setPassword} />
        <Told outcome={outcome} />
        <div class="actions">
          <button type="submit" class="strong" disabled={outcome.kind === "sending"}>
            {ui("setup_go")}
          </button>
        </div>
      </form>
    </article>
  );
}
