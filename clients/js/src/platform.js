// What the world offers, in one place: tests turn its clock, lose its answers and grant its locks.

/**
 * @typedef {object} Platform
 * @property {(input: any, init?: any) => Promise<Response>} fetch
 * @property {() => number} now      milliseconds that no clock setting moves; they may stand still while a machine sleeps
 * @property {() => number} wall     milliseconds since 1970, as wrong as this machine's clock is
 * @property {() => number} random   from 0 to 1. No secret hangs on it: it spreads attempts and tells sessions apart
 * @property {(run: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {LockManager | undefined} locks
 * @property {(name: string) => BroadcastChannel | undefined} channel
 * @property {EventTarget | undefined} page      where `online` and `pageshow` are heard
 * @property {(EventTarget & {visibilityState?: string, cookie?: string}) | undefined} document
 * @property {string | undefined} address        of the page, for relative addresses
 */

/** @returns {Platform} */
export function browserOrNode() {
  const { BroadcastChannel, document, location, navigator, addEventListener } = /** @type {any} */ (globalThis);
  return {
    // Looked up when it is used: what a page puts in the place of `fetch` later on counts, too.
    fetch: (input, init) => fetch(input, init),
    now: () => performance.now(),
    wall: Date.now,
    random: Math.random,
    setTimeout: (run, ms) => unref(setTimeout(run, ms)),
    clearTimeout: (timer) => clearTimeout(timer),
    locks: navigator?.locks,
    channel: (name) => BroadcastChannel && unref(new BroadcastChannel(name)),
    page: addEventListener && globalThis,
    document,
    address: location?.href,
  };
}

/**
 * In Node, what waits for a session keeps no program from ending.
 *
 * @param {any} waiting
 */
function unref(waiting) {
  waiting.unref?.();
  return waiting;
}
