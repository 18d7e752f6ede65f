// A user in front of Chromium.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { chromium } from "playwright-core";

/** Debian's Chromium. Its sandbox does not work for root. */
export function launch() {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
}

export class User {
  static async at(browser, url) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: url });
    context.setDefaultTimeout(15_000);
    return new User(context, url, await context.newPage());
  }

  constructor(context, url, page) {
    Object.assign(this, { context, url, page });
    this.prefix = url.startsWith("https:") ? "__Host-rk-a." : "rk-a.";
  }

  /** Another tab of the same browser. */
  async tab() {
    return new User(this.context, this.url, await this.context.newPage());
  }

  async goto(path) {
    return this.page.goto(path);
  }

  path() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  async at(path) {
    await this.page.waitForURL((url) => url.pathname + url.search === path);
  }

  async heading(text) {
    await this.page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
  }

  async signIn(name, password) {
    if (!this.path().includes("/login")) await this.goto("/login");
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async message(text) {
    await this.page.getByText(text).waitFor();
  }

  /** Runs the page's own script: `fetches` of one URL at once, by its signedInFetch. Answers their statuses. */
  async fetch(url, fetches = 1) {
    return this.page.evaluate(
      async ([url, fetches]) => {
        const { signedInFetch } = await import(document.querySelector("script[type=module]").src);
        const answers = await Promise.all(Array.from({ length: fetches }, () => signedInFetch(url)));
        return answers.map((answer) => answer.status);
      },
      [url, fetches],
    );
  }

  /** Rekindle's cookies; the application may have others of its own. */
  async tokens() {
    const all = await this.context.cookies();
    return all.filter(({ name, expires }) => name.includes("rk-") && expires * 1000 > Date.now());
  }

  async accessCookies() {
    return (await this.tokens()).filter(({ name }) => name.startsWith(this.prefix));
  }

  /** Waits until the browser has dropped the access token. */
  async expired() {
    const deadline = Date.now() + 15_000;
    while ((await this.accessCookies()).length > 0) {
      assert(Date.now() < deadline, "the access cookie does not expire");
      await pause(50);
    }
  }

  /** How often `path` was asked for while `act` ran. */
  async counting(path, act) {
    let asked = 0;
    const count = (request) => { asked += new URL(request.url()).pathname === path ? 1 : 0; };
    this.context.on("request", count);
    await act();
    this.context.off("request", count);
    return asked;
  }
}
