// Pages that use the JavaScript client, clients/js, and what they tell. Its files are served as they are.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const CLIENT = fileURLToPath(new URL("../../../../../clients/js/", import.meta.url));

const script = (body) => ({ status: 200, headers: { "content-type": "text/javascript" }, body });
const page = (options) => `<!doctype html><title>app</title><script type="module">
  import { createSession } from "/rekindle/index.js";
  globalThis.changes = [];
  globalThis.session = createSession(${options});
  session.onChange((change) => changes.push(change));
</script>`;

/** The files of the package that a browser may ask for, by their paths in it. */
export async function files() {
  const found = (await readdir(CLIENT)).filter((name) => name === "index.js");
  for (const folder of ["src", "dialects", "storage"]) {
    found.push(...(await readdir(path.join(CLIENT, folder))).map((name) => `${folder}/${name}`));
  }
  return Promise.all(found.map(async (name) => [name, await readFile(path.join(CLIENT, name))]));
}

/** Puts the client at `/rekindle/`, and an application that uses it at `/app`. */
export async function serveClient(site, options = {}) {
  for (const [name, body] of await files()) site.pages.set(`/rekindle/${name}`, () => script(body));
  const body = page(JSON.stringify(options));
  site.pages.set("/app", () => ({ status: 200, headers: { "content-type": "text/html" }, body }));
}

/** One tab of the application. */
export class AppTab {
  constructor(page) {
    this.page = page;
  }

  static async open(person, { skew = 0 } = {}) {
    const page = await person.context.newPage();
    // The machine's clock is wrong.
    await page.addInitScript((ms) => {
      const { now } = Date;
      Date.now = () => now() + ms;
    }, skew);
    const tab = new AppTab(page);
    await tab.load(person.origin);
    return tab;
  }

  async load(origin) {
    await this.page.goto(`${origin}/app`);
    await this.page.waitForFunction(() => globalThis.session);
  }

  login(username = "demo") {
    return this.page.evaluate((username) => session.login({ username, password: `${username}-password` }).then(() => "ok", ({ code }) => code), username);
  }

  logout() {
    return this.page.evaluate(() => session.logout());
  }

  /** Who the server takes it for: a subject, or a status, or the code of a failure. */
  who() {
    return this.page.evaluate(async () => {
      try {
        const response = await session.fetch("/v1/session");
        return response.ok ? (await response.json()).subject : response.status;
      } catch (error) {
        return error.code ?? error.name;
      }
    });
  }

  stored() {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem("rekindle")));
  }

  /** How often it was told so. */
  told(type) {
    return this.page.evaluate((type) => changes.filter((change) => change.type === type).length, type);
  }

  changes() {
    return this.page.evaluate(() => changes);
  }
}
