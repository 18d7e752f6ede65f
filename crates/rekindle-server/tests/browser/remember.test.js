// The browser is closed and opened again, on the same profile.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

const options = { https: true, host: "auth.example.test" };

/** Signs in and refreshes, closes the browser, and opens it again. Also answers what the jar held before. */
async function closeAndOpen(world, more) {
  const profile = await world.profile();
  const before = await profile.open(world.origin);
  const tab = await before.tab();
  assert.equal((await tab.login("demo", more)).outcome, "200");
  assert.equal((await tab.refresh()).outcome, "200");
  const jar = await before.jar();
  await profile.close();
  const person = await profile.open(world.origin);
  return { person, tab: await person.tab(), jar };
}

scenario("a_session_outlives_the_browser", options, async (world) => {
  const { person, tab, jar } = await closeAndOpen(world, {});
  const values = (cookies) => cookies.map(({ value }) => value);
  assert.equal(jar.length, 2);
  assert.deepEqual(values(await person.jar()), values(jar));
  assert.equal(await tab.who(), world.subjects.demo);
  assert.equal((await tab.refresh()).outcome, "200");
});

scenario("remember_false_ends_with_the_browser", options, async (world) => {
  const { person, tab, jar } = await closeAndOpen(world, { remember: false });
  assert.deepEqual(jar.map(({ expires }) => expires), [-1, -1], "and a refresh makes nothing last");
  assert.deepEqual(await person.jar(), []);
  assert.equal((await tab.refresh()).outcome, "401 token_missing");
});
