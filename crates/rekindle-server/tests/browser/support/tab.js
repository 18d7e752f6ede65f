// One tab: what a page of the application does with `fetch`, and what it is told.

/** `401 session_ended logged_out`: the part of an answer that a client branches on. */
export function outcome({ status, json }) {
  return [status || "no answer", json?.code, json?.reason].filter(Boolean).join(" ");
}

/** Runs in the page. Never throws: no answer is an answer, too. */
async function ask({ method, url, init }) {
  try {
    const response = await fetch(url, { method, ...init });
    const { status, type } = response;
    return { status, type, text: await response.text(), headers: Object.fromEntries(response.headers) };
  } catch (error) {
    return { status: 0, type: "error", text: String(error), headers: {} };
  }
}

export class Tab {
  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  /** Sends `body` as JSON if there is one. `init` is `fetch`'s. */
  async ask(method, path, body, init = {}) {
    if (body !== undefined) init = { headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...init };
    const url = new URL(path, this.origin).href;
    const answer = await this.page.evaluate(ask, { method, url, init });
    const isJson = /json/.test(answer.headers["content-type"] ?? "");
    answer.json = isJson && answer.text ? JSON.parse(answer.text) : null;
    answer.outcome = outcome(answer);
    return answer;
  }

  login(username = "demo", more = {}) {
    return this.ask("POST", "/v1/login", { username, password: `${username}-password`, transport: "cookie", ...more });
  }

  refresh() {
    return this.ask("POST", "/v1/refresh");
  }

  logout() {
    return this.ask("POST", "/v1/logout");
  }

  /** Who is signed in: a subject, or why there is none. */
  async who() {
    const answer = await this.ask("GET", "/v1/session");
    return answer.json?.subject ?? answer.outcome;
  }
}
