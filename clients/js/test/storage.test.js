// The storages: one text, compared and swapped.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

import { inFile } from "../storage/file.js";
import { inExtension, inMemory } from "../storage/index.js";
import { Clock } from "./support/clock.js";
import { ExtensionArea } from "./support/extension.js";
import { Browser } from "./support/browser.js";

const folder = await mkdtemp(path.join(tmpdir(), "rekindle-storage-"));
test.after(() => rm(folder, { recursive: true }));
let count = 0;
const fresh = () => path.join(folder, `${count++}.json`);

const now = { sleep: () => Promise.resolve() };
const STORAGES = {
  memory: inMemory,
  file: () => inFile(fresh()),
  extension: () => inExtension(new ExtensionArea(now)),
  localStorage: () => new Browser(new Clock()).storage({}),
};

for (const [name, make] of Object.entries(STORAGES)) {
  test(`${name}: compares and swaps`, async () => {
    const storage = make();
    assert.equal(await storage.read(), null);
    assert.equal(await storage.swap("other", "one"), false);
    assert.equal(await storage.swap(null, "one"), true);
    assert.equal(await storage.swap(null, "two"), false);
    assert.equal(await storage.read(), "one");
    assert.equal(await storage.swap("one", "two"), true);
    assert.equal(await storage.swap("one", null), false, "what is newer is not deleted");
    assert.equal(await storage.swap("two", null), true);
    assert.equal(await storage.read(), null);
    assert.equal(await storage.swap(null, null), true);
  });
}

test("extension: touches its own key alone, and tells of it", async () => {
  const area = new ExtensionArea(now);
  area.items.settings = { theme: "dark" };
  const storage = inExtension(area);
  let changes = 0;
  const stop = storage.watch(() => (changes += 1));
  await storage.swap(null, "one");
  await area.set({ settings: {} });
  assert.equal(changes, 1);
  await storage.swap("one", null);
  stop();
  await storage.swap(null, "two");
  assert.equal(changes, 2);
  assert.deepEqual(area.items, { settings: {}, rekindle: "two" });
});

test("file: nobody else reads it, and nothing is left beside it", async () => {
  const file = fresh();
  const storage = inFile(file);
  await storage.swap(null, "one");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith(`${path.basename(file)}.`)), []);
});

test("file: copies of programs that were killed are swept", async () => {
  const file = fresh();
  for (const [name, age] of [["77.0", 60], ["78.0", 0]]) {
    await writeFile(`${file}.${name}`, "half a");
    const then = Date.now() / 1000 - age;
    await utimes(`${file}.${name}`, then, then);
  }
  await inFile(file).swap(null, "one");
  assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith(`${path.basename(file)}.`)), [`${path.basename(file)}.78.0`]);
});

test("file: of many at once, one swaps", async () => {
  const file = fresh();
  const storages = Array.from({ length: 20 }, () => inFile(file));
  const won = await Promise.all(storages.map((storage, n) => storage.swap(null, `${n}`)));
  assert.equal(won.filter(Boolean).length, 1);
  assert.equal(await readFile(file, "utf8"), `${won.indexOf(true)}`);
});

test("file: a lock is waited for, given up, and given back", async () => {
  const storage = inFile(fresh());
  const never = new AbortController();
  const release = await storage.lock(never.signal);
  const giveUp = new AbortController();
  const waiting = storage.lock(giveUp.signal);
  giveUp.abort();
  await assert.rejects(waiting);
  const next = storage.lock(never.signal);
  await release();
  await (await next)();
});

for (const [name, text, age] of [
  ["of a program that was killed", JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }), 0],
  ["of another machine, long ago", JSON.stringify({ pid: 1, host: "elsewhere" }), 60],
  ["that nobody has signed", "", 2],
]) {
  test(`file: a lock ${name} is taken over`, async () => {
    const file = fresh();
    await writeFile(`${file}.lock`, text);
    const then = Date.now() / 1000 - age;
    await utimes(`${file}.lock`, then, then);
    await (await inFile(file).lock(new AbortController().signal))();
  });
}

test("file: what cannot be read or written says so", async () => {
  const file = fresh();
  await mkdir(file);
  await assert.rejects(async () => inFile(file).read(), { code: "EISDIR" });
  await assert.rejects(inFile(path.join(folder, "missing", "file")).swap(null, "one"), { code: "ENOENT" });
});

test("file: a lock whose number another user's program has by now is taken over", async (context) => {
  const file = fresh();
  await writeFile(`${file}.swap`, JSON.stringify({ pid: 1, host: hostname() }));
  const then = Date.now() / 1000 - 60;
  await utimes(`${file}.swap`, then, then);
  context.mock.method(process, "kill", () => { throw Object.assign(new Error("EPERM"), { code: "EPERM" }); });
  const giveUp = new Promise((_, reject) => setTimeout(reject, 2_000, new Error("for ever")).unref());
  assert.equal(await Promise.race([inFile(file).swap(null, "one"), giveUp]), true);
});
