// Hours of bad weather: tabs come and go, machines sleep, clocks are set, answers are slow, lost and overtaken. Nobody who
// did not sign out is signed out, and nothing looks like a theft. `STORMS=500` for more of them.

import assert from "node:assert/strict";

import { scenario, World } from "./support/world.js";

const MINUTE = 60_000;
const STORMS = Number(process.env.STORMS ?? 40);

/** Numbers from 0 to 1 that hang on the seed alone (mulberry32). */
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function storm(seed, { transport }) {
  const random = numbers(seed);
  const chance = (probability) => random() < probability;
  const world = new World();
  const { browser, clock, network, server } = world;
  Object.assign(browser, { hasLocks: chance(0.7), hasChannels: chance(0.7) });
  // Slower than that a refresh is given up.
  network.weather = () => ({ there: random() ** 4 * 6_000, back: random() ** 4 * 6_000, lost: chance(0.05) ? "request" : chance(0.05) ? "answer" : undefined });
  const open = () => browser.tab({ transport, autoRefresh: chance(0.7), platform: { random } });
  let tab = open();
  while (!(await world.when(tab.session.login({ username: "ada", password: "ada-password" }).catch(() => undefined)))) await clock.turn(1_000);
  const tabs = [tab, open(), open()];
  const answers = [];
  const signedOut = [];
  const watch = (each) => each.session.onChange(({ type, reason }) => type === "signed_out" && signedOut.push(reason));
  tabs.forEach(watch);
  for (let step = 0; step < 150; step++) {
    tab = tabs[Math.floor(random() * tabs.length)];
    const asked = tab.session.fetch("/api/notes").then(async (response) => [response.status, (await response.json()).subject], (error) => [error.code ?? error.name]);
    answers.push(asked);
    if (chance(0.3)) await clock.turn(random() * 5_000);
    if (chance(0.2)) await clock.turn(random() * 10 * MINUTE);
    if (chance(0.03)) clock.sleepMachine(random() * 120 * MINUTE);
    if (chance(0.03)) browser.skew = (random() - 0.5) * 120 * MINUTE;
    if (chance(0.1)) tabs.forEach((each) => each.page.dispatchEvent(new Event(chance(0.5) ? "visibilitychange" : "online")));
    if (chance(0.05)) {
      // A tab is closed in the middle of whatever it does, and another opened. What it has sent is on its way.
      tab.session.dispose();
      tabs.splice(tabs.indexOf(tab), 1, open());
      tabs.forEach((each) => each !== tab && each.watched !== true && ((each.watched = true), watch(each)));
    }
  }
  network.weather = () => ({});
  await clock.turn(5 * MINUTE);
  assert.deepEqual(signedOut, []);
  assert.ok(!server.events.includes("theft_detected"));
  const seen = await world.when(Promise.all(answers));
  for (const [status, subject] of seen) assert.ok(status !== 200 || subject === "ada", `${status} ${subject}`);
  // A machine that slept while a request was on its way for the second time: that 401 is the caller's.
  const late = seen.filter(([status]) => status === 401).length;
  assert.ok(late <= 3, `${late} refused`);
  assert.deepEqual([...new Set(seen.map(([status]) => status))].filter((status) => ![200, 401, "unavailable", "TypeError"].includes(status)), []);
  for (const each of tabs) assert.equal((await world.asks(each)).subject, "ada");
  assert.equal(server.living("ada") >= 1, true);
  return server.events;
}

for (const transport of ["header", "cookie"]) {
  scenario(`${STORMS} storms, ${transport}`, async () => {
    const events = [];
    for (let seed = 1; seed <= STORMS; seed++) {
      events.push(...(await storm(seed, { transport }).catch((error) => { error.message = `seed ${seed}: ${error.message}`; throw error; })));
    }
    const count = (event) => events.filter((each) => each === event).length;
    console.log(["refreshed", "replayed", "late_retry", "superseded"].map((event) => `${count(event)} ${event}`).join(", "));
  });
}

/** Two people who share a browser sign in and out in three tabs, and all answers are slow. */
async function comings(seed) {
  const random = numbers(seed);
  const chance = (probability) => random() < probability;
  const world = new World();
  const { browser, clock, network, server } = world;
  Object.assign(browser, { hasLocks: chance(0.7), hasChannels: chance(0.7) });
  network.weather = () => ({ there: random() ** 3 * 2_000, back: random() ** 3 * 2_000 });
  const tabs = Array.from({ length: 3 }, () => browser.tab({ autoRefresh: chance(0.7), platform: { random } }));
  const ends = [];
  const end = (promise) => ends.push(promise.catch((error) => error));
  for (let step = 0; step < 60; step++) {
    const { session } = tabs[Math.floor(random() * tabs.length)];
    const dice = random();
    const username = chance(0.5) ? "ada" : "bob";
    if (dice < 0.12) end(session.login({ username, password: `${username}-password` }));
    else if (dice < 0.2) end(session.logout());
    else {
      const by = browser.stored && server.rows.get(browser.stored.session_id).subject;
      const asked = session.fetch("/api/notes", { method: "POST", body: `by ${by}` });
      end(asked.then(async (response) => response.status === 200 && by && assert.equal((await response.json()).subject, by)));
    }
    if (chance(0.5)) await clock.turn(random() * 3_000);
    if (chance(0.15)) await clock.turn(random() * 8 * MINUTE);
  }
  network.weather = () => ({});
  await clock.turn(5 * MINUTE);
  for (const said of await world.when(Promise.all(ends))) assert.ok(!(said instanceof assert.AssertionError), said?.message);
  const living = [...server.rows.values()].filter(({ status }) => status === "active").map(({ sid }) => sid);
  assert.deepEqual(living, browser.stored ? [browser.stored.session_id] : [], "who is signed in here, and nobody else");
  assert.ok(!server.events.includes("theft_detected"));
}

scenario("comings_and_goings", async () => {
  for (let seed = 1; seed <= STORMS / 2; seed++) {
    await comings(seed).catch((error) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
});
