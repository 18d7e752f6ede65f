// Pages of other origins that may call this server, and those that may not.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";
import { Tab } from "./support/tab.js";

const INCLUDE = { credentials: "include" };
const JSON_BODY = { ...INCLUDE, headers: { "content-type": "application/json" } };

/** What the server answers, asked from a page of `origin`. */
class Caller {
  constructor(tab, server) {
    this.tab = new Tab(tab.page, server);
  }

  login(username) {
    const body = { username, password: `${username}-password`, transport: "cookie" };
    return this.tab.ask("POST", "/v1/login", body, JSON_BODY);
  }

  ask(request, init = INCLUDE) {
    return this.tab.ask(...request.split(" "), undefined, init);
  }
}

const named = (host, more = {}) => ({
  users: ["ada"],
  https: true,
  host: "auth.example.test",
  settings: ({ foreign }) => ({ cors__origins: JSON.stringify([foreign.origin(host)]), ...more }),
});

scenario("a_named_origin_of_the_site_reads_every_answer", named("app.example.test"), async (world) => {
  const person = await world.visitor();
  const app = new Caller(await person.tab(world.foreign.origin("app.example.test")), world.origin);
  const stranger = await app.ask("GET /v1/session");
  assert.equal(stranger.outcome, "401 token_missing");
  assert.equal(stranger.headers["www-authenticate"], "Bearer");
  assert.equal((await app.login("nobody")).outcome, "401 invalid_credentials");

  assert.equal((await app.login("ada")).outcome, "200");
  assert.equal((await app.ask("GET /v1/session")).json.subject, world.subjects.ada);
  assert.equal((await app.ask("POST /v1/refresh")).outcome, "200");
  assert.equal((await app.ask("POST /v1/refresh", { ...INCLUDE, headers: { rekindle: "1" } })).outcome, "200");
  assert.equal((await app.ask(`DELETE /v1/sessions/${"0".repeat(32)}`)).outcome, "404 invalid_request");
  assert.equal((await app.ask("GET /v1/nowhere")).outcome, "404 invalid_request");

  // A failure that may pass, and when to come back.
  await world.server.setClaims("ada", { role: "r".repeat(4000) });
  const unavailable = await app.ask("POST /v1/refresh");
  assert.equal(unavailable.outcome, "503 unavailable");
  assert.ok(Number(unavailable.headers["retry-after"]) > 0);
  await world.server.setClaims("ada", {});
  assert.equal((await app.ask("POST /v1/refresh")).outcome, "200");

  const elsewhere = await (await world.visitor()).tab();
  assert.equal((await elsewhere.login("ada")).outcome, "200");
  assert.equal((await elsewhere.ask("POST", "/v1/logout/others")).outcome, "204");
  const ended = await app.ask("POST /v1/refresh");
  assert.equal(ended.outcome, "401 session_ended revoked");
  assert.equal(ended.headers["www-authenticate"], 'Bearer error="invalid_token"');
  assert.deepEqual(await person.jar(), [], "and its clear is obeyed");
});

scenario("another_origin_reads_nothing", named("app.example.test"), async (world) => {
  const person = await world.visitor();
  const own = await person.tab();
  assert.equal((await own.login()).outcome, "200");
  const before = await person.jar();
  // Of the same site: its cookies come along, and an answer is made that the page never sees.
  const evil = new Caller(await person.tab(world.foreign.origin("evil.example.test")), world.origin);
  for (const request of ["GET /v1/session", "GET /v1/sessions", "POST /v1/refresh", "POST /v1/logout"]) {
    assert.equal((await evil.ask(request)).outcome, "no answer", request);
  }
  assert.equal((await evil.login("ada")).outcome, "no answer");
  assert.deepEqual(await person.jar(), before);
  assert.equal(await own.who(), world.subjects.demo);
});

// Across sites `Lax` keeps cookies at home, and `None` does not, if the browser sends any to third parties.
for (const [same_site, expected] of [["Lax", "401 token_missing"], ["None", "200"]]) {
  const options = named("elsewhere.test", { cookies__same_site: same_site });
  scenario(`a_named_origin_of_another_site, ${same_site}`, options, async (world) => {
    const person = await (await world.profile()).open(world.origin);
    const app = new Caller(await person.tab(world.foreign.origin("elsewhere.test")), world.origin);
    assert.equal((await app.login("ada")).outcome, "200");
    assert.equal((await app.ask("POST /v1/refresh")).outcome, expected);
    assert.equal((await app.ask("GET /v1/session")).outcome, expected);
    assert.equal((await person.jar()).length, same_site === "None" ? 2 : 0);
  });
}
