// The JavaScript client in the tabs of one browser: SCENARIOS 1, 30, 32, 35 and 36.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";
import { AppTab, serveClient } from "./support/signed-in.js";
import { until } from "./support/until.js";

const REFRESH = "POST /v1/refresh";
const SHORT = { lifetimes__access: "4s", lifetimes__replay_window: "2s" };
// Over HTTP/2 all tabs ask at once; over HTTP/1.1 a browser lets six through.
const https = { https: true, host: "auth.example.test", settings: () => SHORT };
const TABS = 20;

const seconds = (count) => new Promise((resolve) => setTimeout(resolve, count * 1000));
const tabsOf = async (person, count) => {
  const tabs = [];
  while (tabs.length < count) tabs.push(await AppTab.open(person));
  return tabs;
};

/** How many sessions of the user live, the one that asks not counted. */
async function living({ site }, username = "demo") {
  const body = JSON.stringify({ username, password: `${username}-password` });
  const login = await site.ask("POST", "/v1/login", { "content-type": "application/json" }, body);
  const authorization = `Bearer ${JSON.parse(login.body).access_token}`;
  const { sessions } = JSON.parse((await site.ask("GET", "/v1/sessions", { authorization })).body);
  await site.ask("POST", "/v1/logout", { authorization });
  return sessions.length - 1;
}

for (const transport of ["header", "cookie"]) {
  scenario(`client, two_tabs_wake_at_once, ${TABS} of them, ${transport}`, https, async ({ site, server, subjects, visitor }) => {
    await serveClient(site, { transport, autoRefresh: false });
    const tabs = await tabsOf(await visitor(), TABS);
    assert.equal(await tabs[0].login(), "ok");
    await seconds(4.2);
    assert.deepEqual(await Promise.all(tabs.map((tab) => tab.who())), Array(TABS).fill(subjects.demo));
    assert.ok(site.count(REFRESH) <= 2, `${site.count(REFRESH)} refreshes`);
    assert.equal(site.count("GET /v1/session"), TABS, "nobody was refused on the way");
    for (const tab of tabs) assert.equal(await tab.told("signed_out"), 0);
    assert.deepEqual(["late_retry", "superseded", "theft_detected"].map((event) => server.count(event)), [0, 0, 0]);
  });
}

scenario("client, twenty tabs by their timers", https, async ({ site, server, subjects, visitor }) => {
  await serveClient(site);
  const tabs = await tabsOf(await visitor(), TABS);
  assert.equal(await tabs[0].login(), "ok");
  await seconds(12);
  // Each time at most one for all, and one more where two were quicker than their storage.
  assert.ok(site.count(REFRESH) >= 3 && site.count(REFRESH) <= 10, `${site.count(REFRESH)} refreshes`);
  assert.deepEqual(await Promise.all(tabs.map((tab) => tab.who())), Array(TABS).fill(subjects.demo));
  for (const tab of tabs) assert.equal(await tab.told("signed_out"), 0);
  assert.deepEqual(["superseded", "theft_detected"].map((event) => server.count(event)), [0, 0]);
});

scenario("client, ten_tabs_storage_cleared_mid_refresh", https, async (world) => {
  await serveClient(world.site, { autoRefresh: false });
  const tabs = await tabsOf(await world.visitor(), 10);
  assert.equal(await tabs[0].login(), "ok");
  await seconds(4.2);
  const slow = world.site.hold(REFRESH);
  const answers = tabs.map((tab) => tab.who());
  await slow.arrived;
  await tabs[9].page.evaluate(() => localStorage.clear());
  slow.release();
  // Where this machine is slow a tab waits no longer for the one that refreshes, asks itself, and is told that it is over.
  for (const answer of await Promise.all(answers)) assert.ok([401, "session_ended"].includes(answer), `${answer}`);
  // The tab that cleared it hears nothing of its own doing, and looks when it is used.
  for (const tab of tabs) await until("it is told", async () => (await tab.told("signed_out")) === 1);
  assert.equal(await tabs[0].stored(), null, "no resurrection");
  await until("the server knows", async () => (await living(world)) === 0);
  for (const tab of tabs) assert.equal(await tab.told("signed_out"), 1);
});

scenario("client, signing out in one tab", {}, async (world) => {
  await serveClient(world.site);
  const tabs = await tabsOf(await world.visitor(), 3);
  assert.equal(await tabs[0].login(), "ok");
  for (const tab of tabs) await until("it knows", async () => (await tab.told("signed_in")) === 1);
  assert.equal(await tabs[1].logout(), true);
  for (const tab of tabs) await until("it is told", async () => (await tab.told("signed_out")) === 1);
  for (const tab of tabs) assert.equal((await tab.changes()).at(-1).reason, "logged_out");
  for (const tab of tabs) assert.equal(await tab.who(), 401);
  assert.equal(await living(world), 0);
});

for (const transport of ["header", "cookie"]) {
  scenario(`client, another user's login in one tab, ${transport}`, { users: ["ada"], settings: () => SHORT }, async (world) => {
    const { site, subjects } = world;
    await serveClient(site, { transport, autoRefresh: false });
    const [one, other] = await tabsOf(await world.visitor(), 2);
    assert.equal(await one.login(), "ok");
    assert.equal(await other.who(), subjects.demo);
    await seconds(4.2);
    const slow = site.hold(REFRESH);
    const late = other.who();
    await slow.arrived;
    assert.equal(await one.login("ada"), "ok");
    slow.release();
    assert.notEqual(await late, subjects.demo, "no answer of demo's after ada has signed in");
    assert.deepEqual([await one.who(), await other.who()], [subjects.ada, subjects.ada]);
    await until("demo's session is over", async () => (await living(world)) === 0);
    for (const tab of [one, other]) assert.equal(await tab.told("signed_out"), 0);
  });

  scenario(`client, logout_vs_inflight_response, ${transport}`, { settings: () => SHORT }, async (world) => {
    await serveClient(world.site, { transport, autoRefresh: false });
    const person = await world.visitor();
    const [one, other] = await tabsOf(person, 2);
    assert.equal(await one.login(), "ok");
    await seconds(4.2);
    const slow = world.site.hold(REFRESH);
    const late = other.who();
    await slow.arrived;
    assert.equal(await one.logout(), true);
    slow.release();
    // Where this machine is slow the refresh was given up meanwhile, and the next is told that the session is over.
    assert.ok([401, "session_ended"].includes(await late));
    assert.deepEqual([await one.who(), await other.who()], [401, 401]);
    assert.equal(await one.stored(), null, "no resurrection");
    await until("nothing lives", async () => (await living(world)) === 0);
    await until("the jar is empty", async () => (await person.jar()).length === 0);
  });
}

scenario("client, offline and back", { settings: () => SHORT }, async ({ site, subjects, visitor }) => {
  await serveClient(site);
  const person = await visitor();
  const [tab] = await tabsOf(person, 1);
  assert.equal(await tab.login(), "ok");
  await person.context.setOffline(true);
  await seconds(8);
  assert.notEqual(await tab.stored(), null);
  assert.match(await tab.who(), /unavailable|TypeError/);
  await person.context.setOffline(false);
  await until("it goes on", async () => (await tab.who()) === subjects.demo, 5);
  assert.equal(await tab.told("signed_out"), 0);
});

for (const [name, skew] of [["1h_ahead", 3_600_000], ["1h_behind", -3_600_000]]) {
  scenario(`client, client_clock_${name}`, { settings: () => SHORT }, async ({ site, subjects, visitor }) => {
    await serveClient(site);
    const person = await visitor();
    const tab = await AppTab.open(person, { skew });
    assert.equal(await tab.login(), "ok");
    for (let n = 0; n < 10; n++) {
      assert.equal(await tab.who(), subjects.demo);
      await seconds(1);
    }
    assert.ok(site.count(REFRESH) >= 2 && site.count(REFRESH) <= 5, `${site.count(REFRESH)} refreshes in 10 s`);
    // Another tab, whose clock is right, reads what that one has stored.
    const right = await AppTab.open(person);
    assert.equal(await right.who(), subjects.demo);
    assert.equal(await tab.told("signed_out") + (await right.told("signed_out")), 0);
  });
}

scenario("client, no script reads a token of the cookie transport", { settings: () => SHORT }, async ({ site, subjects, visitor }) => {
  await serveClient(site, { transport: "cookie" });
  const person = await visitor();
  const [tab, other] = await tabsOf(person, 2);
  assert.equal(await tab.login(), "ok");
  await seconds(5);
  assert.deepEqual([await tab.who(), await other.who()], [subjects.demo, subjects.demo]);
  assert.ok(site.count(REFRESH) >= 1);
  const seen = await tab.page.evaluate(async () => {
    const token = await session.accessToken().catch(String);
    const cookies = (await cookieStore.getAll()).map(({ name, value }) => ({ name, value }));
    return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, cookies, changes, token, await session.peek()]);
  });
  const pieces = (await person.jar()).flatMap(({ value }) => value.match(/.{20}/g));
  assert.ok(pieces.length > 10);
  for (const piece of pieces) assert.ok(!seen.includes(piece), "a piece of a token");
  assert.equal(await other.logout(), true);
  assert.deepEqual(await person.jar(), []);
  await until("it is told", async () => (await tab.told("signed_out")) === 1);
});

scenario("client, a page that is left and comes back", { settings: () => SHORT }, async ({ site, subjects, visitor }) => {
  await serveClient(site);
  const person = await visitor();
  const [tab, other] = await tabsOf(person, 2);
  assert.equal(await tab.login(), "ok");
  await tab.page.goto(`${person.origin}/blank`);
  await seconds(5);
  assert.equal(await other.who(), subjects.demo);
  await tab.page.goBack();
  await tab.page.waitForFunction(() => globalThis.session);
  assert.equal(await tab.who(), subjects.demo);
  assert.equal(await other.logout(), true);
  assert.equal(await tab.who(), 401);
});
