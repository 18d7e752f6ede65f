// After a failure that may pass, nobody asks for a while: not a timer, not a hundred requests at once.

import { Unavailable } from "./errors.js";

/** @param {import("./platform.js").Platform} platform */
export function pauses({ now, random }) {
  let failures = 0;
  let until = 0;
  /** @type {any} */
  let failure;

  /** Seconds that are left of it; less than none when it is over. */
  const left = () => (until - now()) / 1000;
  const end = () => { failures = until = 0; };

  return {
    left,
    end,

    /** @throws {Unavailable} while it lasts */
    check() {
      if (left() > 0) throw new Unavailable(failure, failure.status, Math.ceil(left()));
    },

    /**
     * Begins one, and throws `error`.
     *
     * @param {unknown} error   whose `retryAfter`, if there is one, is what the server asks for
     * @returns {never}
     */
    fail(error) {
      failure = error;
      const { retryAfter } = failure;
      // What a server asks for is done, unless it is absurd; otherwise each pause is twice the one before, up to a minute.
      // Clients that failed together do not come back together, and none sooner than it was told to.
      const seconds = retryAfter
        ? Math.min(3600, retryAfter) * (1 + random() / 10)
        : Math.min(60, 2 ** failures++) * (0.5 + random() / 2);
      until = now() + seconds * 1000;
      throw error;
    },

    /** Things may be better. What a server asked for still holds. */
    lift: () => { if (!failure?.retryAfter) end(); },
  };
}
