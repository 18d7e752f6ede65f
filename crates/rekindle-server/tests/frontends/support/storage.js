// What a browser keeps for the pages of one person.

import { setTimeout as pause } from "node:timers/promises";

/** `localStorage`: one for all tabs, and at once. */
export class LocalStorage {
  #items = new Map();

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, value) {
    this.#items.set(name, String(value));
  }

  removeItem(name) {
    this.#items.delete(name);
  }
}

/**
 * `chrome.storage.local`: one for all contexts of an extension, in another process. A read takes a moment and a write some
 * more; writes keep their order, and a read may overtake them: nothing else is promised to whoever does not await.
 */
export class ChromeStorage {
  #items = {};
  #random;
  #signedOut;
  #written = Promise.resolve();

  /** @param {() => void} signedOut  told when the token is taken away, alone or with all the rest */
  constructor(random, signedOut) {
    this.#random = random;
    this.#signedOut = signedOut;
  }

  async get(name) {
    await pause(this.#random.whole(0, 4));
    return name in this.#items ? { [name]: structuredClone(this.#items[name]) } : {};
  }

  set(items) {
    const kept = structuredClone(items);
    return this.#write(() => Object.assign(this.#items, kept));
  }

  remove(name) {
    return this.#write(() => {
      delete this.#items[name];
      if (name === "token") this.#signedOut();
    });
  }

  clear() {
    return this.#write(() => {
      this.#items = {};
      this.#signedOut();
    });
  }

  /** For the tests: what is there now, and all that will be there. */
  peek(name) {
    return this.#items[name];
  }

  settled() {
    return this.#written;
  }

  #write(change) {
    const takes = this.#random.whole(5, 40);
    this.#written = this.#written.then(() => pause(takes)).then(() => void change());
    return this.#written;
  }
}
