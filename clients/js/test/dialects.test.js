// What each dialect takes for the end of a session, and what not. The words are the packages': docs/dialects.

import assert from "node:assert/strict";
import test from "node:test";

import { drfJwt, flaskJwtExtended, native, simplejwt, tymon } from "../dialects/index.js";
import { json } from "./support/rekindle.js";
import { SimpleJwt } from "./support/simplejwt.js";
import { code, scenario } from "./support/world.js";

const MINUTE = 60_000;
const over = (dialect, status, json) => dialect.ended({ status, json, retryAfter: undefined });

const ANSWERS = {
  native: [native(), [[401, { code: "session_ended", reason: "revoked" }], [401, { code: "session_ended" }], [401, { code: "token_missing" }]], [[401, { code: "token_expired" }], [409, { code: "superseded" }], [503, { code: "unavailable" }], [403, { code: "session_ended" }]]],
  simplejwt: [
    simplejwt(),
    [[401, { detail: "Token is blacklisted", code: "token_not_valid" }], [401, { detail: "Le jeton est invalide", code: "token_not_valid" }], [401, { detail: "No active account found for the given token." }], [401, { detail: "The user's password has been changed." }]],
    [[401, { detail: "Authentication credentials were not provided." }], [400, { refresh: ["This field is required."] }], [503, { detail: "Service unavailable" }], [500, undefined], [404, { detail: "Not found." }]],
  ],
  drfJwt: [
    drfJwt(),
    [[400, { non_field_errors: ["Token has expired."] }], [400, { non_field_errors: ["Refresh has expired."] }], [400, { non_field_errors: ["Signature has expired."] }]],
    [[400, { token: ["This field is required."] }], [400, { detail: "JSON parse error" }], [401, { detail: "Invalid token." }], [503, {}]],
  ],
  flaskJwtExtended: [
    flaskJwtExtended(),
    [[401, { msg: "Token has expired" }], [401, { msg: "Token has been revoked" }], [422, { msg: "Signature verification failed" }], [401, { msg: "Error loading the user 7" }]],
    [[422, { msg: "The token is not yet valid (nbf)" }], [401, { msg: "Missing Authorization Header" }], [401, { msg: "Missing CSRF token" }], [503, { msg: "Temporarily unavailable: try again" }]],
  ],
  tymon: [
    tymon(),
    [[401, { message: "Token has expired and can no longer be refreshed" }], [401, { message: "The token has been blacklisted" }], [401, { message: "User not found" }]],
    [[401, { message: "Token not provided" }], [401, { message: "Unauthenticated." }], [500, { message: "Server Error" }], [503, { message: "Service Unavailable" }]],
  ],
};

for (const [name, [dialect, ends, passes]] of Object.entries(ANSWERS)) {
  test(`${name}: what proves an end, and what does not`, () => {
    for (const [status, body] of ends) assert.ok(over(dialect, status, body), JSON.stringify(body));
    for (const [status, body] of passes) assert.equal(over(dialect, status, body), undefined, JSON.stringify(body));
    for (const status of [200, 401, 403, 404, 422, 500]) {
      for (const body of [undefined, null, "", 7, [], {}, { error: "x" }]) {
        const answer = { status, json: body, retryAfter: undefined };
        assert.ok(!dialect.ended(answer) && !dialect.tokens(answer, "header"), `${status} ${JSON.stringify(body)}`);
        dialect.denied(answer);
      }
    }
  });
}

for (const rotate of [true, false]) {
  scenario(`simplejwt, ${rotate ? "with" : "without"} rotation`, { server: (clock) => new SimpleJwt(clock, { rotate }) }, async (world) => {
    const tab = await world.signedIn({ dialect: simplejwt() });
    await world.clock.turn(60 * MINUTE);
    const refreshes = world.server.count("POST /api/token/refresh/ 200");
    assert.ok(refreshes >= 17 && refreshes <= 18, `${refreshes}: timers go by the token's own claims`);
    assert.equal((await world.asks(tab)).subject, "ada");
    world.server.rekindle.end("s1");
    await world.clock.turn(6 * MINUTE);
    assert.deepEqual(tab.changes.at(-1).reason, "Token is blacklisted");
    assert.equal(await world.when(code(tab.session.accessToken())), "signed_out");
    assert.equal(await world.when(code(tab.session.login({ username: "ada", password: "wrong" }))), "invalid_credentials");
    await world.when(tab.session.login({ username: "ada", password: "ada-password" }));
    assert.equal(await world.when(tab.session.logout()), true);
    assert.equal(world.server.rekindle.living("ada"), 0);
  });
}

/** A package's server in a few lines: `views` are given the request and answer. */
const served = (views) => ({ server: () => ({ answer: (request) => views[`${request.method} ${new URL(request.url).pathname}`](request) }) });
const signed = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
const authorization = (request) => request.headers.get("authorization");

let count = 0;
const another = (iat) => signed({ iat, exp: iat + 300, n: ++count });

scenario("drf-jwt: one token, exchanged while it lives", served({
  "POST /api-token-auth/": () => json(201, { token: another(1000) }),
  "POST /api-token-refresh/": async (request) => json(201, { token: another((await request.json()).token ? 2000 : NaN) }),
  "POST /api-token-blacklist/": (request) => json(201, {}),
  "GET /api/notes": (request) => json(200, { sent: authorization(request) }),
}), async (world) => {
  const tab = await world.signedIn({ dialect: drfJwt({ scheme: "JWT" }) });
  assert.match((await world.asks(tab)).sent, /^JWT e30\./);
  await world.clock.turn(60 * MINUTE);
  assert.ok(world.network.count("POST /api-token-refresh/") >= 17);
  world.network.instead("POST /api-token-refresh/", () => json(400, { non_field_errors: ["Refresh has expired."] }));
  await world.clock.turn(6 * MINUTE);
  assert.deepEqual(tab.changes.at(-1), { type: "signed_out", session: tab.changes[0].session, reason: "Refresh has expired." });
});

scenario("tymon: any answer may bring the next token", served({
  "POST /api/auth/login": () => json(200, { access_token: "one", token_type: "bearer", expires_in: 3600 }),
  "POST /api/auth/refresh": (request) => json(200, { access_token: `${authorization(request).slice(7)}+`, token_type: "bearer", expires_in: 3600 }),
  "POST /api/auth/logout": () => json(200, { message: "Successfully logged out" }),
  "GET /api/notes": (request) => {
    const response = json(200, { sent: authorization(request) });
    if (authorization(request) === "Bearer one+") response.headers.set("authorization", "Bearer two");
    return response;
  },
}), async (world) => {
  const tab = await world.signedIn({ dialect: tymon(), autoRefresh: false });
  assert.equal((await world.asks(tab)).sent, "Bearer one");
  await world.clock.turn(61 * MINUTE);
  assert.equal((await world.asks(tab)).sent, "Bearer one+");
  assert.equal((await world.asks(tab)).sent, "Bearer two");
  assert.equal(await world.when(tab.session.logout()), true);
});

scenario("flask-jwt-extended: the refresh token is in the header, and stays", served({
  "POST /login": () => json(200, { access_token: another(1000), refresh_token: "stays" }),
  "POST /refresh": (request) => (authorization(request) === "Bearer stays" ? json(200, { access_token: another(2000) }) : json(422, { msg: "Not enough segments" })),
  "POST /logout": (request) => json(authorization(request) === "Bearer stays" ? 200 : 401, { msg: "Successfully logged out" }),
}), async (world) => {
  const tab = await world.signedIn({ dialect: flaskJwtExtended() });
  await world.clock.turn(60 * MINUTE);
  assert.ok(world.network.count("POST /refresh") >= 17);
  assert.equal(world.browser.stored.refresh_token, "stays");
  assert.equal(await world.when(tab.session.logout()), true);
});

scenario("flask-jwt-extended: cookies with the double submit", served({
  "POST /login": () => json(200, { msg: "login successful" }, ["access_token_cookie=a", "refresh_token_cookie=r"]),
  "POST /refresh": (request) => json(request.headers.get("x-csrf-token") === "of-refresh" ? 200 : 401, { msg: "refreshed" }),
  "POST /api/notes": (request) => json(request.headers.get("x-csrf-token") === "of-access" ? 200 : 401, { msg: "Missing CSRF token" }),
  "GET /api/notes": (request) => json(request.headers.has("x-csrf-token") ? 400 : 200, {}),
}), async (world) => {
  const tab = world.browser.tab({ dialect: flaskJwtExtended(), transport: "cookie" });
  tab.cookie = "theme=dark; csrf_access_token=of-access; csrf_refresh_token=of-refresh";
  await world.when(tab.session.login({ username: "ada", password: "ada-password" }));
  assert.equal((await world.asks(tab, "/api/notes", { method: "POST", body: "{}" })).status, 200);
  assert.equal((await world.asks(tab)).status, 200);
  world.network.instead("GET /api/notes", () => json(401, { msg: "Token has expired" }));
  assert.equal((await world.asks(tab)).status, 200);
  assert.equal(world.network.count("POST /refresh"), 1);
});
