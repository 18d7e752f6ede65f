// Rekindle's own endpoints: docs/http.md.

/**
 * How a server is spoken to. `json` is undefined where the answer was none; `transport` is "header" or "cookie".
 *
 * @typedef {object} Dialect
 * @property {string[]} paths            its own endpoints: a 401 from one of them is no reason to refresh
 * @property {string} [scheme]           of the Authorization header; Bearer
 * @property {string} [renewal]          the header in which an answer has a new access token; Authorization
 * @property {(credentials: any, transport: string) => Question} login
 * @property {(session: Session | null, cookies: string) => Question} refresh
 * @property {(session: Session | null, cookies: string) => Question | undefined} logout   undefined: it has none
 * @property {(answer: Answer, transport: string) => Tokens | undefined} tokens   undefined: this is no success
 * @property {(answer: Answer, session: Session | null) => string | undefined} ended   why, if this proves that `session`
 *   is over
 * @property {(answer: Answer) => boolean} [superseded]
 * @property {(answer: Answer) => boolean} denied             wrong name or password
 * @property {(access: string) => Tokens} renewed             an access token that came in a header
 * @property {(json: any) => boolean} [final]                 a 401 that no refresh mends
 * @property {(method: string, cookies: string) => Record<string, string>} [guard]   against forged requests, where cookies
 *   authenticate
 */
/** @typedef {import("../src/ask.js").Question} Question */
/** @typedef {import("../src/ask.js").Answer} Answer */
/** @typedef {import("../src/record.js").Tokens} Tokens */
/** @typedef {import("../src/record.js").Session} Session */

/** @returns {Dialect} */
export function native() {
  return {
    paths: ["/v1/login", "/v1/refresh", "/v1/logout"],
    login: (credentials, transport) => ({ path: "/v1/login", json: { ...credentials, transport } }),
    refresh: (session) => ({ path: "/v1/refresh", json: token(session) }),
    logout: (session) => ({ path: "/v1/logout", json: token(session) }),
    // Where tokens do not rotate, an answer may come when it was due already, and what it has is all there is for a while.
    tokens: ({ status, json }) =>
      status === 200 && json?.session_id ? { ...json, refresh_after: json.refresh_after || json.expires_in } : undefined,
    // Without the refresh cookie there is nothing to keep. A token that was sent is missed by a proxy alone.
    ended: ({ status, json }, session) =>
      status === 401 && ["session_ended", token(session) || "token_missing"].includes(json?.code)
        ? (json.reason ?? "unknown")
        : undefined,
    superseded: ({ json }) => json?.code === "superseded",
    denied: ({ json }) => json?.code === "invalid_credentials",
    renewed: (access_token) => ({ access_token }),
    // A wrong old password: asking again would only count as a second try.
    final: (json) => json?.code === "invalid_credentials",
  };
}

/** @param {Session | null} session */
const token = (session) => session?.refresh_token && { refresh_token: session.refresh_token };
