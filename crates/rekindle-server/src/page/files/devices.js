// Where the account is signed in, and ending it there.

import { asking } from "./ask.js";
import { $, element, write } from "./dom.js";
import { session } from "./session.js";
import { run } from "./steps.js";
import { short } from "./spans.js";
import { tell } from "./story.js";

const OTHERS = ["Old laptop", "Phone", "Library computer"];
let others = 0;

/** Signs in once more, and lets go of the tokens: a device that is not here. */
async function device() {
  const label = OTHERS[others++ % OTHERS.length];
  const body = JSON.stringify({ username: "demo", password: "demo-password", device: label });
  const response = await asking(label)("/v1/login", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (!response.ok) throw new Error(`${response.status}`);
  tell("You", "good", `Signed in on another device, “${label}”, with a session of its own.`);
}

async function end({ id, device, current }) {
  const response = await session.fetch(`/v1/sessions/${id}`, { method: "DELETE" });
  if (!response.ok && response.status !== 404) throw new Error(`${response.status}`);
  if (current) await session.logout();
  tell("You", "good", current ? "Ended the session of this page." : `Ended the session on “${device}”. What is left of its access token is refused here at once.`);
}

export const managing = { look: async () => tell("You", "good", "Looked again who is signed in where."), device };

/** Lists them, for whoever is signed in. `settle` is called when one was ended. */
export async function drawDevices(you, settle) {
  $("devices").hidden = !you;
  if (!you) return $("devices-list").replaceChildren();
  const found = await session.sessions().catch(() => undefined);
  if (!found) return;
  // What is there already stays, with the keyboard on it.
  const list = $("devices-list");
  const shown = new Map([...list.children].map((item) => [item.dataset.session, item]));
  const items = found.map((each) => shown.get(each.id) ?? made(each, settle));
  for (const item of [...list.children]) if (!items.includes(item)) item.remove();
  items.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
    const { current, created_at, last_seen_at } = found[place];
    write(item.querySelector(".hint"), `${current ? "This page. " : ""}Signed in ${ago(created_at)}, seen ${ago(last_seen_at)}.`);
  });
}

function made(each, settle) {
  const item = element("li");
  item.dataset.session = each.id;
  const button = element("button", "", "End");
  button.type = "button";
  button.setAttribute("aria-label", each.current ? "End the session of this page" : `End the session on ${each.device}`);
  button.addEventListener("click", () => run(() => end(each), settle));
  item.append(element("span", "label", each.device), element("span", "hint"), button);
  return item;
}

function ago(moment) {
  const seconds = Date.now() / 1000 - moment;
  return seconds < 5 ? "just now" : `${short(seconds)} ago`;
}
