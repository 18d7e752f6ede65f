// Flask-JWT-Extended, with the endpoints of its documentation; tokens in headers, or in its cookies.

import { lives } from "./jwt.js";

/** Not "The token is not yet valid", which is a clock, and not "Missing …", which is a proxy. */
const OVER = new RegExp(
  "^(Token has expired|Token has been revoked|Error loading the user|Signature verification failed|" +
    "Not enough segments|Only refresh tokens|Invalid token)",
);

/**
 * @param {{login?: string, refresh?: string, logout?: string}} [options]
 * @returns {import("./native.js").Dialect}
 */
export function flaskJwtExtended({ login = "/login", refresh = "/refresh", logout = "/logout" } = {}) {
  return {
    paths: [login, refresh, logout],
    login: (credentials) => ({ path: login, json: credentials }),
    refresh: (session, cookies) => ({
      path: refresh,
      headers: { ...bearer(session), ...csrf("csrf_refresh_token", cookies) },
    }),
    logout: (session, cookies) => ({
      path: logout,
      headers: { ...bearer(session), ...csrf("csrf_access_token", cookies) },
    }),
    tokens({ status, json }, transport) {
      if (status !== 200 || !json) return undefined;
      // What cookies hold is not in the answer, and neither is how long.
      if (transport === "cookie") return {};
      return json.access_token && { ...json, ...lives(json.access_token) };
    },
    ended: ({ status, json }) => ((status === 401 || status === 422) && OVER.test(json?.msg) ? json.msg : undefined),
    denied: ({ status, json }) => status === 401 && typeof json?.msg === "string",
    renewed: (access) => ({ access_token: access, ...lives(access) }),
    guard: (method, cookies) => ({ ...(/^(GET|HEAD|OPTIONS)$/i.test(method) ? {} : csrf("csrf_access_token", cookies)) }),
  };
}

/** @param {import("./native.js").Session | null} session */
const bearer = (session) => (session?.refresh_token ? { Authorization: `Bearer ${session.refresh_token}` } : undefined);

/**
 * The double submit: what a page of another site cannot read, it cannot repeat.
 *
 * @param {string} name
 * @param {string} cookies
 */
function csrf(name, cookies) {
  const found = cookies.split("; ").find((cookie) => cookie.startsWith(`${name}=`));
  return found ? { "X-CSRF-TOKEN": found.slice(name.length + 1) } : undefined;
}
