// How long a token lives, for servers that do not say.

/**
 * By the token's own two claims: their difference needs no correct clock. Undefined for what is no JWT, and then only a
 * 401 tells.
 *
 * @param {string} token
 */
export function lives(token) {
  try {
    const [, payload = ""] = token.split(".");
    const { exp, iat, orig_iat } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const life = exp - (iat ?? orig_iat);
    return life > 0 ? livesFor(life) : {};
  } catch {
    return {};
  }
}

/**
 * Two thirds of a life, as Rekindle's own answers have it.
 *
 * @param {number} expires_in
 */
export const livesFor = (expires_in) => ({ expires_in, refresh_after: (expires_in * 2) / 3 });
