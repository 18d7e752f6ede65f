// What a request takes along, and what its answer means: shared by `fetch` and by the adapters of other clients.

import { Unavailable } from "./errors.js";
import { within } from "./platform.js";

/** @typedef {import("./record.js").Held} Held */
/** @typedef {{method: string, signal?: AbortSignal | null | undefined}} Asked */

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {{get: (name: string) => any}} headers
 * @property {boolean} [redirected]   then it may be a stranger's
 */

/**
 * @typedef {object} Pass
 * @property {Record<string, string>} headers
 * @property {boolean} cookies   whether they have to come along
 * @property {(reply: Reply, json: () => Promise<any>) => Promise<Pass | undefined>} answered   `json` may fail;
 *   the pass with which to ask once more, or nothing: then the answer is the caller's
 */

/**
 * The pass for a request that is about to be sent. A token that is near its end is replaced before, and one that is
 * only due while the request is on its way.
 *
 * @param {import("./session.js").Parts} parts
 * @param {Asked} asked
 * @returns {Promise<Pass>}
 */
export async function passFor(parts, asked) {
  const held = await parts.kept.read();
  try {
    const now = await within(parts.platform, 0, () => current(parts, held), asked.signal);
    // What one user asked for is not asked as another: not now, nor once more. The old token says whose it was.
    return pass(parts, asked, now.id && now.id !== held.id ? held : now);
  } catch (error) {
    // The age is a hint: the token may be good, and then the request is none the worse for a server that is away.
    if (error instanceof Unavailable) return pass(parts, asked, held);
    throw error;
  }
}

/**
 * What is stored, refreshed if it has to be.
 *
 * @param {import("./session.js").Parts} parts
 * @param {Held} held
 */
export async function current({ ageOf, refresh }, held) {
  if (!held.session) return held;
  const { expires_in = Infinity, refresh_after = Infinity } = held.session;
  const age = ageOf(held.session);
  // It may well expire on the way.
  if (age >= expires_in * 0.9) return refresh(held);
  if (age >= refresh_after) refresh(held).catch(() => {});
  return held;
}

/**
 * @param {import("./session.js").Parts} parts
 * @param {Asked} asked
 * @param {Held} held
 * @param {boolean} [last]
 * @returns {Pass}
 */
function pass(parts, asked, held, last) {
  const { cookies, dialect, kept, next, platform, refresh } = parts;
  const { scheme = "Bearer" } = dialect;
  const { session } = held;

  return {
    headers: session?.access_token
      ? { Authorization: `${scheme} ${session.access_token}` }
      : { ...dialect.guard?.(asked.method, platform.cookie()) },
    cookies,

    async answered({ status, headers, redirected }, json) {
      // Without a session here there may still be one in the cookies.
      if (!session && !cookies) return;
      // A server may renew the access token on the way. The one that was sent is the only one it replaces.
      const [, access] = new RegExp(`^${scheme} (\\S+)$`, "i").exec(headers.get(dialect.renewal ?? "Authorization")) ?? [];
      if (access && access !== session?.access_token && !cookies && !redirected) {
        // A storage that fails keeps the token that is good as well; the answer is the caller's in any case.
        await kept.swap(held, next(session, dialect.renewed(access))).catch(() => {});
      }
      if (status !== 401 || last) return;
      // An answer may have no end.
      if (dialect.final?.(await within(platform, 3_000, json, asked.signal).catch(() => {}))) return;
      // A 401 says something of the token that was sent. If another is stored by now, it is late.
      const stored = await kept.read();
      const renewed = () => (stored.text === held.text ? refresh(held) : current(parts, stored));
      const now = await within(platform, 0, renewed, asked.signal);
      return now.id && (held.id ?? now.id) === now.id ? pass(parts, asked, now, true) : undefined;
    },
  };
}
