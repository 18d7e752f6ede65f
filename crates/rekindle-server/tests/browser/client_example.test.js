// examples/js-plain: its page, in two tabs.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { scenario } from "./support/scenario.js";

const SERVER = fileURLToPath(new URL("../../../../examples/js-plain/server.js", import.meta.url));

scenario("client, examples/js-plain", { settings: () => ({ public_url: undefined }) }, async ({ server, visitor, subjects }) => {
  const child = spawn(process.execPath, [SERVER, `http://127.0.0.1:${server.port}`, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [origin] = await once(createInterface(child.stdout), "line");
    const person = await visitor(origin);
    const tabs = [await person.context.newPage(), await person.context.newPage()];
    for (const tab of tabs) await tab.goto(origin);
    await tabs[0].fill("[name=password]", "wrong");
    await tabs[0].click("#sign-in button");
    await tabs[0].getByText("Wrong name or password.").waitFor();
    await tabs[0].fill("[name=password]", "demo-password");
    await tabs[0].click("#sign-in button");
    for (const tab of tabs) await tab.getByText(subjects.demo).waitFor();
    await tabs[1].getByText("(this one)").waitFor();
    await tabs[1].click("#sign-out");
    for (const tab of tabs) await tab.locator("#sign-in").waitFor();
    await tabs[0].reload();
    await tabs[0].locator("#sign-in").waitFor();
    assert.equal(await tabs[0].evaluate(() => localStorage.length), 0);
  } finally {
    child.kill("SIGTERM");
    await once(child, "close");
  }
});
