// Time that stands still until it is turned.

export class Clock {
  #timers = [];
  #now = 0;
  #count = 0;
  /** What the world's clock says when this one begins; milliseconds since 1970. */
  #start = 1_800_000_000_000;

  now = () => this.#now;

  /** The true time. A machine's own may be another: `wall(skew)`. */
  true = () => this.#start + this.#now;

  setTimeout = (run, ms) => {
    const timer = { run, at: this.#now + Math.max(0, ms), turn: this.#count++ };
    this.#timers.push(timer);
    return timer;
  };

  clearTimeout = (timer) => {
    this.#timers = this.#timers.filter((each) => each !== timer);
  };

  sleep = (ms) => new Promise((resolve) => this.setTimeout(resolve, ms));

  /** Lets everything happen that is bound to happen in the next `ms`. */
  async turn(ms) {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((one, two) => one.at - two.at || one.turn - two.turn)[0];
      if (!due) break;
      this.clearTimeout(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
      await settled();
    }
    this.#now = end;
  }

  /** Turns until `promise` is settled, `ms` at most, and answers what it came to. */
  async until(promise, ms = 120_000) {
    let done = false;
    const mark = () => (done = true);
    promise.then(mark, mark);
    for (const end = this.#now + ms; ; ) {
      await settled();
      if (done) return promise;
      const next = Math.min(...this.#timers.map(({ at }) => at));
      if (next > end) throw new Error(`${ms} ms, and still waiting`);
      await this.turn(Math.max(0, next - this.#now));
    }
  }

  /** The machine sleeps: time passes, and no timer comes. What was due comes all at once afterwards. */
  sleepMachine(ms) {
    this.#now += ms;
  }
}

/** Promises run on. */
export async function settled() {
  for (let n = 0; n < 4; n++) await new Promise(setImmediate);
}
