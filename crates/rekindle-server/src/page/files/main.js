// The playground: buttons to steps, and what is held to what is shown.

import { actions } from "./actions.js";
import { drawAccount, login, offerDemo } from "./account.js";
import { drawDevices, managing } from "./devices.js";
import { $ } from "./dom.js";
import { follow } from "./events.js";
import { drawLife } from "./life.js";
import { plan } from "./plan.js";
import { held, session } from "./session.js";
import { isRunning, run } from "./steps.js";
import { tell } from "./story.js";
import { drawThief, thieving } from "./thief.js";
import { ended, event } from "./words.js";

const TICK = 500;
/** What changes the list of devices. */
const DEVICES = ["opened", "revoked", "theft_detected", "expired"];

const policy = await (await fetch("/page/policy.json")).json();
const { dev, life } = policy;
for (const part of document.querySelectorAll("[data-dev]")) part.hidden = !dev;

const steps = { ...actions(dev), ...thieving(policy), ...managing };
const move = drawLife(life);

/** Shows what changes by itself. */
async function tick() {
  const you = await held();
  drawAccount(you);
  drawThief(you);
  if (!document.hidden) move(you);
  return you;
}

const draw = async () => drawDevices(await tick(), settle);

/** Which tokens the user has been told of. */
let known;
const mark = (you) => (you ? `${you.session_id} ${you.generation}` : null);

/** Shows what a step has led to, which it has told. */
async function settle() {
  known = mark(await held());
  await draw();
}

$("login-form").addEventListener("submit", (event) => {
  event.preventDefault();
  run(login, settle);
});
for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => {
    if (button.dataset.off !== "true") run(steps[button.dataset.step], settle);
  });
}

session.onChange(async ({ type, reason }) => {
  // What a button began is told by its step, which may be over when the news of it comes.
  if (isRunning() || mark(await held()) === known) return;
  if (type === "refreshed") tell("You", "good", "Refreshed, by the client itself or in another tab.");
  if (type === "signed_in") tell("You", "good", "Signed in, in another tab.");
  if (type === "signed_out") tell("You", "bad", ended(reason));
  await settle();
});

if (dev) {
  offerDemo();
  plan(life);
  follow(async (happened) => {
    const you = await held();
    const isOther = you && happened.session && happened.session !== you.session_id;
    tell(isOther ? "The server, of another device" : "The server", ...event(happened));
    if (!isRunning() && DEVICES.includes(happened.kind)) draw();
  });
}

await settle();
// Before that the browser itself would have sent the form, with the password in the address.
$("login-form").querySelector("button").disabled = false;
setInterval(tick, TICK);
