// What somebody sends who means no good, or has an accident.

import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Caller } from "./caller.mjs";

const base64url = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const decoded = (part) => JSON.parse(Buffer.from(part, "base64url"));

export async function attack(stack, [username, password], step) {
  const caller = new Caller(stack);
  const login = async () => JSON.parse((await caller.post("/v1/login", { username, password })).text).access_token;
  const token = await login();
  const bearer = (token) => caller.get("/api/me", { authorization: `Bearer ${token}` });

  await step("a program with a bearer token", async () => {
    const answer = await bearer(token);
    assert.deepEqual([answer.status, JSON.parse(answer.text).name], [200, username]);
    const without = await caller.get("/api/me", { accept: "application/json" });
    assert.deepEqual([without.status, without.headers["www-authenticate"]], [401, "Bearer"]);
  });
  await step("tokens that were made up or changed", async () => {
    const [head, body, signature] = token.split(".");
    const { privateKey } = generateKeyPairSync("ed25519");
    const signed = (head, body) => {
      const text = `${base64url(head)}.${base64url(body)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
    };
    const forged = [
      "", "x", "a.b.c", "é.é.é", `${token}x`, `${head}.${body}.`, `${head}.${base64url({ ...decoded(body), role: "owner" })}.${signature}`,
      `${base64url({ ...decoded(head), alg: "none" })}.${body}.`,
      `${base64url({ ...decoded(head), alg: "HS256" })}.${body}.${signature}`,
      `${base64url({ ...decoded(head), typ: "JWT" })}.${body}.${signature}`,
      signed(decoded(head), decoded(body)),
      signed({ ...decoded(head), kid: 7 }, decoded(body)),
      signed({ alg: "EdDSA", typ: "at+jwt" }, decoded(body)),
      signed({ ...decoded(head), kid: undefined, jwk: { kty: "OKP" } }, decoded(body)),
      `${base64url("[]")}.${base64url("[]")}.${signature}`,
    ];
    for (const token of forged) assert.equal((await bearer(Buffer.from(token).toString("latin1"))).status, 401, token);
  });
  await step("names of keys that were made up do not flood Rekindle", async () => {
    const asked = () => readFileSync(join(stack.folder, "nginx/access.log"), "utf8").split("/jwks.json").length;
    const [began, before] = [Date.now(), asked()];
    const [, body, signature] = token.split(".");
    const junk = () => `${base64url({ alg: "EdDSA", typ: "at+jwt", kid: randomBytes(8).toString("hex") })}.${body}.${signature}`;
    for (let n = 0; n < 60; n++) assert.equal((await bearer(junk())).status, 401);
    const seconds = (Date.now() - began) / 1000;
    assert(asked() - before <= seconds + 2, `${asked() - before} requests in ${seconds} s`);
  });
  await step("a token that has expired", async () => {
    const answer = () => bearer(token);
    while ((await answer()).status === 200) assert(Date.now() / 1000 < decoded(token.split(".")[1]).exp + 1, "it does not expire");
    assert.equal((await answer()).status, 401);
  });
  await step("of two logins in one jar the newest counts, junk beside them does not", async () => {
    const older = await login();
    while (Date.now() / 1000 < decoded(older.split(".")[1]).auth_time + 1) await pause(20);
    const newer = await login();
    const prefix = stack.scheme === "https" ? "__Host-rk-a." : "rk-a.";
    const jar = (...tokens) => new Caller(stack, tokens.map((value, n) => ({ name: `${prefix}slot000${n}`, value })));
    for (const tokens of [["junk", older, newer], [newer, older, "junk"]]) {
      const answer = await jar(...tokens).get("/api/me");
      assert.equal(JSON.parse(answer.text).signed_in_at, decoded(newer.split(".")[1]).auth_time);
    }
    assert.equal((await jar("junk").get("/api/me", { "sec-fetch-mode": "cors" })).status, 401);
    const plain = new Caller(stack, [{ name: "rk-a.slot0000", value: newer }]);
    assert.equal((await plain.get("/api/me", { "sec-fetch-mode": "cors" })).status, stack.scheme === "https" ? 401 : 200);
    const forged = { "sec-fetch-site": "cross-site", origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" };
    assert.equal((await jar(newer).post("/people/1", "role=admin", forged)).status, 403);
    // Browsers send this by themselves, whosever page it is.
    const basic = { authorization: "Basic eDp5" };
    assert.equal((await jar(newer).post("/people/1", "role=admin", { ...forged, ...basic })).status, 403);
    assert.equal((await caller.get("/me", { ...basic, "sec-fetch-mode": "navigate", accept: "text/html" })).status, 303);
  });
  await step("a browser that has just been at /v1/continue is not sent there again", async () => {
    const at = (moment) => caller.get(`/me?continued=${moment}`, { "sec-fetch-mode": "navigate", accept: "text/html" });
    const now = Math.floor(Date.now() / 1000);
    assert.equal((await at(now)).status, 503);
    for (const other of [now - 60, now + 3600, "x", ""]) {
      const answer = await at(other);
      assert.deepEqual([answer.status, answer.headers.location.split("?")[0]], [303, "/v1/continue"]);
    }
  });
  if (stack.isOneProcess) return;
  await step("only Rekindle may ask for passwords", async () => {
    const secret = readFileSync(join(stack.folder, stack.guide, "webhook.secret"), "utf8").trim();
    const body = JSON.stringify({ username, password });
    const ask = (headers, { base = `http://127.0.0.1:${stack.ports.application}`, path = "/rekindle/verify", sent = body } = {}) =>
      caller.send("POST", path, headers, sent, base);
    const signed = (moment, key = secret, text = body) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(moment),
      "webhook-signature": `v1,${createHmac("sha256", key).update(`msg_1.${moment}.${text}`).digest("base64")}`,
    });
    const now = Math.floor(Date.now() / 1000);
    const right = await ask(signed(now));
    assert.deepEqual([right.status, JSON.parse(right.text).verdict], [200, "verified"]);
    const forged = [{}, signed(now, "other"), signed(now - 3600), signed(now + 3600), signed(now, secret, "{}"),
      { ...signed(now), "webhook-signature": "\u00e9" }, { ...signed(now), "webhook-timestamp": "x" }];
    for (const headers of forged) assert.equal((await ask(headers)).status, 403, JSON.stringify(headers));
    assert.equal((await ask(signed(now), { base: stack.url })).status, 404, "through the proxy");
    const gone = JSON.stringify({ subject: "4711" });
    const state = await ask(signed(now, secret, gone), { path: "/rekindle/state", sent: gone });
    assert.deepEqual(JSON.parse(state.text), { state: "gone" });
    const unknown = JSON.stringify({ username: "nobody", password });
    const verdict = await ask(signed(now, secret, unknown), { sent: unknown });
    assert.deepEqual(JSON.parse(verdict.text), { verdict: "denied" });
  });
}
