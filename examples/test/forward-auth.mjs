// node forward-auth.mjs: an application that knows nothing of tokens, behind real nginx and real Caddy.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { launch, User } from "./browser.mjs";
import { Caller } from "./caller.mjs";
import { play, root } from "./play.mjs";
import { Stack } from "./stack.mjs";

const GUIDE = "forward-auth";
const ADA = ["ada", "correct horse"];
const LOGIN = "/static/login.html";
const DEEP = "/?a=1&b=%20x";
/** In the second half of a token's life, where it is renewed. */
const NEARLY_OVER = 3_300;

/** The guide's application behind one proxy. */
class Proxied extends Stack {
  static of(stack, proxy) {
    return Object.assign(new Proxied(stack.root, GUIDE, stack.copy(proxy), "http"), { proxy, mode: "off" });
  }

  line(name) {
    if (name === "proxy") return super.line(this.proxy);
    if (name === "rekindle") return super.line(`rekindle-${this.proxy}`);
    // With the pages of trials.py, and careless about names of headers, as other servers are.
    return super.line(name).replace("app:app", "--header-map dangerous trials:app");
  }

  options(name) {
    const options = super.options(name);
    Object.assign(options.env, { REKINDLE__RENEWAL__MODE: this.mode, HOME: this.folder });
    // A claim that no token has.
    if (this.mode === "header") options.env.REKINDLE__FORWARD_AUTH__IDENTITY = '["Remote-User: name", "Remote-Session: sid", "Remote-Expires: no"]';
    if (this.mode !== "off") Object.assign(options.env, { REKINDLE__LIFETIMES__ACCESS: "6s", REKINDLE__RENEWAL__THRESHOLD: "3s" });
    return options;
  }

  async renewing(mode) {
    this.mode = mode;
    await this.again("rekindle");
  }

  async again(name) {
    await this.end(name);
    await this.begin(name);
  }

  /** With one line of the proxy's configuration replaced while `act` runs. */
  async with(line, other, act) {
    const file = join(this.folder, GUIDE, "nginx.conf");
    const written = readFileSync(file, "utf8");
    assert.equal(written.split(line).length, 2);
    writeFileSync(file, written.replace(line, () => other));
    await this.again("proxy");
    await act();
    writeFileSync(file, written);
    await this.again("proxy");
  }
}

async function scenario(browser, stack, step) {
  const ada = await User.at(browser, stack.url);
  const nobody = new Caller(stack);
  const jar = async (user = ada) => new Caller(stack, await user.context.cookies());
  const signIn = async (user, path) => {
    await user.goto(path);
    await user.at(`${LOGIN}?next=${encodeURIComponent(stack.url + path)}`);
    await user.signIn(...ADA);
    await user.at(path);
    await user.heading("Hello, ada");
    return user;
  };

  await step("whoever is not signed in is led to the login, and from there to the page", async () => {
    await ada.goto(DEEP);
    await ada.at(`${LOGIN}?next=${encodeURIComponent(stack.url + DEEP)}`);
    await ada.signIn(ADA[0], "wrong");
    await ada.message("Wrong name or password.");
    await signIn(ada, DEEP);
  });
  await step("a script is answered 401, and is sent nowhere", async () => {
    const { status, headers } = await nobody.get("/", { accept: "application/json" });
    assert.deepEqual([status, headers.location, headers["www-authenticate"]], [401, undefined, "Bearer"]);
  });
  await step("what a client says it is never reaches the application", async () => {
    const madeUp = ["Remote-User", "remote_user", "Remote-Session", "Remote_Session", "Remote-Expires", "Remote_Expires"];
    const claims = Object.fromEntries(madeUp.map((name) => [name, "admin"]));
    const seen = async (caller, path, headers) => JSON.parse((await caller.get(path, headers)).text);
    const honest = await seen(await jar(), "/seen", {});
    const { HTTP_REMOTE_USER: user, HTTP_REMOTE_SESSION: session, HTTP_REMOTE_EXPIRES: expires, ...more } = honest;
    assert.deepEqual([user, more], ["ada", {}]);
    assert.match(session, /^[\w-]{20,}$/);
    assert(Math.abs(expires - Date.now() / 1000) < 10, expires);
    assert.deepEqual(await seen(await jar(), "/seen", claims), honest);
    assert.equal((await nobody.get("/seen", claims)).status, 401);
    for (const caller of [nobody, await jar()]) assert.deepEqual(await seen(caller, "/static/seen", claims), {});
  });
  await step("a form of another site is refused, whatever it says of its method", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const lies = ["x-forwarded-method", "x-original-method", "x-http-method-override"];
    for (const lie of [{}, ...lies.map((name) => ({ [name]: "GET" })), Object.fromEntries(lies.map((name) => [name, "GET"]))]) {
      const forged = { ...form, "sec-fetch-site": "cross-site", origin: "https://evil.example", ...lie };
      assert.equal((await (await jar()).post("/notes", "text=forged", forged)).status, 403, JSON.stringify(lie));
    }
    assert.equal((await (await jar()).post("/notes", "text=own", form)).status, 303);
    const { text } = await (await jar()).get("/");
    assert.deepEqual([text.includes("ada: own"), text.includes("forged")], [true, false]);
  });
  // All of it is waiting for a token's end: so each with a browser of its own.
  const elsewhere = (name, act) =>
    step(name, async () => {
      const user = await signIn(await User.at(browser, stack.url), DEEP);
      await act(user, await jar(user));
      await user.context.close();
    });
  const websocket = elsewhere("websocket_outlives_token", async (user, old) => {
    const own = { origin: stack.url };
    assert.equal(await handshake(old, "/live", { origin: "https://evil.example" }), 403);
    assert.deepEqual([await handshake(old, "/live", own), await handshake(nobody, "/live", own)], [101, 401]);
    const [askedOnce, ends] = [await open(user, "/echo"), await open(user, "/live")];
    assert.deepEqual([await askedOnce("a"), await ends("a")], ["a", "ada: a"]);
    await user.expired();
    assert.deepEqual([await askedOnce("b"), await ends("b")], ["b", "closed 4401"]);
    assert.equal(await handshake(old, "/live", own), 401);
    assert.equal(await post(user, "/v1/refresh"), 200);
    assert.equal(await (await open(user, "/live"))("c"), "ada: c");
  });
  const form = elsewhere("a form sent with a token that has run out", async (user, old) => {
    await user.page.getByLabel("Note").fill("typed for long");
    await user.expired();
    const lost = await old.post("/notes", "text=lost", { accept: "text/html", "sec-fetch-mode": "navigate" });
    assert.deepEqual([lost.status, lost.headers.location], [401, undefined]);
    await user.page.getByRole("button", { name: "Save" }).click();
    await user.message("ada: typed for long");
  });
  const page = elsewhere("a page read for longer than a token lives", async (user) => {
    await user.expired();
    assert.equal(await user.counting("/v1/continue", () => user.goto(DEEP)), 1);
    await user.at(DEEP);
    await user.heading("Hello, ada");
  });
  await Promise.all([websocket, form, page]);
  await step("Rekindle is away, and comes back", async () => {
    await ada.goto("/");
    await stack.end("rekindle");
    const before = await ada.tokens();
    assert((await post(ada, "/v1/refresh")) >= 500);
    assert((await post(ada, "/notes")) >= 500);
    assert.deepEqual(await ada.tokens(), before);
    await stack.begin("rekindle");
    await ada.goto("/");
    await ada.heading("Hello, ada");
  });
  await step("sign out", async () => {
    await ada.page.getByRole("button", { name: "Sign out" }).click();
    await ada.at(`${LOGIN}?next=${encodeURIComponent(`${stack.url}/`)}`);
    assert.equal((await ada.tokens()).length, 0);
  });

  const mine = ({ headers }) => (headers["set-cookie"] ?? []).filter((cookie) => cookie.startsWith("rk-"));
  await step("a cookie near its end is renewed", async () => {
    await stack.renewing("cookie");
    await signIn(ada, "/");
    const young = await (await jar()).get("/");
    assert.deepEqual([mine(young), young.headers["cache-control"]], [[], "private, no-cache"]);
    await pause(NEARLY_OVER);
    const near = await jar();
    await renewed(near, {}, (answer) => mine(answer).map((cookie) => cookie.split(";")[0]).join());
    const { headers } = await soon(() => near.get("/own"), (answer) => mine(answer).length > 0);
    assert.deepEqual(headers["set-cookie"].map((cookie) => cookie.slice(0, 5)).sort(), ["rk-a.", "theme"]);
    const through = await ada.counting("/v1/continue", async () => {
      // Until long after the first token's end.
      for (let n = 0; n < 6; n++) {
        await ada.goto("/");
        await ada.heading("Hello, ada");
        await pause(600);
      }
    });
    assert.equal(through, 0);
  });
  if (stack.proxy === "nginx") {
    await step("nginx_auth_request_drops_set_cookie", async () => {
      await post(ada, "/v1/refresh");
      await pause(NEARLY_OVER);
      const near = await jar();
      const renews = (answer) => mine(answer).length === 1;
      await soon(() => near.get("/"), renews);
      await stack.with("auth_request_set $renewed_cookie $upstream_http_set_cookie;", 'set $renewed_cookie "";', async () => {
        await soon(() => near.get("/v1/forward-auth", { "x-forwarded-method": "GET" }), renews);
        assert.deepEqual(mine(await near.get("/")), []);
        await ada.expired();
        assert.equal(await ada.counting("/v1/continue", () => ada.goto("/")), 1);
        await ada.heading("Hello, ada");
      });
    });
  }
  await step("a bearer token near its end is renewed", async () => {
    await stack.renewing("header");
    const [username, password] = ADA;
    const login = JSON.parse((await nobody.post("/v1/login", { username, password })).text);
    const claimed = { authorization: `Bearer ${login.access_token}`, "remote-expires": "9999999999" };
    const seen = JSON.parse((await nobody.get("/seen", claimed)).text);
    assert.deepEqual([seen.HTTP_REMOTE_USER, seen.HTTP_REMOTE_EXPIRES ?? ""], ["ada", ""]);
    await pause(NEARLY_OVER);
    const bearer = (token) => ({ authorization: token, origin: stack.url });
    const near = bearer(`Bearer ${login.access_token}`);
    const token = await renewed(nobody, near, ({ headers }) => headers.authorization ?? "");
    assert.match(token, /^Bearer ./);
    const exposes = ({ headers }) => headers["access-control-expose-headers"] === "Authorization";
    await soon(() => nobody.get("/", near), exposes);
    const { status, headers } = await nobody.get("/", bearer(token));
    assert.deepEqual([status, headers.authorization, headers["access-control-expose-headers"]], [200, undefined, undefined]);
  });
  await ada.context.close();
}

/** A renewal that takes too long is left to the next request. */
async function soon(act, good) {
  const deadline = Date.now() + 1_000;
  for (;;) {
    const outcome = await act();
    if (good(outcome)) return outcome;
    assert(Date.now() < deadline, JSON.stringify(outcome));
  }
}

/** Requests with a token near its end: those at once get the same new one, and what is not one user's gets none. */
async function renewed(caller, headers, token) {
  const atOnce = () => Promise.all(Array.from({ length: 8 }, () => caller.get("/", headers)));
  const answers = await soon(atOnce, (answers) => answers.filter(token).length > 1);
  const tokens = new Set(answers.map(token).filter(Boolean));
  assert.equal(tokens.size, 1);
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.headers["cache-control"]], [200, token(answer) ? "no-store" : "private, no-cache"]);
  }
  for (const [path, status, kept] of [
    ["/nowhere", 404],
    ["/broken", 500],
    ["/kept/public", 200, "public, max-age=60"],
    ["/kept/s-maxage=9", 200, "s-maxage=9, max-age=60"],
  ]) {
    const answer = await caller.get(path, headers);
    assert.deepEqual([answer.status, token(answer)], [status, ""], path);
    if (kept) assert.equal(answer.headers["cache-control"], kept);
  }
  return [...tokens][0];
}

/** A request of the page's. Answers its status. */
function post(user, path) {
  return user.page.evaluate(async (path) => (await fetch(path, { method: "POST" })).status, path);
}

/** A WebSocket of the page's. Answers what says something through it and gives back what comes next. */
async function open(user, path) {
  const socket = await user.page.evaluateHandle(async (path) => {
    const socket = new WebSocket(`ws://${location.host}${path}`);
    const heard = [];
    socket.addEventListener("message", ({ data }) => heard.push(data));
    socket.addEventListener("close", ({ code }) => heard.push(`closed ${code}`));
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    return { socket, heard };
  }, path);
  return (text) =>
    socket.evaluate(async ({ socket, heard }, text) => {
      socket.send(text);
      const deadline = Date.now() + 3_000;
      while (heard.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      return heard.shift();
    }, text);
}

/** The status that a program's handshake is answered with. */
function handshake(caller, path, headers) {
  const key = randomBytes(16).toString("base64");
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": key };
  return new Promise((resolve, reject) => {
    const asked = request(caller.stack.url + path, { headers: { ...(caller.cookie && { cookie: caller.cookie }), ...upgrade, ...headers } });
    asked.on("error", reject).on("response", (response) => resolve(response.resume().statusCode));
    asked.on("upgrade", (response, socket) => resolve(socket.destroy() && response.statusCode)).end();
  });
}

const stack = await Stack.prepare(root, GUIDE);
const browser = await launch();
const behind = async (proxy) => {
  const proxied = Proxied.of(stack, proxy);
  await play(`behind ${proxy}`, proxied, (step) => scenario(browser, proxied, step));
};
try {
  await Promise.all(["nginx", "caddy"].map(behind));
} finally {
  await browser.close();
}
