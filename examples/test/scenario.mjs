// What a user of each guide's application meets. The same for all.

import assert from "node:assert/strict";

import { User } from "./browser.mjs";
import { attack } from "./attack.mjs";
import { Caller } from "./caller.mjs";

const ADA = ["ada", "correct horse"];
const GRACE = ["grace", "battery staple"];

/** @param step runs a part of it under its name */
export async function scenario(browser, stack, step) {
  const ada = await User.at(browser, stack.url);

  await step("nobody is signed in: the page leads to the login", async () => {
    await ada.goto("/me?tab=2");
    await ada.at("/login?next=%2Fme%3Ftab%3D2");
  });
  await step("a wrong password", async () => {
    await ada.signIn(ADA[0], "wrong");
    await ada.message("Wrong name or password.");
    assert.equal((await ada.accessCookies()).length, 0);
  });
  await step("sign in, and back to the page", async () => {
    await ada.signIn(...ADA);
    await ada.at("/me?tab=2");
    await ada.heading("Hello, ada");
    // On a slow machine its token has expired by now, and its cookie with it.
    if ((await ada.accessCookies()).length === 0) await ada.goto("/me?tab=2");
    const [access, ...more] = await ada.accessCookies();
    assert.equal(more.length, 0);
    assert.deepEqual([access.path, access.httpOnly, access.sameSite], ["/", true, "Lax"]);
    assert.equal(access.secure, stack.scheme === "https");
    const answer = await ada.goto("/api/me");
    const { name, role, signed_in_at } = await answer.json();
    assert.deepEqual([name, role], ["ada", "member"]);
    assert(Math.abs(signed_in_at - Date.now() / 1000) < 60);
    assert.equal(answer.headers()["cache-control"]?.includes("no-store"), true);
  });
  await step("a page for others is refused, and not taken for a login", async () => {
    assert.equal((await ada.goto("/people")).status(), 403);
  });
  await step("a page asked for with an expired token comes, by way of /v1/continue", async () => {
    await ada.expired();
    const through = await ada.counting("/v1/continue", () => ada.goto("/me?tab=2&q=%C3%A4+b"));
    assert.equal(through, 1);
    await ada.heading("Hello, ada");
    await ada.at("/me?tab=2&q=%C3%A4+b");
  });
  await step("a script's requests refresh once", async () => {
    await ada.expired();
    const refreshes = await ada.counting("/v1/refresh", async () => {
      assert.deepEqual(await ada.fetch("/api/me", 5), [200, 200, 200, 200, 200]);
    });
    assert.equal(refreshes, 1);
  });
  await step("two tabs wake at once, by script and by reload", async () => {
    const other = await ada.tab();
    await other.goto("/me");
    await ada.expired();
    assert.deepEqual(await Promise.all([ada.fetch("/api/me", 2), other.fetch("/api/me", 2)]), [[200, 200], [200, 200]]);
    await ada.expired();
    await Promise.all([ada.goto("/me"), other.goto("/me"), other.fetch("/api/me").catch(() => {})]);
    await Promise.all([ada.heading("Hello, ada"), other.heading("Hello, ada")]);
    await other.page.close();
  });
  await step("an answer is lost on its way", async () => {
    const lost = await new Caller(stack, await ada.context.cookies()).post("/v1/refresh");
    assert.equal(lost.status, 200);
    await ada.expired();
    assert.deepEqual(await ada.fetch("/api/me"), [200]);
  });
  await step("Rekindle is away, and comes back", async () => {
    await ada.goto("/me");
    await stack.end(stack.sessions);
    await ada.expired();
    assert.deepEqual(await ada.fetch("/api/me"), [stack.isOneProcess ? 502 : 401]);
    assert.equal(ada.path(), "/me", "nobody is sent to the login by a server that is down");
    assert((await ada.goto("/me")).status() >= 500);
    await stack.begin(stack.sessions);
    await ada.goto("/me");
    await ada.heading("Hello, ada");
  });

  const grace = await User.at(browser, stack.url);
  const save = async (change) => {
    await grace.goto("/people");
    const form = grace.page.locator("form#ada");
    await change(form);
    await grace.expired();
    const saved = grace.page.waitForResponse((response) => response.request().method() === "POST" && /people/.test(response.url()));
    await form.getByRole("button", { name: "Save" }).click();
    assert.equal((await saved).status(), 303);
    await grace.heading("People");
  };
  await step("a role changes, by a form sent with an expired token, and is in the next token", async () => {
    await grace.goto("/people");
    await grace.signIn(...GRACE);
    await grace.at("/people");
    await save((form) => form.getByRole("combobox").selectOption("admin"));
    await ada.expired();
    assert.equal((await ada.goto("/people")).status(), 200);
    assert.equal((await (await ada.goto("/api/me")).json()).role, "admin");
  });
  await step("another device is listed, and signed out from here", async () => {
    const phone = await User.at(browser, stack.url);
    await phone.signIn(...ADA);
    await phone.heading("Hello, ada");
    await ada.goto("/me");
    const items = ada.page.locator("#devices li");
    await items.nth(1).waitFor();
    assert.equal(await items.count(), 2);
    await items.getByRole("button", { name: "Sign out" }).click();
    await items.nth(1).waitFor({ state: "detached" });
    await phone.expired();
    await phone.goto("/me");
    await phone.at("/login?next=%2Fme");
    assert.equal((await phone.tokens()).length, 0);
    await phone.context.close();
  });
  await step("sign out everywhere", async () => {
    const phone = await User.at(browser, stack.url);
    await phone.signIn(...ADA);
    await phone.heading("Hello, ada");
    await ada.goto("/me");
    await ada.page.getByRole("button", { name: "Sign out everywhere" }).click();
    await ada.at("/");
    await phone.expired();
    assert.deepEqual(await phone.fetch("/api/me"), [401]);
    await phone.at("/login?next=%2Fme");
    await ada.goto("/me");
    await ada.at("/login?next=%2Fme");
    await phone.context.close();
  });
  await step("a user who is disabled is out at the next refresh, and does not come in again", async () => {
    await ada.signIn(...ADA);
    await ada.heading("Hello, ada");
    await save((form) => form.getByRole("checkbox").uncheck());
    await ada.expired();
    await ada.goto("/me");
    await ada.at("/login?next=%2Fme");
    await ada.signIn(...ADA);
    await ada.message("Wrong name or password.");
  });
  await step("sign out", async () => {
    await grace.goto("/me");
    await grace.page.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await grace.at("/");
    assert.equal((await grace.tokens()).length, 0);
    await grace.goto("/me");
    await grace.at("/login?next=%2Fme");
  });
  await Promise.all([ada.context.close(), grace.context.close()]);
  await attack(stack, GRACE, step);
}
