// What may pass: no cookie is cleared by it, and nobody is signed out.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

/** Accounts that an application keeps, on the foreign site. */
const options = {
  settings: ({ foreign }) => ({
    accounts__kind: "webhook",
    accounts__webhook_url: foreign.origin("127.0.0.1"),
    accounts__webhook_secret: "an application and its server know this",
    lifetimes__replay_window: "off",
  }),
};

const json = (body) => ({ status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

scenario("nothing_is_cleared_by_what_may_pass", options, async ({ foreign, visitor }) => {
  let state = { state: "active" };
  foreign.pages.set("/verify", () => json({ verdict: "verified", subject: "42" }));
  foreign.pages.set("/state", () => (state ? json(state) : { status: 500, headers: {}, body: "" }));
  const person = await visitor();
  const tab = await person.tab();
  assert.equal((await tab.login("eve")).outcome, "200");
  assert.equal((await tab.refresh()).outcome, "200");

  // The application is away.
  state = undefined;
  const before = await person.jar();
  for (let n = 0; n < 3; n++) {
    const { outcome, headers } = await tab.refresh();
    assert.equal(outcome, "503 unavailable");
    assert.ok(Number(headers["retry-after"]) > 0);
  }
  assert.equal((await tab.page.goto(`${tab.origin}/v1/continue?to=/blank`)).status(), 503);
  assert.deepEqual(await person.jar(), before);
  await tab.page.goto(`${tab.origin}/blank`);
  assert.equal(await tab.who(), "42", "the access token still holds");

  state = { state: "active" };
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal((await tab.refresh()).outcome, "200");

  // Another tab's jar was quicker: an older token comes once more.
  const newest = await person.jar();
  await person.context.addCookies(before.map(({ kind, slot, ...cookie }) => cookie));
  assert.equal((await tab.refresh()).outcome, "409 superseded");
  assert.deepEqual(await person.jar(), before);
  await person.context.addCookies(newest.map(({ kind, slot, ...cookie }) => cookie));
  assert.equal((await tab.refresh()).outcome, "200");

  // This does not pass.
  state = { state: "disabled" };
  assert.equal((await tab.refresh()).outcome, "401 session_ended user_disabled");
  assert.deepEqual(await person.jar(), []);
});
