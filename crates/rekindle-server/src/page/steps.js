// What each button does: requests to the server, and in plain words what its answers mean.

/** What the two of them hold. `newest` is the newest refresh token anybody was given. */
export const state = { you: null, thief: null, newest: null, policy: null };

const short = (token) => (token.length > 28 ? `${token.slice(0, 14)}…${token.slice(-6)}` : token);

/** A token's claims, read without checking them: that is the server's part. */
export function claims(accessToken) {
  const middle = accessToken.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(middle));
}

/** One request. Never throws: no answer is an answer, too. */
async function ask(method, path, { body, token } = {}) {
  const headers = {};
  if (body) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  const started = performance.now();
  try {
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    const json = text ? JSON.parse(text) : null;
    return { method, path, status: response.status, json, took: performance.now() - started };
  } catch {
    return { method, path, status: 0, json: null, took: performance.now() - started };
  }
}

/** The answer as it is shown: tokens cut short. */
export function shown(json) {
  return JSON.stringify(json, (key, value) => (/_token$/.test(key) && typeof value === "string" ? short(value) : value), 2);
}

const ENDED = {
  theft_detected: "Theft noticed. A refresh token came back long after it was replaced: two people hold this session, and nobody can tell who is who. So it has ended for both; who knows the password signs in again.",
  logged_out: "This session was signed out.",
  expired_idle: "Nobody used this session for too long.",
  expired_absolute: "This session has reached its end, whatever happened in it.",
  unknown: "The server knows no such session.",
};

function failure({ status, json }) {
  if (status === 0) return ["bad", "No answer. Is the server still running? Nothing is lost: ask again."];
  if (status === 409) return ["wait", "Superseded: this token was replaced a moment ago. That can be a slow tab, so nothing ends. Wait half a minute and ask again."];
  if (status === 503) return ["wait", "The server cannot answer now. The session is fine: wait and ask again."];
  if (json?.code === "session_ended") return ["bad", ENDED[json.reason] ?? "The session has ended."];
  if (json?.code === "token_expired") return ["wait", "The access token has expired, as it should. Refresh, then ask again."];
  if (json?.code === "invalid_credentials") return ["bad", "Wrong user name or password. The server does not say which."];
  return ["bad", json?.detail ?? "The server refused."];
}

/** Takes the tokens of an answer; says what the refresh token of it is, compared with what was known. */
function take(who, json, presented) {
  const replayed = json.refresh_token === presented;
  const known = json.refresh_token === state.newest;
  const before = state[who]?.generation ?? 0;
  state[who] = { access: json.access_token, refresh: json.refresh_token, generation: claims(json.access_token).gen };
  state.newest = json.refresh_token;
  state.issuedAt = Date.now() - (state.policy.access - json.expires_in) * 1000;
  if (replayed) return `The tokens that ${who === "you" ? "you hold" : "the thief holds"} already: they are less than ${state.policy.replay_window} s old, so nothing has to change yet.`;
  if (known) return "The same new tokens that were given a moment ago: inside the replay window the answer is repeated, and nobody is logged out by a race.";
  const { generation } = state[who];
  if (generation > before + 1) return `New tokens, generation ${generation}. Others were given out in between, and the server cannot tell yet whether that answer was lost or stolen. It remembers.`;
  return `New tokens, generation ${generation}, in place of what was sent.`;
}

const entry = (who, answer, kind, words) => ({ who, answer, kind, words });

async function refreshAs(who) {
  const presented = state[who].refresh;
  const answer = await ask("POST", "/v1/refresh", { body: { refresh_token: presented } });
  if (answer.status !== 200) {
    const [kind, words] = failure(answer);
    if (answer.json?.code === "session_ended") state[who] = null;
    return entry(who, answer, kind, words);
  }
  return entry(who, answer, "good", take(who, answer.json, presented));
}

async function look(path, words) {
  const answer = await ask("GET", path, { token: state.you.access });
  return answer.status === 200 ? entry("you", answer, "good", words(answer.json)) : entry("you", answer, ...failure(answer));
}

/** Each step hands what happened to `tell`, as it happens. */
export const steps = {
  async login(tell, credentials) {
    const answer = await ask("POST", "/v1/login", { body: credentials });
    if (answer.status !== 200) return tell(entry("you", answer, ...failure(answer)));
    state.thief = null;
    take("you", answer.json);
    const { expires_in, refresh_after } = answer.json;
    tell(entry("you", answer, "good", `Signed in. The access token is good for ${expires_in} s; the refresh token gets the next one. A good client does that after ${refresh_after} s, before anybody waits.`));
  },

  refresh: async (tell) => tell(await refreshAs("you")),
  thiefRefresh: async (tell) => tell(await refreshAs("thief")),

  async race(tell) {
    const presented = state.you.refresh;
    const body = { refresh_token: presented };
    const both = await Promise.all([0, 1].map(() => ask("POST", "/v1/refresh", { body })));
    for (const [index, answer] of both.entries()) {
      if (answer.status !== 200) tell(entry("you", answer, ...failure(answer)));
      else if (index === 0) tell(entry("you", answer, "good", `First of two at once. ${take("you", answer.json, presented)}`));
      else {
        const same = answer.json.refresh_token === both[0].json?.refresh_token;
        tell(entry("you", answer, same ? "good" : "bad", same ? "Second of two at once, with the same token: the very same answer. Nobody lost the race." : "Second of two at once: another answer. That should not happen."));
      }
    }
  },

  async lose(tell) {
    const presented = state.you.refresh;
    const lost = await ask("POST", "/v1/refresh", { body: { refresh_token: presented } });
    if (lost.status !== 200) return tell(entry("you", lost, ...failure(lost)));
    tell(entry("you", lost, "wait", "Thrown away, as if the network had dropped it. You still hold only the old token."));
    const retry = await ask("POST", "/v1/refresh", { body: { refresh_token: presented } });
    if (retry.status !== 200) return tell(entry("you", retry, ...failure(retry)));
    const same = retry.json.refresh_token === lost.json.refresh_token;
    take("you", retry.json, presented);
    tell(entry("you", retry, "good", same ? "Asked again with the old token, and got the answer that was lost. The retry cost nothing." : "Asked again with the old token, and got a live one."));
  },

  session: (tell) => look("/v1/session", (json) => `Signed in as ${json.claims?.preferred_username ?? json.subject}. Looking extends nothing: unused, the session ends in ${days(json.refresh_expires_in)}.`).then(tell),
  sessions: (tell) => look("/v1/sessions", ({ sessions }) => (sessions.length === 1 ? "One live session: this one." : `${sessions.length} live sessions of this user.`)).then(tell),

  async logout(tell) {
    const answer = await ask("POST", "/v1/logout", { body: { refresh_token: state.you.refresh } });
    if (answer.status !== 204) return tell(entry("you", answer, ...failure(answer)));
    state.you = null;
    tell(entry("you", answer, "good", "Signed out. From now on neither token of this session opens anything; a copy of them neither."));
  },

  async steal(tell) {
    state.thief = { ...state.you };
    tell(entry("thief", null, "wait", "Copied your refresh token, as malware or a leaked log would. The server cannot know yet: a copy is as good as the original."));
  },

  /** Thief and user take turns, more than a replay window apart, until one of them is noticed. */
  async alternate(tell, wait) {
    let who = "thief";
    for (let turn = 0; turn < 8; turn += 1) {
      const happened = await refreshAs(who);
      tell(happened);
      if (!state[who]) return;
      const superseded = happened.answer.status === 409;
      // Whoever is told to wait asks again; otherwise it is the other one's turn.
      if (!superseded) who = who === "you" ? "thief" : "you";
      const patience = superseded ? state.policy.superseded : state.policy.replay_window;
      if (!(await wait(patience + 1, who === "you" ? "you" : "the thief"))) return;
    }
  },
};

function days(seconds) {
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86400)} days`;
}
