// tymon/jwt-auth and PHP-Open-Source-Saver/jwt-auth, with the controller of their guides: one token, which is exchanged
// also after its end.

import { lives, livesFor } from "./jwt.js";

const OVER = [
  "Token has expired and can no longer be refreshed",
  "The token has been blacklisted",
  "User not found",
  "Token Signature could not be verified.",
];

/**
 * @param {{prefix?: string}} [options]
 * @returns {import("./native.js").Dialect}
 */
export function tymon({ prefix = "/api/auth" } = {}) {
  const paths = { login: `${prefix}/login`, refresh: `${prefix}/refresh`, logout: `${prefix}/logout` };
  /** @param {import("./native.js").Session | null} session */
  const headers = (session) => ({ Authorization: `Bearer ${session?.access_token}` });
  return {
    paths: Object.values(paths),
    login: (credentials) => ({ path: paths.login, json: credentials }),
    refresh: (session) => ({ path: paths.refresh, headers: headers(session) }),
    logout: (session) => ({ path: paths.logout, headers: headers(session) }),
    tokens: ({ status, json }) =>
      status === 200 && json?.access_token ? { access_token: json.access_token, ...livesFor(json.expires_in) } : undefined,
    ended: ({ status, json }) => (status === 401 && OVER.includes(json?.message) ? json.message : undefined),
    denied: ({ status, json }) => status === 401 && json?.error === "Unauthorized",
    // As `jwt.refresh` and `jwt.renew` have it: any answer may bring the next token.
    renewed: (access) => ({ access_token: access, ...lives(access) }),
  };
}
