// A thousand races of one front end against the real server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { races, told } from "./races.js";
import { WINDOW, counted, rekindle } from "./world.js";

const PEOPLE = 200;
const RACES = 5;

export function thousandRaces(front) {
  test(`${front.name}: 1,000 races, 0 logouts`, { timeout: 240_000 }, async (t) => {
    const server = await rekindle();
    try {
      const found = await races(front, server.port, PEOPLE, RACES, WINDOW / 2);
      const { events, refreshes, ended, problems } = await counted(server);
      t.diagnostic(told(`Rekindle, ${front.name}`, found));
      t.diagnostic(`Rekindle, ${front.name}: events ${JSON.stringify(events)}`);
      if (found.trail) t.diagnostic(`the first who was logged out:\n${found.trail.join("\n")}`);

      assert.equal(found.races, 1000);
      assert.equal(found.logouts, 0);
      assert.equal(found.logins, PEOPLE + found.outside);
      // What the server itself says of it.
      const { opened, refreshed, replayed, late_retry: late, ...others } = events;
      assert.deepEqual([opened, ended.theft_detected, ended.expired], [found.logins, undefined, undefined]);
      // Nothing else happened, unless something was too slow to count.
      if (found.outside === 0) {
        assert.equal(found.sessions, PEOPLE, "each has one session, from the first race to the last");
        assert.deepEqual([others, ended, problems], [{}, {}, {}]);
        assert.deepEqual(found.network.answers, { 200: refreshed + replayed + late });
        assert.deepEqual(refreshes, { confirmed: refreshed, replayed, late_retry: late });
      }
      // The schedule was what it claims to be.
      assert.equal(found.network.broken, 0, "no server was away");
      assert.ok(found.contested > 700, `only ${found.contested} races for one refresh token`);
      assert.ok(late > 30, `only ${late} answers were asked for again after the replay window`);
      assert.ok(found.network.twice > 500 && found.network.lost > 200, "too little went wrong");
    } finally {
      await server.stop();
    }
  });
}
