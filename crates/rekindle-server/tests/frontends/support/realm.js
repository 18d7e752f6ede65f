// A page, or a context of an extension: what its code has as globals, for as long as it is open. A page that was reloaded
// or a popup that was closed runs no more code: what it waits for never comes, and what it would write is not written.

import axios from "axios";

/** The header that says when a request was sent: its way begins there, however busy the machine is. */
export const SENT = "x-sent";

const overFetch = axios.getAdapter("fetch");

export class Realm {
  #controller = new AbortController();
  #never = new Promise(() => {});
  #end;
  /** Settles when it has gone. */
  gone = new Promise((resolve) => (this.#end = resolve));

  /** @param {(url: string) => void} sent  told where the page was sent */
  constructor(baseURL, sent = () => {}) {
    this.baseURL = baseURL;
    // Whoever is sent to another page has left this one.
    this.location = { assign: (url) => this.#open && (this.close(), sent(url)) };
  }

  close() {
    this.#controller.abort();
    this.#end();
  }

  fetch = (url, init) => {
    const headers = { ...init.headers, [SENT]: Date.now() };
    return this.#guard(fetch(url, { ...init, headers, signal: this.#controller.signal }));
  };

  /** What `import axios` gives: over `fetch`, as in a browser. */
  axios = axios.create({
    adapter: (request) => {
      request.headers.set(SENT, Date.now());
      return this.#guard(overFetch({ ...request, signal: this.#controller.signal }));
    },
  });

  /** Tokens do not belong there, but some write them. */
  console = { log: () => {} };

  localStorage(kept) {
    return {
      getItem: (name) => kept.getItem(name),
      setItem: (name, value) => this.#open && kept.setItem(name, value),
      removeItem: (name) => this.#open && kept.removeItem(name),
    };
  }

  chrome(kept) {
    const asked = (name) => (...given) => (this.#open ? this.#guard(kept[name](...given)) : this.#never);
    return { storage: { local: { get: asked("get"), set: asked("set"), remove: asked("remove"), clear: asked("clear") } } };
  }

  get #open() {
    return !this.#controller.signal.aborted;
  }

  async #guard(work) {
    try {
      const value = await work;
      return this.#open ? value : await this.#never;
    } catch (error) {
      if (this.#open) throw error;
      return this.#never;
    }
  }
}
