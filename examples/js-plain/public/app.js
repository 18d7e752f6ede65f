// A page without a framework. Open it in two tabs: they share one session.

import { createSession } from "/rekindle/index.js";

const session = createSession();
const byId = (id) => document.getElementById(id);
const say = (text) => (byId("message").textContent = text);

/** Shows who is signed in. */
async function show() {
  const isSignedIn = (await session.peek()) !== null;
  byId("sign-in").hidden = isSignedIn;
  byId("account").hidden = !isSignedIn;
  if (!isSignedIn) return;
  const [who, devices] = await Promise.all([session.fetch("/v1/session"), session.sessions()]);
  byId("subject").textContent = (await who.json()).subject;
  byId("sessions").replaceChildren(...devices.map(({ device, current }) => {
    const item = document.createElement("li");
    item.textContent = current ? `${device} (this one)` : device;
    return item;
  }));
}

/** Whatever goes wrong, nobody is signed out by it but by `session_ended`. */
const trying = (work) => work().catch(({ code }) => say({
  invalid_credentials: "Wrong name or password.",
  session_ended: "Please sign in again.",
}[code] ?? "Please try again in a moment."));

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  say("");
  trying(() => session.login(Object.fromEntries(new FormData(event.target))));
});
byId("sign-out").addEventListener("click", () => trying(() => session.logout()));

// In this tab or in another.
session.onChange(({ type, reason }) => {
  if (type === "signed_out") say(reason === "theft_detected" ? "Somebody else has used your session. Change your password." : "");
  trying(show);
});
trying(show);
