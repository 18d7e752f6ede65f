// One question to the server's own endpoints, answered within a time or not at all.

import { Unavailable } from "./errors.js";
import { within } from "./platform.js";

/**
 * @typedef {object} Question
 * @property {string} path
 * @property {Record<string, string>} [headers]
 * @property {unknown} [json]
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} json                 undefined unless it is JSON: what a captive portal shows is none
 * @property {number | undefined} retryAfter   seconds
 */

/**
 * @param {import("./platform.js").Platform} platform
 * @param {string} server
 * @param {Question} question
 * @param {{seconds: number, signal?: AbortSignal | undefined, init?: RequestInit}} how
 * @returns {Promise<Answer>}
 * @throws {Unavailable} when there is no answer
 */
export async function ask(platform, server, { path, headers, json }, { seconds, signal, init }) {
  const giveUp = new AbortController();
  const abort = () => giveUp.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const asking = platform.fetch(server + path, {
    method: "POST",
    headers: json === undefined ? { ...headers } : { "Content-Type": "application/json", ...headers },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    cache: "no-store",
    // The body is worth a session: 307 and 308 would carry it wherever they point.
    redirect: "error",
    signal: giveUp.signal,
    ...init,
  });
  try {
    return await within(platform, seconds * 1000, asking.then((response) => answer(response, platform)), () => {
      giveUp.abort();
      return new Error(`no answer within ${seconds} s`);
    });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new Unavailable("The server cannot be reached.", { cause });
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * @param {Response} response
 * @param {import("./platform.js").Platform} platform
 * @returns {Promise<Answer>}
 */
async function answer(response, platform) {
  const text = await response.text();
  const isJson = /\bjson\b/i.test(response.headers.get("content-type") ?? "");
  return { status: response.status, json: isJson ? parsed(text) : undefined, retryAfter: retryAfter(response, platform) };
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Seconds, or a date (RFC 9110 section 10.2.3), which is compared with the server's own.
 *
 * @param {Response} response
 * @param {import("./platform.js").Platform} platform
 */
function retryAfter({ headers }, platform) {
  const value = headers.get("retry-after");
  if (!value) return undefined;
  const now = Date.parse(headers.get("date") ?? "") || platform.wall();
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return seconds >= 0 ? seconds : undefined;
}
