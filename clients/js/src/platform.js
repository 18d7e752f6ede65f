// What the world offers, in one place: tests turn its clock, lose its answers and grant its locks. And no wait for it
// without an end.

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
 * @property {EventTarget | undefined} page      where `online`, `pageshow` and `visibilitychange` are heard
 * @property {() => string} cookie               those cookies that scripts may read
 * @property {string | undefined} address        of the page
 * @property {() => string | undefined} base     to what its relative addresses are relative: `<base>` may say another
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
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    locks: navigator?.locks,
    channel: (name) => BroadcastChannel && new BroadcastChannel(name),
    page: addEventListener && globalThis,
    cookie: () => document?.cookie ?? "",
    address: location?.href,
    base: () => document?.baseURI ?? location?.href,
  };
}

/**
 * What `use` promises, unless `ms` are over before (0: no end of its own) or `outer` is aborted. Its own signal tells
 * `use` of both. Whether it listens or not, nobody waits any more: what others wait for as well goes on for them.
 *
 * @template T
 * @param {Platform} platform
 * @param {number} ms
 * @param {(signal: AbortSignal) => T | Promise<T>} use
 * @param {AbortSignal | null} [outer]
 * @returns {Promise<T>}
 */
export function within(platform, ms, use, outer) {
  return new Promise((resolve, reject) => {
    const inner = new AbortController();
    const stop = () => {
      const reason = outer?.reason ?? new Error("timeout");
      inner.abort(reason);
      reject(reason);
    };
    if (outer?.aborted) return stop();
    const timer = ms && platform.setTimeout(stop, ms);
    outer?.addEventListener("abort", stop);
    (async () => use(inner.signal))().then(resolve, reject).finally(() => {
      platform.clearTimeout(timer);
      outer?.removeEventListener("abort", stop);
    });
  });
}
