// A page that is reloaded in the middle of its refresh, again and again: SCENARIOS 18, and the promise.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

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

// Without a replay window every lost answer is a lost rotation; with one, most are given once more.
for (const [window, reloads] of [["off", 200], ["1s", 100]]) {
  const settings = () => ({ lifetimes__access: "4s", lifetimes__replay_window: window });
  scenario(`page_reload_spam, replay window ${window}`, { settings }, async (world) => {
    const { site, server, subjects } = world;
    const person = await world.visitor();
    const tab = await person.tab();
    assert.equal((await tab.login()).outcome, "200");
    const draw = chance(1);
    const names = Object.keys(INTERRUPTIONS);
    const done = Object.fromEntries(names.map((name) => [name, 0]));
    for (let n = 0; n < reloads; n++) {
      const name = names[draw(names.length)];
      done[name] += 1;
      await INTERRUPTIONS[name]({ site, page: tab.page });
      const kept = (await person.jar()).filter(({ kind }) => kind === "refresh");
      assert.equal(kept.length, 1, `${name}, number ${n}`);
    }
    for (const name of names) assert.ok(done[name] > reloads / 20, name);
    assert.deepEqual(site.seen.filter(({ status }) => status === 401), []);
    assert.equal(server.count("theft_detected"), 0);
    if (window === "off") assert.ok(server.count("late_retry") > reloads / 4, "answers were lost that mattered");
    else assert.ok((await person.generation()) > 2, "it went on rotating");
    assert.equal((await tab.refresh()).outcome, "200");
    assert.equal(await tab.who(), subjects.demo);
  });
}
