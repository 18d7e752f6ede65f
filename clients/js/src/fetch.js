// `fetch`, signed in: the token goes along, a 401 is asked once more with a new one. All else is fetch's own.

/**
 * @param {import("./platform.js").Platform} platform
 * @param {import("./session.js").PassFor} passFor
 */
export function signedInFetch(platform, passFor) {
  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  return async function fetch(input, init = {}) {
    const request = input instanceof Request ? input : undefined;
    const { method = request?.method ?? "GET", signal = request?.signal } = init;
    const headers = new Headers(init.headers ?? request?.headers);
    // Whoever authenticates by themselves is left alone.
    const pass = headers.has("Authorization") ? undefined : await passFor(request?.url ?? `${input}`, { method, signal });
    if (!pass) return platform.fetch(input, init);

    /**
     * @param {import("./pass.js").Pass} pass
     * @param {RequestInfo | URL} input
     */
    const send = (pass, input) => {
      for (const name in pass.headers) headers.set(name, /** @type {string} */ (pass.headers[name]));
      return platform.fetch(input, { ...(pass.cookies && { credentials: "include" }), ...init, headers });
    };
    // A body is spent when it was sent, so the copy goes first. A stream in `init` has no copy.
    const response = await send(pass, request?.clone() ?? input);
    const next = await pass.answered(response, () => response.clone().json());
    // A stream is read once. Everything else that fetch takes can be sent again as it is.
    const body = /** @type {any} */ (init.body);
    if (!next || body?.getReader || body?.[Symbol.asyncIterator]) return response;
    // Nobody reads it any more, and the connection is free again.
    response.body?.cancel().catch(() => {});
    return send(next, input);
  };
}
