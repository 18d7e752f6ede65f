// What lies between: it delays, holds, loses, and answers in a server's place.

/** One request or answer that waits until the test wants it. */
class Hold {
  constructor() {
    this.arrived = new Promise((resolve) => (this.arrive = resolve));
    this.going = new Promise((resolve) => Object.assign(this, { release: () => resolve(true), lose: () => resolve(false) }));
  }
}

export class Network {
  offline = false;
  /** Milliseconds there, and back. */
  delay = 10;
  /** What becomes of each request: `{ there, back, lost }`, milliseconds, and "request" or "answer". */
  weather = () => ({});
  /** `POST /v1/refresh` and so on, in the order in which they were sent. */
  sent = [];
  #servers = new Map();
  #holds = [];
  #instead = [];

  constructor(clock) {
    this.clock = clock;
  }

  /** Whoever answers for `origin`: an object with `answer(request)`. */
  serve(origin, server) {
    this.#servers.set(origin, server);
    return server;
  }

  /** Stops the next such request, or its answer. */
  hold(what, at = "answer") {
    const hold = new Hold();
    this.#holds.push({ what, at, hold });
    return hold;
  }

  /** Answers such requests in the server's place, `times` times; `make` is given the request. */
  instead(what, make, times = 1) {
    for (let n = 0; n < times; n++) this.#instead.push({ what, make });
  }

  /** No longer. */
  clear() {
    this.#instead = [];
  }

  count(what) {
    return this.sent.filter((each) => each.what === what).length;
  }

  /** The `fetch` of a browser with this jar. */
  fetch(jar = new Map()) {
    return (input, init = {}) => {
      const request = new Request(typeof input === "string" ? new URL(input, "https://app.test") : input, { duplex: "half", ...init });
      const answered = this.#carried(request, request.credentials === "include" ? jar : new Map());
      const { signal } = request;
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
        answered.then(resolve, reject);
      });
    };
  }

  async #carried(request, jar) {
    const url = new URL(request.url);
    const what = `${request.method} ${url.pathname}`;
    const taken = (list, matches) => {
      const found = list.findIndex(matches);
      return found < 0 ? undefined : list.splice(found, 1)[0];
    };
    this.sent.push({ what, origin: url.origin, authorization: request.headers.get("authorization") });
    const [body, names] = [request.body ? await request.arrayBuffer() : undefined, [...jar].map((pair) => pair.join("=")).join("; ")];
    if (this.offline) throw new TypeError("fetch failed");
    const { there = this.delay, back = this.delay, lost } = this.weather();
    await this.clock.sleep(there);
    if (lost === "request") throw new TypeError("fetch failed");
    const first = taken(this.#holds, (each) => each.what === what && each.at === "request");
    first?.hold.arrive();
    if (first && !(await first.hold.going)) throw new TypeError("fetch failed");
    const headers = new Headers(request.headers);
    if (names) headers.set("x-test-cookies", names);
    const copy = new Request(request.url, { method: request.method, headers, body });
    const instead = taken(this.#instead, (each) => each.what === what);
    const response = await (instead ? instead.make(copy) : this.#servers.get(url.origin).answer(copy));
    const last = taken(this.#holds, (each) => each.what === what && each.at === "answer");
    last?.hold.arrive();
    if (last && !(await last.hold.going)) throw new TypeError("fetch failed");
    await this.clock.sleep(back);
    if (this.offline || lost) throw new TypeError("fetch failed");
    for (const cookie of response.headers.getSetCookie()) {
      const [name, value] = cookie.split("=");
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    return response;
  }
}
