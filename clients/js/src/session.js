// The session that an application holds.

import { native } from "../dialects/native.js";
import { inLocalStorage } from "../storage/local.js";
import { inMemory } from "../storage/memory.js";
import { ages } from "./age.js";
import { ask, read } from "./ask.js";
import { InvalidCredentials, Overtaken, Refused, SignedOut, Unavailable } from "./errors.js";
import { signedInFetch } from "./fetch.js";
import { keep } from "./kept.js";
import { current, passFor } from "./pass.js";
import { pauses } from "./pause.js";
import { browserOrNode } from "./platform.js";
import { following } from "./record.js";
import { refreshes } from "./refresh.js";
import { schedule } from "./schedule.js";

/**
 * @typedef {object} Options
 * @property {string} [baseURL]         where Rekindle is: an absolute address. In a page, its own origin if absent
 * @property {string[]} [origins]       of APIs that get the token, besides that of `baseURL`
 * @property {"header" | "cookie"} [transport]  "header" unless said otherwise
 * @property {import("./kept.js").Storage} [storage]   the page's localStorage, or memory where there is none
 * @property {import("../dialects/native.js").Dialect} [dialect]
 * @property {boolean} [autoRefresh]    false: only requests refresh, no timer does
 * @property {Partial<import("./platform.js").Platform>} [platform]   for tests
 */

/** @typedef {import("./record.js").Session} Session */

/**
 * What the parts know of each other.
 *
 * @typedef {object} Parts
 * @property {string} server
 * @property {string} transport   "header" or "cookie"
 * @property {boolean} cookies     the latter
 * @property {import("../dialects/native.js").Dialect} dialect
 * @property {import("./kept.js").Storage} storage
 * @property {import("./platform.js").Platform} platform
 * @property {(before: Session | null, tokens: import("./record.js").Tokens) => Session} next   what is stored next
 * @property {(session: Session | null) => void} abandon   tells the server, as best it can
 * @property {ReturnType<typeof keep>} kept
 * @property {ReturnType<typeof ages>} ageOf
 * @property {ReturnType<typeof pauses>} pause
 * @property {(held: import("./record.js").Held) => Promise<import("./record.js").Held>} refresh
 */

/**
 * @callback PassFor
 * @param {string} address
 * @param {import("./pass.js").Asked} asked
 * @returns {Promise<import("./pass.js").Pass | undefined>}  undefined: the request is none of ours
 */

/**
 * A session with a server. Nothing is asked before something is wanted.
 *
 * @param {Options} [options]
 */
export function createSession(options = {}) {
  const { baseURL = "/", transport = "header", dialect = native(), origins = [], autoRefresh = true } = options;
  const { storage = inLocalStorage() ?? inMemory() } = options;
  const platform = { ...browserOrNode(), ...options.platform };
  const base = new URL(baseURL, platform.address);
  const server = (base.origin + base.pathname).replace(/\/+$/, "");
  const trusted = [base, ...origins].map((each) => new URL(each).origin);
  const cookies = transport === "cookie";

  const kept = keep(storage, server, platform);
  const parts = /** @type {Parts} */ ({
    server,
    transport,
    cookies,
    dialect,
    storage,
    platform,
    next: (before, tokens) => following(before, tokens, { server, session_id: `${platform.random()}`, at: platform.wall() }),
    abandon,
    kept,
    ageOf: ages(platform),
    pause: pauses(platform),
  });
  parts.refresh = refreshes(parts);
  const stop = autoRefresh ? schedule(parts) : undefined;
  let attempts = 0;

  /** @type {PassFor} */
  async function pass(address, asked) {
    // A relative address is what it is to fetch.
    const url = new URL(address, platform.base());
    // A 401 to a login is a wrong password.
    const own = dialect.paths.some((path) => url.origin + url.pathname === server + path);
    return own || !trusted.includes(url.origin) ? undefined : passFor(parts, asked);
  }

  /** @param {import("./ask.js").Answer} answer */
  function refusal(answer) {
    const { status, json, retryAfter } = answer;
    if (dialect.denied(answer)) return new InvalidCredentials();
    // What is not JSON was not said by the server.
    const mayPass = !json || status < 300 || status > 499 || status === 429;
    return mayPass ? new Unavailable(undefined, status, retryAfter) : new Refused(status, json);
  }

  /**
   * Whether the server knows now that it is over.
   *
   * @param {Session | null} session
   */
  async function revoke(session) {
    const question = dialect.logout(session, platform.cookie());
    if (!question) return false;
    const answer = await ask(parts, question, 5);
    // What is neither JSON nor nothing was not said by the server.
    const { status, json } = answer;
    if (status === 204 || (status < 300 && json) || dialect.ended(answer, session)) return true;
    throw refusal(answer);
  }

  /** @type {Parts["abandon"]} */
  function abandon(session) {
    // By cookie it would end whatever session the jar holds by then, and a login ends them anyway.
    if (session && !cookies) revoke(session).catch(() => {});
  }

  const fetch = signedInFetch(platform, pass);

  return {
    /**
     * Signs in. Ends the session that was here before.
     *
     * @param {Record<string, unknown>} credentials  for Rekindle `{username, password}`, and what else its login takes
     * @param {{signal?: AbortSignal}} [options]
     * @returns {Promise<{session: string}>}
     * @throws {InvalidCredentials | Refused | Unavailable | Overtaken}
     */
    async login(credentials, { signal } = {}) {
      const attempt = ++attempts;
      const before = (await kept.read()).id;
      // Seconds: a password may be checked slowly on purpose.
      const answer = await ask(parts, dialect.login(credentials, transport), 30, signal);
      const tokens = dialect.tokens(answer, transport);
      if (!tokens) throw refusal(answer);
      const to = parts.next(null, tokens);
      for (;;) {
        const now = await kept.read();
        // A later login of this context counts, and a sign-out; of other contexts, a login that was stored meanwhile.
        // Not with cookies: what they hold has been decided already, and the next refresh says what it is.
        if (attempt !== attempts || (!cookies && (now.id ?? before) !== before)) {
          abandon(to);
          throw new Overtaken();
        }
        if (await kept.swap(now, to)) {
          parts.pause.end();
          abandon(now.session);
          return { session: to.session_id };
        }
      }
    },

    /**
     * Signs out, here and in every tab. The tokens are gone at once, also offline; the promise says whether the server
     * knows. Cookies no script can delete, so with them it fails where the server cannot be reached.
     *
     * @returns {Promise<boolean>}
     * @throws {Unavailable | Refused} with the cookie transport
     */
    async logout() {
      attempts += 1;
      const { id } = await kept.read();
      if (cookies) await revoke(null);
      for (;;) {
        const now = await kept.read();
        // Who has signed in meanwhile, elsewhere, stays.
        if (!now.text || now.id !== id) return cookies;
        // A refresh may come in between: then it is its tokens that have to go.
        if (await kept.swap(now, null, "logged_out")) return cookies || revoke(now.session).catch(() => false);
      }
    },

    /** Like `fetch`, signed in. */
    fetch,

    /**
     * The access token, refreshed if it has to be: for what cannot use `fetch`, such as a WebSocket.
     *
     * @returns {Promise<string>}
     * @throws {SignedOut | SessionEnded | Unavailable}
     */
    async accessToken() {
      if (cookies) throw new TypeError("no script reads cookies");
      const { session } = await current(parts, await kept.read());
      if (!session?.access_token) throw new SignedOut();
      return session.access_token;
    },

    /**
     * Who is signed in, as far as this machine knows: nothing is asked. With the cookie transport, null may also mean
     * that only the cookies know.
     *
     * @returns {Promise<{session: string, expiresIn: number} | null>}
     */
    async peek() {
      const { session } = await kept.read();
      return session && { session: session.session_id, expiresIn: (session.expires_in ?? Infinity) - parts.ageOf(session) };
    },

    /**
     * The user's live sessions, as GET /v1/sessions has them.
     *
     * @returns {Promise<Listed[]>}
     */
    async sessions() {
      const answer = await read(await fetch(server + "/v1/sessions"));
      if (!answer.json?.sessions) throw refusal(answer);
      return answer.json.sessions;
    },

    /**
     * Calls `listener` when somebody signed in or out, or was refreshed, in whatever tab. Answers how to stop it.
     */
    onChange: kept.onChange,

    /** Stops timers and listening. What is stored stays. */
    dispose() {
      stop?.();
      kept.dispose();
    },

    /** For adapters of other clients: axios.js shows how. */
    pass,
  };
}

/** @typedef {ReturnType<typeof createSession>} RekindleSession */

/**
 * @typedef {{id: string, device: string, client_id: string, created_at: number, last_seen_at: number,
 *   current: boolean}} Listed   moments are seconds since 1970
 */
