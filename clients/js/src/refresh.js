// One refresh, however many ask for it: one promise in this context, one lock across contexts, and a server that
// answers twins with the same tokens where neither is to be had.

import { ask } from "./ask.js";
import { SessionEnded, StorageFailed, Unavailable } from "./errors.js";
import { exclusive, webLock } from "./exclusive.js";
import { following } from "./record.js";

/** @typedef {import("./record.js").Held} Held */
/** @typedef {import("./record.js").Session} Session */

/** How long a lock is waited for: whoever holds it may be a frozen tab. */
const PATIENCE = 3_000;
/** Seconds. docs/protocol.md has a token as superseded for 30 s. */
const SUPERSEDED = 31;
const SLOWEST = 10;

export class Refresh {
  #at;
  /** @type {{text: string | null, promise: Promise<Held>} | undefined} */
  #flying;

  /** @param {import("./session.js").Parts} parts */
  constructor(parts) {
    this.#at = parts;
  }

  /**
   * What is stored in the place of `held`: by somebody who was faster, or by this.
   *
   * @param {Held} held
   * @returns {Promise<Held>}
   * @throws {SessionEnded | Unavailable | StorageFailed}
   */
  replace(held) {
    if (this.#flying?.text === held.text) return this.#flying.promise;
    const flying = { text: held.text, promise: this.#alone(held) };
    this.#flying = flying;
    const landed = () => void (this.#flying === flying && (this.#flying = undefined));
    flying.promise.then(landed, landed);
    return flying.promise;
  }

  /** @param {Held} held */
  async #alone(held) {
    const { kept, pause, platform, storage } = this.#at;
    pause.check();
    const waiting = new AbortController();
    const stop = () => waiting.abort();
    const timer = platform.setTimeout(stop, PATIENCE);
    // Whoever holds the lock has stored something: that is what everybody waits for.
    const unwatch = kept.onSeen(({ text }) => void (text !== held.text && stop()));
    const leave = kept.section();
    const acquire = storage.lock ?? (storage.name === undefined ? undefined : webLock(platform.locks, storage.name));
    const work = () => {
      platform.clearTimeout(timer);
      unwatch();
      return this.#unlessReplaced(held);
    };
    return exclusive(acquire, waiting.signal, work, (release) => {
      const letGo = () => {
        release();
        leave();
      };
      // Until others see what was stored, their turn would only make them ask for the same.
      if (storage.lag && acquire) platform.setTimeout(letGo, storage.lag);
      else letGo();
    });
  }

  /** @param {Held} held */
  async #unlessReplaced(held) {
    const now = await this.#at.kept.read();
    if (now.text !== held.text) return now;
    // Another request of this context may have failed while this one waited for its turn.
    this.#at.pause.check();
    let answer = await this.#answer(held);
    if (this.#at.dialect.superseded?.(answer)) {
      await this.#aMoment();
      const later = await this.#at.kept.read();
      if (later.text !== held.text) return later;
      answer = await this.#answer(held);
    }
    return this.#judge(held, answer);
  }

  /** @param {Held} held */
  async #answer({ session }) {
    const { dialect, pause, platform, server, init } = this.#at;
    try {
      return await ask(platform, server, dialect.refresh(session, platform.cookies()), { seconds: patience(session), init });
    } catch (error) {
      pause.begin(error);
      throw error;
    }
  }

  /**
   * @param {Held} held
   * @param {import("./ask.js").Answer} answer
   */
  async #judge(held, answer) {
    const { dialect, pause, transport } = this.#at;
    const tokens = answer.status < 300 ? dialect.tokens(answer.json, transport) : undefined;
    if (tokens) return this.#store(held, tokens);
    const reason = dialect.ended(answer);
    if (reason !== undefined) return this.#end(held, reason);
    const superseded = dialect.superseded?.(answer);
    const retryAfter = superseded ? SUPERSEDED : answer.retryAfter;
    const failure = new Unavailable("The session cannot be refreshed now.", { status: answer.status, retryAfter });
    pause.begin(failure, retryAfter);
    throw failure;
  }

  /**
   * @param {Held} held
   * @param {import("./record.js").Tokens} tokens
   */
  async #store(held, tokens) {
    const { kept, pause, fresh } = this.#at;
    try {
      const stored = await kept.swap(held, following(held.session, tokens, fresh()));
      if (stored) {
        pause.end();
        return stored;
      }
    } catch (error) {
      // What is not stored is not used: asked again with the old token, the server answers the same.
      pause.begin(error);
      throw error;
    }
    const now = await kept.read();
    // Signed out, or somebody else by now: what came is nobody's, and must not live on at the server.
    if (held.session && now.session?.session !== held.session.session) this.#at.revoke({ ...held.session, ...tokens });
    return now;
  }

  /**
   * @param {Held} held
   * @param {string} reason
   */
  async #end(held, reason) {
    const { kept, pause } = this.#at;
    pause.end();
    // Only what was refused goes: a newer generation, or somebody else's session, stays.
    if (held.text !== null && !(await kept.swap(held, null, reason))) {
      const now = await kept.read();
      if (now.session) return now;
    }
    throw new SessionEnded(reason);
  }

  #aMoment() {
    return new Promise((resolve) => this.#at.platform.setTimeout(() => resolve(undefined), 1000));
  }
}

/**
 * Seconds until a refresh is given up: below (M - W) / 2, as docs/protocol.md (I7) asks, where M is `refresh_after` and
 * W, the replay window, is less than what is left of the token then. A second at least: what comes too late is only
 * stored where nothing else was.
 *
 * @param {Session | null} session
 */
function patience(session) {
  const { refreshAfter = Infinity, expiresIn = Infinity } = session ?? {};
  const bound = refreshAfter === Infinity || expiresIn === Infinity ? SLOWEST : (2 * refreshAfter - expiresIn) / 2;
  return Math.max(1, Math.min(SLOWEST, bound));
}
