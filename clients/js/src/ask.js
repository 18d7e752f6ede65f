// One question to the server's own endpoints, answered within a time or not at all.

import { Unavailable } from "./errors.js";
import { within } from "./platform.js";
import { parsed } from "./record.js";

/**
 * @typedef {object} Question
 * @property {string} path
 * @property {Record<string, string>} [headers]
 * @property {any} [json]
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} json                 undefined unless it is JSON: what a captive portal shows is none
 * @property {number | undefined} retryAfter   seconds
 */

/**
 * @param {{platform: import("./platform.js").Platform, server: string, cookies: boolean}} parts
 * @param {Question} question
 * @param {number} seconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 * @throws {Unavailable} when there is no answer
 */
export async function ask({ platform, server, cookies }, { path, headers, json }, seconds, signal) {
  try {
    return await within(platform, seconds * 1000, async (signal) => {
      return read(await platform.fetch(server + path, {
        method: "POST",
        headers: { ...(json && { "Content-Type": "application/json" }), ...headers },
        body: json && JSON.stringify(json),
        // The body is worth a session: 307 and 308 would carry it wherever they point.
        redirect: "error",
        // A sign-out is often the last thing that a page does.
        keepalive: true,
        ...(cookies && { credentials: "include" }),
        signal,
      }));
    }, signal);
  } catch (cause) {
    throw signal?.aborted ? signal.reason : new Unavailable(cause);
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Answer>}
 */
export async function read(response) {
  const { status, headers } = response;
  const retryAfter = Math.max(0, Number(headers.get("retry-after"))) || undefined;
  return { status, json: parsed(await response.text()), retryAfter };
}
