// The browser is closed and opened again, on the same profile.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { launchOn } from "./support/chromium.js";
import { scenario } from "./support/scenario.js";
import { Visitor } from "./support/visitor.js";

const options = { https: true, host: "auth.example.test" };

/** Signs in and refreshes, closes the browser, and opens it again: the second time by what `again` does. */
async function closeAndOpen(origin, more, again) {
  const profile = await mkdtemp(path.join(tmpdir(), "rekindle-profile-"));
  try {
    const before = new Visitor(await launchOn(profile), origin);
    const tab = await before.tab();
    assert.equal((await tab.login("demo", more)).outcome, "200");
    assert.equal((await tab.refresh()).outcome, "200");
    const jar = await before.jar();
    await before.leave();
    const after = new Visitor(await launchOn(profile), origin);
    await again(after, await after.tab(), jar);
    await after.leave();
  } finally {
    await rm(profile, { recursive: true });
  }
}

scenario("a_session_outlives_the_browser", options, async ({ origin, subjects }) => {
  await closeAndOpen(origin, {}, async (person, tab, before) => {
    assert.deepEqual((await person.jar()).map(({ value }) => value), before.map(({ value }) => value));
    assert.equal(await tab.who(), subjects.demo);
    assert.equal((await tab.refresh()).outcome, "200");
  });
});

scenario("remember_false_ends_with_the_browser", options, async ({ origin }) => {
  await closeAndOpen(origin, { remember: false }, async (person, tab, before) => {
    assert.deepEqual(before.map(({ expires }) => expires), [-1, -1], "and a refresh makes nothing last");
    assert.deepEqual(await person.jar(), []);
    assert.equal((await tab.refresh()).outcome, "401 token_missing");
  });
});
