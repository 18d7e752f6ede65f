// Somebody with a front end: pages that share one storage, and races at each end of an access token.

import { setTimeout as pause } from "node:timers/promises";

import { json } from "./api.js";
import { Random } from "./random.js";
import { Realm } from "./realm.js";

const USERNAME = "demo";
const PASSWORD = "demo-password";

export class Person {
  /** Whether the front end has sent its user to the login. */
  sentToLogin = false;
  logins = 0;
  /** Races that count, and those that do not, for a refresh was slower than `bound`; and how many of those logged out. */
  races = 0;
  outside = 0;
  logoutsOutside = 0;
  /** Logins that the front end has asked for, and how many of them when nothing was lost and nothing sent twice. */
  logouts = 0;
  logoutsByRaceAlone = 0;
  /** Races in which one refresh token was presented more than once. */
  contested = 0;
  /** The sessions that the API was told of. */
  sessions = new Set();
  /** Pages or contexts, each with its realm and its front end. */
  pages = [];
  #front;
  #network;
  #number;
  #reloads = [];
  #sent = () => (this.sentToLogin = true);

  constructor(front, network, number, seed) {
    this.kept = front.store(new Random(`${seed} storage ${number}`), this.#sent);
    this.line = network.line(String(number));
    this.#front = front;
    this.#network = network;
    this.#number = number;
  }

  async signIn() {
    this.logins += 1;
    this.leave();
    this.sentToLogin = false;
    this.pages = Array.from({ length: this.#front.pages }, (_, page) => this.#open(page));
    await this.pages[0].api.signIn(USERNAME, PASSWORD);
    await this.#front.settled(this.kept);
  }

  /**
   * One race when the access token has expired, and then a look whether every page still works. Where a refresh took longer
   * than `bound`, because the machine is busy with something else, nothing is promised: the person begins anew.
   */
  async race({ calls, fates, away }, bound = Infinity) {
    await this.expired();
    this.line.plan(fates);
    this.#reloads = [];
    // Away once: who comes back stays.
    const pages = this.pages.length;
    this.line.onGone = (page) => this.#reloads.push(this.#comeBack(page, this.#reloads.length < pages ? away : 0));
    await Promise.all(calls.map(({ page, at }) => this.#call(page, at)));
    // A page that is opened anew may be lost, too.
    for (let seen = 0; seen < this.#reloads.length; seen++) await this.#reloads[seen];
    if (this.line.lost > 0 && this.#reloads.length === 0) await pause(away);

    const alone = this.line.lost === 0 && this.line.twice === 0;
    const slowest = this.line.slowest;
    this.line.calm();
    for (const { api } of this.pages) {
      if (!this.sentToLogin && !(await this.works(api))) this.sentToLogin = true;
    }
    await this.#front.settled(this.kept);
    if (slowest > bound) {
      this.outside += 1;
      this.logoutsOutside += this.sentToLogin ? 1 : 0;
      return this.signIn();
    }
    this.races += 1;
    if ([...this.line.presented.values()].some((times) => times > 1)) this.contested += 1;
    if (!this.sentToLogin) return;
    this.logouts += 1;
    this.logoutsByRaceAlone += alone ? 1 : 0;
    this.line.note("logged out");
    await this.signIn();
  }

  /** Whether a page gets what it asks for, with as many tries as its front end leaves to people. */
  async works(api) {
    for (let tries = 0; tries < this.#front.tries; tries++) {
      const answer = await api.load("/me/").catch((error) => this.line.note(`refused: ${error.message}`));
      if (answer?.user) {
        this.sessions.add(answer.session);
        return true;
      }
      await this.#front.settled(this.kept);
    }
    return false;
  }

  /** Closes a page and opens it anew. */
  reload(page) {
    this.pages[page].realm.close();
    this.pages[page] = this.#open(page);
    return this.pages[page];
  }

  /** Settles when the access token has expired. */
  expired() {
    const claims = json(this.#front.access(this.kept)?.split(".")[1] ?? "");
    return pause(Math.max(0, (claims?.exp ?? 0) * 1000 - Date.now() + 20));
  }

  /** Closes all pages. */
  leave() {
    this.pages.forEach(({ realm }) => realm.close());
  }

  #open(page) {
    const realm = new Realm(`${this.#network.origin}/${this.#number}/${page}/api`, this.#sent);
    return { realm, api: this.#front.open(realm, this.kept) };
  }

  async #comeBack(page, away) {
    this.pages[page].realm.close();
    await pause(away);
    this.reload(page);
    await this.#call(page, 0);
  }

  /** The application asks for something. Whether it gets it is looked at later. */
  async #call(page, at) {
    await pause(at);
    const { realm, api } = this.pages[page];
    await Promise.race([api.load("/me/").catch(() => {}), realm.gone]);
  }
}
