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
  function ageOf({ session_id, generation, at }) {
    const age = wall() - at;
    const key = [session_id, generation, at].join();
    if (known !== key) since = now() - Math.max(0, age);
    known = key;
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
    isSpent: (session) => ageOf(session) >= Math.max((session.expires_in ?? Infinity) - 5, (session.expires_in ?? 0) * 0.9),
  };
}
