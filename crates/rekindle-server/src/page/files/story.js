// What happens, told: the newest first, and the last word of each step beside the picture.

import { $, element, write } from "./dom.js";

const KEPT = 100;
let newest;

/** Tells one thing of somebody: "You", "The thief", "The server". The same thing again is counted. */
export function tell(who, kind, words) {
  const same = newest?.who === who && newest.words === words;
  if (same) {
    newest.times += 1;
    write(newest.count, `× ${newest.times}`);
  } else {
    newest = { who, words, times: 1, count: element("span", "count") };
    const head = element("div", "head");
    head.append(element("span", "who", who), newest.count, element("time", "", new Date().toLocaleTimeString()));
    const item = element("li", kind);
    item.append(head, element("p", "", words));
    $("story").prepend(item);
    while ($("story").children.length > KEPT) $("story").lastChild.remove();
    $("story").hidden = false;
    $("story-empty").hidden = true;
  }
  // Read aloud is what somebody waits for, and not each event of the server's.
  if (!who.startsWith("The server")) {
    $("status").className = kind;
    write($("status"), who === "You" ? words : `${who}: ${words}`);
  }
}
