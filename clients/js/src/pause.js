// After a failure that may pass, nobody asks for a while: not a timer, not a hundred requests at once.

import { Unavailable } from "./errors.js";

const SHORTEST = 1;
const LONGEST = 60;
/** What a server asks for is done, unless it is absurd. */
const OBEYED = 3600;

export class Pause {
  #platform;
  #failures = 0;
  #until = -Infinity;
  #asked = false;
  /** @type {unknown} */
  #cause;

  /** @param {import("./platform.js").Platform} platform */
  constructor(platform) {
    this.#platform = platform;
  }

  /** Seconds that are left of it. */
  get left() {
    return Math.max(0, (this.#until - this.#platform.now()) / 1000);
  }

  /** @throws {Unavailable} while it lasts */
  check() {
    const { left } = this;
    const cause = this.#cause;
    if (left > 0) {
      const status = cause instanceof Unavailable ? cause.status : undefined;
      throw new Unavailable("Asking again has to wait.", { retryAfter: Math.ceil(left), status, cause });
    }
  }

  /**
   * @param {unknown} cause
   * @param {number} [retryAfter]  seconds that the server asks for
   */
  begin(cause, retryAfter) {
    const step = Math.min(LONGEST, SHORTEST * 2 ** this.#failures);
    this.#failures += 1;
    this.#asked = retryAfter !== undefined;
    // Clients that failed together do not come back together; and none sooner than it was told to.
    const random = this.#platform.random();
    const seconds = retryAfter === undefined ? step * (0.5 + random / 2) : Math.min(OBEYED, Math.max(SHORTEST, retryAfter)) * (1 + random / 10);
    this.#until = this.#platform.now() + seconds * 1000;
    this.#cause = cause;
  }

  end() {
    this.#failures = 0;
    this.#until = -Infinity;
  }

  /** The network is back. What a server asked for still holds. */
  lift() {
    if (!this.#asked) this.end();
  }
}
