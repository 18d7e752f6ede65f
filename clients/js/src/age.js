// How old what is stored is. A hint: it decides when to refresh, and never whether somebody is signed in.

/** @param {import("./platform.js").Platform} platform */
export function ages({ now, wall }) {
  let known = 0;
  let since = 0;

  /**
   * Seconds since what has this mark was stored, whichever clock says more: the wall clock may have been set back since,
   * and the other one may stand still while a machine sleeps. Too much costs one refresh, too little one 401.
   *
   * @param {{at: number}} mark
   */
  return ({ at }) => {
    const age = wall() - at;
    if (known !== at) since = now() - Math.max(0, age);
    known = at;
    return Math.max(age, now() - since) / 1000;
  };
}
