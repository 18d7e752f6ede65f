// An extension's storage: shared by its service worker, popup, pages and content scripts, and outlives each of them.

import { browserOrNode, within } from "../src/platform.js";

/**
 * As much of `chrome.storage` and `browser.storage` as is used here.
 *
 * @typedef {object} Area
 * @property {(key: string) => Promise<Record<string, any>>} get
 * @property {(items: Record<string, any>) => Promise<void>} set
 * @property {(key: string) => Promise<void>} remove
 * @property {{addListener: (listener: (changes: Record<string, unknown>) => void) => void,
 *   removeListener: (listener: any) => void}} onChanged
 */

const PATIENCE = 1_000;

/**
 * `area` is `chrome.storage.local`, or `chrome.storage.session`, which is forgotten with the browser and is not shown to
 * content scripts. Only its own key is ever touched.
 *
 * @param {Area} area
 * @param {string} [key]
 * @returns {import("../src/kept.js").Storage}
 */
export function inExtension(area, key = "rekindle") {
  const name = `rekindle:${key}`;
  const read = async () => (await area.get(key))[key] ?? null;
  return {
    name,
    read,
    // The area has no comparison, so it is made under a lock: a short one, which a refresh does not hold.
    swap: (from, to) =>
      alone(`${name}:swap`, async () => {
        if ((await read()) !== from) return false;
        await (to === null ? area.remove(key) : area.set({ [key]: to }));
        return true;
      }),
    watch(changed) {
      /** @param {Record<string, unknown>} changes */
      const listener = (changes) => key in changes && changed();
      area.onChanged.addListener(listener);
      return () => area.onChanged.removeListener(listener);
    },
  };
}

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} use
 * @returns {Promise<T>}
 */
async function alone(name, use) {
  const { locks, ...platform } = browserOrNode();
  if (!locks) return use();
  /** @type {Promise<T> | undefined} */
  let used;
  const waiting = (/** @type {AbortSignal} */ signal) => locks.request(name, { signal }, () => (used = use()));
  try {
    return await within({ ...platform, locks }, PATIENCE, waiting);
  } catch (error) {
    // Not granted in time: a worker may have been frozen in the middle. The server stands a swap that met another.
    return used ?? use();
  }
}
