// A test with a world of its own: a server, a site before it, and people with browsers.

import { after, test } from "node:test";

import { selfSigned } from "./certificate.js";
import { launch } from "./chromium.js";
import { Profile } from "./profile.js";
import { Rekindle } from "./rekindle.js";
import { Site } from "./site.js";
import { Visitor } from "./visitor.js";

let browser;
after(async () => (await browser)?.close());

const certificate = selfSigned(["auth.example.test", "app.example.test", "elsewhere.test"]);

/**
 * @param {object} options
 * @param {string[]} [options.users]  accounts besides `demo`; the password of `ada` is `ada-password`
 * @param {string} [options.host]     where the application is found; `localhost` unless said otherwise
 * @param {boolean} [options.https]
 * @param {(world: World) => object} [options.settings]  of the server
 */
export function scenario(name, options, body) {
  test(name, { timeout: 120_000 }, async () => {
    const world = new World();
    try {
      await world.open(options);
      await body(world);
    } catch (error) {
      console.error(`${name}\n${world.server?.log ?? ""}`);
      throw error;
    } finally {
      await world.close();
    }
  });
}

class World {
  #closing = [];

  async open({ users = [], host = "localhost", https = false, settings = () => ({}) }) {
    this.site = this.#keep(await Site.open(https ? certificate : undefined), "close");
    this.origin = this.site.origin(host);
    // Another site, with a server of its own.
    this.foreign = this.#keep(await Site.open(https ? certificate : undefined), "close");
    this.settings = { public_url: this.origin, ...settings(this) };
    this.server = this.#keep(await Rekindle.start(this.settings), "stop");
    for (const user of users) await this.server.addUser(user, `${user}-password`);
    this.site.standBefore(this.server.port);
    this.site.pages.set("/blank", () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html>" }));
  }

  get subjects() {
    return this.server.subjects;
  }

  /** The same server under other settings. */
  restart = async (settings) => {
    await this.server.restart({ ...this.settings, ...settings });
    this.site.standBefore(this.server.port);
  };

  /** Somebody with an empty jar. */
  visitor = async (origin = this.origin) => {
    browser ??= launch();
    return this.#keep(await Visitor.arrive(await browser, origin), "leave");
  };

  /** A browser that can be closed and opened again. */
  profile = async () => this.#keep(await Profile.make(), "remove");

  async close() {
    for (const close of this.#closing.reverse()) await close();
  }

  #keep(value, end) {
    this.#closing.push(() => value[end]());
    return value;
  }
}
