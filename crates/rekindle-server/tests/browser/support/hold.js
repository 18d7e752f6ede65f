// Requests and answers that are stopped on their way, so that they arrive when the test wants it.

/** One request or answer that waits. */
export class Hold {
  /** Settles when it is there. */
  arrived;
  #arrive;
  #go;
  #going;

  constructor() {
    this.arrived = new Promise((resolve) => (this.#arrive = resolve));
    this.#going = new Promise((resolve) => (this.#go = resolve));
  }

  /** Lets it go on. */
  release() {
    this.#go("on");
  }

  /** It is lost. */
  lose() {
    this.#go("lost");
  }

  /** For the site: waits, and says whether it goes on. */
  async wait() {
    this.#arrive();
    return (await this.#going) === "on";
  }
}

/** The holds of a site: the next request that is meant is taken, and no later one. */
export class Holds {
  #waiting = [];

  /** `request` is such as `POST /v1/refresh`; `at` is `request` or `answer`. */
  add(request, at) {
    const hold = new Hold();
    this.#waiting.push({ request, at, hold });
    return hold;
  }

  /** `count` requests that go on when the last of them is there. */
  gather(request, count) {
    const holds = Array.from({ length: count }, () => this.add(request, "request"));
    Promise.all(holds.map((hold) => hold.arrived)).then(() => holds.forEach((hold) => hold.release()));
  }

  /** Takes the first that means `request`. */
  take(request) {
    const found = this.#waiting.findIndex((waiting) => waiting.request === request);
    return found < 0 ? undefined : this.#waiting.splice(found, 1)[0];
  }
}
