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
  return { text: text ?? null, session: text ? parsed(text, server) : null };
}

/**
 * @param {string} text
 * @param {string} server
 * @returns {Session | null}
 */
function parsed(text, server) {
  try {
    const value = JSON.parse(text);
    return value.server === server && typeof value.session === "string" && value.generation > 0 ? value : null;
  } catch {
    return null;
  }
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
  const same = before?.session === session;
  return JSON.stringify({
    server: fresh.server,
    session,
    generation: same ? before.generation + 1 : 1,
    at: fresh.at,
    access: tokens.access,
    // Without rotation an answer has no refresh token, and the old one stays.
    refresh: tokens.refresh ?? (same ? before.refresh : undefined),
    ...lives(tokens),
  });
}

/** @param {Tokens} tokens */
function lives({ access, expiresIn, refreshAfter }) {
  const life = expiresIn ?? lifeOf(access);
  return { expiresIn: life, refreshAfter: refreshAfter ?? (life && (life * 2) / 3) };
}

/**
 * How long a JWT lives, by its own two claims: their difference needs no correct clock. Only for servers that do not say.
 *
 * @param {string | undefined} token
 */
function lifeOf(token) {
  try {
    const claims = JSON.parse(atob(/** @type {string} */ (token?.split(".")[1]).replace(/-/g, "+").replace(/_/g, "/")));
    const life = claims.exp - (claims.iat ?? claims.orig_iat);
    return life > 0 ? life : undefined;
  } catch {
    return undefined;
  }
}
