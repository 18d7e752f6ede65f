// What a browser does with cookies that are too long, or whose setting was changed.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

const rotating = { lifetimes__replay_window: "off" };
const DOMAIN = { cookies__domain: "example.test" };

for (const [name, first, second] of [
  ["cookie_domain_changed, from the host to its domain", {}, DOMAIN],
  ["cookie_domain_changed, from the domain to one host", DOMAIN, { cookies__domain: undefined }],
]) {
  const options = { https: true, host: "auth.example.test", settings: () => ({ ...rotating, ...first }) };
  scenario(name, options, async (world) => {
    const { server, subjects } = world;
    const person = await world.visitor();
    const tab = await person.tab();
    assert.equal((await tab.login()).outcome, "200");
    const twins = async () => (await person.jar()).filter(({ kind }) => kind === "refresh").map(({ domain }) => domain);
    assert.equal((await twins()).length, 1);

    await world.restart(second);
    // The access cookie has another name now. One refresh, and no logout.
    assert.equal(await tab.who(), "401 token_missing");
    for (let n = 0; n < 3; n++) {
      assert.equal((await tab.refresh()).outcome, "200");
      assert.equal(await tab.who(), subjects.demo);
    }
    assert.deepEqual((await twins()).sort(), [".example.test", "auth.example.test"], "under one name, each with its own token");
    assert.equal(server.count("late_retry"), 0, "the stale one never counts");
    assert.equal(server.count("opened"), 1);
    assert.equal((await tab.logout()).outcome, "204");
    if (second.cookies__domain) assert.deepEqual(await person.jar(), [], "both of them are gone");
    // The domain that was set once is not known any more: what is left of it opens nothing.
    else assert.equal((await tab.refresh()).outcome, "401 session_ended logged_out");
    assert.equal((await tab.login()).outcome, "200");
    assert.equal(await tab.who(), subjects.demo);
    assert.equal((await tab.refresh()).outcome, "200");
  });
}

scenario("cookies_of_a_domain_reach_its_hosts", { https: true, host: "auth.example.test", settings: () => DOMAIN }, async (world) => {
  const { site } = world;
  const person = await world.visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  await person.tab(site.origin("app.example.test"));
  const [access, refresh] = await person.jar();
  const { cookie } = site.seen.at(-1).headers;
  assert.ok(cookie.includes(`${access.name}=${access.value}`), "the application sees the access cookie");
  assert.ok(!cookie.includes(refresh.name), "and no refresh cookie");
});

// RFC 6265bis section 5.7. The bound of the server is Chromium's own.
scenario("cookie_4097_bytes, as Chromium has it", {}, async ({ site, visitor }) => {
  const person = await visitor();
  const ofLength = (name, length) => `${name}=${"v".repeat(length - name.length)}; Path=/; HttpOnly; Max-Age=60`;
  const cookies = [ofLength("fits", 4096), ofLength("toolong", 4097)];
  site.pages.set("/long", () => ({ status: 200, headers: { "set-cookie": cookies }, body: "" }));
  const tab = await person.tab();
  assert.equal((await tab.ask("GET", "/long")).status, 200);
  assert.deepEqual((await person.context.cookies()).map(({ name }) => name), ["fits"], "the other is dropped without a word");
});

const claims = (length) => ({ role: "r".repeat(length) });

scenario("cookie_4097_bytes", { users: ["ada"], settings: () => rotating }, async ({ server, site, subjects, visitor }) => {
  // The longest claims whose token has room in a cookie beside its name.
  const body = JSON.stringify({ username: "ada", password: "ada-password" });
  const room = 4096 - "rk-a.12345678".length;
  const fits = async (length) => {
    await server.setClaims("ada", claims(length));
    const login = await site.ask("POST", "/v1/login", { "content-type": "application/json" }, body);
    return JSON.parse(login.body).access_token.length <= room;
  };
  let [longest, shortest] = [0, 4096];
  while (shortest - longest > 1) {
    const middle = (longest + shortest) >> 1;
    if (await fits(middle)) longest = middle;
    else shortest = middle;
  }

  const person = await visitor();
  const tab = await person.tab();
  await server.setClaims("ada", claims(longest));
  assert.equal((await tab.login("ada")).outcome, "200");
  const [access] = await person.jar();
  assert.ok(access.name.length + access.value.length > 4090, "to the last byte");
  assert.equal(await tab.who(), subjects.ada);

  // They grow by one character. Nothing looks like a success that is none, and nobody is signed out.
  await server.setClaims("ada", claims(shortest));
  for (let n = 0; n < 3; n++) {
    const refresh = await tab.refresh();
    assert.equal(refresh.outcome, "503 unavailable");
    assert.ok(Number(refresh.headers["retry-after"]) > 0);
    const refreshCookies = (await person.jar()).filter(({ kind }) => kind === "refresh");
    assert.equal(refreshCookies.length, 1);
  }
  const page = await tab.page.goto(`${tab.origin}/v1/continue?to=/blank`);
  assert.equal(page.status(), 503, "and not sent round in circles");
  await tab.page.goto(`${tab.origin}/blank`);
  assert.match(server.log, /too long for a cookie/);

  await server.setClaims("ada", {});
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), subjects.ada);

  // Somebody whose claims were too long from the start is told so at the login.
  await server.setClaims("ada", claims(shortest));
  assert.equal((await tab.login("ada")).outcome, "503 unavailable");
  await server.setClaims("ada", {});
  assert.equal((await tab.login("ada")).outcome, "200");
  assert.equal(await tab.who(), subjects.ada);
});
