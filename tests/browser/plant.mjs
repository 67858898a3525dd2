// A controller with its demo plant, started for one file of tests, and browsers before it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** The owner every plant of these tests gets. */
export const OWNER = { user: "bounmy", password: "clear water runs deep" };
/** A phone in portrait and a desk. */
export const PHONE = { width: 360, height: 640 };
export const DESK = { width: 1280, height: 800 };
/** A loaded machine may be slow; a page that never comes is a failure. */
const PATIENCE_MS = 60_000;

/** `SWEETSPRING_BIN` started on free ports with a state folder of its own. */
export async function startPlant() {
  const program = process.env.SWEETSPRING_BIN;
  if (program === undefined) throw new Error("SWEETSPRING_BIN names the controller's program");
  const state = mkdtempSync(join(tmpdir(), "sweetspring-browser-"));
  const child = spawn(
    program,
    ["run", "--state", state, "--http", "127.0.0.1:0", "--opcua", "127.0.0.1:0", "--speed", "10"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-4000);
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const ready = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ready line\n${said}`)), PATIENCE_MS);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it was ready\n${said}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!line.startsWith("ready ")) return;
      clearTimeout(timer);
      resolve(JSON.parse(line.slice("ready ".length)));
    });
  });
  return {
    http: ready.http,
    code: ready.setup_code,
    /** Ends the controller as a terminal would. */
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await gone;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

function browserProgram() {
  const named = process.env.CHROMIUM;
  if (named !== undefined) return named;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  return chromium.executablePath();
}

export function startBrowser() {
  return chromium.launch({
    executablePath: browserProgram(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** A fresh page at `route`; whatever the page's console complains about is collected in `complaints`. */
export async function open(browser, plant, route = "", { viewport = DESK, locale = "en-GB" } = {}) {
  const context = await browser.newContext({ viewport, locale });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") page.complaints.push(message.text());
  });
  await page.goto(`${plant.http}/#/${route}`);
  return page;
}

/** Makes the owner through the interface that the set-up page uses. */
export async function makeOwner(plant) {
  const answer = await fetch(`${plant.http}/api/setup`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Requested-By": "sweetspring" },
    body: JSON.stringify({ code: plant.code, ...OWNER }),
  });
  if (!answer.ok) throw new Error(`set-up answered ${answer.status}: ${await answer.text()}`);
}

/** Logs the owner in through the page. */
export async function logIn(page) {
  await page.locator("button.me").click();
  await page.locator("dialog input[name=user]").fill(OWNER.user);
  await page.locator("dialog input[name=password]").fill(OWNER.password);
  await page.locator("dialog button[type=submit]").click();
  await page.locator("button.me", { hasText: OWNER.user }).waitFor();
}

/** Presses a button of the plant and holds it until it counts. */
export async function hold(page) {
  const button = page.locator("dialog button.hold:enabled");
  await button.waitFor();
  await button.hover();
  await page.mouse.down();
  await page.locator("dialog .told.accepted, dialog .told.refused").waitFor();
  await page.mouse.up();
}
