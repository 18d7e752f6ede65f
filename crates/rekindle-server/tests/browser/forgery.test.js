// What pages of other sites can make a browser do, and what they can read.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";
import { Tab } from "./support/tab.js";
import { until } from "./support/until.js";

const PATHS = ["/v1/refresh", "/v1/logout", "/v1/logout/others", "/v1/logout/all", "/v1/login"];
const LOGIN = { username: "ada", password: "ada-password", transport: "cookie" };

/** What a page may send without asking first (Fetch, section 2.2.2). All run in the page. */
const ATTACKS = {
  form: ({ url, enctype, name, value }) => {
    const frame = Object.assign(document.createElement("iframe"), { name: "frame" });
    const form = Object.assign(document.createElement("form"), { method: "POST", action: url, enctype, target: "frame" });
    if (name) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.replaceChildren(frame, form);
    form.submit();
  },
  navigation: ({ url }) => {
    const form = Object.assign(document.createElement("form"), { method: "POST", action: url });
    document.body.replaceChildren(form);
    form.submit();
  },
  blind: ({ url, body, keepalive }) => {
    void fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body, keepalive });
  },
  // With no type at all, which a form cannot do.
  typeless: ({ url, body }) => {
    void fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body: new Blob([body]) });
  },
  beacon: ({ url, body }) => void navigator.sendBeacon(url, body),
};

/** Every attack on every path, and what the server made of it. */
async function attack(world, tab, paths = PATHS) {
  const json = JSON.stringify(LOGIN);
  // A form of plain text: `{"username":…,"x":"=` and `"}` make a whole document.
  const smuggled = { enctype: "text/plain", name: `${json.slice(0, -1)},"x":"`, value: '"}' };
  const tries = paths.flatMap((path) => [
    ["form", { path, enctype: "application/x-www-form-urlencoded" }],
    ["form", { path, enctype: "multipart/form-data" }],
    ["form", { path, ...smuggled }],
    ["blind", { path, keepalive: true }],
    ["blind", { path, body: json }],
    ["typeless", { path, body: path === "/v1/login" ? json : "{}" }],
    ["beacon", { path, body: json }],
    ["navigation", { path }],
  ]);
  const answered = [];
  for (const [name, { path, ...more }] of tries) {
    const answer = world.site.next(`POST ${path}`);
    await tab.page.evaluate(ATTACKS[name], { url: world.origin + path, ...more });
    answered.push({ name, path, ...(await answer) });
    if (name !== "navigation") continue;
    await tab.page.waitForURL(world.origin + path);
    await tab.page.goto(`${tab.origin}/blank`);
  }
  return answered;
}

/** A page of another origin whose `fetch` asks first, and is told no. */
async function attackByScript(world, tab) {
  const before = world.site.seen.length;
  await tab.page.goto(`${tab.origin}/blank`);
  for (const path of PATHS) {
    const init = { credentials: "include", mode: "cors" };
    const sent = await new Tab(tab.page, world.origin).ask("POST", path, LOGIN, init);
    assert.equal(sent.outcome, "no answer");
  }
  const answers = world.site.seen.slice(before);
  assert.deepEqual(answers.map(({ method }) => method), PATHS.map(() => "OPTIONS"), "nothing but questions");
}

/** By the rule against forgery, or before it was asked: no answer of a login or of a sign-out. */
function refused({ name, path, status, code }) {
  const expected = path === "/v1/login" ? /^(400|403|415)/ : /^(403 csrf_rejected|415)/;
  assert.match(`${status} ${code}`, expected, `${name} ${path}`);
}

async function signedIn(person) {
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  return { person, tab, before: await person.jar() };
}

async function unharmed(world, { person, tab, before }) {
  assert.deepEqual(await person.jar(), before);
  assert.equal(await tab.who(), world.subjects.demo);
  assert.equal(await person.generation(), 1);
}

const rotating = { lifetimes__replay_window: "off" };
const http = { users: ["ada"], settings: () => rotating };

scenario("another_site_changes_nothing", http, async (world) => {
  const victim = await signedIn(await world.visitor());
  const evil = await victim.person.tab(world.foreign.origin("127.0.0.1"));
  for (const { name, path, status, headers } of await attack(world, evil)) {
    assert.ok(status >= 400 && status < 500, `${name} ${path} ${status}`);
    assert.equal(headers["sec-fetch-site"], "cross-site");
    assert.equal(headers.cookie, undefined, "Lax cookies stay at home");
  }
  await attackByScript(world, evil);
  await unharmed(world, victim);
});

// Cookies know no ports, and `SameSite` no origins: here the server's own rule is all there is.
scenario("another_port_of_the_host_changes_nothing", http, async (world) => {
  const victim = await signedIn(await world.visitor());
  const evil = await victim.person.tab(world.foreign.origin("localhost"));
  for (const answer of await attack(world, evil)) {
    assert.ok(answer.headers.cookie.includes("rk-"), "the cookies come along");
    assert.equal(answer.headers["sec-fetch-site"], "same-site");
    refused(answer);
  }
  await attackByScript(world, evil);
  await unharmed(world, victim);
});

const toAll = { ...rotating, cookies__same_site: "None" };
const everywhere = { users: ["ada"], https: true, host: "auth.example.test", settings: () => toAll };

// Only a browser with a profile of its own sends cookies to third parties.
scenario("another_site_changes_nothing_where_cookies_go_everywhere", everywhere, async (world) => {
  const victim = await signedIn(await (await world.profile()).open(world.origin));
  const evil = await victim.person.tab(world.foreign.origin("elsewhere.test"));
  for (const answer of await attack(world, evil)) {
    assert.ok(answer.headers.cookie?.includes("rk-"), `the cookies come along ${answer.name}`);
    assert.equal(answer.headers["sec-fetch-site"], "cross-site");
    refused(answer);
  }
  await attackByScript(world, evil);
  await unharmed(world, victim);
});

// Signing visitors in as somebody else, to see what they do there.
scenario("login_csrf", http, async (world) => {
  const person = await world.visitor();
  for (const host of ["127.0.0.1", "localhost"]) {
    const evil = await person.tab(world.foreign.origin(host));
    for (const answer of await attack(world, evil, ["/v1/login"])) refused(answer);
    await attackByScript(world, evil);
  }
  assert.deepEqual(await person.jar(), []);
});

// A bound, not an aim; docs/http.md says so. A path of its own keeps the refresh cookie from the application, and with a
// path browsers allow no `__Host-`: another host of the domain can put a session of its own beside the user's.
scenario("another_host_of_the_domain_can_swap_the_user", everywhere, async (world) => {
  const { person, tab } = await signedIn(await world.visitor());
  const [{ auth_time }] = await person.claims();
  const attacker = await world.visitor();
  const theirs = await attacker.tab();
  await until("a later login", async () => {
    assert.equal((await theirs.login("ada")).outcome, "200");
    return (await attacker.claims())[0].auth_time > auth_time;
  });
  const [access, refresh] = await attacker.jar();
  const put = ({ name, value, path }) => `${name}=${value}; Path=${path}; Secure; Domain=example.test`;
  const headers = { "content-type": "text/html", "set-cookie": [put(access), put(refresh)] };
  world.foreign.pages.set("/put", () => ({ status: 200, headers, body: "<!doctype html>" }));
  const { page } = await person.tab(world.foreign.origin("evil.example.test"));
  await page.goto(`${world.foreign.origin("evil.example.test")}/put`);
  assert.deepEqual((await person.jar()).filter(({ domain }) => domain === ".example.test").map(({ kind }) => kind), ["refresh"]);
  assert.equal(await tab.who(), "401 token_missing", "the newest login has no access token here");
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), world.subjects.ada);
});
