// What is stored: one session of one server, and which generation of it. Both tokens are opaque.

/**
 * What a login or a refresh brought, in the words of docs/http.md. Whatever else an answer has may stay in it.
 *
 * @typedef {object} Tokens
 * @property {string} [session_id]       one is made up where a server has none
 * @property {string} [access_token]     absent where a cookie carries it
 * @property {string} [refresh_token]    absent where a cookie carries it, or where the old one stays
 * @property {number} [expires_in]       seconds, from the moment when the answer was sent
 * @property {number} [refresh_after]
 */

/**
 * @typedef {object} Mark
 * @property {string} server       whose tokens these are; they are never shown to another
 * @property {string} session_id
 * @property {number} generation   counts what was stored of this session here; not the server's number
 * @property {number} at           when it was stored, by this machine's clock: a hint
 */

/** @typedef {Tokens & Mark} Session */

/**
 * A storage's text, and what it says to us. A text that is none of ours says nothing.
 *
 * @typedef {object} Held
 * @property {string | null} text
 * @property {Session | null} session
 * @property {string | undefined} id   of the session
 */

/**
 * @param {string | null | undefined} text
 * @param {string} server
 * @returns {Held}
 */
export function held(text, server) {
  const value = parsed(text);
  const id = value?.server === server ? value.session_id : undefined;
  return { text: text ?? null, session: id ? value : null, id };
}

/**
 * Undefined where `text` is no JSON.
 *
 * @param {any} text
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
 * @param {{server: string, session_id: string, at: number}} mark   its `session_id` is for servers that have none
 * @returns {Session}
 */
export function following(before, tokens, mark) {
  const session_id = tokens.session_id ?? before?.session_id ?? mark.session_id;
  const stays = before?.session_id === session_id ? before : undefined;
  // Without rotation an answer has no refresh token, and the old one stays.
  const refresh_token = tokens.refresh_token ?? stays?.refresh_token;
  const generation = (stays?.generation ?? 0) + 1;
  return /** @type {any} */ ({ ...stays, ...tokens, ...mark, session_id, refresh_token, generation });
}
