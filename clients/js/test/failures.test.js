// What may pass never signs anybody out: SCENARIOS 16, 18, 33, 34, and whatever else a network can do.

import assert from "node:assert/strict";

import { json, problem } from "./support/rekindle.js";
import { code, scenario } from "./support/world.js";

const MINUTE = 60_000;
const REFRESH = "POST /v1/refresh";

const page = (status) => () => new Response("<!doctype html><title>Welcome to our Wi-Fi</title>", { status, headers: { "content-type": "text/html" } });

const AMBIGUOUS = {
  "captive_portal_html_200": page(200),
  "captive_portal_html_401": page(401),
  "captive_portal_html_403": page(403),
  "captive_portal_html_404": page(404),
  "captive_portal_html_409": page(409),
  "captive_portal_html_429": page(429),
  "a redirect": () => { throw new TypeError("unexpected redirect"); },
  "502 of a proxy": page(502),
  "503 unavailable": () => problem(503, "unavailable"),
  "429 rate_limited": () => problem(429, "rate_limited"),
  "409 superseded": () => problem(409, "superseded"),
  "403 csrf_rejected": () => problem(403, "csrf_rejected"),
  "400 invalid_request": () => problem(400, "invalid_request"),
  "200 of something else": () => json(200, { hello: "world" }),
  "200 of nothing": () => new Response(null),
  "200 of half a JSON": () => new Response('{"access_tok', { headers: { "content-type": "application/json" } }),
  "401 of an API gateway": () => json(401, { error: "unauthorized" }),
  "401 token_expired": () => problem(401, "token_expired"),
  "401 token_missing, of a proxy that asks for one itself": () => problem(401, "token_missing"),
  "503 with a time in the past": () => new Response("{}", { status: 503, headers: { "retry-after": "-60" } }),
};

for (const [name, make] of Object.entries(AMBIGUOUS)) {
  scenario(`no_sign_out_for: ${name}`, async (world) => {
    const tab = await world.signedIn({ autoRefresh: false });
    const before = world.browser.cells.get("rekindle");
    await world.clock.turn(6 * MINUTE);
    world.network.instead(REFRESH, make, 100);
    assert.equal(await world.when(code(tab.session.fetch("/api/notes"))), "unavailable");
    assert.equal(await world.when(code(tab.session.accessToken())), "unavailable");
    assert.equal(world.browser.cells.get("rekindle"), before);
    assert.ok(world.network.count(REFRESH) <= 2, "and the second request does not ask again");
    world.network.clear();
    await world.clock.turn(MINUTE);
    assert.equal((await world.asks(tab)).status, 200);
    await world.clock.turn(100);
    assert.deepEqual(tab.changes.map(({ type }) => type), ["signed_in", "refreshed"]);
  });
}

scenario("a_refresh_that_hangs_is_given_up", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  world.network.hold(REFRESH);
  const waiting = Promise.all(Array.from({ length: 5 }, () => code(tab.session.fetch("/api/notes"))));
  const began = world.clock.now();
  assert.deepEqual(await world.when(waiting), Array(5).fill("unavailable"));
  assert.ok(world.clock.now() - began < 11_000);
  await world.clock.turn(5_000);
  assert.equal((await world.asks(tab)).status, 200, "the server answers the same again, or its successor");
});

scenario("a_refresh_of_short_lives_is_given_up_sooner", { access: 24, window: 4 }, async (world) => {
  // Below (M - W) / 2, where M is 16 seconds: docs/protocol.md, I7.
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(MINUTE);
  world.network.hold(REFRESH);
  const began = world.clock.now();
  assert.equal(await world.when(code(tab.session.accessToken())), "unavailable");
  assert.ok(world.clock.now() - began < 6_000);
});

scenario("a_fetch_that_ignores_its_signal_is_given_up", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const deaf = world.browser.tab({ autoRefresh: false, platform: { fetch: () => new Promise(() => {}) } });
  await world.clock.turn(6 * MINUTE);
  assert.equal(await world.when(code(deaf.session.accessToken())), "unavailable");
  assert.equal((await world.asks(tab)).status, 200);
});

scenario("an_hour_away_of_the_server_is_no_hot_loop", async (world) => {
  const tab = await world.signedIn();
  world.network.instead(REFRESH, () => problem(503, "unavailable"), 10_000);
  await world.clock.turn(60 * MINUTE);
  assert.ok(world.network.count(REFRESH) > 20);
  assert.ok(world.network.count(REFRESH) <= 60 * 12, "Retry-After: 5 is obeyed");
  world.network.clear();
  await world.clock.turn(MINUTE);
  assert.equal((await world.asks(tab)).status, 200);
});

scenario("retry_after_is_obeyed", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  const busy = () => new Response("{}", { status: 429, headers: { "retry-after": "90", "content-type": "application/json" } });
  world.network.instead(REFRESH, busy, 1);
  const error = await world.when(tab.session.accessToken().catch((error) => error));
  assert.deepEqual([error.code, error.status, error.retryAfter], ["unavailable", 429, 90]);
  tab.page.dispatchEvent(new Event("online"));
  await world.clock.turn(80_000);
  assert.equal(await world.when(code(tab.session.accessToken())), "unavailable");
  assert.equal(world.network.count(REFRESH), 1);
  await world.clock.turn(20_000);
  assert.match(await world.when(tab.session.accessToken()), /^s1\.2\./);
});

scenario("an_absurd_retry_after_is_an_hour", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  world.network.instead(REFRESH, () => new Response("{}", { status: 503, headers: { "retry-after": "1000000000" } }));
  assert.equal(await world.when(code(tab.session.accessToken())), "unavailable");
  await world.clock.turn(70 * MINUTE);
  assert.match(await world.when(tab.session.accessToken()), /^s1\.2\./);
});

scenario("airplane_mode_24h", async (world) => {
  const tab = await world.signedIn();
  world.network.offline = true;
  await world.clock.turn(24 * 60 * MINUTE);
  const attempts = world.network.count(REFRESH);
  assert.ok(attempts > 100 && attempts <= 24 * 60 * 2, `${attempts} attempts: one for each step`);
  assert.deepEqual(await world.when(tab.session.peek()).then(({ session }) => session), "s1", "still signed in");
  assert.deepEqual(tab.changes.map(({ type }) => type), ["signed_in"]);
  world.network.offline = false;
  tab.page.dispatchEvent(new Event("online"));
  await world.clock.turn(1_000);
  assert.equal(world.network.count(REFRESH), attempts + 1, "at once");
  assert.equal((await world.asks(tab)).generation, 2);
});

scenario("a_server_that_is_away_stops_no_request_whose_token_is_good", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  world.browser.skew = 60 * MINUTE;
  world.network.instead(REFRESH, () => problem(503, "unavailable"), 100);
  assert.equal((await world.asks(tab)).status, 200);
});

scenario("keychain_locked_on_save", async (world) => {
  let locked = false;
  const storage = world.browser.storage({});
  const swap = (from, to) => {
    if (locked && to) throw new DOMException("full", "QuotaExceededError");
    return storage.swap(from, to);
  };
  const tab = await world.signedIn({ autoRefresh: false, storage: { ...storage, swap } });
  await world.clock.turn(6 * MINUTE);
  locked = true;
  assert.equal(await world.when(code(tab.session.fetch("/api/notes"))), "storage_failed");
  assert.equal(world.network.count("GET /api/notes"), 0, "what is not stored is not used");
  assert.equal(world.browser.stored.refresh_token, "rkrt1_s1.1");
  assert.equal(await world.when(code(tab.session.accessToken())), "unavailable", "and nobody asks in a loop");
  assert.equal(world.network.count(REFRESH), 1);
  locked = false;
  tab.session.dispose();
  await world.clock.turn(92 * MINUTE);
  const later = world.browser.tab({ autoRefresh: false });
  assert.equal((await world.asks(later)).status, 200);
  assert.equal(world.server.living("ada"), 1);
  assert.ok(!world.server.events.includes("theft_detected"));
});

scenario("a_storage_that_cannot_be_read", async (world) => {
  const tab = world.browser.tab({ storage: { read: () => { throw new Error("no"); }, swap: () => false } });
  assert.equal(await world.when(code(tab.session.fetch("/api/notes"))), "storage_failed");
  assert.equal(await world.when(code(tab.session.login({ username: "ada", password: "ada-password" }))), "storage_failed");
  const hanging = world.browser.tab({ storage: { read: () => new Promise(() => {}), swap: () => false } });
  assert.equal(await world.when(code(hanging.session.accessToken())), "storage_failed");
});

scenario("a_storage_of_junk_is_nobody", async (world) => {
  for (const junk of ["{", "null", "7", '{"access":"a"}', '{"server":"https://evil.test","session_id":"x","generation":1,"access_token":"a"}']) {
    world.browser.cells.set("rekindle", junk);
    const tab = world.browser.tab({ autoRefresh: false });
    assert.equal(await world.when(code(tab.session.accessToken())), "signed_out");
    await world.when(tab.session.login({ username: "ada", password: "ada-password" }));
    assert.equal((await world.asks(tab)).subject, "ada");
    tab.session.dispose();
  }
});

scenario("page_reload_spam", async (world) => {
  await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  for (let n = 0; n < 30; n++) {
    const tab = world.browser.tab();
    tab.session.fetch("/api/notes").catch(() => {});
    await world.clock.turn(n % 40);
    tab.session.dispose();
    // The page is gone, and with it whoever waits for an answer; locks are given back.
    world.browser.tabs.pop();
  }
  await world.clock.turn(5_000);
  const tab = world.browser.tab();
  assert.equal((await world.asks(tab)).status, 200);
  assert.ok(world.network.count(REFRESH) <= 30);
  assert.equal(world.server.living("ada"), 1);
  assert.ok(!world.server.events.includes("theft_detected"));
});

scenario("get_token_inside_callback", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const twice = world.browser.tab({ autoRefresh: false });
  await world.clock.turn(100);
  const told = [];
  for (const each of [tab, twice]) {
    each.session.onChange(async () => told.push(await each.session.accessToken()));
  }
  await world.clock.turn(6 * MINUTE);
  // Whoever holds the lock is frozen.
  world.browser.freeze("rekindle:rekindle");
  const began = world.clock.now();
  await world.when(Promise.all([tab.session.accessToken(), twice.session.accessToken()]));
  assert.ok(world.clock.now() - began <= 5_000);
  await world.clock.turn(1_000);
  assert.equal(told.length, 2);
  assert.equal(new Set(told).size, 1);
  assert.equal(world.server.rows.get("s1").latest, 2, "both got the same");
});

scenario("no_listener_runs_while_the_lock_is_held", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  let held = false;
  const locks = { request: (name, options, use) => { held = true; return Promise.resolve(use()).finally(() => (held = false)); } };
  const other = world.browser.tab({ autoRefresh: false, platform: { locks } });
  const seen = [];
  other.session.onChange(() => seen.push(held));
  await world.clock.turn(6 * MINUTE);
  await world.when(other.session.accessToken());
  await world.clock.turn(1_000);
  assert.deepEqual(seen, [false]);
  assert.equal((await world.asks(tab)).status, 200);
});

for (const hasChannels of [true, false]) {
  scenario(`superseded_reads_again, ${hasChannels}`, async (world) => {
    world.browser.hasChannels = hasChannels;
    const tab = await world.signedIn({ autoRefresh: false });
    await world.clock.turn(6 * MINUTE);
    // Another tab was faster, and stores what it got just now.
    const newer = JSON.stringify({ ...world.browser.stored, generation: 2, at: world.clock.true(), access_token: "s1.2.2000000000" });
    world.network.instead(REFRESH, () => {
      world.clock.setTimeout(() => world.browser.cells.set("rekindle", newer), 500);
      return problem(409, "superseded");
    });
    assert.equal(await world.when(tab.session.accessToken()), "s1.2.2000000000");
    assert.equal(world.network.count(REFRESH), 1);
  });
}

scenario("superseded_twice_waits_for_more_than_half_a_minute", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  world.network.instead(REFRESH, () => problem(409, "superseded"), 2);
  const error = await world.when(tab.session.accessToken().catch((error) => error));
  assert.deepEqual([error.code, error.retryAfter], ["unavailable", 31]);
  await world.clock.turn(30_000);
  assert.equal(await world.when(code(tab.session.accessToken())), "unavailable");
  assert.equal(world.network.count(REFRESH), 2);
  await world.clock.turn(10_000);
  assert.match(await world.when(tab.session.accessToken()), /^s1\.2\./);
});

scenario("a_storage_that_fails_once_does_not_stop_the_timers", async (world) => {
  await world.signedIn({ autoRefresh: false });
  const storage = world.browser.storage({});
  let locked = false;
  const read = () => {
    if (locked) throw new Error("locked");
    return storage.read();
  };
  const tab = world.browser.tab({ storage: { ...storage, read } });
  await world.clock.turn(MINUTE);
  locked = true;
  await world.clock.turn(5 * MINUTE);
  locked = false;
  await world.clock.turn(60 * MINUTE);
  assert.ok(world.network.count(REFRESH) >= 17, "a page that is open and unused does not end by idleness");
  tab.session.dispose();
});

for (const type of ["online", "pageshow", "visibilitychange"]) {
  scenario(`a_pause_ends_with: ${type}`, async (world) => {
    const tab = await world.signedIn();
    world.network.offline = true;
    await world.clock.turn(30 * MINUTE);
    world.network.offline = false;
    // Not every way back is noticed by the browser: it may be a server, or a cable behind a router.
    tab.page.dispatchEvent(new Event(type));
    assert.equal((await world.asks(tab)).status, 200, "whoever comes back is not told of a failure before");
  });

  scenario(`what_a_server_asks_for_holds_after: ${type}`, async (world) => {
    const tab = await world.signedIn();
    const busy = () => new Response("{}", { status: 429, headers: { "retry-after": "900", "content-type": "application/json" } });
    world.network.instead(REFRESH, busy, 100);
    await world.clock.turn(5 * MINUTE);
    tab.page.dispatchEvent(new Event(type));
    await world.clock.turn(MINUTE);
    assert.equal(world.network.count(REFRESH), 1);
  });
}
