// The session that an application holds.

import { native } from "../dialects/native.js";
import { inLocalStorage } from "../storage/local.js";
import { inMemory } from "../storage/memory.js";
import { Age } from "./age.js";
import { ask } from "./ask.js";
import { Cell } from "./cell.js";
import { InvalidCredentials, Overtaken, Refused, RekindleError, SignedOut, Unavailable } from "./errors.js";
import { signedInFetch } from "./fetch.js";
import { Kept } from "./kept.js";
import { current, passFor } from "./pass.js";
import { Pause } from "./pause.js";
import { browserOrNode, unlessAborted } from "./platform.js";
import { following } from "./record.js";
import { Refresh } from "./refresh.js";
import { schedule } from "./schedule.js";

/**
 * @typedef {object} Options
 * @property {string} [baseURL]         where Rekindle is: an absolute address. In a page, its own origin if absent
 * @property {string[]} [origins]       of APIs that get the token, besides that of `baseURL`
 * @property {"header" | "cookie"} [transport]  "header" unless said otherwise
 * @property {import("./cell.js").Storage} [storage]   the page's localStorage, or memory where there is none
 * @property {import("../dialects/native.js").Dialect} [dialect]
 * @property {boolean} [autoRefresh]    false: only requests refresh, no timer does
 * @property {string | null} [renewalHeader]   where a server renews access tokens on the way: Authorization; null: nowhere
 * @property {Partial<import("./platform.js").Platform>} [platform]   for tests
 */

/**
 * What the parts know of each other.
 *
 * @typedef {object} Parts
 * @property {string} server
 * @property {"header" | "cookie"} transport
 * @property {string | null} renewal
 * @property {import("../dialects/native.js").Dialect} dialect
 * @property {import("./cell.js").Storage} storage
 * @property {import("./platform.js").Platform} platform
 * @property {RequestInit} init
 * @property {() => {server: string, session: string, at: number}} fresh
 * @property {(session: import("./record.js").Session) => void} revoke   as best it can
 * @property {Kept} kept
 * @property {Age} age
 * @property {Pause} pause
 * @property {Refresh} refresh
 */

/**
 * @callback PassFor
 * @param {string} address
 * @param {{method: string, signal?: AbortSignal | null | undefined}} request
 * @returns {Promise<import("./pass.js").Pass | undefined>}  undefined: the request is none of ours
 */

/** Seconds. A password may be checked slowly on purpose. */
const LOGIN = 30;
const LOGOUT = 5;

/**
 * A session with a server. Nothing is asked before something is wanted.
 *
 * @param {Options} [options]
 */
export function createSession(options = {}) {
  const platform = Object.assign(Object.create(browserOrNode), options.platform);
  const { address } = platform;
  const base = new URL(options.baseURL ?? "/", options.baseURL && !address ? undefined : address);
  if (base.origin === "null") throw new TypeError("baseURL has no origin that could be told from others");
  const server = base.href.replace(/[?#].*$/, "").replace(/\/+$/, "");
  const dialect = options.dialect ?? native();
  const transport = options.transport ?? "header";
  if (transport === "cookie" && !dialect.cookies) throw new TypeError("This dialect has no cookie transport.");
  const storage = options.storage ?? inLocalStorage() ?? inMemory();
  const trusted = new Set([base, ...(options.origins ?? [])].map((each) => new URL(each).origin));
  // A 401 to a login is a wrong password.
  const own = new Set(dialect.paths.map((path) => new URL(server + path).pathname));

  const kept = new Kept(new Cell(storage, server, platform), storage, platform);
  /** @type {Parts} */
  const parts = {
    server,
    transport,
    renewal: options.renewalHeader === undefined ? "Authorization" : options.renewalHeader,
    dialect,
    storage,
    platform,
    init: transport === "cookie" ? { credentials: "include" } : {},
    fresh: () => ({ server, session: `${platform.random()}`.slice(2), at: platform.wall() }),
    revoke: (session) => void revoke(session).catch(() => {}),
    kept,
    age: new Age(platform),
    pause: new Pause(platform),
    refresh: /** @type {any} */ (undefined),
  };
  parts.refresh = new Refresh(parts);
  const stop = options.autoRefresh === false ? () => {} : schedule(parts);
  let attempts = 0;

  /** @type {PassFor} */
  async function pass(address, request) {
    // A relative address is what it is to fetch.
    const url = new URL(address, platform.address ?? `${server}/`);
    if (!trusted.has(url.origin) || (url.origin === base.origin && own.has(url.pathname))) return undefined;
    return passFor(parts, request);
  }

  /** @param {import("./record.js").Session | null} session */
  async function revoke(session) {
    // By cookie it would end whatever session the jar holds by then.
    if (transport === "cookie" || !session) return false;
    const question = dialect.logout(session, "");
    if (!question) return false;
    // The page may be about to leave.
    const { status } = await ask(platform, server, question, { seconds: LOGOUT, init: { keepalive: true } });
    return status < 300;
  }

  const fetch = signedInFetch({ ...parts, pass });

  return {
    /**
     * Signs in. Ends the session that was here before.
     *
     * @param {Record<string, unknown>} credentials  for Rekindle `{username, password}`, and what POST /v1/login takes besides
     * @param {{signal?: AbortSignal}} [options]
     * @returns {Promise<{session: string}>}
     * @throws {InvalidCredentials | Refused | Unavailable | Overtaken}
     */
    async login(credentials, { signal } = {}) {
      const attempt = ++attempts;
      const before = await kept.read();
      const question = dialect.login(credentials, transport);
      const answer = await ask(platform, server, question, { seconds: LOGIN, signal, init: parts.init });
      const tokens = answer.status < 300 ? dialect.tokens(answer.json, transport) : undefined;
      if (!tokens) throw refusal(dialect, answer);
      const text = following(null, tokens, parts.fresh());
      const session = JSON.parse(text);
      for (;;) {
        const now = await kept.read();
        // A later login of this context counts, and a sign-out. Of other contexts, whatever they have stored meanwhile;
        // but where cookies are, what they hold has been decided already, and the next refresh says what it is.
        const overtaken = attempt !== attempts || (transport === "header" && now.session?.session !== before.session?.session);
        if (overtaken) {
          parts.revoke(session);
          throw new Overtaken();
        }
        if (await kept.swap(now, text)) {
          parts.pause.end();
          if (now.session) parts.revoke(now.session);
          return { session: session.session };
        }
      }
    },

    /**
     * Signs out, here and in every tab. The tokens are gone at once, also offline; the promise says whether the server
     * knows. Cookies no script can delete, so with them it fails where the server cannot be reached.
     *
     * @returns {Promise<boolean>}
     * @throws {Unavailable} with the cookie transport
     */
    async logout() {
      attempts += 1;
      if (transport === "cookie") {
        const question = dialect.logout(null, platform.cookies());
        if (!question) return false;
        const answer = await ask(platform, server, question, { seconds: LOGOUT, init: parts.init });
        if (answer.status >= 300 && dialect.ended(answer) === undefined) throw refusal(dialect, answer);
      }
      for (;;) {
        const now = await kept.read();
        if (now.text === null) return transport === "cookie";
        // A refresh may come in between: then it is its tokens that have to go.
        if (await kept.swap(now, null, "logged_out")) {
          return transport === "cookie" || revoke(now.session).catch(() => false);
        }
      }
    },

    /** Like `fetch`, signed in. */
    fetch,

    /**
     * The access token, refreshed if it has to be: for what cannot use `fetch`, such as a WebSocket.
     *
     * @param {{signal?: AbortSignal}} [options]
     * @returns {Promise<string>}
     * @throws {SignedOut | SessionEnded | Unavailable}
     */
    async accessToken({ signal } = {}) {
      if (transport === "cookie") throw new RekindleError("not_readable", "No script can read the token of a cookie.");
      const held = await unlessAborted(kept.read(), signal);
      const { session } = await unlessAborted(current(parts, held), signal);
      if (!session?.access) throw new SignedOut();
      return session.access;
    },

    /**
     * Who is signed in, as far as this machine knows: nothing is asked. With the cookie transport, null may also mean
     * that only the cookies know.
     *
     * @returns {Promise<{session: string, expiresIn: number | undefined} | null>}
     */
    async peek() {
      const { session } = await kept.read();
      if (!session) return null;
      return { session: session.session, expiresIn: session.expiresIn && session.expiresIn - parts.age.of(session) };
    },

    /**
     * The user's live sessions, as GET /v1/sessions has them.
     *
     * @returns {Promise<{id: string, device: string, client_id: string, created_at: number, last_seen_at: number, current: boolean}[]>}
     */
    async sessions() {
      if (!dialect.sessions) throw new RekindleError("not_supported", "This dialect has no list of sessions.");
      const response = await fetch(server + dialect.sessions);
      const body = await response.json().catch(() => undefined);
      if (!response.ok || !Array.isArray(body?.sessions)) throw refusal(dialect, { status: response.status, json: body, retryAfter: undefined });
      return body.sessions;
    },

    /**
     * Calls `listener` when somebody signed in or out, or was refreshed, in whatever tab.
     *
     * @param {(change: import("./kept.js").Change) => void} listener
     * @returns {() => void} stops it
     */
    onChange: (listener) => kept.onChange(listener),

    /** Stops timers and listening. What is stored stays. */
    dispose() {
      stop();
      kept.dispose();
    },

    /**
     * For adapters of other clients: see axios.js.
     *
     * @type {PassFor}
     */
    pass,
  };
}

/** @typedef {ReturnType<typeof createSession>} RekindleSession */

/**
 * @param {import("../dialects/native.js").Dialect} dialect
 * @param {import("./ask.js").Answer} answer
 */
function refusal(dialect, answer) {
  const { status, json, retryAfter } = answer;
  if (dialect.denied(answer)) return new InvalidCredentials();
  const mayPass = json === undefined || status < 300 || status >= 500 || [408, 409, 425, 429].includes(status);
  if (mayPass) return new Unavailable("The server cannot do it now.", { status, retryAfter });
  return new Refused(status, json);
}
