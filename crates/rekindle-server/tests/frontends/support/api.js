// The application's API: it checks access tokens by the shared secret, as Simple JWT's `JWTAuthentication` does, and knows
// of no session. Its 401s are the package's, word for word.

import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

export class Api {
  #listener;
  #secret;

  static async open(secret) {
    const api = new Api();
    api.#secret = secret;
    api.#listener = http.createServer((request, response) => {
      const [status, body] = api.#answer(request);
      const challenge = status === 401 ? { "www-authenticate": 'Bearer realm="api"' } : {};
      response.writeHead(status, { "content-type": "application/json", ...challenge });
      response.end(JSON.stringify(body));
    });
    // A connection that is just being closed would lose a request that nobody wanted lost.
    api.#listener.keepAliveTimeout = 300_000;
    api.#listener.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
    await once(api.#listener, "listening");
    api.port = api.#listener.address().port;
    return api;
  }

  close() {
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  #answer({ headers }) {
    const [scheme, token, ...more] = (headers.authorization ?? "").split(" ");
    if (scheme !== "Bearer") return [401, { detail: "Authentication credentials were not provided." }];
    if (!token || more.length > 0) {
      const detail = "Authorization header must contain two space-delimited values";
      return [401, { detail, code: "bad_authorization_header" }];
    }
    const { claims, message } = this.#read(token);
    if (!message) return [200, { user: claims.user_id, session: claims.sid }];
    const detail = "Given token not valid for any token type";
    const messages = [{ token_class: "AccessToken", token_type: "access", message }];
    return [401, { detail, code: "token_not_valid", messages }];
  }

  #read(token) {
    const invalid = { message: "Token is invalid" };
    const [header, payload, signature, ...more] = token.split(".");
    if (!signature || more.length > 0 || json(header)?.alg !== "HS256") return invalid;
    const wanted = createHmac("sha256", this.#secret).update(`${header}.${payload}`).digest();
    const given = Buffer.from(signature, "base64url");
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return invalid;
    const claims = json(payload);
    if (!(claims?.exp * 1000 > Date.now())) return { message: "Token is expired" };
    if (claims.token_type !== "access") return { message: "Token has wrong type" };
    return { claims };
  }
}

/** What a part of a token says. */
export function json(part) {
  try {
    return JSON.parse(Buffer.from(part, "base64url"));
  } catch {
    return undefined;
  }
}
