// A server that shows what docs/protocol.md makes visible: rotation, replay window, fork, superseded, theft.

const S = 30;

export class Rekindle {
  rows = new Map();
  /** Requests to its own endpoints, as `POST /v1/refresh 200`. */
  log = [];
  events = [];
  #count = 0;

  constructor(clock, { access = 300, window = 30, idle = 604_800, rotation = true } = {}) {
    Object.assign(this, { clock, access, window, idle, rotation });
    this.refreshAfter = Math.floor((access * 2) / 3);
  }

  get #now() {
    return Math.floor(this.clock.true() / 1000);
  }

  count(what) {
    return this.log.filter((line) => line.startsWith(what)).length;
  }

  /** Live sessions of a user. */
  living(subject) {
    return [...this.rows.values()].filter((row) => row.subject === subject && row.status === "active").length;
  }

  open(subject) {
    const sid = `s${++this.#count}`;
    const t = this.#now;
    const row = { sid, subject, status: "active", confirmed: 0, floor: 0, before: 0, latest: 1, issued: t, confirmedAt: t, idleUntil: t + this.idle };
    this.rows.set(sid, row);
    return row;
  }

  end(sid, reason = "revoked") {
    const row = this.rows.get(sid);
    if (row?.status === "active") Object.assign(row, { status: "ended", reason });
  }

  /** The rules of docs/protocol.md by their numbers: a row, or a problem. */
  refresh(token) {
    const [, sid, text] = /^rkrt1_(\w+)\.(\d+)$/.exec(token ?? "") ?? [];
    const row = this.rows.get(sid);
    const g = Number(text);
    if (!row) return problem(401, "session_ended", "unknown");
    if (row.status !== "active") return problem(401, "session_ended", row.reason);
    const t = Math.max(this.#now, row.issued);
    if (t >= row.idleUntil) {
      this.end(sid, "expired_idle");
      return problem(401, "session_ended", "expired_idle");
    }
    const age = t - row.issued;
    const fresh = age <= this.window;
    if (g > row.floor && g <= row.latest) {
      if (g === row.latest && fresh) return this.#told("replayed", row);
      const floor = g < row.latest && fresh ? g : row.latest;
      Object.assign(row, { before: row.confirmed, confirmed: g, floor, latest: row.latest + 1, issued: t, confirmedAt: t });
      return this.#told("refreshed", row, t);
    }
    if (g === row.confirmed) {
      if (fresh) return this.#told("replayed", row);
      Object.assign(row, { latest: row.latest + 1, issued: t });
      return this.#told("late_retry", row, t);
    }
    if (g >= row.before && t - row.confirmedAt <= S) {
      this.events.push("superseded");
      return problem(409, "superseded");
    }
    this.events.push("theft_detected");
    this.end(sid, "theft_detected");
    return problem(401, "session_ended", "theft_detected");
  }

  #told(event, row, t) {
    this.events.push(event);
    if (t !== undefined) row.idleUntil = t + this.idle;
    return row;
  }

  /** What a row answers. Seconds count from now. */
  tokens(row) {
    const left = row.issued + this.access - this.#now;
    return {
      token_type: "Bearer",
      access_token: `${row.sid}.${row.latest}.${row.issued + this.access}`,
      expires_in: left,
      refresh_token: `rkrt1_${row.sid}.${row.latest}`,
      refresh_expires_in: row.idleUntil - this.#now,
      refresh_after: left - (this.access - this.refreshAfter),
      session_id: row.sid,
      session_expires_in: 2_592_000,
    };
  }

  /** Whose token it is, as an API sees it that looks at the signature and the end alone. */
  verify(access) {
    const [sid, generation, exp] = (access ?? "").split(".");
    if (!(Number(exp) > this.#now)) return undefined;
    return { subject: this.rows.get(sid)?.subject, sid, generation: Number(generation) };
  }

  async answer(request) {
    const path = new URL(request.url).pathname;
    const answer = await this.#answered(request, path, request.method === "POST" ? await request.text() : "");
    this.log.push(`${request.method} ${path} ${answer.status}`);
    return answer;
  }

  async #answered(request, path, text) {
    const body = text && path.startsWith("/v1/") ? JSON.parse(text) : {};
    const jar = cookies(request);
    const caller = this.verify(bearer(request) ?? jar.get("rk-a"));
    if (path === "/v1/login") {
      if (body.password !== `${body.username}-password`) return problem(401, "invalid_credentials");
      this.end(sidOf(jar.get("rk-r")), "logged_out");
      return this.#success(this.open(body.username), body.transport);
    }
    if (path === "/v1/refresh") {
      const token = body.refresh_token ?? jar.get("rk-r");
      if (!token) return problem(401, "token_missing");
      const row = this.refresh(token);
      return row instanceof Response ? row : this.#success(row, body.refresh_token ? "header" : "cookie");
    }
    if (path === "/v1/logout") {
      this.end(sidOf(body.refresh_token ?? jar.get("rk-r")), "logged_out");
      return new Response(null, { status: 204, headers: jar.size ? clearing : {} });
    }
    if (!caller) return problem(401, bearer(request) ? "token_expired" : "token_missing");
    const row = this.rows.get(caller.sid);
    if (path === "/v1/sessions") {
      if (row.status !== "active") return problem(401, "session_ended", row.reason);
      const live = [...this.rows.values()].filter((each) => each.subject === row.subject && each.status === "active");
      return json(200, { sessions: live.map(({ sid }) => ({ id: sid, device: "Firefox on Linux", current: sid === row.sid })) });
    }
    if (path === "/v1/password") return problem(401, "invalid_credentials");
    // Whatever an application has.
    return json(200, { subject: caller.subject, generation: caller.generation, body: text });
  }

  #success(row, transport) {
    const { access_token, refresh_token, ...rest } = this.tokens(row);
    if (transport !== "cookie") return json(200, { access_token, refresh_token, ...rest });
    return json(200, rest, [`rk-a=${access_token}`, `rk-r=${refresh_token}`]);
  }
}

const clearing = new Headers([["set-cookie", "rk-a="], ["set-cookie", "rk-r="]]);

export const bearer = (request) => /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
const sidOf = (token) => /^rkrt1_(\w+)\./.exec(token ?? "")?.[1];

function cookies(request) {
  const pairs = (request.headers.get("x-test-cookies") ?? "").split("; ").filter(Boolean);
  return new Map(pairs.map((pair) => pair.split("=")));
}

export function json(status, body, setCookie = [], type = "application/json") {
  const headers = new Headers({ "content-type": type, "cache-control": "no-store" });
  for (const cookie of setCookie) headers.append("set-cookie", cookie);
  return new Response(JSON.stringify(body), { status, headers });
}

export function problem(status, code, reason) {
  const clear = code === "session_ended" ? ["rk-a=", "rk-r="] : [];
  const response = json(status, { title: code, status, code, reason }, clear, "application/problem+json");
  if (status === 503 || status === 429) response.headers.set("retry-after", "5");
  return response;
}
