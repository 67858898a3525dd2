import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { logIn, makeOwner, open, OWNER, PHONE, startBrowser, startPlant } from "./plant.mjs";

let plant;
let browser;
before(async () => {
  plant = await startPlant();
  browser = await startBrowser();
  await makeOwner(plant);
});
after(async () => {
  await browser?.close();
  await plant?.stop();
});

test("an emergency stop pressed on the field page raises alarm 904, which is acknowledged in three taps", async () => {
  const field = await open(browser, plant, "field");
  const page = await open(browser, plant, "", { viewport: PHONE });
  await logIn(page);
  await field.locator("button", { hasText: "Press emergency stop" }).click();
  await page.locator(".count[data-priority=P1]:not([data-count='0'])").waitFor();
  await page.locator(".plant-state[data-state=EmergencyStop]").waitFor();

  await page.locator("nav.tabs a[href='#/alarms']").click();
  const alarm = page.locator(".alarm[data-number='904']");
  await alarm.locator("button.strong").click();
  await page.locator("dialog button.strong").click();
  await page.locator(".alarm[data-number='904'].seen").waitFor();
  assert.match(await alarm.innerText(), new RegExp(OWNER.user));

  await field.locator("button", { hasText: "Release emergency stop" }).click();
  await field.locator("button", { hasText: "Press RESET" }).click();
  await page.locator(".alarm[data-number='904'][data-state=LatchedAcknowledged]").waitFor();
  await page.context().close();
  await field.context().close();
});

test("a broken sensor is seen as bad, never as zero", async () => {
  const page = await open(browser, plant, "field");
  const choice = page.locator("select", {
    has: page.locator("option[value='disinfection.outlet_chlorine']"),
  });
  await choice.selectOption("disinfection.outlet_chlorine");
  await page.locator("section", { has: choice }).locator("button", { hasText: "Break it" }).click();
  await page.goto(`${plant.http}/#/unit/disinfection`);
  const value = page.locator("[data-path='disinfection.outlet_chlorine'] .value.bad");
  await value.waitFor();
  assert.match(await value.innerText(), /^x /);
  await page.context().close();
});

test("a page that loses its controller says so and takes no commands", async () => {
  const page = await open(browser, plant);
  await page.locator("[data-command=StopAll]:enabled").waitFor();
  await plant.stop();
  await page.locator("header .lost").waitFor();
  assert.equal(await page.locator("[data-command]:enabled").count(), 0);
  await page.context().close();
});
