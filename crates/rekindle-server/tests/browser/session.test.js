// One session in a browser's jar, over http and https.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";

const DAY = 86_400;

for (const host of ["localhost", "127.0.0.1"]) {
  const nothingBetween = { settings: () => ({ public_url: undefined }) };
  scenario(`cookies_carry_a_session at http://${host}`, nothingBetween, async ({ server, visitor, subjects }) => {
    const person = await visitor(`http://${host}:${server.port}`);
    const tab = await person.tab();
    assert.equal(await tab.who(), "401 token_missing");
    const login = await tab.login();
    assert.equal(login.outcome, "200");
    const [access, refresh] = await person.jar();
    const fixed = { httpOnly: true, secure: false, sameSite: "Lax", domain: host, slot: access.slot };
    assert.deepEqual(pick(access), { ...fixed, path: "/", name: `rk-a.${access.slot}` });
    assert.deepEqual(pick(refresh), { ...fixed, path: "/v1", name: `rk-r.${access.slot}` });
    assert.ok(lasts(access, login.json.expires_in) && lasts(refresh, 7 * DAY));

    assert.equal(await tab.who(), subjects.demo);
    await tab.page.reload();
    assert.equal(await tab.who(), subjects.demo);
    assert.equal(await (await person.tab()).who(), subjects.demo);
    assert.equal((await tab.refresh()).outcome, "200");
    assert.equal((await tab.logout()).outcome, "204");
    assert.deepEqual(await person.jar(), []);
    assert.equal(await tab.who(), "401 token_missing");
  });
}

scenario("https_names_bind_cookies_to_the_host", { https: true, host: "auth.example.test" }, async (world) => {
  const person = await world.visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  const [access, refresh] = await person.jar();
  assert.equal(access.name, `__Host-rk-a.${access.slot}`);
  assert.equal(refresh.name, `__Secure-rk-r.${access.slot}`);
  assert.ok(access.secure && refresh.secure && access.httpOnly && refresh.httpOnly);
  assert.equal(await tab.who(), world.subjects.demo);

  // Another host of the domain cannot put an access cookie here, and a script cannot write over what it cannot read.
  const value = `${access.name}=junk; Secure; Path=/`;
  world.site.pages.set("/put", () => page("", { "set-cookie": [`${value}; Domain=example.test`, value] }));
  await (await person.tab(world.site.origin("app.example.test"))).page.goto(`${world.site.origin("app.example.test")}/put`);
  await tab.page.evaluate((cookie) => (document.cookie = cookie), value);
  assert.deepEqual((await person.jar()).filter((kept) => kept.domain === "auth.example.test"), [access, refresh]);
  assert.equal(await tab.who(), world.subjects.demo);
});

// Without TLS and off this machine browsers send no `Sec-Fetch-Site`: `Origin` alone says whose page it is.
scenario("plain_http_in_a_private_network", { host: "auth.example.test" }, async ({ site, subjects, visitor }) => {
  const person = await visitor();
  const tab = await person.tab();
  assert.equal((await tab.login()).outcome, "200");
  assert.equal((await tab.refresh()).outcome, "200");
  assert.equal(await tab.who(), subjects.demo);
  assert.equal((await tab.logout()).outcome, "204");
  assert.ok(site.seen.every(({ headers }) => headers["sec-fetch-site"] === undefined));
});

for (const https of [false, true]) {
  scenario(`no_script_reads_a_token over ${https ? "https" : "http"}`, { https }, async ({ visitor }) => {
    const person = await visitor();
    const tab = await person.tab();
    const answers = [await tab.login(), await tab.refresh(), await tab.ask("GET", "/v1/session")];
    const requests = ["GET /v1/sessions", "GET /v1/continue?to=/blank", "POST /v1/logout/others", "POST /v1/refresh"];
    for (const request of requests) answers.push(await tab.ask(...request.split(" ")));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200, 403, 204, 200]);
    const seen = JSON.stringify([answers, await tab.page.evaluate(everythingAScriptCanRead)]);
    assert.ok(seen.includes(answers[0].json.session_id), "it was looked at");
    const pieces = (await person.jar()).flatMap(({ value }) => value.match(/.{20}/g));
    assert.ok(pieces.length > 20);
    for (const piece of pieces) assert.ok(!seen.includes(piece), "a piece of a token");
  });
}

async function everythingAScriptCanRead() {
  const stores = [document.cookie, { ...localStorage }, { ...sessionStorage }, await indexedDB.databases()];
  const cookies = (await cookieStore.getAll()).map(({ name, value }) => ({ name, value }));
  return [stores, cookies, performance.getEntries().map((entry) => entry.toJSON()), document.documentElement.outerHTML];
}

const pick = ({ name, path, domain, httpOnly, secure, sameSite, slot }) => ({ name, path, domain, httpOnly, secure, sameSite, slot });
const lasts = ({ expires }, seconds) => Math.abs(expires - Date.now() / 1000 - seconds) < 30;
const page = (body, headers = {}) => ({ status: 200, headers: { "content-type": "text/html", ...headers }, body });
