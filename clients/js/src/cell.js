// Where the session is kept: one text, read and compared-and-swapped. There is no other write. So a slow answer cannot
// overwrite a newer session or undo a sign-out: what it swaps is not there any more.

import { StorageFailed } from "./errors.js";
import { within } from "./platform.js";
import { held } from "./record.js";

/**
 * @typedef {object} Storage
 * @property {() => string | null | Promise<string | null>} read
 * @property {(from: string | null, to: string | null) => boolean | Promise<boolean>} swap
 *   stores `to` if what is stored is `from`, and says whether it did; null is nothing
 * @property {string} [name]    storages of one name, in whatever context, are one
 * @property {(changed: () => void) => (() => void)} [watch]   tells of changes made elsewhere; answers how to stop it
 * @property {number} [lag]     milliseconds until other contexts see what was stored
 * @property {(signal: AbortSignal) => Promise<() => void>} [lock]   where there are no Web Locks; answers the release
 */

/** No storage takes that long, and one that never answers must not hold up every request. */
const PATIENCE = 5_000;

export class Cell {
  #storage;
  #server;
  #platform;

  /**
   * @param {Storage} storage
   * @param {string} server
   * @param {import("./platform.js").Platform} platform
   */
  constructor(storage, server, platform) {
    this.#storage = storage;
    this.#server = server;
    this.#platform = platform;
  }

  async read() {
    return held(await this.#safely(() => this.#storage.read()), this.#server);
  }

  /**
   * @param {import("./record.js").Held} from
   * @param {string | null} to
   */
  async swap(from, to) {
    const swapped = await this.#safely(() => this.#storage.swap(from.text, to));
    return swapped ? held(to, this.#server) : undefined;
  }

  /**
   * @template T
   * @param {() => T | Promise<T>} use
   * @returns {Promise<T>}
   */
  async #safely(use) {
    try {
      return await within(this.#platform, PATIENCE, (async () => use())(), () => new Error("no answer"));
    } catch (error) {
      throw new StorageFailed(error);
    }
  }
}
