// An axios instance with a session before it.

import assert from "node:assert/strict";

import axios, { AxiosHeaders } from "axios";

import { attach } from "../axios.js";
import { json } from "./support/rekindle.js";
import { scenario } from "./support/world.js";

const MINUTE = 60_000;

async function attached(world, options) {
  const tab = await world.signedIn({ autoRefresh: false, ...options });
  const api = axios.create({ baseURL: "https://app.test/api", adapter: "fetch", env: { fetch: world.network.fetch(world.browser.jar) } });
  const detach = attach(api, tab.session);
  return { tab, api, detach };
}

scenario("axios: requests are signed in, refreshed once, and sent once more", async (world) => {
  const { api } = await attached(world);
  assert.equal((await world.when(api.get("/notes", { params: { page: 2 } }))).data.subject, "ada");
  world.browser.skew = -10 * MINUTE;
  await world.clock.turn(6 * MINUTE);
  const all = await world.when(Promise.all([api.get("/notes"), api.post("/notes", { text: "hello" }), api.request({ url: "/notes", method: "put", data: "plain" })]));
  assert.deepEqual(all.map(({ data }) => data.generation), [2, 2, 2]);
  assert.equal(all[1].data.body, '{"text":"hello"}', "not encoded twice");
  assert.equal(world.network.count("POST /v1/refresh"), 1);
});

scenario("axios: a second 401 is the application's", async (world) => {
  const { api } = await attached(world);
  world.network.instead("GET /api/notes", () => json(401, { error: "not_yours" }), 2);
  const error = await world.when(api.get("/notes").catch((error) => error));
  assert.deepEqual([error.response.status, error.response.data], [401, { error: "not_yours" }]);
  assert.equal(world.network.count("GET /api/notes"), 2);
  assert.equal(world.network.count("POST /v1/refresh"), 1);
});

scenario("axios: failures are the client's own", async (world) => {
  const { api } = await attached(world);
  world.network.offline = true;
  assert.equal((await world.when(api.get("/notes").catch((error) => error))).code, "ERR_NETWORK");
  world.network.offline = false;
  await world.clock.turn(6 * MINUTE);
  world.server.end("s1", "revoked");
  assert.equal((await world.when(api.get("/notes").catch((error) => error))).code, "session_ended");
});

scenario("axios: another origin gets nothing", async (world) => {
  world.network.serve("https://evil.test", { answer: () => new Response("{}", { status: 401 }) });
  const { api } = await attached(world);
  await world.when(api.get("https://evil.test/").catch(() => {}));
  assert.equal(world.network.sent.at(-1).authorization, null);
  assert.equal(world.network.count("POST /v1/refresh"), 0);
});

scenario("axios: a renewed token is taken up", async (world) => {
  const { api } = await attached(world);
  world.network.instead("GET /api/notes", () => new Response("{}", { headers: { authorization: "Bearer s1.7.2000000000" } }));
  await world.when(api.get("/notes"));
  assert.equal(world.browser.stored.access_token, "s1.7.2000000000");
});

scenario("axios: cookies come along", async (world) => {
  const { api } = await attached(world, { transport: "cookie" });
  assert.equal((await world.when(api.get("/notes"))).data.subject, "ada");
  assert.equal(world.network.sent.at(-1).authorization, null);
});

scenario("axios: detached, it is as before", async (world) => {
  const { api, detach } = await attached(world);
  detach();
  assert.equal((await world.when(api.get("/notes").catch((error) => error))).response.status, 401);
  assert.equal(world.network.sent.at(-1).authorization, null);
});

scenario("axios: a 401 that an application takes for an answer is asked once more", async (world) => {
  const { api } = await attached(world);
  world.browser.skew = -10 * MINUTE;
  await world.clock.turn(6 * MINUTE);
  const response = await world.when(api.get("/notes", { validateStatus: () => true }));
  assert.deepEqual([response.status, response.data.generation], [200, 2]);
});

scenario("axios: whoever authenticates by themselves is left alone", async (world) => {
  const { api } = await attached(world);
  const auth = { username: "ada", password: "of something else" };
  assert.equal((await world.when(api.get("/notes", { auth }).catch((error) => error))).response.status, 401);
  assert.match(world.network.sent.at(-1).authorization, /^Basic /);
  assert.equal(world.network.count("POST /v1/refresh"), 0);
});

scenario("axios: a generator is not sent again", async (world) => {
  const { api } = await attached(world);
  world.browser.skew = -10 * MINUTE;
  await world.clock.turn(6 * MINUTE);
  const data = (async function* () { yield new TextEncoder().encode("hello"); })();
  const error = await world.when(api.post("/notes", data, { transformRequest: (each) => each }).catch((error) => error));
  assert.equal(error.response?.status, 401);
  assert.equal(world.network.count("POST /api/notes"), 1);
});

scenario("axios: what a redirect leads to brings no token", async (world) => {
  const { tab } = await attached(world);
  // As XMLHttpRequest tells where the answer came from.
  const adapter = async (config) => ({ config, data: {}, status: 200, statusText: "", headers: new AxiosHeaders({ authorization: "Bearer of.a.stranger" }), request: { responseURL: "https://evil.test/" } });
  const api = axios.create({ baseURL: "https://app.test/api", adapter });
  attach(api, tab.session);
  const before = world.browser.cells.get("rekindle");
  await world.when(api.get("/notes"));
  assert.equal(world.browser.cells.get("rekindle"), before);
});
