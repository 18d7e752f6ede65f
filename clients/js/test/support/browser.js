// A browser: tabs with clocks, events and memories of their own, and what they share.

import { createSession } from "../../index.js";
import { inArea } from "../../storage/local.js";

export class Browser {
  tabs = [];
  jar = new Map();
  cells = new Map();
  #channels = new Set();
  #locks = new Map();
  /** Milliseconds by which this machine's clock is wrong. */
  skew = 0;
  /** Whether there are Web Locks and BroadcastChannels here. */
  hasLocks = true;
  hasChannels = true;

  constructor(clock, network) {
    Object.assign(this, { clock, network });
  }

  /** A tab with a session. */
  tab(options = {}) {
    const page = new EventTarget();
    const tab = { page, changes: [], cookie: "" };
    const { clock } = this;
    const platform = {
      fetch: this.network.fetch(this.jar),
      now: clock.now,
      wall: () => clock.true() + this.skew,
      random: () => 0.5,
      setTimeout: clock.setTimeout,
      clearTimeout: clock.clearTimeout,
      locks: this.hasLocks ? this.locks(tab) : undefined,
      channel: (name) => (this.hasChannels ? this.#channel(name) : undefined),
      page,
      cookie: () => tab.cookie,
      address: "https://app.test/page",
      base: () => tab.base ?? "https://app.test/page",
    };
    tab.storage = this.storage(tab);
    tab.session = createSession({ baseURL: "https://app.test", storage: tab.storage, ...options, platform: { ...platform, ...options.platform } });
    tab.session.onChange((change) => tab.changes.push(change));
    this.tabs.push(tab);
    return tab;
  }

  get stored() {
    return JSON.parse(this.cells.get("rekindle") ?? "null");
  }

  /** As localStorage is: other tabs hear of a change, the one that made it does not. */
  storage(tab, key = "rekindle") {
    const { cells } = this;
    const told = () => this.tabs.forEach((each) => each !== tab && each.heard?.());
    const area = {
      getItem: (name) => cells.get(name) ?? null,
      setItem: (name, text) => void (cells.set(name, text), told()),
      removeItem: (name) => void (cells.delete(name), told()),
    };
    const { read, swap } = inArea(area, key);
    const watch = (changed) => ((tab.heard = changed), () => (tab.heard = undefined));
    return { read, swap, watch, name: `rekindle:${key}`, lag: 50 };
  }

  /** Somebody clears the site's data. */
  clear() {
    this.cells.clear();
    this.tabs.forEach((tab) => tab.heard?.());
  }

  /** Web Locks. A frozen tab keeps what it holds. */
  locks() {
    return {
      request: (name, { signal }, use) =>
        new Promise((resolve, reject) => {
          const queue = this.#locks.get(name) ?? [];
          this.#locks.set(name, queue);
          const entry = {
            run: () => Promise.resolve(use()).then(resolve, reject).finally(() => (queue.shift(), queue[0]?.run())),
          };
          signal?.addEventListener("abort", () => {
            if (queue[0] === entry) return;
            queue.splice(queue.indexOf(entry), 1);
            reject(signal.reason);
          });
          queue.push(entry);
          if (queue[0] === entry) entry.run();
        }),
    };
  }

  /** A lock that nobody gives back. */
  freeze(name) {
    this.#locks.set(name, [{ run() {} }]);
  }

  #channel(name) {
    const channel = new EventTarget();
    const all = this.#channels;
    channel.close = () => all.delete(channel);
    channel.postMessage = (data) => {
      if (!all.has(channel)) throw new DOMException("closed", "InvalidStateError");
      for (const other of all) {
        if (other !== channel && other.name === name) queueMicrotask(() => other.dispatchEvent(new MessageEvent("message", { data })));
      }
    };
    channel.name = name;
    all.add(channel);
    return channel;
  }

  /** A message of somebody who is no session. */
  forge(data, name = "rekindle:rekindle") {
    for (const each of this.#channels) if (each.name === name) each.dispatchEvent(new MessageEvent("message", { data }));
  }
}
