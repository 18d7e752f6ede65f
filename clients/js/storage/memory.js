// In this context alone, for as long as it lives.

/** @returns {import("../src/kept.js").Storage} */
export function inMemory() {
  /** @type {string | null} */
  let text = null;
  return {
    read: () => text,
    swap(from, to) {
      if (text !== from) return false;
      text = to;
      return true;
    },
  };
}
