// Somebody with a browser of their own: tabs that share one jar.

import { CONTEXT } from "./chromium.js";
import { Tab } from "./tab.js";

const OURS = /^(__Host-|__Secure-)?rk-([ar])\.(.{8})$/;

export class Visitor {
  constructor(context, origin) {
    this.context = context;
    this.origin = origin;
  }

  static async arrive(browser, origin) {
    return new Visitor(await browser.newContext(CONTEXT), origin);
  }

  /** A tab on a blank page of `origin`. */
  async tab(origin = this.origin) {
    const page = await this.context.newPage();
    await page.goto(`${origin}/blank`);
    return new Tab(page, origin);
  }

  /** What the jar holds of ours, the access cookie of each slot before its refresh cookie. */
  async jar() {
    const cookies = await this.context.cookies();
    const ours = cookies.flatMap((cookie) => {
      const [, , kind, slot] = OURS.exec(cookie.name) ?? [];
      return slot ? [{ ...cookie, kind: kind === "a" ? "access" : "refresh", slot }] : [];
    });
    return ours.sort((one, two) => (one.slot + one.kind).localeCompare(two.slot + two.kind));
  }

  /** The claims of the access token of each session in the jar. */
  async claims() {
    const access = (await this.jar()).filter((cookie) => cookie.kind === "access");
    return access.map(({ value }) => JSON.parse(Buffer.from(value.split(".")[1], "base64url")));
  }

  /** Which generation of its only session the jar holds. */
  async generation() {
    const claims = await this.claims();
    if (claims.length !== 1) throw new Error(`${claims.length} sessions in the jar`);
    return claims[0].gen;
  }

  leave() {
    return this.context.close();
  }
}
