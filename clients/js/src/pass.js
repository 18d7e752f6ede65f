// What a request takes along, and what its answer means: shared by `fetch` and by the adapters of other clients.

import { Unavailable } from "./errors.js";
import { unlessAborted } from "./platform.js";
import { following } from "./record.js";

/** @typedef {import("./record.js").Held} Held */

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {(name: string) => string | null | undefined} header
 * @property {() => Promise<any> | any} json   asked for only with a 401; may fail
 */

const SAFE = ["GET", "HEAD", "OPTIONS"];

export class Pass {
  #at;
  #held;
  #last;
  #signal;
  #method;

  /**
   * @param {import("./session.js").Parts} parts
   * @param {Held} held
   * @param {{method: string, signal?: AbortSignal | null | undefined}} request
   * @param {boolean} [last]
   */
  constructor(parts, held, { method, signal }, last = false) {
    this.#at = parts;
    this.#held = held;
    this.#method = method;
    this.#signal = signal;
    this.#last = last;
  }

  /** @returns {Record<string, string>} */
  get headers() {
    const { dialect, platform, transport } = this.#at;
    const access = this.#held.session?.access;
    if (transport === "cookie") return SAFE.includes(this.#method) ? {} : (dialect.guard?.(platform.cookies()) ?? {});
    return access ? { Authorization: `${dialect.scheme ?? "Bearer"} ${access}` } : {};
  }

  /** Whether cookies have to come along. */
  get cookies() {
    return this.#at.transport === "cookie";
  }

  /**
   * The pass with which to ask once more, or nothing: then the answer is the caller's.
   *
   * @param {Reply} reply
   * @returns {Promise<Pass | undefined>}
   */
  async answered({ status, header, json }) {
    if (status !== 401) {
      await this.#takeUp(header);
      return undefined;
    }
    const { dialect, kept, refresh, transport } = this.#at;
    if (this.#last || (!this.#held.session && transport === "header")) return undefined;
    if (dialect.final && dialect.final(await Promise.resolve(json()).catch(() => undefined))) return undefined;
    // A 401 says something of the token that was sent. If another is stored by now, it is late.
    let now = await kept.read();
    if (now.text === this.#held.text) now = await unlessAborted(refresh.replace(this.#held), this.#signal);
    // What one user asked for is not asked again as another.
    const same = this.#held.session === null || now.session?.session === this.#held.session.session;
    return now.session && same ? new Pass(this.#at, now, { method: this.#method, signal: this.#signal }, true) : undefined;
  }

  /**
   * A server may renew the access token on the way. The newest one that was sent is the only one it replaces.
   *
   * @param {Reply["header"]} header
   */
  async #takeUp(header) {
    const { dialect, fresh, kept, renewal, transport } = this.#at;
    const { session } = this.#held;
    if (transport === "cookie" || !session || !renewal) return;
    const [scheme, access, ...more] = (header(renewal) ?? "").trim().split(/\s+/);
    const ours = (dialect.scheme ?? "Bearer").toLowerCase();
    if (scheme?.toLowerCase() !== ours || !access || more.length > 0 || access === session.access) return;
    // A storage that fails keeps the token that is good as well; the answer is the caller's in any case.
    await kept.swap(this.#held, following(session, dialect.renewed(access), fresh())).catch(() => {});
  }
}

/**
 * The pass for a request that is about to be sent. A token that is near its end is replaced before, and one that is
 * only due while the request is on its way.
 *
 * @param {import("./session.js").Parts} parts
 * @param {{method: string, signal?: AbortSignal | null | undefined}} request
 */
export async function passFor(parts, request) {
  const { signal } = request;
  const held = await unlessAborted(parts.kept.read(), signal);
  try {
    const now = await unlessAborted(current(parts, held), signal);
    return new Pass(parts, now, request);
  } catch (error) {
    // The age is a hint: the token may be good, and then the request is none the worse for a server that is away.
    if (error instanceof Unavailable && held.session) return new Pass(parts, held, request);
    throw error;
  }
}

/**
 * What is stored, refreshed if it has to be.
 *
 * @param {import("./session.js").Parts} parts
 * @param {Held} held
 * @returns {Promise<Held>}
 */
export async function current({ age, refresh }, held) {
  if (!held.session) return held;
  if (age.isSpent(held.session)) return refresh.replace(held);
  if (age.isDue(held.session)) refresh.replace(held).catch(() => {});
  return held;
}
