// `fetch`, signed in: the token goes along, a 401 is asked once more with a new one. All else is fetch's own.

/** @param {import("./session.js").Parts & {pass: import("./session.js").PassFor}} parts */
export function signedInFetch({ pass, platform }) {
  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  return async function fetch(input, init = {}) {
    const request = typeof Request === "function" && input instanceof Request ? input : undefined;
    const headers = new Headers(init.headers ?? request?.headers);
    const method = (init.method ?? request?.method ?? "GET").toUpperCase();
    const signal = init.signal ?? request?.signal;
    // Whoever authenticates by themselves is left alone.
    const ours = headers.has("Authorization") ? undefined : await pass(request?.url ?? String(input), { method, signal });
    if (!ours) return platform.fetch(input, init);

    /** @param {import("./pass.js").Pass} using */
    const send = (using, again = false) => {
      for (const [name, value] of Object.entries(using.headers)) headers.set(name, value);
      const cookies = using.cookies && !request && init.credentials === undefined ? { credentials: /** @type {const} */ ("include") } : {};
      // A body that was sent is spent: the first try has the copy.
      return platform.fetch(request && !again ? request.clone() : input, { ...init, ...cookies, headers });
    };
    const response = await send(ours);
    const next = await ours.answered({
      status: response.status,
      header: (name) => response.headers.get(name),
      json: () => response.clone().json(),
    });
    if (!next || isStream(init.body)) return response;
    // Nobody reads it any more: the connection is free again.
    response.body?.cancel().catch(() => {});
    return send(next, true);
  };
}

/**
 * A stream is read once. Everything else that fetch takes can be sent again as it is.
 *
 * @param {unknown} body
 */
function isStream(body) {
  return typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body);
}
