// The two front ends of the tutorials, as crates/rekindle-server/tests/frontends has them, and this client: each of their
// defects shows in them, and not here.

import assert from "node:assert/strict";

import axios from "axios";

import { createApi as axiosQueue } from "../../../crates/rekindle-server/tests/frontends/clients/axios-queue.js";
import { createApi as fetchWrapper } from "../../../crates/rekindle-server/tests/frontends/clients/fetch-wrapper.js";
import { attach } from "../axios.js";
import { simplejwt } from "../dialects/index.js";
import { inExtension } from "../storage/index.js";
import { ExtensionArea } from "./support/extension.js";
import { json } from "./support/rekindle.js";
import { SimpleJwt } from "./support/simplejwt.js";
import { scenario } from "./support/world.js";

const MINUTE = 60_000;
const PREFIX = "/api/token";
const REFRESH = `POST ${PREFIX}/refresh/`;
const baseURL = "https://app.test/api";

const unavailable = () => json(503, { detail: "Service unavailable" });
const denied = () => json(401, { detail: "not yours" });

/** What one of them comes to: its answer, or the name and words of its failure. */
const outcome = (promise) => promise.then((value) => value, (error) => `${error.name}: ${error.code ?? error.message}`);

/** The tutorial's, in one tab. */
function theirAxios(world) {
  const cells = (world.cells ??= new Map());
  const localStorage = {
    getItem: (name) => cells.get(name) ?? null,
    setItem: (name, text) => cells.set(name, text),
    removeItem: (name) => cells.delete(name),
  };
  const left = [];
  const bare = axios.create({ adapter: "fetch", env: { fetch: world.network.fetch() } });
  const api = axiosQueue({ axios: bare, localStorage, location: { assign: (to) => left.push(to) }, baseURL });
  return { ...api, keeps: () => cells.has("refresh"), left };
}

/** Ours, in one tab. */
function ourAxios(world) {
  const tab = world.browser.tab({ dialect: simplejwt({ prefix: PREFIX }), autoRefresh: false });
  const api = axios.create({ baseURL, adapter: "fetch", env: { fetch: world.network.fetch() } });
  attach(api, tab.session);
  return {
    signIn: (username, password) => tab.session.login({ username, password }),
    load: (path, config) => api.request({ url: path, ...config }).then(({ data }) => data),
    keeps: () => Boolean(world.browser.stored?.refresh_token),
  };
}

function theirExtension(world) {
  const area = (world.area ??= new ExtensionArea(world.clock));
  const said = [];
  const api = fetchWrapper({ fetch: world.network.fetch(), chrome: { storage: { local: area } }, console: { log: (...words) => said.push(words) }, baseURL });
  return { ...api, area, said, keeps: () => Boolean(area.items.token?.refresh) };
}

function ourExtension(world) {
  const area = (world.area ??= new ExtensionArea(world.clock));
  const { session } = world.browser.tab({ dialect: simplejwt({ prefix: PREFIX }), storage: inExtension(area), autoRefresh: false });
  return {
    area,
    said: [],
    signIn: (username, password) => session.login({ username, password }),
    load: async (path) => {
      const response = await session.fetch(`${baseURL}${path}`);
      if (response.status === 204) return undefined;
      if (!response.ok) throw new Error(`${response.status}`);
      return response.json();
    },
    keeps: () => Boolean(area.items.rekindle && JSON.parse(area.items.rekindle).refresh_token),
  };
}

/**
 * The same happens to both; what is expected of them differs.
 *
 * @param {{rotate?: boolean}} options   of the server
 * @param {(world, client) => Promise<unknown>} happens   answers what there is to see
 */
function defect(name, [theirs, ours], { rotate = true } = {}, happens, theirsShows, oursShows) {
  for (const [whose, make, expected] of [["theirs", theirs, theirsShows], ["ours", ours, oursShows]]) {
    scenario(`${name}: ${whose}`, { server: (clock) => new SimpleJwt(clock, { rotate }) }, async (world) => {
      const open = () => make(world);
      const client = open();
      await world.when(client.signIn("ada", "ada-password"));
      assert.deepEqual(await happens(world, client, open), expected);
    });
  }
}

const AXIOS = [theirAxios, ourAxios];
const WRAPPER = [theirExtension, ourExtension];

/** The access token has run out, and only the server knows. */
async function expired(world) {
  world.browser.skew = -10 * MINUTE;
  await world.clock.turn(6 * MINUTE);
}

defect("axios 1, a 401 that comes when the refresh is over", AXIOS, {}, async (world, client) => {
  await expired(world);
  const slow = world.network.hold("GET /api/slow");
  const late = client.load("/slow");
  await world.when(slow.arrived);
  await world.when(client.load("/notes"));
  slow.release();
  await world.when(late);
  return world.network.count(REFRESH);
}, 2, 1);

defect("axios 2, no answer", AXIOS, {}, async (world, client) => {
  world.network.offline = true;
  return world.when(outcome(client.load("/notes")));
}, "TypeError: Cannot read properties of undefined (reading 'status')", "AxiosError: ERR_NETWORK");

defect("axios 3, a refresh that is answered 503", AXIOS, {}, async (world, client) => {
  await expired(world);
  world.network.instead(REFRESH, unavailable);
  await world.when(outcome(client.load("/notes")));
  return client.keeps();
}, false, true);

defect("axios 4, a refresh that hangs", AXIOS, {}, async (world, client) => {
  await expired(world);
  world.network.hold(REFRESH);
  const waiting = Promise.all([1, 2, 3].map(() => client.load("/notes").then(() => "ok", () => "failed")));
  return Promise.race([waiting, world.clock.turn(60 * MINUTE).then(() => "still waiting")]);
}, "still waiting", ["failed", "failed", "failed"]);

defect("axios 5, a 401 that no refresh mends", AXIOS, {}, async (world, client) => {
  world.network.instead("GET /api/notes", denied, 1000);
  // One is late, so that it finds the refresh over.
  const slow = world.network.hold("GET /api/notes");
  const all = [1, 2, 3].map(() => outcome(client.load("/notes")));
  await world.when(slow.arrived);
  await world.clock.turn(1_000);
  slow.release();
  await world.when(Promise.all(all));
  return world.network.count(REFRESH) > 1;
}, true, false);

defect("axios 6, two tabs", AXIOS, {}, async (world, client, open) => {
  const other = open();
  await expired(world);
  await world.when(Promise.all([client.load("/notes"), other.load("/notes")]));
  return world.network.count(REFRESH);
}, 2, 1);

defect("axios 7, a wrong password", AXIOS, {}, async (world, client) => {
  const said = await world.when(outcome(client.signIn("ada", "wrong")));
  return [world.network.count(REFRESH), /invalid_credentials/.test(said)];
}, [1, false], [0, true]);

defect("axios 7, a request that is given up", AXIOS, {}, async (world, client) => {
  await expired(world);
  const slow = world.network.hold(REFRESH);
  const other = client.load("/notes");
  await world.when(slow.arrived);
  const giveUp = new AbortController();
  const given = client.load("/notes", { signal: giveUp.signal }).then(() => "ok", () => "given up");
  await world.clock.turn(100);
  giveUp.abort();
  const heard = await Promise.race([given, world.clock.turn(100).then(() => "still waiting")]);
  slow.release();
  return [heard, (await world.when(other)).subject];
}, ["still waiting", "ada"], ["given up", "ada"]);

defect("axios 7, a stream", AXIOS, {}, async (world, client) => {
  await expired(world);
  const data = new Blob(["{}"]).stream();
  const failure = await world.when(client.load("/notes", { method: "post", data }).catch((error) => error));
  return [failure.name, failure.response?.status, world.network.count("POST /api/notes")];
}, ["TypeError", undefined, 1], ["AxiosError", 401, 1]);

defect("axios 7, a session that is over", AXIOS, {}, async (world, client) => {
  world.server.rekindle.rows.forEach((row) => world.server.rekindle.end(row.sid));
  await expired(world);
  const failure = await world.when(outcome(client.load("/notes")));
  return [failure, client.left];
}, ["AxiosError: ERR_BAD_REQUEST", ["/login?why=failed"]], ["RekindleError: session_ended", undefined]);

defect("wrapper 1, the request that meets the 401", WRAPPER, {}, async (world, client) => {
  await expired(world);
  return world.when(outcome(client.load("/notes")));
}, "Error: 401", { subject: "ada" });

defect("wrapper 2, requests while it refreshes", WRAPPER, {}, async (world, client) => {
  await expired(world);
  const slow = world.network.hold(REFRESH);
  const first = outcome(client.load("/notes"));
  await world.when(slow.arrived);
  const second = outcome(client.load("/notes"));
  await world.clock.turn(100);
  slow.release();
  await world.when(Promise.all([first, second]));
  return world.network.sent.some(({ what, authorization }) => what === "GET /api/notes" && !authorization);
}, true, false);

defect("wrapper 3, the token is not stored yet", WRAPPER, {}, async (world, client) => {
  await expired(world);
  client.area.writing = 500;
  await world.when(outcome(client.load("/notes")));
  await world.when(outcome(client.load("/notes")));
  return world.network.count(REFRESH);
}, 2, 1);

defect("wrapper 4, an answer without a refresh token", WRAPPER, { rotate: false }, async (world, client) => {
  await expired(world);
  await world.when(outcome(client.load("/notes")));
  await world.clock.turn(100);
  return client.keeps();
}, false, true);

defect("wrapper 5, a refresh that is answered 503", WRAPPER, {}, async (world, client) => {
  client.area.items.settings = { theme: "dark" };
  await expired(world);
  world.network.instead(REFRESH, unavailable);
  await world.when(outcome(client.load("/notes")));
  await world.clock.turn(100);
  return [client.keeps(), client.area.items.settings];
}, [false, undefined], [true, { theme: "dark" }]);

defect("wrapper 6, popup and background", WRAPPER, {}, async (world, client, open) => {
  const other = open();
  await expired(world);
  await world.when(Promise.all([outcome(client.load("/notes")), outcome(other.load("/notes"))]));
  return world.network.count(REFRESH);
}, 2, 1);

defect("wrapper 6, no answer, and nothing in an answer", WRAPPER, {}, async (world, client) => {
  const nothing = await world.when(outcome(client.load("/nothing")));
  world.network.offline = true;
  return [nothing === undefined, (await world.when(outcome(client.load("/notes")))) === null, client.said.length > 0];
}, [false, true, true], [true, false, false]);
