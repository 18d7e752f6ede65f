// Every request of this page, and what it was answered: for the list below the story.

import { $, element } from "./dom.js";

/** Older ones go: nobody reads them. */
const KEPT = 200;

let total = 0;
/** By `POST /v1/refresh 200`. */
const counts = new Map();

/** How many there were, such as `POST /v1/refresh` or `GET /v1/session 401`. */
export function count(start) {
  let found = 0;
  for (const [name, times] of counts) if (name.startsWith(start)) found += times;
  return found;
}

/** `fetch` for somebody, listed. */
export const asking = (who) => async (input, init = {}) => {
  const path = new URL(input.url ?? input, location.href).pathname;
  const asked = { who, name: `${init.method ?? "GET"} ${path}`, began: performance.now() };
  let response;
  try {
    response = await fetch(input, init);
    const text = await response.clone().text();
    list(asked, response.status, text);
  } catch (error) {
    list(asked, response ? "broke off" : "no answer", "");
    if (!response) throw error;
  }
  return response;
};

function list({ who, name, began }, outcome, text) {
  total += 1;
  const counted = `${name} ${outcome}`;
  counts.set(counted, (counts.get(counted) ?? 0) + 1);
  $("requests-count").textContent = total;

  const item = element("li", kind(outcome));
  const head = element("div", "head");
  head.append(element("span", "who", who), element("code", "", name), element("span", "status", outcome));
  head.append(element("time", "", `${(performance.now() - began).toFixed(0)} ms`));
  item.append(head);
  const shown = readable(text);
  if (shown) {
    const details = element("details");
    details.append(element("summary", "", "The answer"), element("pre", "", shown));
    item.append(details);
  }
  $("requests-list").prepend(item);
  while ($("requests-list").children.length > KEPT) $("requests-list").lastChild.remove();
}

function kind(outcome) {
  if (outcome < 300) return "good";
  return outcome === 401 || outcome >= 500 ? "bad" : "wait";
}

/** With tokens cut short. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), (key, value) => (/_token$/.test(key) && typeof value === "string" ? cut(value) : value), 2);
  } catch {
    return text;
  }
}

const cut = (token) => (token.length > 28 ? `${token.slice(0, 14)}…${token.slice(-6)}` : token);
