// The views of Simple JWT before the same rules, and an API that reads its tokens.

import { bearer, json, Rekindle } from "./rekindle.js";

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decoded = (token) => {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  } catch {
    return undefined;
  }
};

export class SimpleJwt {
  log = [];

  constructor(clock, { prefix = "/api/token", rotate = true, ...policy } = {}) {
    this.rekindle = new Rekindle(clock, { window: 30, ...policy });
    Object.assign(this, { clock, prefix, rotate });
  }

  count(what) {
    return this.log.filter((line) => line.startsWith(what)).length;
  }

  jwt(type, row, generation, life) {
    const iat = row.issued;
    return `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ token_type: type, exp: iat + life, iat, sid: row.sid, gen: generation })}.signature`;
  }

  async answer(request) {
    const path = new URL(request.url).pathname;
    const text = request.method === "POST" ? await request.text() : "";
    const answer = this.#answered(path, text ? JSON.parse(text) : {}, request);
    this.log.push(`${request.method} ${path} ${answer.status}`);
    return answer;
  }

  #answered(path, body, request) {
    const { prefix, rekindle } = this;
    const invalid = (detail) => json(401, { detail, code: "token_not_valid" });
    if (path === `${prefix}/`) {
      if (body.password !== `${body.username}-password`) return json(401, { detail: "No active account found with the given credentials" });
      const row = rekindle.open(body.username);
      return json(200, { refresh: this.jwt("refresh", row, 1, 86_400), access: this.jwt("access", row, 1, rekindle.access) });
    }
    const token = decoded(body.refresh);
    if (path === `${prefix}/refresh/`) {
      if (!body.refresh) return json(400, { refresh: ["This field is required."] });
      const row = this.rotate ? rekindle.refresh(token && `rkrt1_${token.sid}.${token.gen}`) : this.#renewed(token);
      if (row instanceof Response) return row.status === 409 ? json(503, { detail: "Service unavailable" }) : invalid("Token is blacklisted");
      const access = this.jwt("access", row, row.latest, rekindle.access);
      return json(200, this.rotate ? { access, refresh: this.jwt("refresh", row, row.latest, 86_400) } : { access });
    }
    if (path === `${prefix}/blacklist/`) {
      rekindle.end(token?.sid);
      return json(200, {});
    }
    const caller = decoded(bearer(request));
    if (!caller) return json(401, { detail: "Authentication credentials were not provided." });
    if (caller.exp <= this.clock.true() / 1000) return json(401, { detail: "Given token not valid for any token type", code: "token_not_valid" });
    return path.endsWith("/nothing") ? new Response(null, { status: 204 }) : json(200, { subject: rekindle.rows.get(caller.sid).subject });
  }

  #renewed(token) {
    const row = this.rekindle.rows.get(token?.sid);
    if (row?.status !== "active") return new Response(null, { status: 401 });
    return { ...row, issued: Math.floor(this.clock.true() / 1000) };
  }
}
