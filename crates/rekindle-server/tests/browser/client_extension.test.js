// The JavaScript client in an extension: a service worker that the browser ends when it likes, and pages beside it.

import assert from "node:assert/strict";

import { ask, Extension } from "./support/extension.js";
import { scenario } from "./support/scenario.js";

const REFRESH = "POST /v1/refresh";
const options = { settings: () => ({ lifetimes__access: "4s", lifetimes__replay_window: "2s" }) };
const seconds = (count) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** Somebody signed in, in an extension; `page` is one of its pages. */
async function installed({ origin }, body) {
  const extension = await Extension.install(origin);
  try {
    const page = await extension.page();
    await page.evaluate(() => session.login({ username: "demo", password: "demo-password" }));
    await body(extension, page);
  } finally {
    await extension.remove();
  }
}

scenario("client, an extension's contexts share one session", options, (world) =>
  installed(world, async (extension, page) => {
    const other = await extension.page();
    await page.evaluate(() => chrome.storage.local.set({ settings: "dark" }));
    await seconds(4.2);
    const who = await Promise.all([ask(page, "who"), page.evaluate(() => globalThis.who()), other.evaluate(() => globalThis.who())]);
    assert.deepEqual(who, Array(3).fill(world.subjects.demo));
    assert.equal(world.site.count(REFRESH), 1);
    await page.evaluate(() => session.logout());
    assert.equal(await ask(page, "who"), 401);
    assert.deepEqual(await page.evaluate(() => chrome.storage.local.get()), { settings: "dark" });
  }),
);

for (const at of ["request", "answer"]) {
  scenario(`client, mv3_worker_killed_mid_refresh, at the ${at}`, options, (world) =>
    installed(world, async (extension, page) => {
      const before = await ask(page, "stored");
      const born = await ask(page, "born");
      await seconds(4.2);
      const slow = world.site.hold(REFRESH, at);
      const lost = ask(page, "who").catch(() => "gone");
      await slow.arrived;
      await extension.killWorker(page);
      slow.release();
      assert.notEqual(await lost, world.subjects.demo);
      assert.equal(await ask(page, "stored"), before, "it was ended before it could store anything");
      assert.notEqual(await ask(page, "born"), born, "it is another one");
      assert.equal(await ask(page, "who"), world.subjects.demo);
      assert.equal(await page.evaluate(() => globalThis.who()), world.subjects.demo);
      assert.equal(await page.evaluate(() => changes.filter(({ type }) => type === "signed_out").length), 0);
      assert.deepEqual(["superseded", "theft_detected"].map((event) => world.server.count(event)), [0, 0]);
    }),
  );
}

scenario("client, mv3_worker_killed_mid_refresh, and a page asks meanwhile", options, (world) =>
  installed(world, async (extension, page) => {
    await ask(page, "born");
    await seconds(4.2);
    const slow = world.site.hold(REFRESH);
    void ask(page, "who").catch(() => {});
    await slow.arrived;
    // The page waits for the worker's lock, which is given back when the worker is gone.
    const meanwhile = page.evaluate(() => globalThis.who());
    await extension.killWorker(page);
    assert.equal(await meanwhile, world.subjects.demo);
    slow.release();
    assert.equal(await ask(page, "who"), world.subjects.demo);
    assert.deepEqual(["superseded", "theft_detected"].map((event) => world.server.count(event)), [0, 0]);
  }),
);
