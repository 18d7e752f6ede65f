// Several at once in one browser: SCENARIOS 1, 3 and 39.

import assert from "node:assert/strict";

import { asDocumented } from "./support/client.js";
import { scenario } from "./support/scenario.js";
import { until } from "./support/until.js";

const TABS = 20;
const LOADERS = 8;
// Over HTTP/2 all of them ask at once; over HTTP/1.1 a browser lets six through.
const options = {
  https: true,
  host: "auth.example.test",
  settings: () => ({ lifetimes__access: "4s", lifetimes__replay_window: "2s" }),
};

/** The browser itself takes the access cookie out when its time is over; by then the window has closed, too. */
function accessExpires(person) {
  return until("the access cookie has gone", async () => (await person.claims()).length === 0);
}

scenario("twenty_tabs_wake_at_once", options, async ({ site, server, subjects, visitor }) => {
  const person = await visitor();
  const tabs = [];
  for (let n = 0; n < TABS; n++) tabs.push(await person.tab());
  assert.equal((await tabs[0].login()).outcome, "200");
  assert.equal(await person.generation(), 1);
  await accessExpires(person);

  site.gather("POST /v1/refresh", TABS);
  const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
  assert.deepEqual(answers.map(({ outcome }) => outcome), Array(TABS).fill("200"));
  assert.equal(await person.generation(), 2, "one step");
  assert.equal((await person.jar()).length, 2);
  const who = await Promise.all(tabs.map((tab) => tab.who()));
  assert.deepEqual(who, Array(TABS).fill(subjects.demo));
  const events = ["opened", "late_retry", "superseded", "theft_detected"].map((event) => server.count(event));
  assert.deepEqual(events, [1, 0, 0, 0]);
});

scenario("loser_is_still_authenticated", options, async ({ site, subjects, visitor }) => {
  const person = await visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  await accessExpires(person);
  // Eight loaders of one page find the access cookie gone, and each refreshes on its own.
  site.gather("POST /v1/refresh", LOADERS);
  const load = () => tab.page.evaluate(asDocumented, { method: "GET", url: "/v1/session" });
  const loaded = await Promise.all(Array.from({ length: LOADERS }, load));
  for (const { status, json, refreshes } of loaded) {
    assert.deepEqual([status, json.subject, refreshes], [200, subjects.demo, 1]);
  }
  assert.equal(await person.generation(), 2);
});

// The application answers a permission error with 401: it must not look like a session that has ended.
scenario("forbidden_is_not_expired", { settings: () => ({ lifetimes__replay_window: "off" }) }, async (world) => {
  const { site, subjects } = world;
  const person = await world.visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  const uploads = [];
  site.pages.set("/upload", async ({ headers, body }) => {
    const session = await site.ask("GET", "/v1/session", { cookie: headers.cookie });
    uploads.push({ signedIn: session.status, body: body.toString() });
    return { status: 401, headers: { "content-type": "application/json" }, body: '{"error":"not_yours"}' };
  });
  const form = { report: "a line\n".repeat(1000) };
  const answer = await tab.page.evaluate(asDocumented, { method: "POST", url: "/upload", form });
  assert.deepEqual(answer, { status: 401, json: { error: "not_yours" }, refreshes: 1 });
  assert.equal(site.count("POST /v1/refresh"), 1);
  assert.deepEqual(uploads.map(({ signedIn }) => signedIn), [200, 200]);
  for (const { body } of uploads) assert.ok(body.includes(form.report), "the second body is whole, too");
  assert.equal(await tab.who(), subjects.demo);

  // Nor does the server itself ever answer a signed-in user's mistake like that.
  const other = await tab.ask("DELETE", `/v1/sessions/${"0".repeat(32)}`);
  assert.equal(other.outcome, "404 invalid_request");
  assert.equal(await tab.who(), subjects.demo);
});
