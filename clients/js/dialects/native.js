// Rekindle's own endpoints: docs/http.md.

/**
 * How a server is spoken to. `json` is undefined where the answer was none; `transport` is "header" or "cookie".
 *
 * @typedef {object} Dialect
 * @property {string[]} paths            its own endpoints: a 401 from one of them is no reason to refresh
 * @property {boolean} [cookies]         whether it has the cookie transport
 * @property {string} [scheme]           of the Authorization header; Bearer
 * @property {(credentials: any, transport: string) => Question} login
 * @property {(session: Session | null, cookies: string) => Question} refresh
 * @property {(session: Session | null, cookies: string) => Question | undefined} logout   undefined: it has none
 * @property {string} [sessions]         where the list of sessions is
 * @property {(json: any, transport: string) => Tokens | undefined} tokens   undefined: this is no success
 * @property {(answer: Answer) => string | undefined} ended   why, if this proves that the session is over
 * @property {(answer: Answer) => boolean} [superseded]
 * @property {(answer: Answer) => boolean} denied             wrong name or password
 * @property {(access: string) => Tokens} renewed             an access token that came in a header
 * @property {(json: any) => boolean} [final]                 a 401 that no refresh mends
 * @property {(cookies: string) => Record<string, string>} [guard]   against forged requests, where cookies authenticate
 */
/** @typedef {import("../src/ask.js").Question} Question */
/** @typedef {import("../src/ask.js").Answer} Answer */
/** @typedef {import("../src/record.js").Tokens} Tokens */
/** @typedef {import("../src/record.js").Session} Session */

/** @returns {Dialect} */
export function native() {
  return {
    paths: ["/v1/login", "/v1/refresh", "/v1/logout"],
    cookies: true,
    sessions: "/v1/sessions",
    login: (credentials, transport) => ({ path: "/v1/login", json: { ...credentials, transport } }),
    refresh: (session) => ({ path: "/v1/refresh", ...token(session) }),
    logout: (session) => ({ path: "/v1/logout", ...token(session) }),
    tokens: (json, transport) =>
      typeof json?.session_id === "string" && (transport === "cookie" || (json.access_token && json.refresh_token))
        ? {
            session: json.session_id,
            access: json.access_token,
            refresh: json.refresh_token,
            expiresIn: json.expires_in,
            refreshAfter: json.refresh_after,
          }
        : undefined,
    // Without a refresh cookie there is nothing to keep.
    ended: ({ status, json }) =>
      status !== 401 ? undefined
      : json?.code === "session_ended" ? json.reason ?? "unknown"
      : json?.code === "token_missing" ? "unknown"
      : undefined,
    superseded: ({ status, json }) => status === 409 && json?.code === "superseded",
    denied: ({ status, json }) => status === 401 && json?.code === "invalid_credentials",
    renewed: (access) => ({ access }),
    // A wrong old password: asking again would only count as a second try.
    final: (json) => json?.code === "invalid_credentials",
  };
}

/** @param {Session | null} session */
const token = (session) => (session?.refresh ? { json: { refresh_token: session.refresh } } : {});
