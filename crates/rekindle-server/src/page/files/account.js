// Who is signed in here, and signing in.

import { roleOf } from "./actions.js";
import { $, write } from "./dom.js";
import { session } from "./session.js";
import { tell } from "./story.js";

/** Fills in what everybody may know of a server for trying out. */
export function offerDemo() {
  const { username, password } = $("login-form").elements;
  username.value = "demo";
  password.value = "demo-password";
}

export async function login() {
  const { username, password } = $("login-form").elements;
  await session.login({ username: username.value, password: password.value });
  tell("You", "good", "Signed in. The access token opens things and lives for minutes; the refresh token gets the next one. The client does that by itself, before anybody waits.");
}

export function drawAccount(you) {
  $("login").hidden = Boolean(you);
  $("you").hidden = !you;
  if (!you) return;
  write($("you-name"), you.says.preferred_username ?? you.says.sub);
  write($("you-role"), roleOf(you));
  write($("you-generation"), `generation ${you.says.gen}`);
}
