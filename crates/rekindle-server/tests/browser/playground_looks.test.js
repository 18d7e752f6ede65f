// The playground by keyboard, as it is read aloud, and how it looks: the pictures are in target/playground.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { Playground, alone } from "./support/playground.js";
import { scenario } from "./support/scenario.js";

const PICTURES = fileURLToPath(new URL("../../../../target/playground/", import.meta.url));

/** Presses Tab until the keyboard is on a control of that name. */
async function tabTo({ page }, name) {
  const passed = [];
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const { labels, textContent } = document.activeElement;
      return (labels?.[0]?.textContent ?? textContent).trim();
    });
    if (here === name) return;
    passed.push(here.slice(0, 30));
  }
  throw new Error(`the keyboard does not reach ${name}: ${passed.join(", ")}`);
}

scenario("playground, by keyboard alone", alone(), async (world) => {
  const play = await Playground.open(world);
  const { page } = play;
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await tabTo(play, "User name");
  await tabTo(play, "Password");
  await page.keyboard.press("Enter");
  await play.says(/^Signed in/);
  // The form has gone, and the keyboard goes on where the user does.
  await page.waitForFunction(() => document.activeElement.textContent === "Refresh now");
  await page.keyboard.press("Enter");
  await play.says(/^The same tokens as before/);
  assert.equal(await focused(), "Refresh now");
  await tabTo(play, "Steal the refresh token");
  await page.keyboard.press("Enter");
  await play.says(/^The thief: Copied/);
  await tabTo(play, "Thief uses it");
  await page.keyboard.press("Space");
  await play.says(/^The thief: Got the tokens/);
  // Around once more: past the end of the page the browser begins anew.
  await tabTo(play, "Sign out");
  await page.keyboard.press("Enter");
  await play.says(/^Signed out/);
  await page.waitForFunction(() => document.activeElement.textContent === "Sign in");
  assert.deepEqual(play.complaints, []);
});

scenario("playground, as it is read aloud", alone(), async (world) => {
  const play = await Playground.open(world);
  await play.signIn();
  await play.press("Steal the refresh token");
  const browser = await play.page.context().newCDPSession(play.page);
  const { nodes } = await browser.send("Accessibility.getFullAXTree");
  const heard = nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => ({ role: role?.value, name: name?.value }));
  const controls = heard.filter(({ role }) => ["button", "link", "textbox", "checkbox", "DisclosureTriangle"].includes(role));
  assert.ok(controls.length >= 19, `${controls.length} controls`);
  assert.deepEqual(controls.filter(({ name }) => !name?.trim()), []);
  const names = controls.filter(({ role }) => role === "button").map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, `two buttons of one name: ${names}`);
  const roles = heard.map(({ role }) => role);
  for (const role of ["banner", "main", "status"]) assert.ok(roles.includes(role), role);
  const headings = heard.filter(({ role }) => role === "heading").map(({ name }) => name);
  assert.deepEqual(headings, ["Rekindle", "You", "A thief", "Devices", "The life of your session", "What happens", "How long should it last?"]);
  const regions = heard.filter(({ role }) => role === "region");
  assert.deepEqual(regions.filter(({ name }) => !name), []);
});

const LOOKS = [
  ["light", { width: 1280, height: 900 }, "light"],
  ["dark", { width: 1280, height: 900 }, "dark"],
  ["phone", { width: 360, height: 740 }, "light"],
  ["phone-dark", { width: 360, height: 740 }, "dark"],
  ["tablet", { width: 800, height: 1000 }, "light"],
];

for (const [name, viewport, colorScheme] of LOOKS) {
  scenario(`playground, ${name}`, alone({ lifetimes__replay_window: "1s" }), async (world) => {
    await mkdir(PICTURES, { recursive: true });
    const play = await Playground.open(world, async (page) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    });
    const { page } = play;
    const picture = async (moment) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${moment}: ${width} pixels wide`);
      await page.screenshot({ path: `${PICTURES}${name}-${moment}.png`, fullPage: true });
    };
    await page.getByText("How long can this login last?").waitFor();
    await picture("before");
    await play.signIn();
    await play.press("Sign in on another device");
    await play.says(/Old laptop/);
    await play.press("Lose the next answer");
    await play.says(/very answer that was lost/);
    await play.press("Steal the refresh token");
    await play.says(/^The thief/);
    await page.getByText(/Requests and answers/).click();
    await page.locator("#requests-list summary").first().click();
    await page.getByLabel("Absolute", { exact: true }).fill("1d");
    await page.locator("#plan-error", { hasText: "absolute" }).waitFor();
    await picture("after");
    assert.deepEqual(play.complaints, []);
  });
}
