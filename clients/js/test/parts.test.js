// What only shows in a part by itself.

import assert from "node:assert/strict";
import test from "node:test";

import { simplejwt } from "../dialects/index.js";
import { ages } from "../src/age.js";
import { keep } from "../src/kept.js";
import { json } from "./support/rekindle.js";
import { SimpleJwt } from "./support/simplejwt.js";
import { scenario } from "./support/world.js";

test("age: whichever clock says more", () => {
  let [mono, wall] = [0, 1_000_000];
  const ageOf = ages({ now: () => mono, wall: () => wall });
  const at = wall;
  assert.equal(ageOf({ at }), 0);
  wall += 60_000;
  assert.equal(ageOf({ at }), 60, "the machine slept, and the other clock stood still");
  mono += 90_000;
  wall -= 3_600_000;
  assert.equal(ageOf({ at }), 90, "the wall clock was set back");
});

scenario("reads that overtake each other are no news", async (world) => {
  const texts = [];
  const storage = { read: () => new Promise((resolve) => texts.push(resolve)), swap: () => true };
  const { clock } = world;
  const kept = keep(storage, "s", { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout });
  const told = [];
  kept.onChange(({ type }) => told.push(type));
  const text = (generation) => JSON.stringify({ server: "s", session_id: "x", generation });
  const reads = [kept.read(), kept.read(), kept.read()];
  texts[0](text(1));
  await reads[0];
  texts[2](text(3));
  await reads[2];
  texts[1](text(2));
  await reads[1];
  await clock.turn(100);
  assert.deepEqual(told, ["refreshed"]);
});

scenario("a login of the application's own starts no refresh", { server: (clock) => new SimpleJwt(clock) }, async (world) => {
  const tab = await world.signedIn({ dialect: simplejwt() });
  const body = JSON.stringify({ username: "ada", password: "wrong" });
  const response = await world.when(tab.session.fetch("/api/token/", { method: "POST", body }));
  assert.equal(response.status, 401);
  assert.deepEqual([world.network.count("POST /api/token/"), world.network.count("POST /api/token/refresh/")], [2, 0]);
  assert.equal(world.network.sent.at(-1).authorization, null);
});

scenario("no redirect carries a secret away", async (world) => {
  const redirects = [];
  const fetch = async (_, { redirect }) => {
    redirects.push(redirect);
    return json(503, {});
  };
  const tab = await world.signedIn({ autoRefresh: false });
  await world.clock.turn(360_000);
  const other = world.browser.tab({ autoRefresh: false, platform: { fetch } });
  await world.when(other.session.accessToken().catch(() => {}));
  await world.when(other.session.login({ username: "ada", password: "ada-password" }).catch(() => {}));
  await world.when(other.session.logout());
  assert.deepEqual(redirects, ["error", "error", "error"]);
  tab.session.dispose();
});
