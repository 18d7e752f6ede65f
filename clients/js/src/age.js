// How old what is stored is. A hint: it decides when to refresh, and never whether somebody is signed in.

/** @typedef {import("./record.js").Session} Session */

/** @param {import("./platform.js").Platform} platform */
export function ages({ now, wall }) {
  let known = 0;
  let since = 0;

  /**
   * Seconds since `session` was stored, whichever clock says more: the wall clock may have been set back since, and
   * the other one may stand still while a machine sleeps. Too much costs one refresh, too little one 401.
   *
   * @param {Session} session
   */
  function ageOf({ at }) {
    const age = wall() - at;
    if (known !== at) since = now() - Math.max(0, age);
    known = at;
    return Math.max(age, now() - since) / 1000;
  }

  return {
    ageOf,
    /** @param {Session} session */
    isDue: (session) => ageOf(session) >= (session.refresh_after ?? Infinity),
    /**
     * Whether it is no use to send the access token: it may well expire on the way.
     *
     * @param {Session} session
     */
    isSpent: (session) => ageOf(session) >= (session.expires_in ?? Infinity) * 0.9,
  };
}
