// Answers that come late, or in another order than they were sent: SCENARIOS 36 in a browser's own jar.
//
// With the replay window off every refresh rotates, so that what comes late is never what is there already.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";
import { until } from "./support/until.js";

const REFRESH = "POST /v1/refresh";
const options = { users: ["ada"], settings: () => ({ lifetimes__replay_window: "off" }) };

/** Signed in as `demo`, with a refresh whose answer is on its way. */
async function refreshing(world) {
  const person = await world.visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  const late = world.site.hold(REFRESH);
  const answer = tab.refresh();
  await late.arrived;
  return { person, tab, late, answer };
}

/** How many sessions of `demo` live, the one that asks not counted. */
async function living(world) {
  const body = JSON.stringify({ username: "demo", password: "demo-password" });
  const login = await world.site.ask("POST", "/v1/login", { "content-type": "application/json" }, body);
  const authorization = `Bearer ${JSON.parse(login.body).access_token}`;
  const { sessions } = JSON.parse((await world.site.ask("GET", "/v1/sessions", { authorization })).body);
  await world.site.ask("POST", "/v1/logout", { authorization });
  return sessions.length - 1;
}

scenario("logout_vs_inflight_response", options, async (world) => {
  const { person, tab, late, answer } = await refreshing(world);
  assert.equal((await tab.logout()).outcome, "204");
  assert.deepEqual(await person.jar(), []);
  late.release();
  assert.equal((await answer).outcome, "200");
  assert.equal((await person.jar()).length, 2, "the late answer put them there");
  assert.equal(await tab.who(), "401 session_ended logged_out");
  assert.deepEqual(await person.jar(), [], "cleared on contact");
  assert.equal(await living(world), 0);
});

// The page has gone, and its answer still reaches the jar.
scenario("logout_vs_inflight_response of a closed tab", options, async (world) => {
  const person = await world.visitor();
  const [closed, tab] = [await person.tab(), await person.tab()];
  assert.equal((await closed.login()).outcome, "200");
  const late = world.site.hold(REFRESH);
  await closed.page.evaluate(() => void fetch("/v1/refresh", { method: "POST", keepalive: true }));
  await late.arrived;
  await closed.page.close();
  assert.equal((await tab.logout()).outcome, "204");
  assert.deepEqual(await person.jar(), []);
  late.release();
  await until("the late answer is in the jar", async () => (await person.jar()).length === 2);
  assert.equal((await tab.refresh()).outcome, "401 session_ended logged_out");
  assert.deepEqual(await person.jar(), []);
  assert.equal(await living(world), 0);
});

scenario("another_login_stands_when_a_refresh_is_answered_after_it", options, async (world) => {
  const { person, tab, late, answer } = await refreshing(world);
  assert.equal((await tab.login("ada")).outcome, "200");
  const [adas] = await person.jar();
  late.release();
  assert.equal((await answer).outcome, "200");
  assert.equal((await person.jar()).length, 4, "each in a slot of its own");
  assert.equal(await tab.who(), world.subjects.ada);
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), world.subjects.ada);
  assert.deepEqual((await person.jar()).map(({ slot }) => slot), [adas.slot, adas.slot], "the old one is gone");
  assert.equal(await living(world), 0);
});

scenario("another_login_stands_when_a_refresh_is_answered_before_it", options, async (world) => {
  const { person, tab, late, answer } = await refreshing(world);
  const welcome = world.site.hold("POST /v1/login");
  const login = tab.login("ada");
  await welcome.arrived;
  late.release();
  assert.equal((await answer).outcome, "200");
  welcome.release();
  assert.equal((await login).outcome, "200");
  assert.equal(await tab.who(), world.subjects.ada);
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), world.subjects.ada);
  assert.equal((await person.jar()).length, 2);
});

// The requests left before the login, with the old cookies, and were slow. Each clears what is the old one's.
for (const [request, expected] of [
  [REFRESH, "401 session_ended logged_out"],
  ["GET /v1/session", "401 session_ended logged_out"],
  ["POST /v1/logout", "204"],
]) {
  scenario(`a_late_clear_spares_the_newer_login: ${request}`, options, async (world) => {
    const person = await world.visitor();
    const tab = await person.tab();
    assert.equal((await tab.login()).outcome, "200");
    const slow = world.site.hold(request, "request");
    const answer = tab.ask(...request.split(" "));
    await slow.arrived;
    assert.equal((await tab.login("ada")).outcome, "200");
    const stands = await person.jar();
    slow.release();
    assert.equal((await answer).outcome, expected);
    assert.deepEqual(await person.jar(), stands);
    assert.equal(await tab.who(), world.subjects.ada);
    assert.equal((await tab.refresh()).outcome, "200");
  });
}

// The session was ended elsewhere, the page is told so, and by then somebody else has signed in.
scenario("a_late_401_spares_the_newer_login", options, async (world) => {
  const person = await world.visitor();
  const [tab, elsewhere] = [await person.tab(), await (await world.visitor()).tab()];
  assert.equal((await tab.login()).outcome, "200");
  assert.equal((await elsewhere.login()).outcome, "200");
  assert.equal((await elsewhere.ask("POST", "/v1/logout/others")).outcome, "204");
  const holds = [world.site.hold("GET /v1/session"), world.site.hold(REFRESH)];
  const answers = [tab.ask("GET", "/v1/session"), tab.refresh()];
  await Promise.all(holds.map((hold) => hold.arrived));
  assert.equal((await tab.login("ada")).outcome, "200");
  const stands = await person.jar();
  for (const hold of holds) hold.release();
  for (const answer of answers) assert.equal((await answer).outcome, "401 session_ended revoked");
  assert.deepEqual(await person.jar(), stands);
  assert.equal(await tab.who(), world.subjects.ada);
});

for (const last of [0, 1]) {
  scenario(`same_second_double_login, number ${last} comes last`, options, async (world) => {
    const { site, subjects } = world;
    const person = await world.visitor();
    const tab = await person.tab();
    const holds = [site.hold("POST /v1/login"), site.hold("POST /v1/login")];
    const logins = [tab.login()];
    await holds[0].arrived;
    logins.push(tab.login());
    await holds[1].arrived;
    for (const which of [1 - last, last]) {
      holds[which].release();
      assert.equal((await logins[which]).outcome, "200");
    }
    assert.equal((await person.jar()).length, 4);
    const session = (await tab.ask("GET", "/v1/session")).json.session_id;
    assert.equal((await tab.refresh()).json.session_id, session, "both cookies speak of one session");
    assert.equal((await tab.login("ada")).outcome, "200");
    assert.equal((await person.jar()).length, 2);
    assert.equal(await tab.who(), subjects.ada);
    assert.equal(await living(world), 0, "the third login knew of both");
    assert.equal((await tab.logout()).outcome, "204");
    assert.deepEqual(await person.jar(), []);
  });
}

scenario("sign_out_default_is_local", options, async ({ visitor, subjects }) => {
  const [here, there] = [await visitor(), await visitor()];
  const tabs = [await here.tab(), await here.tab(), await there.tab()];
  assert.equal((await tabs[0].login()).outcome, "200");
  assert.equal((await tabs[2].login()).outcome, "200");
  assert.equal((await tabs[0].logout()).outcome, "204");
  assert.equal(await tabs[1].who(), "401 token_missing", "another tab of this browser");
  assert.equal(await tabs[2].who(), subjects.demo, "another browser");
  assert.equal((await tabs[2].refresh()).outcome, "200");
});
