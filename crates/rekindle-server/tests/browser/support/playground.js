// The playground of `rekindle dev` in a tab of its own, asked directly: what stands before a server in other tests would
// hold its event stream back.

import { until } from "./until.js";

/** What the browser itself says of answers that the page expects: 401 before a refresh, and answers that break off. */
const EXPECTED = /^Failed to load resource/;

/** Found at the server's own address. */
export const alone = (settings = {}) => ({ settings: () => ({ public_url: undefined, ...settings }) });

export class Playground {
  /** What must not be: errors, breaches of the policy, requests to elsewhere. */
  complaints = [];

  constructor(page) {
    this.page = page;
  }

  static async open({ server, visitor }, prepare = async () => {}) {
    const origin = `http://127.0.0.1:${server.port}`;
    const person = await visitor(origin);
    const page = await person.context.newPage();
    await prepare(page);
    const playground = new Playground(page).watch(page, origin);
    await page.goto(origin);
    await page.locator("#login-form button:enabled").waitFor();
    return playground;
  }

  /** Another tab of the same browser. */
  watch(page, origin = new URL(this.page.url()).origin) {
    page.on("console", (message) => {
      const isBad = ["error", "warning"].includes(message.type());
      if (isBad && !EXPECTED.test(message.text())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(`${error}`));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) this.complaints.push(request.url());
    });
    return this;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  press(name) {
    return this.button(name).click();
  }

  async signIn() {
    await this.press("Sign in");
    await this.says(/^Signed in\. /);
  }

  /** Waits for what is said beside the picture. */
  async says(words, seconds) {
    let said;
    const matches = async () => words.test((said = await this.page.getByRole("status").first().textContent()));
    await until(`it says ${words}`, matches, seconds).catch((error) => {
      throw new Error(`${error.message}; it says: ${said}`);
    });
  }

  /** Waits for what somebody does in the story: "You", "The thief", "The server". */
  async tells(who, words) {
    const item = this.page.locator("#story li").filter({ hasText: words });
    await item.first().waitFor();
    const head = await item.first().locator(".who").textContent();
    if (head !== who) throw new Error(`${head} and not ${who}: ${words}`);
  }

  /** What is known of the user, by its name on the page. */
  async fact(name) {
    return this.page.locator(".facts div", { hasText: name }).locator("dd").textContent();
  }

  /** What a line of the picture says of its rest. */
  async left(name) {
    return this.page.locator("#life .row", { hasText: name }).locator(".left").textContent();
  }
}
