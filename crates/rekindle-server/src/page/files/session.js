// The session that this page holds. It is the client that any page would use, and a look at what that has stored.

import { createSession } from "/rekindle/index.js";
import { inLocalStorage, inMemory } from "/rekindle/storage/index.js";
import { asking } from "./ask.js";

const storage = inLocalStorage() ?? inMemory();

export const session = createSession({ storage, platform: { fetch: asking("You") } });

/** What is stored: the tokens, how old they are, and what the access token says. Null where nobody is signed in. */
export async function held() {
  const { session: id } = (await session.peek()) ?? {};
  if (!id) return null;
  const kept = JSON.parse(await storage.read());
  return kept?.session_id === id ? { ...kept, age: Math.max(0, Date.now() - kept.at) / 1000, says: claims(kept.access_token) } : null;
}

/** A token's claims, read without checking them: that is the server's part. */
export function claims(accessToken) {
  const middle = accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(middle), (character) => character.charCodeAt(0))));
}

/** As if some API had refused the access token: the client refreshes, once for all who were refused. */
export async function refused() {
  const pass = await session.pass("/v1/session", { method: "GET" });
  await pass.answered({ status: 401, headers: new Headers() }, async () => ({}));
}

/** What only this page may ask for, and only of a server for trying out. */
export async function ask(path) {
  const response = await session.fetch(path, { method: "POST", headers: { Rekindle: "1" } });
  if (!response.ok) throw new Error((await response.json()).detail ?? `${response.status}`);
  return response.status === 204 ? null : response.json();
}
