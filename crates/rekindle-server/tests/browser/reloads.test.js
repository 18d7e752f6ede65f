// A page that is reloaded in the middle of its refresh, again and again: SCENARIOS 18, and the promise.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

const RELOADS = 200;
const REFRESH = "POST /v1/refresh";

/** A sequence that looks like chance and is the same each time (Numerical Recipes, chapter 7.1). */
function chance(seed) {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

const fire = () => {
  window.answered = undefined;
  fetch("/v1/refresh", { method: "POST" }).then((answer) => (window.answered = answer.status), () => {});
};

/** What can happen to a refresh while its page goes away, or the network does. */
const INTERRUPTIONS = {
  "before the server has seen it": async ({ site, page }) => {
    const lost = site.hold(REFRESH, "request");
    await page.evaluate(fire);
    await lost.arrived;
    await page.reload();
    lost.lose();
  },
  "before its answer": async ({ site, page }) => {
    const lost = site.hold(REFRESH);
    await page.evaluate(fire);
    await lost.arrived;
    await page.reload();
    lost.lose();
  },
  "somewhere": async ({ page }) => {
    await page.evaluate(fire);
    await page.reload();
  },
  "after the page has gone, and the server sees it all the same": async ({ site, page }) => {
    const slow = site.hold(REFRESH, "request");
    await page.evaluate(fire);
    await slow.arrived;
    await page.reload();
    slow.release();
  },
  "by nothing": async ({ page }) => {
    await page.evaluate(fire);
    await page.waitForFunction(() => window.answered === 200);
  },
  "by a tunnel": async ({ site, page }) => {
    const lost = site.hold(REFRESH);
    await page.evaluate(fire);
    await lost.arrived;
    await page.context().setOffline(true);
    lost.lose();
    await page.evaluate(fire);
    await page.context().setOffline(false);
  },
};

for (const [replay_window, atLeast] of [["off", RELOADS / 2], ["1s", 2]]) {
  const settings = () => ({ lifetimes__access: "4s", lifetimes__replay_window: replay_window });
  scenario(`page_reload_spam, replay window ${replay_window}`, { settings }, async (world) => {
    const { site, server, subjects } = world;
    const person = await world.visitor();
    const tab = await person.tab();
    assert.equal((await tab.login()).outcome, "200");
    const draw = chance(1);
    const names = Object.keys(INTERRUPTIONS);
    const done = Object.fromEntries(names.map((name) => [name, 0]));
    for (let n = 0; n < RELOADS; n++) {
      const name = names[draw(names.length)];
      done[name] += 1;
      await INTERRUPTIONS[name]({ site, page: tab.page });
      const kept = (await person.jar()).filter(({ kind }) => kind === "refresh");
      assert.equal(kept.length, 1, `${name}, number ${n}`);
    }
    for (const name of names) assert.ok(done[name] > 10, name);
    assert.deepEqual(site.seen.filter(({ status }) => status === 401), []);
    assert.doesNotMatch(server.log, /theft/);
    assert.equal((await tab.refresh()).outcome, "200");
    assert.equal(await tab.who(), subjects.demo);
    assert.ok((await person.generation()) > atLeast, "answers were lost that mattered");
  });
}
