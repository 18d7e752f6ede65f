// All that these pages need of a script: signing in and out, and no form that is lost.

const byId = (id) => document.getElementById(id);
const say = (text) => { byId("message").textContent = text; };
const later = () => say("Please try again in a moment.");

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  }).catch(() => ({ status: 0 }));

byId("sign-in")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  const { ok, status } = await post("/v1/login", { username, password, transport: "cookie" });
  if (!ok) return status === 401 ? say("Wrong name or password.") : later();
  // Only to pages of ours, whatever the link said that led here.
  const next = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  location.assign(next.origin === location.origin ? next : "/");
});

byId("sign-out")?.addEventListener("click", async () => {
  if ((await post("/v1/logout")).ok) location.assign("/");
  else later();
});

// A form that meets an access token that has run out is lost, with all that was typed. So refresh before it is sent.
addEventListener("submit", async (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  event.preventDefault();
  const { ok, status } = await post("/v1/refresh");
  // 409: another tab was faster, and its cookies are ours, too.
  if (ok || status === 409) event.target.submit();
  else if (status === 401) say("Sign in in another tab, then send this again.");
  else later();
});
