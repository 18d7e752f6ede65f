// One step at a time: what a button begins, what is waited for, and where the keyboard goes on.

import { $, isUsable, write } from "./dom.js";
import { tell } from "./story.js";
import { failure } from "./words.js";

let running = false;
let stopWaiting;

export const isRunning = () => running;

/** Runs `step`, unless another one runs, and then `settle`, which shows what it has led to. */
export async function run(step, settle) {
  if (running) return;
  running = true;
  const focused = document.activeElement;
  mark();
  try {
    await step();
  } catch (error) {
    tell("You", ...failure(error));
  } finally {
    running = false;
    mark();
    await settle();
    goOn(focused);
  }
}

/** Waits in front of the user's eyes; false if told to stop. */
export function wait(seconds, words) {
  const until = performance.now() + seconds * 1000;
  return new Promise((resolve) => {
    const left = () => Math.ceil((until - performance.now()) / 1000);
    const say = () => write($("waiting-words"), `${words} In ${left()} s.`);
    const finish = (answer) => {
      clearInterval(timer);
      stopWaiting = undefined;
      $("waiting").hidden = true;
      resolve(answer);
    };
    const timer = setInterval(() => (left() <= 0 ? finish(true) : say()), 250);
    stopWaiting = () => finish(false);
    say();
    // What takes no longer than a breath needs no button.
    $("waiting").hidden = seconds <= 2;
  });
}

$("stop").addEventListener("click", () => {
  $("waiting").hidden = true;
  stopWaiting?.();
});

/** While a step runs its button keeps the keyboard's focus, which a disabled one would lose. */
function mark() {
  for (const button of document.querySelectorAll("button:not(#stop, [type=reset])")) {
    button.setAttribute("aria-disabled", String(running || button.dataset.off === "true"));
  }
}

/** Says whether a button makes sense now. */
export function allow(button, does) {
  button.dataset.off = String(!does);
  button.setAttribute("aria-disabled", String(running || !does));
}

/** Puts the keyboard where it was, or where one goes on from here. */
function goOn(before) {
  // Somebody has moved on meanwhile.
  if (document.activeElement !== document.body && document.activeElement !== before && document.activeElement?.id !== "stop") return;
  if (!before || before === document.body) return;
  const next = isUsable(before) ? before : [...document.querySelectorAll("button.main")].find(isUsable);
  next?.focus({ preventScroll: true });
}
