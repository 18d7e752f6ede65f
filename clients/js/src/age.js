// How old what is stored is. A hint: it decides when to refresh, and never whether somebody is signed in.

/** @typedef {import("./record.js").Session} Session */

export class Age {
  #platform;
  /** @type {{key: string, since: number} | undefined} */
  #seen;

  /** @param {import("./platform.js").Platform} platform */
  constructor(platform) {
    this.#platform = platform;
  }

  /**
   * Seconds since `session` was stored, whichever clock says more: the wall clock may have been set back since, and
   * the other one may stand still while a machine sleeps. Too much costs one refresh, too little one 401.
   *
   * @param {Session} session
   */
  of(session) {
    const [now, age] = [this.#platform.now(), this.#platform.wall() - session.at];
    const key = `${session.session} ${session.generation} ${session.at}`;
    if (this.#seen?.key !== key) this.#seen = { key, since: now - Math.max(0, age) };
    return Math.max(age, now - this.#seen.since) / 1000;
  }

  /** @param {Session} session */
  isDue(session) {
    return this.of(session) >= (session.refreshAfter ?? Infinity);
  }

  /**
   * Whether it is no use to send the access token: it may well expire on the way.
   *
   * @param {Session} session
   */
  isSpent({ expiresIn = Infinity, ...session }) {
    return this.of(session) >= expiresIn - Math.min(5, expiresIn / 10);
  }
}
