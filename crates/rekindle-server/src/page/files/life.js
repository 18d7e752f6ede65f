// The life of a session as a picture that runs: the one that `rekindle explain` draws, with the moment that it is.
//
// Between seconds and months no even scale shows anything, so every moment that matters is as far from the next as any
// other.

import { $, element, write } from "./dom.js";
import { short } from "./spans.js";

const LANGUAGE = "http://www.w3.org/2000/svg";
const WIDTH = 1000;

/** What each line is about: until when, of what, and how long ago that began. */
function lines({ access, replay_window, refresh_after_to, idle, absolute }) {
  return [
    replay_window && { name: "Replay window", kind: "window", until: replay_window, of: (held) => access - held.expires_in, over: "over", about: "the same tokens again, for whoever asks once more" },
    { name: "Access token", kind: "access", until: access, of: (held) => access - held.expires_in, over: "expired", about: "opens things, also where nobody asks this server" },
    { name: "Next refresh", kind: "refresh", until: refresh_after_to, from: (held) => held.refresh_after, over: "due", about: "by the client itself, while the page is open" },
    idle < absolute && { name: "Idle", kind: "idle", until: idle, of: (held) => idle - held.refresh_expires_in, over: "over", about: "unused for so long, it is over" },
    { name: "Absolute", kind: "absolute", until: absolute, of: (held) => absolute - held.session_expires_in, over: "over", about: "from the sign-in; whatever happens, it is over" },
  ].filter(Boolean);
}

/** Every moment that matters, once, from the beginning on. */
function momentsOf({ access, replay_window, refresh_after_to, idle, absolute }) {
  return [...new Set([0, replay_window, access, refresh_after_to, idle, absolute])].sort((one, other) => one - other);
}

/** Draws it once, and answers how to move it on: with what is held, or null for how it would be. */
export function drawLife(life) {
  const moments = momentsOf(life);
  const steps = moments.length - 1;
  const place = (at) => {
    const step = moments.findLastIndex((moment) => moment <= at);
    if (step < 0) return 0;
    if (step === steps) return WIDTH;
    return ((step + (at - moments[step]) / (moments[step + 1] - moments[step])) / steps) * WIDTH;
  };
  const rows = lines(life).map((line) => row(line, place));
  $("life").replaceChildren(axis(moments), ...rows.map(({ shown }) => shown));
  return (held) => rows.forEach(({ move }) => move(held));
}

function axis(moments) {
  const shown = element("div", "axis");
  // The lines say the same in words.
  shown.setAttribute("aria-hidden", "true");
  const marks = element("div", "marks");
  const labels = moments.map((moment) => element("span", "", short(moment)));
  const [last, end] = labels.splice(-2);
  const ends = element("span", "ends");
  ends.append(last, end);
  marks.append(...labels, ends);
  shown.append(marks);
  return shown;
}

function row(line, place) {
  const { name, kind, until, about } = line;
  const shown = element("div", `row ${kind}`);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} 14`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const end = place(until);
  const track = svg("rect", { class: "track", x: 0, y: 3, width: end, height: 8 });
  const rest = svg("rect", { class: "rest", x: 0, y: 3, width: end, height: 8 });
  const now = svg("rect", { class: "now", x: 0, y: 0, width: 3, height: 14 });
  picture.append(track, rest, now);
  const left = element("span", "left");
  shown.append(element("span", "name", name), picture, left, element("span", "hint about", about));

  function move(held) {
    now.toggleAttribute("hidden", !held);
    const gone = held ? (line.of ? line.of(held) + held.age : until - (line.from(held) - held.age)) : 0;
    const whole = held && line.from ? line.from(held) : until;
    const stays = whole - (line.from ? held?.age ?? 0 : gone);
    const at = Math.min(end, place(Math.max(0, gone)));
    rest.setAttribute("x", at);
    rest.setAttribute("width", end - at);
    now.setAttribute("x", Math.max(0, at - 1.5));
    shown.classList.toggle("over", stays <= 0);
    write(left, !held ? short(until) : stays > 0 ? `${short(Math.ceil(stays))} left` : line.over);
  }
  return { shown, move };
}

function svg(tag, attributes) {
  const made = document.createElementNS(LANGUAGE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
