// Other spans, tried without a restart: the picture and the words of `rekindle explain`, from the server itself.

import { $, write } from "./dom.js";
import { exact } from "./spans.js";

const A_MOMENT = 200;
const SPANS = ["access", "idle", "absolute", "replay_window"];

/** Draws the plan that the server runs by, and a new one when somebody types. */
export function plan(life) {
  const form = $("plan");
  const runs = Object.fromEntries(SPANS.map((name) => [name, exact(life[name])]));
  if (!life.replay_window) runs.replay_window = "off";
  let newest = 0;
  let timer;

  /** What differs from what runs: a span that nobody gave makes room for the others, as with the command. */
  const given = () => SPANS.map((name) => [name, form.elements[name].value.trim()]).filter(([name, value]) => value && value !== runs[name]);

  async function draw() {
    const turn = ++newest;
    const query = new URLSearchParams(given());
    const flags = given().map(([name, value]) => ` --${name.replace("_", "-")} ${/^[\w.]+$/.test(value) ? value : `'${value}'`}`);
    const answer = await fetch(`/page/explain?${query}`, { headers: { Rekindle: "1" } }).catch(() => undefined);
    const told = await answer?.json().catch(() => undefined);
    // A slow answer to what was typed before.
    if (turn !== newest) return;
    write($("plan-command"), `rekindle explain${flags.join("")}`);
    write($("plan-error"), answer?.ok ? "" : (told?.detail ?? "The server does not answer."));
    $("plan-picture").classList.toggle("stale", !answer?.ok);
    for (const [name] of SPANS.map((name) => [name])) {
      const isWrong = !answer?.ok && given().some(([each]) => each === name);
      form.elements[name].setAttribute("aria-invalid", String(isWrong));
    }
    if (answer?.ok) write($("plan-picture"), told.text);
  }

  function fill() {
    for (const name of SPANS) form.elements[name].value = runs[name];
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, A_MOMENT);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    fill();
    draw();
  });
  fill();
  draw();
}
