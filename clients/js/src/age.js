// How old what is stored is. A hint: it decides when to refresh, and never whether somebody is signed in.

/** @typedef {import("./record.js").Session} Session */

/** @param {import("./platform.js").Platform} platform */
export function ages({ now, wall }) {
  let known = "";
  let since = 0;

  /**
   * Seconds since `session` was stored, whichever clock says more: the wall clock may have been set back since, and
   * the other one may stand still while a machine sleeps. Too much costs one refresh, too little one 401.
   *
   * @param {Session} session
   */
  function ageOf({ session, generation, at }) {
    const age = wall() - at;
    const key = [session, generation, at].join();
    if (known !== key) since = now() - Math.max(0, age);
    known = key;
    return Math.max(age, now() - since) / 1000;
  }

  return {
    ageOf,
    /** @param {Session} session */
    isDue: (session) => ageOf(session) >= (session.refreshAfter ?? Infinity),
    /**
     * Whether it is no use to send the access token: it may well expire on the way.
     *
     * @param {Session} session
     */
    isSpent({ expiresIn = Infinity, ...session }) {
      return ageOf(session) >= Math.max(expiresIn - 5, expiresIn * 0.9);
    },
  };
}
