// What happens to a request: whose token it gets, whether it is sent again, and as what.

import assert from "node:assert/strict";

import { createSession } from "../index.js";
import { json } from "./support/rekindle.js";
import { code, scenario } from "./support/world.js";

const MINUTE = 60_000;

/** The server has forgotten the access token, and the client does not know. */
async function surprised(world, options) {
  const tab = await world.signedIn({ autoRefresh: false, ...options });
  world.browser.skew = -10 * MINUTE;
  await world.clock.turn(6 * MINUTE);
  return tab;
}

scenario("forbidden_is_not_expired", async (world) => {
  const tab = await world.signedIn();
  const form = new FormData();
  form.set("report", new Blob(["a line\n".repeat(1000)]), "report.txt");
  const bodies = [];
  world.network.instead("POST /api/reports", async (request) => {
    bodies.push(await request.text());
    return json(401, { error: "not_yours" });
  }, 2);
  const response = await world.when(tab.session.fetch("/api/reports", { method: "POST", body: form }));
  assert.deepEqual([response.status, await response.json()], [401, { error: "not_yours" }]);
  assert.equal(world.network.count("POST /v1/refresh"), 1);
  assert.equal(bodies.length, 2);
  for (const body of bodies) assert.ok(body.includes("a line\n".repeat(1000)), "the second is whole, too");
  assert.deepEqual(tab.changes.filter(({ type }) => type === "signed_out"), []);
});

for (const [name, body] of Object.entries({
  text: "hello",
  parameters: new URLSearchParams({ a: "hello" }),
  bytes: new TextEncoder().encode("hello"),
  blob: new Blob(["hello"]),
})) {
  scenario(`a_body_is_sent_again: ${name}`, async (world) => {
    const tab = await surprised(world);
    const answer = await world.asks(tab, "/api/notes", { method: "PUT", body });
    assert.deepEqual([answer.status, answer.generation], [200, 2]);
    assert.equal(world.network.count("PUT /api/notes"), 2);
  });
}

scenario("a_body_is_sent_again: of a Request", async (world) => {
  const tab = await surprised(world);
  const request = new Request("https://app.test/api/notes", { method: "POST", body: "hello", headers: { "x-mine": "1" } });
  const response = await world.when(tab.session.fetch(request));
  assert.equal((await response.json()).body, "hello");
});

scenario("a_stream_is_not_sent_again", async (world) => {
  const tab = await surprised(world);
  const init = () => ({ method: "POST", body: new Blob(["hello"]).stream(), duplex: "half" });
  assert.equal((await world.asks(tab, "/api/notes", init())).status, 401);
  assert.equal(world.network.count("POST /api/notes"), 1);
  assert.equal((await world.asks(tab, "/api/notes", init())).status, 200, "the next one gets the new token");
});

scenario("a_request_that_is_given_up_waits_for_nothing", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  const slow = world.network.hold("POST /v1/refresh");
  const giveUp = new AbortController();
  const given = code(tab.session.fetch("/api/notes", { signal: giveUp.signal }));
  const other = tab.session.fetch("/api/notes");
  await world.when(slow.arrived);
  giveUp.abort();
  assert.equal(await world.when(given), 20);
  slow.release();
  assert.equal((await world.when(other)).status, 200, "the refresh goes on for the others");
  assert.equal(world.network.count("GET /api/notes"), 1);
});

scenario("no_other_origin_gets_the_token", async (world) => {
  for (const origin of ["https://evil.test", "https://app.test.evil.test", "http://app.test", "https://app.test:8443", "https://api.test"]) {
    world.network.serve(origin, { answer: () => new Response(null, { status: 401 }) });
  }
  const tab = await world.signedIn({ origins: ["https://api.test"] });
  for (const address of ["https://evil.test/", "//evil.test/", "https://app.test.evil.test/", "http://app.test/", "https://app.test:8443/", "https://app.test@evil.test/"]) {
    const url = new URL(address, "https://app.test/").href.replace("app.test@", "");
    await world.when(tab.session.fetch(address.includes("@") ? url : address));
    assert.deepEqual([world.network.sent.at(-1).origin, world.network.sent.at(-1).authorization], [new URL(url).origin, null], address);
  }
  assert.equal(world.network.count("POST /v1/refresh"), 0, "and its 401 is its own");
  await world.when(tab.session.fetch("https://api.test/"));
  assert.ok(world.network.sent.some(({ origin, authorization }) => origin === "https://api.test" && authorization === `Bearer ${"s1.1."}${authorization?.slice(12)}`));
});

scenario("authorization_of_the_application_is_left_alone", async (world) => {
  const tab = await surprised(world);
  const response = await world.when(tab.session.fetch("/api/notes", { headers: { authorization: "Basic abc" } }));
  assert.equal(response.status, 401);
  assert.equal(world.network.count("POST /v1/refresh"), 0);
});

scenario("nobody_is_signed_in", async (world) => {
  const tab = world.browser.tab();
  assert.equal((await world.when(tab.session.fetch("/api/notes"))).status, 401);
  assert.equal(await world.when(code(tab.session.accessToken())), "signed_out");
  assert.equal(await world.when(tab.session.peek()), null);
  assert.equal(world.network.count("POST /v1/refresh"), 0);
});

scenario("cookies_of_a_page_that_knows_of_none", async (world) => {
  const first = await world.signedIn({ transport: "cookie", autoRefresh: false });
  assert.equal((await world.asks(first)).subject, "ada");
  world.browser.clear();
  await world.clock.turn(6 * MINUTE);
  const tab = world.browser.tab({ transport: "cookie", autoRefresh: false });
  assert.equal((await world.asks(tab)).subject, "ada", "the jar knows");
  assert.equal((await world.when(tab.session.peek())).session, "s1");
  assert.equal(await world.when(code(tab.session.accessToken())), "TypeError");
});

scenario("cookies_of_nobody", async (world) => {
  const tab = world.browser.tab({ transport: "cookie" });
  for (let n = 0; n < 3; n++) assert.equal((await world.when(tab.session.fetch("/api/notes"))).status, 401);
});

scenario("sessions_are_listed", async (world) => {
  const tab = await world.signedIn();
  assert.deepEqual((await world.when(tab.session.sessions())).map(({ id, current }) => [id, current]), [["s1", true]]);
});

scenario("addresses_that_cannot_be_meant", async () => {
  for (const options of [{ baseURL: "/v1" }, { baseURL: "https://a.test", origins: ["null"] }, {}]) {
    assert.throws(() => createSession(options), TypeError);
  }
});

scenario("a_renewed_token_of_the_second_answer_is_taken_up", async (world) => {
  // As tymon's middleware has it: every answer brings the next token, and the one before is refused from then on.
  const tab = await surprised(world);
  world.network.instead("GET /api/notes", () => json(401, { error: "old" }));
  world.network.instead("GET /api/notes", () => new Response("{}", { headers: { authorization: "Bearer s1.7.2000000000" } }));
  assert.equal((await world.asks(tab)).status, 200);
  assert.equal(world.browser.stored.access_token, "s1.7.2000000000");
  assert.equal(world.network.count("GET /api/notes"), 2);
});

scenario("a_401_may_bring_the_next_token", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const refused = () => new Response("{}", { status: 401, headers: { authorization: "Bearer s1.7.2000000000" } });
  world.network.instead("GET /api/notes", refused);
  assert.equal((await world.asks(tab)).generation, 7, "asked once more with it");
  assert.equal(world.network.count("POST /v1/refresh"), 0, "and the old one, which may be refused now, is not shown again");
});

scenario("what_a_redirect_leads_to_brings_no_token", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  world.network.instead("GET /api/notes", () => {
    const response = new Response("{}", { headers: { authorization: "Bearer of.a.stranger" } });
    return Object.defineProperty(response, "redirected", { value: true });
  });
  await world.asks(tab);
  assert.equal(world.browser.stored.access_token, `s1.1.${world.server.rows.get("s1").issued + 300}`);
});

scenario("a_base_of_the_page_leads_no_token_away", async (world) => {
  world.network.serve("https://evil.test", { answer: () => new Response(null, { status: 401 }) });
  const tab = await world.signedIn({ autoRefresh: false });
  // `<base href>`: what fetch takes a relative address for. Whoever can write one into the page would get the token.
  tab.base = "https://evil.test/";
  await world.when(tab.session.fetch("https://evil.test/notes"));
  assert.equal(await tab.session.pass("notes", { method: "GET" }), undefined);
  assert.ok(await tab.session.pass("https://app.test/notes", { method: "GET" }));
});

scenario("a_request_of_another_frame_is_judged_by_its_address", async (world) => {
  const tab = await world.signedIn({ autoRefresh: false });
  const sent = [];
  const fetch = async (input, init) => (sent.push(new Headers(init?.headers).get("authorization")), new Response("{}"));
  const other = world.browser.tab({ autoRefresh: false, platform: { fetch } });
  // No instance of this frame's class, and a request nevertheless.
  const foreign = (url) => ({ url, method: "GET", headers: new Headers(), signal: null, clone: () => foreign(url) });
  await world.when(other.session.fetch(foreign("https://evil.test/notes")));
  await world.when(other.session.fetch(foreign("https://app.test/notes")));
  assert.deepEqual(sent, [null, `Bearer ${world.browser.stored.access_token}`]);
  tab.session.dispose();
});

scenario("an_address_is_what_it_was_when_fetch_was_called", async (world) => {
  world.network.serve("https://evil.test", { answer: () => new Response("{}") });
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(6 * MINUTE);
  const url = new URL("https://app.test/api/notes");
  const answer = tab.session.fetch(url);
  // Used again by the application, while the refresh is waited for.
  url.host = "evil.test";
  assert.equal((await world.when(answer)).status, 200);
  assert.deepEqual(world.network.sent.filter(({ origin }) => origin === "https://evil.test"), []);
  assert.equal(world.network.count("GET /api/notes"), 1);
});

scenario("a_401_without_an_end_is_not_waited_for", async (world) => {
  const tab = await surprised(world);
  world.network.instead("GET /api/notes", () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(9)) }), { status: 401 }));
  assert.equal((await world.asks(tab)).status, 200);
});

scenario("a_request_that_was_given_up_is_not_sent_again", async (world) => {
  const tab = await surprised(world);
  const slow = world.network.hold("POST /v1/refresh");
  const giveUp = new AbortController();
  const given = code(tab.session.fetch("/api/notes", { signal: giveUp.signal }));
  await world.when(slow.arrived);
  giveUp.abort();
  assert.equal(await world.when(given), 20);
  slow.release();
  await world.clock.turn(1_000);
  assert.equal(world.network.count("GET /api/notes"), 1);
});

scenario("sessions_that_cannot_be_listed_now", async (world) => {
  const tab = await world.signedIn();
  world.network.instead("GET /v1/sessions", () => json(503, { code: "unavailable" }));
  world.network.instead("GET /v1/sessions", () => new Response("<html>", { status: 200 }));
  world.network.instead("GET /v1/sessions", () => json(403, { code: "forbidden" }));
  for (const expected of ["unavailable", "unavailable", "refused"]) {
    assert.equal(await world.when(code(tab.session.sessions())), expected);
  }
});
