// The page of `rekindle dev`: buttons to steps, steps to the log. Tokens live in memory, and end with the tab.

import { state, steps } from "./steps.js";
import { draw, drawWaiting, drawWindow, focus, tell } from "./view.js";

let busy = false;
let stopWaiting = () => {};

async function run(step, ...rest) {
  if (busy) return;
  busy = true;
  const focused = document.activeElement;
  draw(true);
  try {
    await steps[step](tell, ...rest);
  } finally {
    busy = false;
    drawWaiting("");
    draw();
    focus(focused);
  }
}

/** Waits in front of the user's eyes; false if told to stop. */
function wait(seconds, next) {
  return new Promise((resolve) => {
    let left = seconds;
    const say = () => drawWaiting(`In ${left} s ${next} will refresh: so much later that it is no race.`);
    const finish = (answer) => {
      clearInterval(timer);
      stopWaiting = () => {};
      resolve(answer);
    };
    const timer = setInterval(() => {
      left -= 1;
      if (left <= 0) finish(true);
      else say();
    }, 1000);
    stopWaiting = () => finish(false);
    say();
    draw(true);
  });
}

document.getElementById("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  run("login", { username: form.get("username"), password: form.get("password") });
});

for (const button of document.querySelectorAll("[data-step]")) {
  const { step } = button.dataset;
  button.addEventListener("click", () => {
    if (step === "stop") stopWaiting();
    else run(step, wait);
  });
}

state.policy = await (await fetch("/page/policy.json")).json();
draw();
setInterval(drawWindow, 1000);
