// No wait without an end.

/**
 * What `use` promises, unless `ms` are over before (0: no end of its own) or `outer` is aborted. Its own signal tells
 * `use` of both. Whether it listens or not, nobody waits any more: what others wait for as well goes on for them.
 *
 * @template T
 * @param {import("./platform.js").Platform} platform
 * @param {number} ms
 * @param {(signal: AbortSignal) => T | Promise<T>} use
 * @param {AbortSignal | null} [outer]
 * @returns {Promise<T>}
 */
export function within(platform, ms, use, outer) {
  return new Promise((resolve, reject) => {
    const inner = new AbortController();
    const stop = () => {
      const reason = outer?.reason ?? new Error(`nothing for ${ms} ms`);
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
