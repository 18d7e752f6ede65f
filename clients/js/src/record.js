// What is stored: one session of one server, and which generation of it. Both tokens are opaque.

/**
 * What a login or a refresh brought.
 *
 * @typedef {object} Tokens
 * @property {string | undefined} [session]
 * @property {string | undefined} [access]      absent where cookies carry it
 * @property {string | undefined} [refresh]     absent where cookies carry it, or where the old one stays
 * @property {number | undefined} [expiresIn]   seconds, from the moment when the answer was sent
 * @property {number | undefined} [refreshAfter]
 */

/**
 * @typedef {object} Session
 * @property {string} server       whose tokens these are; they are never shown to another
 * @property {string} session
 * @property {number} generation   counts what was stored of this session here; not the server's number
 * @property {number} at           when it was stored, by this machine's clock: a hint
 * @property {string} [access]
 * @property {string} [refresh]
 * @property {number} [expiresIn]
 * @property {number} [refreshAfter]
 */

/**
 * A storage's text, and what it says to us. A text that is none of ours says nothing.
 *
 * @typedef {object} Held
 * @property {string | null} text
 * @property {Session | null} session
 */

/**
 * @param {string | null | undefined} text
 * @param {string} server
 * @returns {Held}
 */
export function held(text, server) {
  const value = text ? parsed(text) : undefined;
  const ours = value?.server === server && typeof value.session === "string" && value.generation > 0;
  return { text: text ?? null, session: ours ? value : null };
}

/**
 * Undefined where `text` is no JSON.
 *
 * @param {string} text
 */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

/**
 * What is to be stored after `before`, or as the first of a session.
 *
 * @param {Session | null} before
 * @param {Tokens} tokens
 * @param {{server: string, session: string, at: number}} fresh
 */
export function following(before, tokens, fresh) {
  const session = tokens.session ?? before?.session ?? fresh.session;
  // Without rotation an answer has no refresh token, and the old one stays.
  const stays = before?.session === session ? before : undefined;
  const generation = (stays?.generation ?? 0) + 1;
  // What JSON has no word for, undefined, is not written.
  return JSON.stringify({ ...stays, ...JSON.parse(JSON.stringify(tokens)), ...fresh, session, generation });
}
