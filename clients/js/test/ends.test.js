// Logins, sign-outs and ends, and what comes too late for them: SCENARIOS 9, 35, 36.

import assert from "node:assert/strict";

import { inMemory } from "../storage/index.js";
import { problem } from "./support/rekindle.js";
import { code, scenario } from "./support/world.js";

const MINUTE = 60_000;
const REFRESH = "POST /v1/refresh";
const types = (tab) => tab.changes.map(({ type }) => type);
const credentials = (username) => ({ username, password: `${username}-password` });

scenario("the_end_is_told_once_with_its_reason", async (world) => {
  const tabs = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  await world.when(tabs[1].session.peek());
  await world.clock.turn(6 * MINUTE);
  world.server.end("s1", "password_changed");
  const error = await world.when(tabs[0].session.fetch("/api/notes").catch((error) => error));
  assert.deepEqual([error.code, error.reason], ["session_ended", "password_changed"]);
  assert.equal(world.browser.stored, null);
  await world.clock.turn(1_000);
  for (const tab of tabs) {
    assert.equal(types(tab).filter((type) => type === "signed_out").length, 1);
    assert.equal(await world.when(code(tab.session.accessToken())), "signed_out");
  }
  assert.deepEqual(tabs[0].changes.at(-1), { type: "signed_out", session: "s1", reason: "password_changed" });
  assert.equal(world.network.count(REFRESH), 1);
});

scenario("theft_is_told", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const stolen = world.browser.stored.refresh_token;
  for (let n = 0; n < 3; n++) {
    await world.clock.turn(6 * MINUTE);
    await world.asks(tab);
  }
  assert.ok(world.server.refresh(stolen) instanceof Response);
  await world.clock.turn(6 * MINUTE);
  const error = await world.when(tab.session.accessToken().catch((error) => error));
  assert.deepEqual([error.code, error.reason], ["session_ended", "theft_detected"]);
});

scenario("loser_never_clears_winner", async (world) => {
  world.browser.hasLocks = false;
  const [loser, winner] = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  await world.clock.turn(6 * MINUTE);
  // A server that takes each token once, as most do.
  world.network.instead(REFRESH, async () => {
    await world.clock.sleep(500);
    return problem(401, "session_ended", "unknown");
  });
  const lost = loser.session.accessToken();
  await world.clock.turn(15);
  const won = await world.when(winner.session.accessToken());
  assert.equal(await world.when(lost), won);
  await world.clock.turn(100);
  assert.equal(world.browser.stored.generation, 2);
  assert.deepEqual(types(loser), ["signed_in", "refreshed"]);
});

scenario("ten_tabs_storage_cleared_mid_refresh", async (world) => {
  const first = await world.signedIn({ autoRefresh: false });
  const tabs = [first, ...Array.from({ length: 9 }, () => world.browser.tab({ autoRefresh: false }))];
  await Promise.all(tabs.map((tab) => world.when(tab.session.peek())));
  await world.clock.turn(6 * MINUTE);
  const slow = world.network.hold(REFRESH);
  const asking = tabs.map((tab) => tab.session.fetch("/api/notes").then(({ status }) => status, (error) => error.code));
  await world.when(slow.arrived);
  world.browser.clear();
  slow.release();
  assert.deepEqual(await world.when(Promise.all(asking)), Array(10).fill(401), "as nobody's");
  await world.clock.turn(1_000);
  assert.equal(world.browser.stored, null, "no resurrection");
  assert.equal(world.server.living("ada"), 0, "the server knows");
  for (const tab of tabs) assert.equal(types(tab).filter((type) => type === "signed_out").length, 1);
});

scenario("logout_vs_inflight_response: a refresh after a sign-out", async (world) => {
  const [tab, other] = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  await world.when(other.session.peek());
  await world.clock.turn(6 * MINUTE);
  for (const who of [tab, other]) {
    const slow = world.network.hold(REFRESH);
    const token = code(tab.session.accessToken());
    await world.when(slow.arrived);
    assert.equal(await world.when(who.session.logout()), true);
    slow.release();
    assert.equal(await world.when(token), "signed_out");
    await world.clock.turn(100);
    assert.equal(world.browser.stored, null);
    assert.equal(world.server.living("ada"), 0);
    await world.when(tab.session.login(credentials("ada")));
    await world.clock.turn(6 * MINUTE);
  }
});

scenario("logout_vs_inflight_response: a refresh after another's login", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  const slow = world.network.hold(REFRESH);
  const answer = tab.session.fetch("/api/notes", { method: "POST", body: "by ada" });
  await world.when(slow.arrived);
  await world.when(tab.session.login(credentials("bob")));
  slow.release();
  assert.equal((await world.when(answer)).status, 401, "what ada asked for is not done as bob");
  assert.equal(world.browser.stored.session_id, "s2");
  assert.equal((await world.asks(tab)).subject, "bob");
  await world.clock.turn(1_000);
  assert.deepEqual([world.server.living("ada"), world.server.living("bob")], [0, 1]);
});

scenario("a_late_401_is_not_asked_again_as_another_user", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const slow = world.network.hold("POST /api/notes", "request");
  const answer = tab.session.fetch("/api/notes", { method: "POST", body: "by ada" });
  await world.when(slow.arrived);
  await world.clock.turn(6 * MINUTE);
  await world.when(tab.session.login(credentials("bob")));
  slow.release();
  assert.equal((await world.when(answer)).status, 401);
  assert.equal(world.network.count("POST /api/notes"), 1);
  assert.equal(world.network.count(REFRESH), 0);
  assert.equal((await world.asks(tab)).subject, "bob");
});

const renewing = (token) => () => new Response("{}", { headers: { authorization: `Bearer ${token}` } });

scenario("logout_vs_inflight_response: a renewal after a sign-out", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  world.network.instead("GET /api/notes", renewing("s1.7.2000000000"));
  await world.asks(tab);
  assert.equal(world.browser.stored.access_token, "s1.7.2000000000", "taken up");
  assert.equal(world.browser.stored.refresh_token, "rkrt1_s1.1");
  world.network.instead("GET /api/notes", renewing("s1.8.2000000000"));
  const slow = world.network.hold("GET /api/notes");
  const answer = tab.session.fetch("/api/notes");
  await world.when(slow.arrived);
  await world.when(tab.session.logout());
  slow.release();
  await world.when(answer);
  await world.clock.turn(100);
  assert.equal(world.browser.stored, null);
});

for (const [name, newer] of [
  ["another's login", (tab, world) => world.when(tab.session.login(credentials("bob")))],
  ["a refresh", (tab, world) => world.clock.turn(6 * MINUTE).then(() => world.asks(tab))],
]) {
  scenario(`logout_vs_inflight_response: a renewal after ${name}`, async (world) => {
    const tab = await world.signedIn({ autoRefresh: false });
    world.network.instead("GET /api/slow", renewing("s1.1.2000000000"));
    const slow = world.network.hold("GET /api/slow");
    const answer = tab.session.fetch("/api/slow");
    await world.when(slow.arrived);
    await newer(tab, world);
    const before = world.browser.cells.get("rekindle");
    slow.release();
    await world.when(answer);
    await world.clock.turn(100);
    assert.equal(world.browser.cells.get("rekindle"), before);
  });
}

scenario("two_logins: the later one stands", async (world) => {
  const tab = world.browser.tab();
  const slow = world.network.hold("POST /v1/login");
  const first = code(tab.session.login(credentials("ada")));
  await world.when(slow.arrived);
  const second = await world.when(tab.session.login(credentials("bob")));
  slow.release();
  assert.equal(await world.when(first), "overtaken");
  await world.clock.turn(1_000);
  assert.equal(world.browser.stored.session_id, second.session);
  assert.deepEqual([world.server.living("ada"), world.server.living("bob")], [0, 1]);
});

scenario("two_logins: in two tabs", async (world) => {
  const [one, other] = [world.browser.tab(), world.browser.tab()];
  const slow = world.network.hold("POST /v1/login");
  const first = code(one.session.login(credentials("ada")));
  await world.when(slow.arrived);
  await world.when(other.session.login(credentials("bob")));
  slow.release();
  assert.equal(await world.when(first), "overtaken");
  assert.equal((await world.asks(one)).subject, "bob");
});

scenario("a_login_is_not_stopped_by_the_end_of_the_session_before", async (world) => {
  const [tab, other] = [await world.signedIn({ autoRefresh: false }), world.browser.tab({ autoRefresh: false })];
  await world.clock.turn(6 * MINUTE);
  world.server.end("s1");
  const slow = world.network.hold("POST /v1/login");
  const login = tab.session.login(credentials("ada"));
  await world.when(slow.arrived);
  assert.equal(await world.when(code(other.session.accessToken())), "session_ended");
  slow.release();
  assert.equal((await world.when(login)).session, "s2");
});

scenario("a_sign_out_overtakes_a_login", async (world) => {
  const tab = world.browser.tab();
  const slow = world.network.hold("POST /v1/login");
  const login = code(tab.session.login(credentials("ada")));
  await world.when(slow.arrived);
  await world.when(tab.session.logout());
  slow.release();
  assert.equal(await world.when(login), "overtaken");
  await world.clock.turn(1_000);
  assert.equal(world.browser.stored, null);
  assert.equal(world.server.living("ada"), 0);
});

scenario("a_login_ends_the_session_before", async (world) => {
  const [tab, other] = [await world.signedIn(), world.browser.tab()];
  await world.when(other.session.peek());
  await world.when(tab.session.login(credentials("bob")));
  await world.clock.turn(1_000);
  assert.deepEqual([world.server.living("ada"), world.server.living("bob")], [0, 1]);
  assert.deepEqual(types(other), ["signed_in"], "the other tab hears of it");
  assert.equal((await world.asks(other)).subject, "bob");
});

scenario("a_401_from_a_login_starts_no_refresh", async (world) => {
  const tab = await world.signedIn();
  assert.equal(await world.when(code(tab.session.login({ username: "ada", password: "wrong" }))), "invalid_credentials");
  assert.equal((await world.asks(tab)).subject, "ada", "who was signed in still is");
  // Nor where the application asks by itself, nor for a wrong old password.
  const body = { method: "POST", body: JSON.stringify({ username: "ada", password: "wrong" }) };
  assert.equal((await world.when(tab.session.fetch("https://app.test/v1/login", body))).status, 401);
  assert.equal((await world.when(tab.session.fetch("/v1/password", { method: "POST", body: "{}" }))).status, 401);
  assert.equal(world.network.count("POST /v1/password"), 1);
  assert.equal(world.network.count(REFRESH), 0);
});

scenario("logins_that_fail_otherwise", async (world) => {
  const tab = world.browser.tab();
  for (const [make, expected] of [
    [() => problem(503, "unavailable"), "unavailable"],
    [() => problem(429, "rate_limited"), "unavailable"],
    [() => problem(403, "forbidden"), "refused"],
    [() => problem(400, "invalid_request"), "refused"],
    [() => new Response("<html>", { status: 403 }), "unavailable"],
  ]) {
    world.network.instead("POST /v1/login", make);
    assert.equal(await world.when(code(tab.session.login(credentials("ada")))), expected);
  }
  const giveUp = new AbortController();
  const login = code(tab.session.login(credentials("ada"), { signal: giveUp.signal }));
  giveUp.abort();
  assert.equal(await world.when(login), 20, "an AbortError, as fetch's");
  assert.equal(world.browser.stored, null);
});

scenario("signing_out_offline_forgets_at_once", async (world) => {
  const [tab, other] = [await world.signedIn(), world.browser.tab()];
  await world.when(other.session.peek());
  world.network.offline = true;
  assert.equal(await world.when(tab.session.logout()), false, "the server does not know");
  assert.equal(world.browser.stored, null);
  await world.clock.turn(100);
  assert.deepEqual(other.changes, [{ type: "signed_out", session: "s1", reason: "logged_out" }]);
});

scenario("signing_out_by_cookie_needs_the_server", async (world) => {
  const tab = await world.signedIn({ transport: "cookie" });
  assert.deepEqual([...world.browser.jar.keys()], ["rk-a", "rk-r"]);
  assert.ok(!JSON.stringify(world.browser.stored).includes("rkrt1_"));
  world.network.offline = true;
  assert.equal(await world.when(code(tab.session.logout())), "unavailable");
  assert.equal((await world.when(tab.session.peek())).session, "s1", "who cannot be forgotten is still signed in");
  world.network.offline = false;
  assert.equal(await world.when(tab.session.logout()), true);
  assert.equal(world.browser.jar.size, 0);
  assert.equal(world.browser.stored, null);
});

scenario("a_forged_message_changes_nothing", async (world) => {
  const tab = await world.signedIn();
  const before = world.browser.cells.get("rekindle");
  for (const data of [null, 7, {}, { session: "s1", reason: "theft_detected" }, { session: "s1", generation: 0, access: "evil" }]) world.browser.forge(data);
  await world.clock.turn(1_000);
  assert.equal(world.browser.cells.get("rekindle"), before);
  assert.deepEqual(types(tab), ["signed_in"]);
  assert.equal((await world.asks(tab)).subject, "ada");
});

scenario("a_page_from_the_cache_hears_what_it_missed", async (world) => {
  const [tab, cached] = [await world.signedIn(), world.browser.tab()];
  await world.when(cached.session.peek());
  // Frozen: no event reaches it.
  cached.heard = undefined;
  world.browser.tabs.pop();
  await world.when(tab.session.logout());
  cached.page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await world.clock.turn(100);
  assert.deepEqual(types(cached), ["signed_out"]);
});

scenario("disposed_it_is_still", async (world) => {
  const tab = await world.signedIn();
  await world.clock.turn(100);
  tab.session.dispose();
  await world.clock.turn(60 * MINUTE);
  assert.equal(world.network.count(REFRESH), 0);
  assert.deepEqual(types(tab), ["signed_in"]);
  assert.equal((await world.asks(tab)).status, 200, "and can still be used");
  assert.equal(world.browser.stored.generation, 2);
});

scenario("a_sign_out_by_cookie_leaves_who_signed_in_meanwhile", async (world) => {
  const [tab, other] = [await world.signedIn({ transport: "cookie" }), world.browser.tab({ transport: "cookie" })];
  await world.when(other.session.peek());
  const slow = world.network.hold("POST /v1/logout");
  const logout = tab.session.logout();
  await world.when(slow.arrived);
  await world.when(other.session.login(credentials("bob")));
  slow.release();
  assert.equal(await world.when(logout), true);
  await world.clock.turn(1_000);
  assert.equal((await world.when(other.session.peek())).session, "s2");
  assert.ok(!types(other).includes("signed_out"));
});

scenario("a_captive_portal_signs_nobody_out", async (world) => {
  const portal = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
  const tab = await world.signedIn({ transport: "cookie" });
  world.network.instead("POST /v1/logout", portal);
  assert.equal(await world.when(code(tab.session.logout())), "unavailable");
  assert.equal((await world.when(tab.session.peek())).session, "s1", "the cookies are still there, and somebody has to know");
  const other = world.browser.tab({ storage: inMemory() });
  await world.when(other.session.login(credentials("bob")));
  world.network.instead("POST /v1/logout", portal);
  assert.equal(await world.when(other.session.logout()), false, "the server does not know");
});
