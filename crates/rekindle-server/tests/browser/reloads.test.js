// A page that goes away in the middle of its refresh, again and again: SCENARIOS 18, and the promise.

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

/** Runs in the page. Nobody waits for the answer. */
const fire = () => {
  window.answered = undefined;
  fetch("/v1/refresh", { method: "POST" }).then(
    (answer) => (window.answered = answer.status),
    (error) => (window.answered = String(error)),
  );
};

/** Sends a refresh that stops at `at`. */
async function stopped({ site, page }, at) {
  const hold = site.hold(REFRESH, at);
  await page.evaluate(fire);
  await hold.arrived;
  return hold;
}

/** After each of these nothing is under way any more. */
const ONE_BY_ONE = {
  "before the server has seen it": async ({ site, page }) => {
    const hold = await stopped({ site, page }, "request");
    await page.reload();
    hold.lose();
  },
  "before its answer": async ({ site, page }) => {
    const hold = await stopped({ site, page }, "answer");
    await page.reload();
    hold.lose();
  },
  "before the server sees it all the same": async ({ site, page }) => {
    const hold = await stopped({ site, page }, "request");
    await page.reload();
    const seen = site.next(REFRESH);
    hold.release();
    await seen;
  },
  "by nothing": async ({ page }) => {
    await page.evaluate(fire);
    assert.equal(await (await page.waitForFunction(() => window.answered)).jsonValue(), 200);
  },
};

/** These may leave requests behind that meet the next ones: browsers send again what a connection has lost. */
const ALL = {
  ...ONE_BY_ONE,
  somewhere: async ({ page }) => {
    await page.evaluate(fire);
    await page.reload();
  },
  "by a tunnel": async ({ site, page }) => {
    const hold = await stopped({ site, page }, "answer");
    await page.context().setOffline(true);
    hold.lose();
    await page.evaluate(fire);
    await page.context().setOffline(false);
  },
};

/** Interrupts refreshes in turn until `enough`, and finds the same user signed in. */
async function interrupt(world, interruptions, enough) {
  const { site, server, subjects } = world;
  const person = await world.visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  const draw = chance(1);
  const names = Object.keys(interruptions);
  for (let n = 0; !(await enough(n, person)); n++) {
    const name = names[draw(names.length)];
    await interruptions[name]({ site, page: tab.page });
    const kept = (await person.jar()).filter(({ kind }) => kind === "refresh");
    assert.equal(kept.length, 1, `${name}, number ${n}`);
  }
  assert.deepEqual(site.seen.filter(({ status }) => status === 401), []);
  assert.equal(server.count("theft_detected"), 0);
  assert.equal(server.count("opened"), 1);
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), subjects.demo);
}

const window = (span) => ({ settings: () => ({ lifetimes__access: "5s", lifetimes__replay_window: span }) });

scenario("page_reload_spam", window("2s"), async (world) => {
  const rotated = async (person) => (await person.claims()).some(({ gen }) => gen > 3);
  await interrupt(world, ALL, async (n, person) => n >= 200 && rotated(person));
});

// Without a replay window every lost answer is a lost rotation: none is given once more.
scenario("page_reload_spam, each answer lost for good", window("off"), async (world) => {
  await interrupt(world, ONE_BY_ONE, (n) => n >= 100);
  assert.ok(world.server.count("late_retry") > 25);
});
