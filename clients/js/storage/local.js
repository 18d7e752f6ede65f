// The page's localStorage: shared by the tabs of an origin, and read by every script in them.

/**
 * Nothing where there is no localStorage, or where the browser forbids it.
 *
 * @param {string} [key]
 * @returns {import("../src/kept.js").Storage | undefined}
 */
export function inLocalStorage(key = "rekindle") {
  try {
    // Node has one as well, and warns where it was given no file for it. Each process of a browser has a copy: it takes
    // a moment until the others see what was stored.
    if (globalThis.document) return { ...inArea(localStorage, key), name: `rekindle:${key}`, lag: 50 };
  } catch {}
}

/**
 * Between the comparison and the write no other script runs in this tab, and hardly any elsewhere; the lock of a refresh
 * and the server mend the rest.
 *
 * @param {globalThis.Storage} area
 * @param {string} key
 * @returns {import("../src/kept.js").Storage}
 */
export function inArea(area, key) {
  return {
    read: () => area.getItem(key),
    swap(from, to) {
      if (area.getItem(key) !== from) return false;
      if (to === null) area.removeItem(key);
      else area.setItem(key, to);
      return true;
    },
    watch(changed) {
      /** @param {StorageEvent} event */
      const listener = (event) => {
        // Without a key, all of it was cleared.
        if (event.storageArea === area && (event.key ?? key) === key) changed();
      };
      addEventListener("storage", listener);
      return () => removeEventListener("storage", listener);
    },
  };
}
