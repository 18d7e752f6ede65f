// One refresh, however many ask: SCENARIOS 1, 5, 30, 32.

import assert from "node:assert/strict";

import { json } from "./support/rekindle.js";
import { scenario } from "./support/world.js";

const MINUTE = 60_000;

scenario("many_requests_one_refresh", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  const answers = await world.when(Promise.all(Array.from({ length: 20 }, () => tab.session.fetch("/api/notes"))));
  assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
  assert.equal(world.server.count("POST /v1/refresh"), 1);
  assert.equal(world.network.count("GET /api/notes"), 20, "none was sent with the old token");
});

for (const hasLocks of [true, false]) {
  scenario(`two_tabs_wake_at_once, ${hasLocks ? "with" : "without"} locks`, async (world) => {
    Object.assign(world.browser, { hasLocks, hasChannels: hasLocks });
    const first = await world.signedIn();
    const tabs = [first, ...Array.from({ length: 19 }, () => world.browser.tab())];
    await world.clock.turn(0);
    world.clock.sleepMachine(30 * MINUTE);
    const answers = await world.when(Promise.all(tabs.map((tab) => tab.session.fetch("/api/notes"))));
    assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
    if (hasLocks) assert.ok(world.server.count("POST /v1/refresh") <= 2);
    assert.equal(world.browser.stored.generation, 2);
    assert.equal(world.server.rows.get("s1").latest, 2, "one step at the server");
    assert.ok(tabs.every((tab) => !tab.changes.some(({ type }) => type === "signed_out")));
  });
}

scenario("late_tab_after_overlap", async (world) => {
  const [one, other] = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  assert.equal((await world.asks(other)).generation, 1);
  for (let n = 0; n < 3; n++) {
    await world.clock.turn(10 * MINUTE);
    await world.asks(one);
  }
  assert.equal((await world.asks(other)).generation, 4, "it reads what is stored");
  assert.equal(world.server.count("POST /v1/refresh"), 3);
});

scenario("a_late_401_starts_no_second_refresh", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const slow = world.network.hold("GET /api/slow", "request");
  const answer = tab.session.fetch("/api/slow");
  await world.when(slow.arrived);
  await world.clock.turn(6 * MINUTE);
  assert.equal((await world.asks(tab)).status, 200);
  slow.release();
  assert.equal((await world.when(answer)).status, 200);
  assert.equal(world.server.count("POST /v1/refresh"), 1);
});

scenario("timers_keep_a_session_fresh", async (world) => {
  const tabs = [await world.signedIn(), world.browser.tab(), world.browser.tab()];
  await world.clock.turn(60 * MINUTE);
  const refreshes = world.server.count("POST /v1/refresh");
  assert.ok(refreshes >= 17 && refreshes <= 18, `${refreshes} in an hour`);
  assert.equal((await world.asks(tabs[2])).status, 200);
  assert.equal(world.network.count("GET /api/notes"), 1, "no 401 on the way");
});

/** How many refreshes an hour of one request a minute takes, with a clock that is set at its half. */
async function anHour(world, change) {
  const tab = await world.signedIn();
  for (let minute = 0; minute < 60; minute++) {
    if (minute === 30) change(world.browser);
    assert.equal((await world.asks(tab)).status, 200);
    await world.clock.turn(MINUTE);
  }
  assert.equal(tab.changes.filter(({ type }) => type === "signed_out").length, 0);
  return world.server.count("POST /v1/refresh");
}

const HOUR = 60 * MINUTE;
for (const [name, ms] of [["5min_ahead", 5 * MINUTE], ["1h_ahead", HOUR], ["1_day_behind", -24 * HOUR]]) {
  scenario(`client_clock_${name}`, async (world) => {
    world.browser.skew = ms;
    assert.ok(Math.abs((await anHour(world, () => {})) - 17) <= 1);
  });

  scenario(`client_clock_${name}, set while it runs`, async (world) => {
    assert.ok(Math.abs((await anHour(world, (browser) => (browser.skew = ms))) - 17) <= 1);
  });
}

scenario("laptop_sleeps_past_access_and_overlap", async (world) => {
  const tabs = [await world.signedIn(), ...Array.from({ length: 9 }, () => world.browser.tab())];
  await world.clock.turn(MINUTE);
  world.clock.sleepMachine(8 * HOUR);
  const began = world.clock.now();
  tabs.forEach((tab) => tab.page.dispatchEvent(new Event("visibilitychange")));
  assert.equal((await world.asks(tabs[0])).status, 200);
  assert.ok(world.clock.now() - began <= 2 * (2 * world.network.delay) + 50, "a refresh, and then the request itself");
  await world.clock.turn(MINUTE);
  assert.ok(world.server.count("POST /v1/refresh") <= 2);
  assert.equal(world.network.count("GET /api/notes"), 1);
});

scenario("an_answer_that_is_due_already_keeps_the_timers", async (world) => {
  // Where tokens do not rotate, a refresh answers the token of a slot that began long ago.
  const tab = await world.signedIn();
  world.network.instead("POST /v1/refresh", () => json(200, { ...world.server.tokens(world.server.rows.get("s1")), expires_in: 100, refresh_after: 0 }));
  await world.clock.turn(4 * MINUTE);
  assert.equal(world.network.count("POST /v1/refresh"), 1, "nor does it ask in a loop");
  await world.clock.turn(3 * MINUTE);
  assert.equal(world.browser.stored.refresh_token, "rkrt1_s1.2");
  assert.equal((await world.asks(tab)).status, 200);
});

for (const days of [-400, 10, 400]) {
  scenario(`no_session_ends_by_the_clock_of_its_machine: ${days} days`, async (world) => {
    const tab = await world.signedIn({ autoRefresh: false });
    // By this clock the refresh token, and the session, may be over.
    world.browser.skew = days * 24 * HOUR;
    assert.equal((await world.asks(tab)).status, 200);
    const later = world.browser.tab();
    assert.equal((await world.asks(later)).status, 200);
    assert.equal(world.browser.stored.session_id, "s1");
    assert.deepEqual(tab.changes.filter(({ type }) => type === "signed_out"), []);
  });
}

scenario("a_lock_is_not_waited_for_when_another_tab_has_stored", async (world) => {
  const [tab, other] = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  await world.clock.turn(6 * MINUTE);
  world.browser.freeze("rekindle:rekindle");
  const began = world.clock.now();
  const token = tab.session.accessToken();
  await world.clock.turn(100);
  await world.when(other.session.login({ username: "ada", password: "ada-password" }));
  assert.match(await world.when(token), /^s2\.1\./);
  assert.ok(world.clock.now() - began < 1_000);
});
