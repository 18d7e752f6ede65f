// drf-jwt, and django-rest-framework-jwt before it: one token, which is exchanged while it lives. So a page that is
// closed, or a machine that sleeps, for longer than JWT_EXPIRATION_DELTA is signed out; timers are all the more needed.

import { lives } from "./jwt.js";

/**
 * @param {{obtain?: string, refresh?: string, blacklist?: string, scheme?: string}} [options]  `scheme`: the package's
 *   JWT_AUTH_HEADER_PREFIX; django-rest-framework-jwt has `JWT`
 * @returns {import("./native.js").Dialect}
 */
export function drfJwt(options = {}) {
  const { obtain = "/api-token-auth/", refresh = "/api-token-refresh/", scheme = "Bearer" } = options;
  const { blacklist = "/api-token-blacklist/" } = options;
  return {
    paths: [obtain, refresh, blacklist],
    scheme,
    login: (credentials) => ({ path: obtain, json: credentials }),
    refresh: (session) => ({ path: refresh, json: { token: session?.access_token } }),
    logout: (session) => ({ path: blacklist, json: { token: session?.access_token } }),
    // 200 or 201, by the package's release.
    tokens: ({ status, json }) =>
      status < 300 && json?.token ? { access_token: json.token, ...lives(json.token) } : undefined,
    // All that its serializer says of a token. A field that is missing has a name of its own.
    ended: ({ status, json }) =>
      status === 400 && Array.isArray(json?.non_field_errors) ? `${json.non_field_errors[0]}` : undefined,
    denied: ({ status, json }) => status === 400 && Array.isArray(json?.non_field_errors),
    renewed: (access) => ({ access_token: access, ...lives(access) }),
  };
}
