// One refresh, however many ask for it: one promise in this context, one lock across contexts, and a server that
// answers twins with the same tokens where neither is to be had.

import { ask } from "./ask.js";
import { SessionEnded, Unavailable } from "./errors.js";
import { within } from "./platform.js";

/** @typedef {import("./record.js").Held} Held */

/** Milliseconds. Whoever holds the lock may be a frozen tab. What runs under it is correct without. */
const PATIENCE = 3_000;
const SLOWEST = 10;

/**
 * Makes the function that answers what is stored in the place of `held`: by somebody who was faster, or by itself.
 *
 * @param {import("./session.js").Parts} parts
 * @returns {(held: Held) => Promise<Held>}  throws SessionEnded, Unavailable, StorageFailed
 */
export function refreshes(parts) {
  const { dialect, kept, next, pause, platform, storage, transport } = parts;
  /** @type {Map<string | null, Promise<Held>>} */
  const flying = new Map();

  /** @param {Held} held */
  function replace(held) {
    const { text } = held;
    const flight = flying.get(text) ?? alone(held).finally(() => flying.delete(text));
    flying.set(text, flight);
    return flight;
  }

  /** @param {Held} held */
  async function alone(held) {
    pause.check();
    const release = await locked(held);
    const leave = kept.section();
    try {
      return await unlessReplaced(held);
    } finally {
      // Until others see what was stored, their turn would only make them ask for the same.
      platform.setTimeout(() => {
        release();
        leave();
      }, storage.lag ?? 0);
    }
  }

  /**
   * The release of the lock. It is not waited for after somebody has stored something: then there is nothing to do.
   *
   * @param {Held} held
   */
  function locked({ text }) {
    const { name, lock = webLock(platform.locks, name) } = storage;
    const replaced = new AbortController();
    const unwatch = kept.onSeen((now) => { if (now.text !== text) replaced.abort(); });
    return within(platform, PATIENCE, async (signal) => {
      const release = await lock(signal);
      // It came when nobody waited any more.
      if (signal.aborted) release();
      return release;
    }, replaced.signal).catch(() => () => {}).finally(unwatch);
  }

  /** @param {Held} held */
  async function unlessReplaced(held) {
    for (let first = true; ; first = false) {
      const now = await kept.read();
      if (now.text !== held.text) return now;
      const { session } = held;
      const answer = await ask(parts, dialect.refresh(session, platform.cookie()), patience(session)).catch(pause.fail);
      const superseded = dialect.superseded?.(answer);
      // It is for 30 seconds (docs/protocol.md, S).
      if (!superseded || !first) return judge(held, answer, superseded ? 31 : answer.retryAfter);
      // For another tab to store what it got.
      await new Promise((/** @type {any} */ resolve) => platform.setTimeout(resolve, 1_000));
    }
  }

  /**
   * @param {Held} held
   * @param {import("./ask.js").Answer} answer
   * @param {number} [retryAfter]
   */
  async function judge(held, answer, retryAfter) {
    const tokens = dialect.tokens(answer, transport);
    const reason = dialect.ended(answer, held.session);
    if (!tokens && !reason) pause.fail(new Unavailable(undefined, answer.status, retryAfter));
    const to = tokens ? next(held.session, tokens) : null;
    // What is not stored is not used: asked again with the old token, the server answers the same. And only what was
    // refused goes: a newer generation, or somebody else's session, stays.
    const stored = await kept.swap(held, to, reason).catch(pause.fail);
    pause.end();
    const now = stored ?? (await kept.read());
    if (reason && held.id && !now.id) throw new SessionEnded(reason);
    // Signed out, or somebody else by now: what came is nobody's, and must not live on at the server.
    if (!stored && now.id !== held.id) parts.abandon(to);
    return now;
  }

  return replace;
}

/**
 * @param {LockManager | undefined} locks
 * @param {string} [name]   without one, nobody else has the storage
 * @returns {(signal: AbortSignal) => Promise<() => void>}
 */
const webLock = (locks, name) => (signal) =>
  new Promise((/** @type {any} */ granted, reject) => {
    if (!locks || !name) return granted(() => {});
    // What is granted is the function that ends the promise for which the lock is held.
    locks.request(name, { signal }, () => new Promise(granted)).catch(reject);
  });

/**
 * Seconds until a refresh is given up: below (M - W) / 2, as docs/protocol.md (I7) asks, where M is `refresh_after` and
 * W, the replay window, is less than what is left of the token then. A second at least: what comes too late is only
 * stored where nothing else was.
 *
 * @param {import("./record.js").Session | null} session
 */
function patience(session) {
  const { refresh_after = SLOWEST, expires_in = 0 } = session ?? {};
  return Math.max(1, Math.min(SLOWEST, refresh_after - expires_in / 2));
}
