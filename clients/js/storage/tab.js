// One tab's sessionStorage.

import { inArea } from "./local.js";

/**
 * For one tab, and gone with it. A tab that is duplicated takes a copy along, and two copies of a refresh token cannot be
 * told from a theft: for shared computers, `remember: false` at the login is the better way.
 *
 * @param {string} [key]
 * @returns {import("../src/kept.js").Storage}
 */
export function inSessionStorage(key = "rekindle") {
  return inArea(globalThis.sessionStorage, key);
}
