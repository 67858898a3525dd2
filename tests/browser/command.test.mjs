import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hold, logIn, makeOwner, open, PHONE, startBrowser, startPlant } from "./plant.mjs";

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

test("a stop that is not held long enough is not sent; held, it is accepted and shown", async () => {
  const page = await open(browser, plant, "", { viewport: PHONE });
  await logIn(page);
  await page
    .locator(
      ".plant-state[data-state=Producing], .plant-state[data-state=Starting], .plant-state[data-state=Degraded], .plant-state[data-state=Standby]",
    )
    .waitFor();
  const sent = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/api/command")) sent.push(request.postDataJSON().command);
  });
  await page.locator("[data-command=Stop]:enabled").click();
  await page.locator("dialog button.hold:enabled").click();
  assert.deepEqual(sent, []);

  await hold(page);
  assert.deepEqual(sent, ["Stop"]);
  assert.equal(
    await page.locator("dialog .told.accepted").count(),
    1,
    await page.locator("dialog").innerText(),
  );
  await page.locator("dialog button", { hasText: "Close" }).click();
  await page.locator(".plant-state[data-state=Stopping], .plant-state[data-state=Stopped]").waitFor();

  await page.goto(`${plant.http}/#/log`);
  await page.locator(".log li", { hasText: "STOP the plant" }).first().waitFor();
  await page.context().close();
});

test("the keyboard can hold a command too, and a refusal says why", async () => {
  const page = await open(browser, plant, "unit/distribution");
  await logIn(page);
  await page.locator("[data-command=ConfirmQuality]:enabled").click();
  const button = page.locator("dialog button.hold:enabled");
  await button.focus();
  await page.keyboard.down("Enter");
  await page.locator("dialog .told.refused, dialog .told.accepted").waitFor();
  await page.keyboard.up("Enter");
  assert.match(await page.locator("dialog .told.refused").innerText(), /Refused\. \S+/);
  await page.context().close();
});

test("a setting outside its range cannot be confirmed; inside, it is changed and shown", async () => {
  const page = await open(browser, plant, "unit/disinfection");
  await logIn(page);
  const line = page.locator("[data-path='disinfection.residual_target']");
  await line.locator("button").click();
  const confirm = page.locator("dialog button[type=submit]");
  const entry = page.locator("dialog input[inputmode=decimal]").first();
  await entry.fill("99");
  assert.equal(await confirm.isDisabled(), true);
  const now = Number.parseFloat(await line.locator(".value").innerText());
  const wanted = (now + 0.05).toFixed(2);
  await entry.fill(wanted.replace(".", ","));
  await confirm.click();
  await page.locator("dialog .told.accepted").waitFor();
  await page.locator("dialog button", { hasText: "Close" }).click();
  await line.locator(".value", { hasText: wanted }).waitFor();
  await page.context().close();
});
