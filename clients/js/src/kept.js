// Where the session is kept: one text, read and compared-and-swapped. There is no other write. So a slow answer cannot
// overwrite a newer session or undo a sign-out: what it swaps is not there any more.
//
// And the news of it: those of other contexts are hints to look, and never believed.

import { StorageFailed } from "./errors.js";
import { within } from "./platform.js";
import { held } from "./record.js";

/** @typedef {import("./record.js").Held} Held */

/**
 * @typedef {object} Storage
 * @property {() => string | null | Promise<string | null>} read
 * @property {(from: string | null, to: string | null) => boolean | Promise<boolean>} swap
 *   stores `to` if what is stored is `from`, and says whether it did; null is nothing
 * @property {string} [name]    storages of one name, in whatever context, are one
 * @property {(changed: () => void) => (() => void)} [watch]   tells of changes made elsewhere; answers how to stop it
 * @property {number} [lag]     milliseconds until other contexts see what was stored
 * @property {(signal: AbortSignal) => Promise<() => void>} [lock]   where there are no Web Locks; answers the release
 */

/**
 * @typedef {{type: "signed_in" | "refreshed", session: string}
 *   | {type: "signed_out", session: string, reason: string}} Change
 */

/**
 * @param {Storage} storage
 * @param {string} server
 * @param {import("./platform.js").Platform} platform
 */
export function keep(storage, server, platform) {
  /** @type {Set<(change: Change) => void>} */
  const listeners = new Set();
  /** @type {Set<(held: Held) => void>} */
  const watchers = new Set();
  /** @type {Record<string, string>} */
  const reasons = {};
  /** @type {{type: any, session: string}[]} */
  const news = [];
  /** @type {Held | undefined} */
  let seen;
  let asked = 0;
  let newest = 0;
  let sections = 0;

  const look = () => read().catch(() => {});
  const unwatch = storage.watch?.(look);
  let channel = storage.name ? platform.channel(storage.name) : undefined;
  channel?.addEventListener("message", ({ data }) => {
    if (data?.reason) reasons[data.session] = `${data.reason}`;
    look();
  });

  /**
   * No storage takes that long, and one that never answers must not hold up every request.
   *
   * @template T
   * @param {() => T | Promise<T>} use
   */
  const safely = (use) => within(platform, 5_000, use).catch((error) => { throw new StorageFailed(error); });

  async function read() {
    const turn = ++asked;
    return notice(held(await safely(() => storage.read()), server), turn);
  }

  /**
   * @param {Held} now
   * @param {number} turn  in which order it was asked for: answers may overtake each other
   */
  function notice(now, turn) {
    if (turn < newest) return now;
    newest = turn;
    const before = seen;
    if (before?.text === now.text) return now;
    seen = now;
    for (const watcher of watchers) watcher(now);
    // What was there when this context began is no news.
    if (before && now.id) news.push({ type: now.id === before.id ? "refreshed" : "signed_in", session: now.id });
    else if (before?.id) news.push({ type: "signed_out", session: before.id });
    tellSoon();
    return now;
  }

  // Not at once: by two ways others tell of a change, and only one of them says why. It may be the slower.
  const tellSoon = () => platform.setTimeout(() => {
    for (const each of sections ? [] : news.splice(0)) {
      const change = each.type === "signed_out" ? { ...each, reason: reasons[each.session] ?? "elsewhere" } : each;
      // One that throws is reported as any event listener's failure is, and stops no other.
      for (const listener of listeners) queueMicrotask(() => listener(change));
    }
  }, 50);

  /** From here on listeners wait: they may block, and ask for tokens. Answers how it ends. */
  function section() {
    sections += 1;
    return () => {
      sections -= 1;
      tellSoon();
    };
  }

  /**
   * @template T
   * @param {Set<T>} set
   */
  const adding = (set) => (/** @type {T} */ each) => {
    set.add(each);
    return () => void set.delete(each);
  };

  return {
    read,

    /**
     * Stores `to` in the place of `from`, unless something else is there by now.
     *
     * @param {Held} from
     * @param {import("./record.js").Session | null} to
     * @param {string} [reason]  why somebody is signed out
     */
    async swap(from, to, reason) {
      const text = to && JSON.stringify(to);
      if (!(await safely(() => storage.swap(from.text, text)))) return;
      const { id: session } = from;
      if (session && reason) reasons[session] = reason;
      // No token: a channel reaches whoever knows its name.
      channel?.postMessage({ session, reason });
      return notice(held(text, server), ++asked);
    },

    /** Calls a listener with every change, when no section is under way. Answers how to stop it. */
    onChange: adding(listeners),

    /** For this package: calls a watcher with what is new, at once. */
    onSeen: adding(watchers),

    section,

    dispose() {
      unwatch?.();
      channel?.close();
      channel = undefined;
      listeners.clear();
    },
  };
}
