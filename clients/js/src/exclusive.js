// One at a time across contexts, as far as that can be had. What runs here is correct without it, because the server is:
// a lock saves requests, and so nobody waits for one for long, and nobody takes one from its holder.

/** @typedef {(signal: AbortSignal) => Promise<() => void>} Acquire  answers the release */

/**
 * @param {LockManager | undefined} locks
 * @param {string} name
 * @returns {Acquire | undefined}
 */
export function webLock(locks, name) {
  if (!locks) return undefined;
  return (signal) =>
    new Promise((granted, failed) => {
      locks.request(name, { signal }, () => new Promise((/** @type {(value?: unknown) => void} */ release) => granted(release))).catch(failed);
    });
}

/**
 * Runs `work` with the lock, or without it once `signal` is aborted: the holder may be a frozen tab.
 *
 * @template T
 * @param {Acquire | undefined} acquire
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} work
 * @param {(release: () => void) => void} letGo   when others may see what was stored
 * @returns {Promise<T>}
 */
export async function exclusive(acquire, signal, work, letGo) {
  const release = await acquired(acquire, signal);
  try {
    return await work();
  } finally {
    letGo(release);
  }
}

/**
 * @param {Acquire | undefined} acquire
 * @param {AbortSignal} signal
 * @returns {Promise<() => void>}
 */
function acquired(acquire, signal) {
  return new Promise((resolve) => {
    const without = () => resolve(() => {});
    if (!acquire || signal.aborted) return without();
    signal.addEventListener("abort", without);
    // A lock that comes when nobody waits any more is given back at once.
    acquire(signal).then((release) => (signal.aborted ? release() : resolve(release)), without);
  });
}
