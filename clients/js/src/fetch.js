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
    // By its shape: a Request of another frame is none of this one's class. And an address is what it is now, as it is for
    // fetch: a URL may be changed while a refresh is waited for.
    const request = /** @type {Request | undefined} */ (/** @type {any} */ (input).url && input);
    const address = request?.url ?? `${input}`;
    const { method = request?.method ?? "GET", signal = request?.signal } = init;
    const headers = new Headers(init.headers ?? request?.headers);
    // Whoever authenticates by themselves is left alone.
    let pass = headers.has("Authorization") ? undefined : await passFor(address, { method, signal });
    if (!pass) return platform.fetch(request ?? address, init);
    for (;;) {
      for (const name in pass.headers) headers.set(name, /** @type {string} */ (pass.headers[name]));
      // A body is spent when it was sent, so a copy goes. A stream in `init` has no copy.
      const response = await platform.fetch(request?.clone() ?? address, {
        ...(pass.cookies && { credentials: "include" }),
        ...init,
        headers,
      });
      const next = await pass.answered(response, () => response.clone().json());
      // A stream is read once. Everything else that fetch takes can be sent again as it is.
      const body = /** @type {any} */ (init.body);
      if (!next || body?.getReader || body?.[Symbol.asyncIterator]) return response;
      // Nobody reads it any more, and the connection is free again.
      response.body?.cancel().catch(() => {});
      // The answer to the second may bring a new token as well. There is no third.
      pass = next;
    }
  };
}
