// A file, for programs: read whole, written whole, and never seen half-written. Node's alone.
//
// Two locks lie beside it. One is held for a moment, around a comparison and the rename after it; the other while a
// refresh is under way. Both are files that name their holder, because a program that is killed leaves them behind.

import { constants } from "node:fs";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";

/** Milliseconds after which a lock is nobody's, whatever it says: longer than any refresh takes. */
const STALE = 30_000;
const POLL = 25;

let count = 0;

/**
 * @param {string} path   in a folder that only its user may write; it is created with mode 0600
 * @returns {import("../src/kept.js").Storage}
 */
export function inFile(path) {
  const read = () => readFile(path, "utf8").catch(missing);
  return {
    read,
    async swap(from, to) {
      const release = await acquire(`${path}.swap`);
      try {
        if ((await read()) !== from) return false;
        if (to === null) await rm(path, { force: true });
        else await replace(path, to);
        return true;
      } finally {
        await release();
      }
    },
    lock: (signal) => acquire(`${path}.lock`, signal),
  };
}

/**
 * A reader sees the old text or the new one, also when this program is killed or the machine loses power.
 *
 * @param {string} path
 * @param {string} text
 */
async function replace(path, text) {
  const temporary = `${path}.${process.pid}.${count++}`;
  try {
    const file = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // What cannot be swept now is swept another time: what was to be stored is stored.
  await sweep(path).catch(() => {});
}

/**
 * Programs that were killed leave their copies behind, with tokens in them.
 *
 * @param {string} path
 */
async function sweep(path) {
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`) || !/\.\d+\.\d+$/.test(name)) continue;
    const copy = join(dirname(path), name);
    const made = (await stat(copy).catch(missing))?.mtimeMs ?? Infinity;
    if (Date.now() - made > STALE) await rm(copy, { force: true });
  }
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<() => Promise<void>>}
 */
async function acquire(path, signal) {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), count: count++ });
  for (;;) {
    signal?.throwIfAborted();
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(mine).finally(() => file.close());
      // Taken over by somebody who thought this program dead, it is theirs.
      // One that cannot be given back is taken over in time.
      const release = async () => (await readFile(path, "utf8")) === mine && rm(path, { force: true });
      return () => release().then(() => {}, () => {});
    } catch (error) {
      if (/** @type {any} */ (error).code !== "EEXIST") throw error;
    }
    if (await isLeft(path)) await takeAway(path);
    else await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/**
 * Whether whoever made the lock is gone.
 *
 * @param {string} path
 */
async function isLeft(path) {
  const text = await readFile(path, "utf8").catch(missing);
  const made = (await stat(path).catch(missing))?.mtimeMs;
  if (text === null || made === undefined) return false;
  const age = Date.now() - made;
  try {
    const { pid, host } = JSON.parse(text);
    if (host === hostname()) process.kill(pid, 0);
    return age > STALE;
  } catch (error) {
    // Without a name it is being written right now, or its writer was killed in between.
    if (error instanceof SyntaxError) return age > 1_000;
    // EPERM: another user's program has that number, and has it perhaps since the one that made the lock was killed.
    return age > STALE || /** @type {any} */ (error).code === "ESRCH";
  }
}

/**
 * Of several who find a lock left behind, one takes it away. Whoever takes away a younger one in its place has made two
 * holders: for a moment, and the server stands it.
 *
 * @param {string} path
 */
async function takeAway(path) {
  const aside = `${path}.${process.pid}.${count++}`;
  await rename(path, aside).then(() => rm(aside, { force: true }), missing);
}

/** @param {any} error */
function missing(error) {
  if (error.code === "ENOENT") return null;
  throw error;
}
