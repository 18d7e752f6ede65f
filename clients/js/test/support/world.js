// A test's world: a clock, a network, a server at https://app.test, and a browser.

import { test } from "node:test";

import { Browser } from "./browser.js";
import { Clock } from "./clock.js";
import { Network } from "./network.js";
import { Rekindle } from "./rekindle.js";

export function scenario(name, options, body = options) {
  test(name, { timeout: 60_000 }, () => body(new World(body === options ? {} : options)));
}

export class World {
  constructor(options = {}) {
    this.clock = new Clock();
    this.network = new Network(this.clock);
    this.server = this.network.serve("https://app.test", options.server?.(this.clock) ?? new Rekindle(this.clock, options));
    this.browser = new Browser(this.clock, this.network);
  }

  /** What `promise` comes to, while time passes. */
  when = (promise, ms) => this.clock.until(promise, ms);

  /** Signed in as `ada`, in a tab. */
  async signedIn(options, username = "ada") {
    const tab = this.browser.tab(options);
    await this.when(tab.session.login({ username, password: `${username}-password` }));
    return tab;
  }

  /** What an API answers to `tab`: its status, and whose request it takes it for. */
  async asks(tab, path = "/api/notes", init) {
    const response = await this.when(tab.session.fetch(`https://app.test${path}`, init));
    return { status: response.status, ...(await response.json().catch(() => ({}))) };
  }
}

/** The `code` of what `promise` fails with. */
export const code = (promise) => promise.then(() => "no failure", (error) => error.code ?? error.name);
