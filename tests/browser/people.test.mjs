import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { logIn, open, OWNER, startBrowser, startPlant } from "./plant.mjs";

let plant;
let browser;
before(async () => {
  plant = await startPlant();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await plant?.stop();
});

test("the first person sets the plant up with the code of the terminal, and logs in later", async () => {
  const page = await open(browser, plant);
  await page.locator("main a[href='#/setup']").click();
  await page.locator("input[name=code]").fill(`${plant.code}x`);
  await page.locator("input[name=user]").fill(OWNER.user);
  await page.locator("input[name=password]").fill(OWNER.password);
  await page.locator("main button[type=submit]").click();
  await page.locator(".told.refused").waitFor();

  await page.locator("input[name=code]").fill(plant.code);
  await page.locator("main button[type=submit]").click();
  await page.locator("button.me", { hasText: OWNER.user }).waitFor();

  await page.locator("button.me").click();
  await page.locator("dialog button", { hasText: "Log out" }).click();
  await page.locator("button.me", { hasText: "Log in" }).waitFor();

  await page.locator("button.me").click();
  await page.locator("dialog input[name=user]").fill(OWNER.user);
  await page.locator("dialog input[name=password]").fill("not the password");
  await page.locator("dialog button[type=submit]").click();
  await page.locator("dialog .told.refused").waitFor();
  await page.locator("dialog button", { hasText: "Cancel" }).click();

  await logIn(page);
  await page.goto(`${plant.http}/#/`);
  await page.locator(".sentence").waitFor();
  assert.equal(await page.locator("main a[href='#/setup']").count(), 0, "set-up is over");
  await page.context().close();
});

test("a command asks who it is before it asks the plant", async () => {
  const page = await open(browser, plant);
  await page.locator("[data-command=Stop]:enabled").click();
  await page.locator("dialog input[name=password]").waitFor();
  assert.equal(await page.locator("dialog button.hold").count(), 0);
  await page.context().close();
});
