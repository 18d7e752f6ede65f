// After a failure that may pass, nobody asks for a while: not a timer, not a hundred requests at once.

import { Unavailable } from "./errors.js";

/** Seconds: the first pause at most, and every pause at most, but for what a server asks for. */
const SHORTEST = 1;
const LONGEST = 60;
/** What a server asks for is done, unless it is absurd. */
const OBEYED = 3600;

/** @param {import("./platform.js").Platform} platform */
export function pauses({ now, random }) {
  let failures = 0;
  let until = 0;
  /** @type {unknown} */
  let failure;
  let wasAsked = false;

  const left = () => Math.max(0, (until - now()) / 1000);
  const end = () => { failures = until = 0; };

  return {
    /** Seconds that are left of it. */
    left,
    end,

    /** @throws {Unavailable} while it lasts */
    check() {
      if (left()) throw new Unavailable(failure, /** @type {any} */ (failure).status, Math.ceil(left()));
    },

    /**
     * @param {unknown} cause
     * @param {number} [asked]  seconds that the server asks for
     */
    begin(cause, asked) {
      failure = cause;
      wasAsked = !!asked;
      // Clients that failed together do not come back together, and none sooner than it was told to.
      const seconds = asked ? Math.min(OBEYED, asked) * (1 + random() / 10) : Math.min(LONGEST, SHORTEST * 2 ** failures++) * (0.5 + random() / 2);
      until = now() + seconds * 1000;
    },

    /** The network is back. What a server asked for still holds. */
    lift: () => { if (!wasAsked) end(); },
  };
}
