// What is stored, and the news of it: every read and every swap in this context passes here, and those of others are
// heard of. What others say is a hint to look; they are never believed.

/** @typedef {import("./record.js").Held} Held */

/**
 * @typedef {{type: "signed_in" | "refreshed", session: string} | {type: "signed_out", session: string, reason: string}} Change
 */

export class Kept {
  #cell;
  #storage;
  /** @type {BroadcastChannel | undefined} */
  #channel;
  /** @type {(() => void) | undefined} */
  #unwatch;
  /** @type {Held | undefined} */
  #seen;
  #reads = 0;
  #newest = 0;
  /** @type {Map<string, string>} */
  #reasons = new Map();
  /** @type {Set<(change: Change) => void>} */
  #listeners = new Set();
  /** @type {Set<(held: Held) => void>} */
  #watchers = new Set();
  /** @type {Change[]} */
  #news = [];
  #sections = 0;

  /**
   * @param {import("./cell.js").Cell} cell
   * @param {import("./cell.js").Storage} storage
   * @param {import("./platform.js").Platform} platform
   */
  constructor(cell, storage, platform) {
    this.#cell = cell;
    this.#storage = storage;
    const look = () => void this.read().catch(() => {});
    this.#unwatch = storage.watch?.(look);
    if (storage.name === undefined) return;
    this.#channel = platform.channel(storage.name);
    this.#channel?.addEventListener("message", ({ data }) => {
      if (typeof data?.reason === "string") this.#reasons.set(String(data.session), data.reason);
      look();
    });
  }

  async read() {
    const read = ++this.#reads;
    const held = await this.#cell.read();
    this.#notice(held, read);
    return held;
  }

  /**
   * Stores `to` in the place of `from`, unless something else is there by now.
   *
   * @param {Held} from
   * @param {string | null} to
   * @param {string} [reason]  why somebody is signed out
   */
  async swap(from, to, reason) {
    const held = await this.#cell.swap(from, to);
    if (!held) return undefined;
    if (from.session && reason) this.#reasons.set(from.session.session, reason);
    this.#notice(held, ++this.#reads);
    // No token: a channel reaches whoever knows its name.
    this.#channel?.postMessage({ session: from.session?.session, reason });
    return held;
  }

  /** @param {(change: Change) => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * For this package: called at once with what is new.
   *
   * @param {(held: Held) => void} watcher
   */
  onSeen(watcher) {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** From here on listeners wait: they may block, and ask for tokens. Answers how it ends. */
  section() {
    this.#sections += 1;
    return () => {
      this.#sections -= 1;
      this.#tell();
    };
  }

  dispose() {
    this.#unwatch?.();
    this.#channel?.close();
    this.#channel = undefined;
    this.#listeners.clear();
    this.#watchers.clear();
  }

  /**
   * @param {Held} held
   * @param {number} read  in which order it was asked for: answers may overtake each other
   */
  #notice(held, read) {
    if (read < this.#newest) return;
    this.#newest = read;
    const seen = this.#seen;
    if (seen?.text === held.text) return;
    this.#seen = held;
    for (const watcher of [...this.#watchers]) watcher(held);
    // What was there when this context began is no news.
    if (!seen) return;
    const [before, now] = [seen.session?.session, held.session?.session];
    if (now !== undefined) this.#news.push({ type: now === before ? "refreshed" : "signed_in", session: now });
    else if (before !== undefined) {
      this.#news.push({ type: "signed_out", session: before, reason: this.#reasons.get(before) ?? "elsewhere" });
    }
    if (this.#sections === 0) this.#tell();
  }

  #tell() {
    if (this.#sections > 0) return;
    for (const change of this.#news.splice(0)) {
      // Each on its own: one that throws is reported as any event listener's failure is, and stops no other.
      for (const listener of this.#listeners) queueMicrotask(() => listener(change));
    }
  }
}
