// What the buttons of the signed-in user do.

import { count } from "./ask.js";
import { ask, held, refused, session } from "./session.js";
import { wait } from "./steps.js";
import { tell } from "./story.js";

const MANY = 50;
/** After a failure the client itself waits for up to a second. */
const A_MOMENT = 1;
const TRIES = 5;

/**
 * Refreshes, and asks again for as long as an answer does not come: as the client would do by itself when the next request is
 * made. Answers how often it was in vain; undefined if somebody did not want to wait.
 */
export async function refresh() {
  for (let vain = 0; ; vain += 1) {
    try {
      await refused();
      return vain;
    } catch (error) {
      if (error.code !== "unavailable" || vain >= TRIES) throw error;
      const isSuperseded = error.status === 409;
      tell("You", "wait", isSuperseded
        ? "Your token was replaced a moment ago by somebody else. It could be a slow tab, so nothing ends. Wait, and ask again."
        : "No answer. You hold the old token still, and nothing is lost: ask again with it.");
      if (!(await wait(error.retryAfter ?? A_MOMENT, "You ask again."))) return undefined;
    }
  }
}

async function refreshNow() {
  const before = await held();
  if ((await refresh()) === undefined) return;
  const after = await held();
  if (after.refresh_token === before.refresh_token) {
    tell("You", "good", "The same tokens as before: they are so young that the server repeats its last answer. That is the replay window.");
  } else {
    const skipped = after.says.gen > before.says.gen + 1;
    const words = skipped ? " Others were given out in between, and the server cannot tell yet whether an answer was lost or stolen. It remembers." : "";
    tell("You", "good", `New tokens, generation ${after.says.gen}.${words}`);
  }
}

async function many(dev) {
  // Without that they would all go through, and there would be nothing to see.
  if (dev) await ask("/page/outdate");
  const [refusals, refreshes] = [count("GET /v1/session 401"), count("POST /v1/refresh")];
  const answers = await Promise.all(Array.from({ length: MANY }, () => session.fetch("/v1/session")));
  const fine = answers.filter(({ ok }) => ok).length;
  const refused = count("GET /v1/session 401") - refusals;
  const refreshed = count("POST /v1/refresh") - refreshes;
  tell("You", fine === MANY ? "good" : "bad", refused === 0
    ? `${MANY} requests at once, and ${fine} were answered: the access token is good still, and nobody had to refresh.`
    : `${MANY} requests at once, and the server did not take the access token any more: ${refused} were refused. They shared ${times(refreshed, "refresh", "refreshes")}, and then ${fine} of ${MANY} were answered.`);
}

/** Either way to lose an answer: the server has taken the step, and the client does not know. */
async function spoil(path, how) {
  const before = await held();
  await ask(path);
  tell("You", "wait", how);
  const vain = await refresh();
  if (vain === undefined) return;
  const after = await held();
  // A browser that finds its connection closed may ask again without a word.
  const who = vain > 0 ? "You asked again with the old token" : "The browser itself asked again with the old token";
  tell("You", "good", `${who}, and got the very answer that was lost: generation ${after.says.gen} after ${before.says.gen}. You are still signed in.`);
}

async function rights() {
  const before = await held();
  const { role } = await ask("/page/rights");
  tell("You", "wait", `From now on you are ${role}. The token in your hand still says ${roleOf(before)}, so the server does not take it any more.`);
  // Any request would do: refused once, it is sent again with the next token.
  await session.fetch("/v1/session");
  const after = await held();
  tell("You", "good", `The next refresh brought a token that says ${roleOf(after)}. Nobody was signed out for it.`);
}

async function logout() {
  await session.logout();
  tell("You", "good", "Signed out, in every tab. From now on neither token of this session opens anything, and no copy of them does.");
}

async function everywhere() {
  const devices = await session.sessions();
  const response = await session.fetch("/v1/logout/all", { method: "POST" });
  if (!response.ok) throw new Error((await response.json()).detail ?? `${response.status}`);
  await session.logout();
  tell("You", "good", `Signed out on ${times(devices.length, "device", "devices")}. Each of them finds out with its next request.`);
}

/** By `data-step`. */
export const actions = (dev) => ({
  refresh: refreshNow,
  many: () => many(dev),
  lose: () => spoil("/page/lose-next-answer", "The next answer will break off on its way, as on a train. Now you refresh."),
  kill: () => spoil("/page/kill-after-commit", "The server will write the next step down, and close the connection before it has answered, as if it had been killed. Now you refresh."),
  rights,
  logout,
  everywhere,
});

/** What the account may do, as the token has it. */
export const roleOf = ({ says }) => says.role ?? "no role";

const times = (number, one, more) => `${number} ${number === 1 ? one : more}`;
