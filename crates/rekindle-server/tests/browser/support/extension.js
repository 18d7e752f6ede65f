// An unpacked extension that uses the JavaScript client with `chrome.storage`: a service worker, and pages.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { launchExtended } from "./chromium.js";
import { files } from "./signed-in.js";

const SESSION = (origin) => `
import { createSession } from "./rekindle/index.js";
import { inExtension } from "./rekindle/storage/index.js";
globalThis.changes = [];
globalThis.session = createSession({ baseURL: ${JSON.stringify(origin)}, storage: inExtension(chrome.storage.local), autoRefresh: false });
session.onChange((change) => changes.push(change));
globalThis.who = () => session.fetch(${JSON.stringify(origin)} + "/v1/session").then(
  async (response) => (response.ok ? (await response.json()).subject : response.status),
  (error) => error.code ?? error.name,
);
`;
const WORKER = `
import "./session.js";
const told = { who, stored: async () => (await chrome.storage.local.get("rekindle")).rekindle, born: async () => performance.timeOrigin };
chrome.runtime.onMessage.addListener((question, _, answer) => {
  told[question]().then(answer);
  // The answer comes later.
  return true;
});
`;

export class Extension {
  #folder;

  static async install(origin) {
    const extension = new Extension();
    extension.#folder = await mkdtemp(path.join(tmpdir(), "rekindle-extension-"));
    const unpacked = path.join(extension.#folder, "unpacked");
    const manifest = {
      manifest_version: 3,
      name: "rekindle",
      version: "1",
      permissions: ["storage"],
      host_permissions: [`${new URL(origin).protocol}//${new URL(origin).hostname}/*`],
      background: { service_worker: "worker.js", type: "module" },
    };
    await extension.#write(unpacked, [
      ["manifest.json", JSON.stringify(manifest)],
      ["session.js", SESSION(origin)],
      ["worker.js", WORKER],
      ["page.html", '<!doctype html><title>page</title><script type="module" src="session.js"></script>'],
      ...(await files()).map(([name, body]) => [`rekindle/${name}`, body]),
    ]);
    extension.context = await launchExtended(path.join(extension.#folder, "profile"), unpacked);
    const [worker] = extension.context.serviceWorkers();
    extension.id = new URL((worker ?? (await extension.context.waitForEvent("serviceworker"))).url()).host;
    return extension;
  }

  /** The popup, say. */
  async page() {
    const page = await this.context.newPage();
    await page.goto(`chrome-extension://${this.id}/page.html`);
    await page.waitForFunction(() => globalThis.session);
    return page;
  }

  /** Ends the service worker where it stands, as the browser does when it wants memory. */
  async killWorker(page) {
    const devtools = await this.context.newCDPSession(page);
    await devtools.send("ServiceWorker.enable");
    await devtools.send("ServiceWorker.stopAllWorkers");
    await devtools.detach();
  }

  async remove() {
    await this.context.close();
    await rm(this.#folder, { recursive: true });
  }

  async #write(folder, entries) {
    for (const [name, body] of entries) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), body);
    }
  }
}

/** What the service worker answers; the question wakes it. */
export const ask = (page, question) => page.evaluate((question) => chrome.runtime.sendMessage(question), question);
