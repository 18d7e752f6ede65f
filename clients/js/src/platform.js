// What the world offers, in one place: tests turn its clock, lose its answers and grant its locks. Every member is
// looked up when it is used, so that what a page puts in the place of `fetch` later on counts, too.

/**
 * @typedef {object} Platform
 * @property {(input: any, init?: any) => Promise<Response>} fetch
 * @property {() => number} now      milliseconds that no clock setting moves; they may stand still while a machine sleeps
 * @property {() => number} wall     milliseconds since 1970, as wrong as this machine's clock is
 * @property {() => number} random   from 0 to 1. No secret hangs on it: it spreads attempts and tells sessions apart
 * @property {(run: () => void, ms: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {LockManager | undefined} locks
 * @property {(name: string) => BroadcastChannel | undefined} channel
 * @property {EventTarget | undefined} page      where `online` and `pageshow` are heard
 * @property {(EventTarget & {visibilityState?: string}) | undefined} document
 * @property {string | undefined} address        of the page, for relative addresses
 * @property {() => string} cookies              those that scripts may read
 */

/** @type {Platform} */
export const browserOrNode = {
  fetch: (input, init) => globalThis.fetch(input, init),
  now: () => performance.now(),
  wall: () => Date.now(),
  random: () => Math.random(),
  setTimeout(run, ms) {
    const timer = /** @type {any} */ (setTimeout(run, ms));
    // In Node, a session that waits for its next refresh keeps no program from ending.
    timer.unref?.();
    return timer;
  },
  clearTimeout: (timer) => clearTimeout(timer),
  get locks() {
    return globalThis.navigator?.locks;
  },
  channel(name) {
    if (!globalThis.BroadcastChannel) return undefined;
    const channel = new BroadcastChannel(name);
    /** @type {any} */ (channel).unref?.();
    return channel;
  },
  get page() {
    return typeof globalThis.addEventListener === "function" ? globalThis : undefined;
  },
  get document() {
    return globalThis.document;
  },
  get address() {
    return globalThis.location?.href;
  },
  cookies: () => globalThis.document?.cookie ?? "",
};

/**
 * `promise`, or the failure that `late` makes once `ms` are over. Whatever promised it may go on; nobody waits any more.
 *
 * @template T
 * @param {Platform} platform
 * @param {number} ms
 * @param {Promise<T>} promise
 * @param {() => unknown} late
 * @returns {Promise<T>}
 */
export function within(platform, ms, promise, late) {
  return new Promise((resolve, reject) => {
    const timer = platform.setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => platform.clearTimeout(timer));
  });
}

/**
 * `promise`, for somebody who may lose interest. What is shared goes on for the others.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal | null | undefined} signal
 * @returns {Promise<T>}
 */
export function unlessAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
