// Where the promise of no logout ends: an answer to a refresh that is slower than the replay window can be overtaken twice,
// and `single_use` has no window at all.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { AXIOS_QUEUE, FETCH_WRAPPER } from "./support/fronts.js";
import { races, told } from "./support/races.js";
import { scene } from "./support/scene.js";
import { WINDOW, counted, rekindle } from "./support/world.js";

/** Longer than the replay window. */
const LATER = WINDOW + 1100;

let server;
let once;
before(async () => {
  server = await rekindle();
  once = await rekindle({ single_use: true });
});
after(() => Promise.all([server?.stop(), once?.stop()]));

describe("the bounds", { concurrency: true, timeout: 120_000 }, () => {
  test("an answer that is slower than the window and than the life of an access token ends in a logout", () =>
    scene(AXIOS_QUEUE, server.port, async ({ person, line }) => {
      const [slow, quick] = person.pages;
      let arrive;
      await person.expired();
      line.plan({ refresh: [{ until: new Promise((resolve) => (arrive = resolve)) }] });
      const waiting = slow.api.load("/me/").catch(() => {});
      await pause(LATER);
      // The other tab comes late with the same token, and is given a sibling: nobody knows which of the two will be kept.
      assert.ok(await person.works(quick.api));
      await person.expired();
      // It uses its own: from now on the sibling is dead.
      assert.ok(await person.works(quick.api));
      arrive();
      await waiting;
      // The dead one was written over the living one.
      await Promise.race([slow.api.load("/me/").catch(() => {}), slow.realm.gone]);
      assert.ok(person.sentToLogin);
      const { events, ended } = await counted(server);
      assert.deepEqual([events.superseded, events.theft_detected, ended], [1, undefined, {}], "and the session lives");
    }));

  test("slower than the window alone is borne: the sibling that is kept leads on", () =>
    scene(AXIOS_QUEUE, server.port, async ({ person, line }) => {
      const [slow, quick] = person.pages;
      let arrive;
      await person.expired();
      line.plan({ refresh: [{ until: new Promise((resolve) => (arrive = resolve)) }] });
      const waiting = slow.api.load("/me/").catch(() => {});
      await pause(LATER);
      assert.ok(await person.works(quick.api));
      arrive();
      await waiting;
      for (let time = 0; time < 2; time++) {
        await person.expired();
        for (const { api } of person.pages) assert.ok(await person.works(api));
      }
      assert.ok(!person.sentToLogin);
    }));

  test("single_use forks the session at a race, and now and then that is a logout", async (t) => {
    await Promise.all(
      [AXIOS_QUEUE, FETCH_WRAPPER].map(async (front) => {
        const found = await races(front, once.port, 20, 3);
        t.diagnostic(told(`Rekindle with single_use, ${front.name}`, found));
      }),
    );
    const { events } = await counted(once);
    t.diagnostic(`Rekindle with single_use: events ${JSON.stringify(events)}`);
    assert.ok(events.late_retry > 60, "a token that comes twice is answered with two different ones");
    assert.equal(events.replayed, undefined);
  });
});
