// Keeps the pages signed in. Cookies carry the tokens; no script ever sees one.

/** Like fetch, but refreshes once and asks once more where the access token has run out. */
export async function signedInFetch(url, options) {
  const before = refreshed;
  const answer = await fetch(url, options);
  if (answer.status !== 401) return answer;
  // Others may have refreshed since this was sent.
  return before !== refreshed || (await refresh()) ? fetch(url, options) : answer;
}

let refreshed = 0;
let refreshing;

/** One refresh for all who wait for it. Answers whether it is worth asking again. */
export function refresh() {
  refreshing ??= fetch("/v1/refresh", { method: "POST" })
    .then(judge, () => false)
    .finally(() => { refreshing = undefined; });
  return refreshing;
}

async function judge(answer) {
  // 409: another tab was faster, and its cookies are ours, too.
  if (answer.ok || answer.status === 409) {
    refreshed += 1;
    return true;
  }
  const { code } = await answer.json().catch(() => ({}));
  // Only these two say that nobody is signed in here: the session has ended, or there is no cookie of one. Whatever
  // else goes wrong may pass, and the user stays signed in.
  if (code === "session_ended" || code === "token_missing") {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  return false;
}

const byId = (id) => document.getElementById(id);
const say = (text) => { byId("message").textContent = text; };

byId("sign-in")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  const answer = await fetch("/v1/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username, password, transport: "cookie" }),
  });
  if (!answer.ok) return say(answer.status === 401 ? "Wrong name or password." : "Please try again in a moment.");
  // Only to pages of ours, whatever the link said that led here.
  const next = new URL(new URLSearchParams(location.search).get("next") ?? "/me", location.origin);
  location.assign(next.origin === location.origin ? next : "/me");
});

async function signOut(path) {
  const answer = await signedInFetch(path, { method: "POST" });
  if (answer.ok) location.assign("/");
  else say("Please try again in a moment.");
}

byId("sign-out")?.addEventListener("click", () => signOut("/v1/logout"));
byId("sign-out-everywhere")?.addEventListener("click", () => signOut("/v1/logout/all"));

async function listDevices(list) {
  const answer = await signedInFetch("/v1/sessions");
  if (!answer.ok) return;
  for (const { id, device, current } of (await answer.json()).sessions) {
    const item = document.createElement("li");
    item.append(device || "Unknown device", " ");
    const end = document.createElement("button");
    end.textContent = "Sign out";
    end.onclick = async () => (await signedInFetch(`/v1/sessions/${id}`, { method: "DELETE" })).ok && item.remove();
    item.append(current ? "(this one)" : end);
    list.append(item);
  }
}

if (byId("devices")) listDevices(byId("devices"));

// A form that meets an expired token is lost with all that was typed. So refresh before it is sent.
addEventListener("submit", async (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  event.preventDefault();
  if (await refresh()) event.target.submit();
  else say("Please try again in a moment.");
});

// The mark of /v1/continue has served.
const here = new URL(location.href);
if (here.searchParams.has("continued")) {
  here.searchParams.delete("continued");
  history.replaceState(history.state, "", here);
}
