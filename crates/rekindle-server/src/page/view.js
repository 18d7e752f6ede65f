// What is seen: who holds what, and the log of what happened.

import { shown, state } from "./steps.js";

const $ = (id) => document.getElementById(id);

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Adds one thing that happened, the newest first. */
export function tell({ who, answer, kind, words }) {
  const item = element("li", kind);
  const head = element("div", "head");
  head.append(element("span", "who", who === "you" ? "You" : "The thief"));
  if (answer) {
    head.append(element("code", "", `${answer.method} ${answer.path}`));
    head.append(element("span", "status", answer.status === 0 ? "no answer" : `${answer.status}`));
    const time = element("time", "", `${answer.took.toFixed(0)} ms`);
    head.append(time);
  }
  item.append(head, element("p", "", words));
  if (answer?.json) {
    const details = element("details");
    details.append(element("summary", "", "The answer"), element("pre", "", shown(answer.json)));
    for (const older of $("log").querySelectorAll("details[open]")) older.open = false;
    details.open = true;
    item.append(details);
  }
  $("log").prepend(item);
  $("empty").hidden = true;
  draw();
  // On a phone the log is below the buttons: scroll only as far as needed to read.
  item.querySelector("p").scrollIntoView({ block: "nearest" });
}

/** Shows who holds what, and what can be done with it. */
export function draw(busy = false) {
  const { you, thief } = state;
  $("login").hidden = you !== null;
  $("you").hidden = you === null;
  $("thief").hidden = you === null && thief === null;
  $("you-holds").textContent = you ? `Signed in, with generation ${you.generation} of the refresh token.` : "";
  $("thief-holds").textContent = thief ? `Holds generation ${thief.generation} of your refresh token.` : "Holds nothing.";
  for (const button of document.querySelectorAll("[data-step]")) {
    const { step } = button.dataset;
    const needsYou = !["thiefRefresh", "stop"].includes(step);
    const needsThief = ["thiefRefresh", "alternate"].includes(step);
    button.disabled = (needsYou && !you) || (needsThief && !thief);
    // While a step runs its button keeps the keyboard's focus, which a disabled one would lose.
    button.setAttribute("aria-disabled", String(busy && step !== "stop"));
  }
  drawWindow();
}

/** Says what a refresh would do now. */
export function drawWindow() {
  const window = state.policy?.replay_window ?? 0;
  const age = Math.max(0, Math.floor((Date.now() - (state.issuedAt ?? 0)) / 1000));
  const left = window - age;
  $("window").textContent = left > 0
    ? `The newest tokens are ${age} s old. For ${left} s more, a refresh repeats the last answer.`
    : "The replay window is over: the next refresh gives new tokens.";
}

/** Says what is waited for; nothing with no text. */
export function drawWaiting(text) {
  $("waiting").textContent = text;
  document.querySelector("[data-step=stop]").hidden = text === "";
}

/** Puts the keyboard where it was, or where one goes on from here. */
export function focus(before) {
  if (!before || before === document.body) return;
  const usable = before.checkVisibility() && !before.disabled;
  const next = usable ? before : [...document.querySelectorAll("button.main")].find((button) => button.checkVisibility());
  next?.focus({ preventScroll: true });
}
