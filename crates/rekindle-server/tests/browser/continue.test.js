// Pages that a server renders, and the way through /v1/continue when their access cookie has run out.

import assert from "node:assert/strict";

import { scenario } from "./support/scenario.js";
import { until } from "./support/until.js";

const TABS = 8;

/** The application: whoever has no access cookie that holds is sent to /v1/continue, as docs/http.md has it. */
function application(site) {
  const html = (body) => ({ status: 200, headers: { "content-type": "text/html", "cache-control": "no-store" }, body });
  site.pages.set("/inbox", async ({ url, headers }) => {
    const session = await site.ask("GET", "/v1/session", { cookie: headers.cookie ?? "" });
    if (session.status === 200) return html(`<h1>${JSON.parse(session.body).subject}</h1>`);
    const location = `/v1/continue?to=${encodeURIComponent(url)}&login=${encodeURIComponent("/sign-in?from=/inbox")}`;
    return { status: 303, headers: { location }, body: "" };
  });
  site.pages.set("/sign-in", () => html("<h1>Who are you?</h1>"));
}

const title = (page) => page.textContent("h1");
const requests = (site, from) => site.seen.slice(from).map(({ request, status }) => `${request} ${status}`);

const short = () => ({ lifetimes__access: "4s", lifetimes__replay_window: "2s" });

scenario("an_expired_page_comes_back", { settings: short }, async ({ site, origin, subjects, visitor }) => {
  application(site);
  const person = await visitor();
  const tabs = [];
  for (let n = 0; n < TABS; n++) tabs.push(await person.tab());
  const [{ page }] = tabs;
  assert.equal((await tabs[0].login()).outcome, "200");
  const expired = () => until("the access cookie has gone", async () => (await person.claims()).length === 0);
  await expired();
  const before = site.seen.length;
  await page.goto(`${origin}/inbox?folder=a%26b&n=1#top`);
  assert.equal(page.url(), `${origin}/inbox?folder=a%26b&n=1#top`);
  assert.equal(await title(page), subjects.demo);
  assert.deepEqual(requests(site, before), ["GET /inbox 303", "GET /v1/continue 303", "GET /inbox 200"]);
  assert.equal(await person.generation(), 2);

  // SCENARIOS 3: eight tabs of a session wake at once, and every one shows its page.
  await expired();
  await Promise.all(tabs.map((tab) => tab.page.goto(`${origin}/inbox`)));
  for (const tab of tabs) assert.equal(await title(tab.page), subjects.demo);
  assert.equal(await person.generation(), 3, "one step");
});

scenario("nobody_goes_round_in_circles", {}, async (world) => {
  const { site, server, origin, visitor } = world;
  application(site);
  const person = await visitor();
  const [tab, elsewhere] = [await person.tab(), await (await visitor()).tab()];
  const comesTo = async (path, status) => {
    const before = site.seen.length;
    const response = await tab.page.goto(`${origin}/inbox`);
    assert.equal(tab.page.url().split("?")[0], origin + path);
    assert.equal(response.status(), status);
    return requests(site, before);
  };
  // Never signed in.
  assert.equal((await comesTo("/sign-in", 200)).length, 3);
  // Signed out from elsewhere: told once, and the jar is empty.
  await tab.login();
  await elsewhere.login();
  await elsewhere.ask("POST", "/v1/logout/others");
  assert.equal((await comesTo("/sign-in", 200)).length, 3);
  assert.deepEqual(await person.jar(), []);

  // The server is away: the browser shows that, and is signed in again when it is back.
  await tab.page.goto(`${origin}/blank`);
  await tab.login();
  const [access, refresh] = await person.jar();
  await person.context.clearCookies({ name: access.name });
  await server.pause();
  const away = await tab.page.goto(`${origin}/v1/continue?to=/inbox`);
  assert.equal(away.status(), 502);
  assert.deepEqual(await person.jar(), [refresh]);
  await world.restart();
  await comesTo("/inbox", 200);
  assert.equal(await title(tab.page), world.subjects.demo);
});

scenario("a_link_from_another_site_arrives_signed_in", { https: true, host: "auth.example.test" }, async (world) => {
  const { site, origin, subjects } = world;
  application(site);
  const person = await world.visitor();
  assert.equal((await (await person.tab()).login()).outcome, "200");
  const [access] = await person.jar();
  const { page } = await person.tab(world.foreign.origin("elsewhere.test"));
  const follow = async (url) => {
    await page.goto(`${world.foreign.origin("elsewhere.test")}/blank`);
    const answer = site.next("GET /v1/continue");
    await page.evaluate((href) => Object.assign(document.createElement("a"), { href }).click(), url);
    return answer;
  };

  await person.context.clearCookies({ name: access.name });
  const { headers, status } = await follow(`${origin}/v1/continue?to=/inbox`);
  assert.deepEqual([status, headers["sec-fetch-site"], headers["sec-fetch-mode"]], [303, "cross-site", "navigate"]);
  await page.waitForURL(`${origin}/inbox`);
  assert.equal(await title(page), subjects.demo);

  // It leads to this application, and nowhere else.
  const before = await person.jar();
  for (const to of ["https://elsewhere.test/", "//elsewhere.test/", "/\\elsewhere.test/", "/\t/elsewhere.test/"]) {
    assert.equal((await follow(`${origin}/v1/continue?to=${encodeURIComponent(to)}`)).status, 400, to);
    await page.waitForURL(`${origin}/v1/continue?**`);
  }
  assert.deepEqual(await person.jar(), before);
});

// Over a profile, so that cookies would come along.
const toAll = { https: true, host: "auth.example.test", settings: () => ({ cookies__same_site: "None", lifetimes__replay_window: "off" }) };

scenario("images_and_frames_refresh_nothing", toAll, async (world) => {
  const { site, origin } = world;
  application(site);
  const person = await (await world.profile()).open(origin);
  const own = await person.tab();
  assert.equal((await own.login()).outcome, "200");
  const before = await person.jar();
  for (const tab of [own, await person.tab(world.foreign.origin("elsewhere.test"))]) {
    for (const kind of ["img", "iframe", "script", "embed"]) {
      const answer = site.next("GET /v1/continue");
      await tab.page.evaluate(
        ([name, src]) => document.body.append(Object.assign(document.createElement(name), { src })),
        [kind, `${origin}/v1/continue?to=/inbox`],
      );
      const { status, code, headers } = await answer;
      assert.ok(headers.cookie.includes("rk-r."), "its cookies came along");
      assert.deepEqual([status, code], [403, "csrf_rejected"], kind);
    }
  }
  assert.deepEqual(await person.jar(), before);
});
