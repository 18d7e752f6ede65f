// Somebody who copied the refresh token, and what that is worth.

import { refresh } from "./actions.js";
import { asking } from "./ask.js";
import { $, write } from "./dom.js";
import { claims, held } from "./session.js";
import { allow, wait } from "./steps.js";
import { tell } from "./story.js";
import { ended } from "./words.js";

const fetch = asking("The thief");
const TURNS = 8;

/** What the thief holds: `{ refresh_token, generation }`. */
let loot = null;

async function steal() {
  const { refresh_token, says } = await held();
  loot = { refresh_token, generation: says.gen };
  tell("The thief", "wait", "Copied your refresh token, as malware or a leaked log would. The server cannot know: a copy is as good as the original.");
}

/** One try. Answers the status. */
async function use() {
  const body = JSON.stringify({ refresh_token: loot.refresh_token });
  const response = await fetch("/v1/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const answer = await response.json();
  if (response.ok) took(answer, await held());
  else if (answer.code === "session_ended") {
    loot = null;
    tell("The thief", "bad", `Refused. ${ended(answer.reason)}`);
  } else if (response.status === 409) tell("The thief", "wait", "Refused for now: this token was replaced a moment ago, and that may still be a slow tab.");
  else tell("The thief", "wait", "No answer now.");
  return response.status;
}

function took({ refresh_token, access_token }, yours) {
  const { gen } = claims(access_token);
  const before = loot;
  loot = { refresh_token, generation: gen };
  if (refresh_token === before.refresh_token) tell("The thief", "wait", "Got the tokens that everybody has already: they are too young for a next step.");
  else if (refresh_token === yours?.refresh_token) tell("The thief", "wait", "Got the same tokens as you. So close together a thief looks like your second tab; the next steps tell them apart.");
  else tell("The thief", "bad", `Got new tokens, generation ${gen}. From here on two people go different ways with one session, and each step of one kills a token of the other.`);
}

/** Thief and user take turns, more than a replay window apart, until one of them is noticed. */
async function alternate({ life, superseded }) {
  let isThief = true;
  for (let turn = 0; turn < TURNS && loot; turn += 1) {
    const status = isThief ? await use() : await refreshAsYou();
    if (!loot || status === undefined) return;
    // Whoever is told to wait asks again; otherwise it is the other one's turn.
    if (status !== 409) isThief = !isThief;
    const patience = status === 409 ? superseded : life.replay_window;
    if (!(await wait(patience + 1, `${isThief ? "The thief refreshes" : "You refresh"}: so much later that it is no race.`))) return;
  }
}

async function refreshAsYou() {
  if ((await refresh()) === undefined) return undefined;
  const { says } = await held();
  tell("You", "good", `You refreshed, too: generation ${says.gen}.`);
  return 200;
}

export const thieving = (policy) => ({ steal, thief: use, alternate: () => alternate(policy) });

/** Shows what the thief holds. */
export function drawThief(you) {
  $("thief").hidden = !you && !loot;
  write($("thief-holds"), loot ? `Holds generation ${loot.generation} of your refresh token.` : "Holds nothing.");
  for (const button of $("thief").querySelectorAll("button")) {
    const { step } = button.dataset;
    allow(button, step === "steal" ? you : loot && (step === "thief" || you));
  }
}
