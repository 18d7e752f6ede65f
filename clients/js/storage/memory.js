// In this context alone, for as long as it lives.

/** @returns {import("../src/kept.js").Storage} */
export function inMemory() {
  /** @type {string | null} */
  let kept = null;
  return {
    read: () => kept,
    swap(from, to) {
      if (kept !== from) return false;
      kept = to;
      return true;
    },
  };
}
