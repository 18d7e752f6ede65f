// The playground: every button, in the browser for which it is made.

import assert from "node:assert/strict";

import { Playground, alone } from "./support/playground.js";
import { scenario } from "./support/scenario.js";
import { until } from "./support/until.js";

const seconds = (count) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** Opens it, and holds it to what holds for every page of it. */
function played(name, settings, body) {
  scenario(`playground, ${name}`, alone(settings), async (world) => {
    const page = await Playground.open(world);
    await body(page, world);
    assert.deepEqual(page.complaints, []);
  });
}

played("signing in", {}, async (page) => {
  assert.equal(await page.left("Access token"), "5m");
  await page.page.getByLabel("Password").fill("wrong");
  await page.press("Sign in");
  await page.says(/^Wrong user name or password/);
  await page.page.getByLabel("Password").fill("demo-password");
  await page.signIn();
  await page.tells("The server", "A session was opened.");
  assert.deepEqual([await page.fact("Signed in as"), await page.fact("Your token says")], ["demo", "no role"]);
  assert.equal(await page.fact("Refresh token"), "generation 1");
  for (const [line, rest] of [["Replay window", /^\d+s left$/], ["Access token", /^4m \d+s left$/], ["Next refresh", /^[23]m( \d+s)? left$/], ["Idle", /^6d 23h left$/], ["Absolute", /^29d 23h left$/]]) {
    await until(`${line} runs`, async () => rest.test(await page.left(line)));
  }
  await page.press("Refresh now");
  await page.says(/^The same tokens as before/);
  await page.tells("The server", "the same answer was given once more");
  await page.press("Sign out");
  await page.says(/^Signed out, in every tab/);
  await page.tells("The server", "The session was signed out.");
  assert.ok(await page.button("Sign in").isVisible());
});

played("refreshing", { lifetimes__replay_window: "1s" }, async (page) => {
  await page.signIn();
  await seconds(2.1);
  await page.press("Refresh now");
  await page.says(/^New tokens, generation 2\.$/);
  await page.tells("The server", "The refresh token was replaced by the next one");
  await until("it is drawn", async () => (await page.fact("Refresh token")) === "generation 2");
  await page.page.getByText(/Requests and answers/).click();
  const requests = await page.page.locator("#requests-list").textContent();
  assert.match(requests, /POST \/v1\/refresh/);
  assert.ok(!/rkrt1_.{20}/.test(requests), "tokens are cut short");
});

played("the client refreshes by itself", { lifetimes__access: "6s", lifetimes__replay_window: "1s" }, async (page) => {
  await page.signIn();
  await page.says(/^Refreshed, by the client itself/);
  assert.equal(await page.fact("Refresh token"), "generation 2");
});

played("50 requests at once", {}, async (page, { server }) => {
  await page.signIn();
  await page.press("50 requests at once");
  await page.says(/50 were refused\. They shared 1 refresh, and then 50 of 50 were answered\.$/);
  assert.equal(await page.fact("Refresh token"), "generation 2");
  assert.deepEqual(["late_retry", "superseded", "theft_detected"].map((event) => server.count(event)), [0, 0, 0]);
});

played("a second tab", { lifetimes__replay_window: "1s" }, async (page) => {
  await page.signIn();
  const opened = page.page.context().waitForEvent("page");
  await page.page.getByRole("link", { name: "Open a second tab" }).click();
  const other = new Playground(await opened);
  page.watch(other.page);
  await other.button("Refresh now").waitFor();
  assert.equal(await other.fact("Refresh token"), "generation 1");
  await seconds(2.1);
  await other.press("Refresh now");
  await other.says(/^New tokens, generation 2/);
  await page.says(/^Refreshed, by the client itself or in another tab/);
  await other.press("Sign out");
  await page.says(/^This session was signed out/);
  assert.ok(await page.button("Sign in").isVisible());
});

for (const [button, how] of [["Lose the next answer", /break off/], ["Kill the answer after commit", /killed/]]) {
  played(button, {}, async (page, { server }) => {
    await page.signIn();
    await page.press(button);
    await page.says(/got the very answer that was lost: generation 2 after 1\. You are still signed in\.$/);
    await page.tells("You", how);
    await page.tells("The server", "The refresh token was replaced by the next one");
    await page.tells("The server", "the same answer was given once more");
    assert.deepEqual(["late_retry", "superseded", "theft_detected"].map((event) => server.count(event)), [0, 0, 0]);
  });
}

played("changed rights", {}, async (page) => {
  await page.signIn();
  await page.press("Change my rights");
  await page.says(/^The next refresh brought a token that says editor\. Nobody was signed out/);
  await page.tells("You", "From now on you are editor. The token in your hand still says no role");
  await page.tells("The server", "Access tokens from before this moment are not taken any more");
  assert.equal(await page.fact("Your token says"), "editor");
  await page.press("Change my rights");
  await page.says(/says reader/);
});

played("devices", {}, async (page) => {
  await page.signIn();
  await page.press("Sign in on another device");
  await page.says(/^Signed in on another device, “Old laptop”/);
  await page.tells("The server, of another device", "A session was opened.");
  await page.press("End the session on Old laptop");
  await page.says(/^Ended the session on “Old laptop”/);
  await until("it is gone", async () => (await page.page.locator("#devices-list li").count()) === 1);
  await page.press("Sign in on another device");
  await page.says(/“Phone”/);
  await page.press("Look again");
  await page.says(/^Looked again/);
  await page.press("Sign out everywhere");
  await page.says(/^Signed out on 2 devices/);
  assert.ok(await page.button("Sign in").isVisible());
  await page.signIn();
  await page.press("End the session of this page");
  await page.says(/^Ended the session of this page/);
  assert.ok(await page.button("Sign in").isVisible());
});

played("a thief with an old token", { lifetimes__replay_window: "1s" }, async (page) => {
  await page.signIn();
  assert.equal(await page.button("Thief uses it").getAttribute("aria-disabled"), "true");
  await page.press("Steal the refresh token");
  await page.says(/^The thief: Copied your refresh token/);
  for (const generation of [2, 3, 4]) {
    await seconds(2.1);
    await page.press("Refresh now");
    await page.says(new RegExp(`generation ${generation}`));
  }
  await page.press("Thief uses it");
  await page.tells("The thief", "Refused. Theft was noticed.");
  await page.tells("The server", "Theft: a token came back that was replaced long ago.");
  // The page looks after its session when it hears of it, and finds it ended.
  await page.says(/^Theft was noticed/);
  await page.tells("You", "Theft was noticed.");
  assert.ok(await page.button("Sign in").isVisible());
});

played("a thief at the same time", {}, async (page) => {
  await page.signIn();
  await page.press("Steal the refresh token");
  await page.press("Thief uses it");
  await page.says(/^The thief: Got the tokens that everybody has already/);
  await page.press("Both take turns");
  await page.page.getByText(/You refresh: so much later that it is no race\. In \d+ s\./).waitFor();
  await page.press("Do not wait");
  await until("the buttons are free", async () => (await page.button("Refresh now").getAttribute("aria-disabled")) === "false");
});

// Half a minute passes in it: a token that was replaced just now is not yet taken for stolen.
played("thief and user take turns", { lifetimes__replay_window: "1s" }, async (page) => {
  await page.signIn();
  await page.press("Steal the refresh token");
  await seconds(2.1);
  await page.press("Both take turns");
  await page.says(/Theft was noticed/, 90);
  assert.ok(await page.page.locator("#story li", { hasText: "Theft was noticed." }).first().isVisible());
  await until("the user is told", async () => page.button("Sign in").isVisible());
});

// As `serve` has it: without what only a server for trying out can do.
scenario("playground, without the parts of dev", alone(), async (world) => {
  const asked = [];
  const page = await Playground.open(world, async (page) => {
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.route("**/page/policy.json", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), dev: false } });
    });
  });
  assert.equal(await page.page.getByLabel("User name").inputValue(), "");
  await page.page.getByLabel("User name").fill("demo");
  await page.page.getByLabel("Password").fill("demo-password");
  await page.signIn();
  for (const name of ["Lose the next answer", "Kill the answer after commit", "Change my rights", "Sign in on another device"]) {
    assert.equal(await page.button(name).count(), 0, name);
  }
  await page.press("50 requests at once");
  await page.says(/^50 requests at once, and 50 were answered/);
  await page.press("Sign out");
  await page.says(/^Signed out/);
  const dev = ["/page/events", "/page/explain", "/page/rights", "/page/outdate"];
  assert.deepEqual(asked.filter((path) => dev.includes(path)), []);
  assert.deepEqual(page.complaints, []);
});
