import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, open, PHONE, startBrowser, startPlant } from "./plant.mjs";

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

test("the overview shows a live plant and its values change", async () => {
  const page = await open(browser, plant);
  await page.locator(".sentence[data-water]").waitFor();
  await page.locator(".plant-state[data-state]").waitFor();
  const { shape } = await (await fetch(`${plant.http}/api/catalogue`)).json();
  for (const [name, count] of [
    ["tank", shape.tanks],
    ["filter", shape.filters],
  ]) {
    for (let number = 1; number <= count; number += 1) {
      assert.equal(
        await page.locator(`[data-block=${name}${number}]`).count(),
        1,
        `${name} ${number} is drawn`,
      );
    }
  }
  const value = page.locator(".key-value .value");
  const before = await value.allTextContents();
  assert.ok(
    before.some((text) => /\d/.test(text)),
    `numbers among ${before.join(", ")}`,
  );
  await page.waitForFunction(
    (known) =>
      [...document.querySelectorAll(".key-value .value")].some((one, at) => one.textContent !== known[at]),
    before,
  );
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("every unit of the drawing opens its page with its values", async () => {
  const page = await open(browser, plant);
  await page.locator("[data-block=filter1]").click();
  await page.locator("h1 .state[data-state]").waitFor();
  await page.locator("[data-path='filter1.head_loss'] .value").waitFor();
  assert.match(page.url(), /#\/unit\/filter1$/);
  await page.context().close();
});

test("the page speaks Lao after two taps, in its own letters, and remembers it", async () => {
  const page = await open(browser, plant, "", { viewport: PHONE });
  await page.locator(".sentence").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.locator("button.language").click();
  await page.locator("dialog button[lang=lo]").click();
  await page.locator("html[lang=lo]").waitFor();
  assert.match(await page.locator(".sentence").innerText(), /[\u0e80-\u0eff]/);
  await page.locator("header .draft").waitFor();
  await page.waitForFunction(() =>
    [...document.fonts].some((font) => font.family.includes("Lao") && font.status === "loaded"),
  );
  await page.reload();
  await page.locator("html[lang=lo] .sentence").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

for (const [name, viewport] of [
  ["phone", PHONE],
  ["desk", DESK],
]) {
  for (const locale of ["en-GB", "lo-LA"]) {
    test(`no screen is wider than a ${name} in ${locale}`, async () => {
      const page = await open(browser, plant, "", { viewport, locale });
      await page.locator(".sentence").waitFor();
      for (const route of [
        "",
        "alarms",
        "log",
        "field",
        "setup",
        "unit/filter1",
        "unit/disinfection",
        "unit/system",
      ]) {
        await page.evaluate((to) => {
          location.hash = `#/${to}`;
        }, route);
        await page.waitForFunction(
          (to) => location.hash === `#/${to}` && document.querySelector("main")?.childElementCount > 0,
          route,
        );
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= viewport.width, `${route}: ${width} px`);
      }
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
}

test("buttons are large enough for wet fingers on a phone", async () => {
  const page = await open(browser, plant, "", { viewport: PHONE });
  await page.locator(".plant-commands button").first().waitFor();
  for (const box of await page
    .locator("button, nav.tabs a, .alarm-bar")
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()))) {
    assert.ok(box.height >= 55.5 && box.width >= 55.5, JSON.stringify(box));
  }
  await page.context().close();
});

for (const locale of ["en-GB", "lo-LA"]) {
  test(`a first visit in ${locale} takes at most six requests, a font, and 80 KB`, async () => {
    const context = await browser.newContext({ locale, viewport: PHONE });
    const page = await context.newPage();
    const wire = await context.newCDPSession(page);
    await wire.send("Network.enable");
    const asked = new Map();
    const taken = new Map();
    wire.on("Network.requestWillBeSent", ({ requestId, request }) => asked.set(requestId, request.url));
    wire.on("Network.loadingFinished", ({ requestId, encodedDataLength }) =>
      taken.set(asked.get(requestId), encodedDataLength),
    );
    await page.goto(`${plant.http}/`);
    await page.locator(".key-value .value").first().waitFor();
    await page.waitForFunction(() => document.fonts.status === "loaded");
    // The live stream does not end; what else was asked for has come.
    const ended = () => [...asked.values()].every((url) => url.endsWith("/api/live") || taken.has(url));
    while (!ended()) await new Promise((resolve) => wire.once("Network.loadingFinished", resolve));

    const others = [...asked.values()].filter((url) => url.startsWith("http") && !url.endsWith(".woff2"));
    const bytes = others.reduce((sum, url) => sum + (taken.get(url) ?? 0), 0);
    assert.ok(others.length <= 6, others.join("\n"));
    assert.ok(bytes <= 80_000, `${bytes} bytes: ${JSON.stringify([...taken])}`);
    await context.close();
  });
}
