// What the front ends get wrong by themselves: no server can help it. Each is shown as it is, and with the mend of
// docs/dialects/front-ends.md.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { AXIOS_QUEUE, FETCH_WRAPPER } from "./support/fronts.js";
import { mended } from "./support/mended.js";
import { Original } from "./support/original.js";
import { races, told } from "./support/races.js";
import { AWAY, ask, lives, scene } from "./support/scene.js";
import { WINDOW, rekindle } from "./support/world.js";

const mend = (front, createApi) => ({ ...front, open: (realm, kept) => front.open(realm, kept, createApi) });
const AXIOS_MENDED = mend(AXIOS_QUEUE, await mended("axios-queue.js"));
const WRAPPER_MENDED = mend(FETCH_WRAPPER, await mended("fetch-wrapper.js"));

let rotating;
let raced;
let staying;
let original;
before(async () => {
  // Nothing is raced here, so tokens may live for less.
  rotating = await rekindle({ ACCESS_TOKEN_LIFETIME: "4s" });
  raced = await rekindle();
  staying = await rekindle({ ROTATE_REFRESH_TOKENS: false, ACCESS_TOKEN_LIFETIME: "3s" }, { lifetimes__replay_window: "1s" });
  original = await Original.start({ life: 3, rotate: false });
});
after(() => Promise.all([rotating, raced, staying, original].map((server) => server?.stop())));

/** What may become of a refresh and pass. */
const PASSING = { "is answered 503": { answer: AWAY }, "is answered, and the answer is lost": { lost: "answer" } };

describe("by itself", { concurrency: true, timeout: 120_000 }, () => {
  for (const [what, fate] of Object.entries(PASSING)) {
    test(`axios queue: a refresh that ${what} is a logout, and the session lives`, () =>
      scene(AXIOS_QUEUE, rotating.port, async ({ person, line, refresh }) => {
        await person.expired();
        line.plan({ refresh: [fate] });
        const [{ realm, api }] = person.pages;
        await Promise.race([api.load("/me/"), realm.gone]);
        assert.ok(person.sentToLogin);
        assert.equal(person.kept.getItem("refresh"), null);
        assert.ok(await lives(rotating.port, refresh), "with the token that was thrown away");
      }));

    test(`axios queue, mended: a refresh that ${what} is an error, and the next one works`, () =>
      scene(AXIOS_MENDED, rotating.port, async ({ person, line }) => {
        await person.expired();
        line.plan({ refresh: [fate] });
        const [{ api }] = person.pages;
        await assert.rejects(api.load("/me/"), (error) => !(error instanceof TypeError));
        assert.ok((await api.load("/me/")).user);
        assert.ok(!person.sentToLogin);
      }));
  }

  test("axios queue: without an answer the caller gets a TypeError, with the mend the network's error", async () => {
    for (const [front, name] of [[AXIOS_QUEUE, "TypeError"], [AXIOS_MENDED, "AxiosError"]]) {
      await scene(front, rotating.port, async ({ person, line }) => {
        line.plan({ call: [{ lost: "answer" }] });
        await assert.rejects(person.pages[0].api.load("/me/"), { name });
      });
    }
  });

  test("axios queue: a refresh that hangs keeps everything waiting, until the page is loaded anew", () =>
    scene(AXIOS_QUEUE, rotating.port, async ({ person, line }) => {
      await person.expired();
      line.plan({ refresh: [{ until: new Promise(() => {}) }] });
      const [{ api }] = person.pages;
      const waiting = Promise.race([1, 2, 3].map(() => api.load("/me/")));
      assert.equal(await Promise.race([waiting, pause(3000, "waits")]), "waits");
      assert.ok(await person.works(person.reload(0).api));
      assert.ok(!person.sentToLogin);
    }));

  test("axios queue, mended: a refresh that hangs is given up", () =>
    scene(AXIOS_MENDED, rotating.port, async ({ person, line }) => {
      await person.expired();
      line.plan({ refresh: [{ until: new Promise(() => {}) }] });
      const [{ api }] = person.pages;
      const calls = await Promise.allSettled([1, 2, 3].map(() => api.load("/me/")));
      assert.deepEqual(calls.map(({ status }) => status), Array(3).fill("rejected"));
      assert.ok(await person.works(api));
      assert.ok(!person.sentToLogin);
    }));

  test("fetch wrapper: while a refresh hangs, its page sends no token; another page works", () =>
    scene(FETCH_WRAPPER, rotating.port, async ({ person, line, network }) => {
      await person.expired();
      line.plan({ refresh: [{ until: new Promise(() => {}) }] });
      const [first, second] = person.pages;
      const waiting = first.api.load("/me/");
      assert.equal(await Promise.race([waiting, pause(1000, "waits")]), "waits");
      await assert.rejects(first.api.load("/me/"), { message: "401" });
      assert.equal(network.counts.refreshes, 1);
      assert.ok(await person.works(second.api));
      assert.ok(!person.sentToLogin);
    }));

  test("fetch wrapper: a refresh that is answered 503 takes all that is stored, and the session lives", () =>
    scene(FETCH_WRAPPER, rotating.port, async ({ person, line, kept, refresh }) => {
      await kept.set({ theme: "dark" });
      await person.expired();
      line.plan({ refresh: [{ answer: AWAY }] });
      await assert.rejects(person.pages[0].api.load("/me/"));
      await kept.settled();
      assert.deepEqual([kept.peek("token"), kept.peek("theme")], [undefined, undefined]);
      assert.ok(await lives(rotating.port, refresh), "with the token that was thrown away");
    }));

  test("fetch wrapper, mended: a refresh that is answered 503 takes nothing", () =>
    scene(WRAPPER_MENDED, rotating.port, async ({ person, line, kept }) => {
      await kept.set({ theme: "dark" });
      await person.expired();
      line.plan({ refresh: [{ answer: AWAY }] });
      const [{ api }] = person.pages;
      await assert.rejects(api.load("/me/"), "it has to be asked for again");
      assert.equal(kept.peek("theme"), "dark");
      assert.ok((await api.load("/me/")).user);
      assert.ok(!person.sentToLogin);
    }));

  test("fetch wrapper: what met the 401 fails although the refresh succeeded; with the mend it is repeated", async () => {
    await scene(FETCH_WRAPPER, rotating.port, async ({ person, network }) => {
      await person.expired();
      await assert.rejects(person.pages[0].api.load("/me/"));
      assert.deepEqual(network.counts.answers, { 200: 1 });
    });
    await scene(WRAPPER_MENDED, rotating.port, async ({ person, network }) => {
      await person.expired();
      const loaded = await Promise.all([1, 2, 3].map(() => person.pages[0].api.load("/me/")));
      assert.ok(loaded.every(({ user }) => user));
      assert.deepEqual(network.counts.answers, { 200: 1 }, "one refresh for all of them");
    });
  });

  const without = { "the original": () => original, Rekindle: () => staying };
  for (const [name, server] of Object.entries(without)) {
    test(`fetch wrapper: without rotation the second end of an access token is a logout, with ${name}`, () =>
      scene(FETCH_WRAPPER, server().port, async ({ person, kept, refresh }) => {
        await person.expired();
        assert.ok(await person.works(person.pages[0].api));
        assert.deepEqual(Object.keys(kept.peek("token")), ["access"], "the refresh token was overwritten by nothing");
        await person.expired();
        assert.ok(!(await person.works(person.pages[0].api)));
        assert.ok(person.sentToLogin);
        assert.ok(await lives(server().port, refresh));
      }));

    test(`fetch wrapper, mended: without rotation it goes on, with ${name}`, () =>
      scene(WRAPPER_MENDED, server().port, async ({ person }) => {
        for (let time = 0; time < 3; time++) {
          await person.expired();
          assert.ok(await person.works(person.pages[0].api));
        }
        assert.ok(!person.sentToLogin);
      }));
  }

  for (const front of [AXIOS_QUEUE, FETCH_WRAPPER, AXIOS_MENDED, WRAPPER_MENDED]) {
    const name = front === AXIOS_QUEUE || front === FETCH_WRAPPER ? front.name : `${front.name}, mended`;
    test(`${name}: what has ended has ended, and it goes to the login`, () =>
      scene(front, rotating.port, async ({ person, refresh }) => {
        assert.equal((await ask(rotating.port, "blacklist/", { refresh })).status, 200);
        await person.expired();
        const [{ realm, api }] = person.pages;
        await Promise.race([api.load("/me/").catch(() => {}), realm.gone]);
        await front.settled(person.kept);
        assert.ok(person.sentToLogin);
      }));
  }

  for (const front of [AXIOS_MENDED, WRAPPER_MENDED]) {
    test(`${front.name}, mended: it bears the loss of any answer`, async (t) => {
      const found = await races({ ...front, losses: ["answer", "page"] }, raced.port, 20, 3, WINDOW / 2);
      t.diagnostic(told(`Rekindle, ${front.name}, mended`, found));
      assert.equal(found.logouts, 0);
    });
  }
});
