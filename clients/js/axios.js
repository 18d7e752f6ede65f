// An axios instance, signed in: as `session.fetch`, for applications that have axios already.

/**
 * Puts `session` before the requests of `instance`, and behind its answers.
 *
 * @param {Instance} instance
 * @param {import("./src/session.js").RekindleSession} session
 * @returns {() => void} takes it away again
 */
export function attach(instance, session) {
  /** What each request was sent with. @type {WeakMap<object, import("./src/pass.js").Pass>} */
  const passes = new WeakMap();

  const request = instance.interceptors.request.use(async (/** @type {any} */ config) => {
    const next = config.rekindlePass;
    delete config.rekindlePass;
    // Whoever authenticates by themselves is left alone, but for what is asked once more.
    if (!next && (config.auth || config.headers.has("Authorization"))) return config;
    const { method = "get", signal } = config;
    const pass = next ?? (await session.pass(instance.getUri(config), { method, signal }));
    if (!pass) return config;
    config.headers.set(pass.headers);
    if (pass.cookies) config.withCredentials ??= true;
    passes.set(config, pass);
    return config;
  });

  /**
   * What is asked once more, or nothing.
   *
   * @param {any} response
   */
  async function again(response) {
    const { config, data, headers, status } = response;
    const redirected = isElsewhere(response, instance.getUri(config));
    const next = await passes.get(config)?.answered({ status, headers, redirected }, async () => parsed(data));
    return next && !isStream(config.data) ? instance.request({ ...config, rekindlePass: next }) : undefined;
  }

  const response = instance.interceptors.response.use(
    // An application may take a 401 for an answer like any other.
    async (/** @type {any} */ response) => (await again(response)) ?? response,
    async (/** @type {any} */ error) => {
      // Without an answer there is nothing to look at: the error is the caller's, as it is.
      const response = error.response && (await again(error.response));
      if (!response) throw error;
      return response;
    },
  );

  return () => {
    instance.interceptors.request.eject(request);
    instance.interceptors.response.eject(response);
  };
}

/**
 * As much of axios as is used here.
 *
 * @typedef {object} Instance
 * @property {{request: Interceptors, response: Interceptors}} interceptors
 * @property {(config: any) => string} getUri
 * @property {(config: any) => Promise<any>} request
 */
/** @typedef {{use: (...handlers: any[]) => number, eject: (id: number) => void}} Interceptors */

/** @param {unknown} data */
function parsed(data) {
  try {
    return typeof data === "string" ? JSON.parse(data) : data;
  } catch {
    return undefined;
  }
}

/**
 * A stream is read once. A form is built anew from its parts.
 *
 * @param {any} data
 */
const isStream = (data) => Boolean(data?.pipe || data?.getReader || data?.[Symbol.asyncIterator]);

/**
 * Whether a redirect has led to another origin, as browsers' and Node's adapters tell. That of `fetch` tells nothing.
 *
 * @param {any} response
 * @param {string} asked
 */
function isElsewhere({ request }, asked) {
  const url = request?.responseURL ?? request?.res?.responseUrl;
  return Boolean(url) && new URL(url).origin !== new URL(asked, globalThis.location?.href ?? url).origin;
}
