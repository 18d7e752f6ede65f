// djangorestframework-simplejwt: with rotation or without. The sliding view is `sliding`.

import { lives } from "./jwt.js";

/** Its refresh views answer these without a `code`. */
const OVER = ["No active account found for the given token.", "The user's password has been changed."];

/**
 * @param {{prefix?: string, sliding?: boolean}} [options]
 * @returns {import("./native.js").Dialect}
 */
export function simplejwt({ prefix = "/api/token", sliding = false } = {}) {
  const paths = { login: `${prefix}/`, refresh: `${prefix}/refresh/`, logout: `${prefix}/blacklist/` };
  return {
    paths: Object.values(paths),
    login: (credentials) => ({ path: paths.login, json: credentials }),
    refresh: (session) => ({ path: paths.refresh, json: { [sliding ? "token" : "refresh"]: session?.refresh_token } }),
    // A sliding token cannot be put on the package's blacklist by this view.
    logout: (session) => (sliding ? undefined : { path: paths.logout, json: { refresh: session?.refresh_token } }),
    tokens({ status, json }) {
      const access = sliding ? json?.token : json?.access;
      if (status !== 200 || !access) return undefined;
      return { access_token: access, refresh_token: sliding ? access : json.refresh, ...lives(access) };
    },
    ended: ({ status, json }) =>
      status === 401 && (json?.code === "token_not_valid" || OVER.includes(json?.detail)) ? json.detail : undefined,
    denied: ({ status, json }) => status === 401 && typeof json?.detail === "string",
    renewed: (access) => ({ access_token: access, ...(sliding && { refresh_token: access }), ...lives(access) }),
  };
}
