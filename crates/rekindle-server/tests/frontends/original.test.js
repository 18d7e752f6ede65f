// The control: a fifth of the same schedules, against djangorestframework-simplejwt itself. What shows
// no logout with it would show none with anything.

import assert from "node:assert/strict";
import { test } from "node:test";

import { AXIOS_QUEUE, FETCH_WRAPPER } from "./support/fronts.js";
import { Original } from "./support/original.js";
import { races, told } from "./support/races.js";

const PEOPLE = 40;
const RACES = 5;

test("the original logs out under the same schedule", { timeout: 240_000 }, async (t) => {
  const original = await Original.start();
  try {
    await Promise.all(
      [AXIOS_QUEUE, FETCH_WRAPPER].map(async (front) => {
        const found = await races(front, original.port, PEOPLE, RACES);
        t.diagnostic(told(`Simple JWT, ${front.name}`, found));
        assert.equal(found.races, 200);
        assert.equal(found.network.broken, 0, "it was there");
        const { 200: granted, 400: missing = 0, 401: refused, ...others } = found.network.answers;
        assert.deepEqual(others, {}, "no logout because of its database");
        assert.ok(granted > 0 && refused > 0);
        assert.ok(found.logouts >= 20, `only ${found.logouts} logouts`);
        assert.ok(found.byRaceAlone > 0, "and not only what was lost or sent twice");
      }),
    );
  } finally {
    await original.stop();
  }
});
