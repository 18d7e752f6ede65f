// One person, one front end, one server: for what is shown step by step and not raced.

import { Api } from "./api.js";
import { Network } from "./network.js";
import { Person } from "./person.js";
import { SECRET } from "./races.js";

/** What a server says that is away for a while, as Rekindle does. */
export const AWAY = {
  status: 503,
  headers: { "content-type": "application/json", "retry-after": "5" },
  body: '{"detail":"Service temporarily unavailable, try again later."}',
};

/** Runs `body` with somebody signed in at the server on port `tokens`. */
export async function scene(front, tokens, body) {
  const api = await Api.open(SECRET);
  const network = await Network.open({ tokens, api: api.port });
  const person = new Person(front, network, 0, "a scene");
  try {
    await person.signIn();
    await body({ person, network, line: person.line, kept: person.kept, refresh: front.refresh(person.kept) });
  } catch (error) {
    console.error(person.line.trail.join("\n"));
    throw error;
  } finally {
    person.leave();
    network.close();
    api.close();
  }
}

/** Asks the server of tokens directly, past every front end and whatever lies between. */
export async function ask(tokens, path, body) {
  const response = await fetch(`http://127.0.0.1:${tokens}/api/token/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Whether the session of a refresh token lives. */
export async function lives(tokens, refresh) {
  return (await ask(tokens, "refresh/", { refresh })).status === 200;
}
