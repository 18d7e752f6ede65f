// The examples do what they show. Their packages are installed as their lock files name them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { serve } from "./support/server.js";

const run = promisify(execFile);

for (const name of ["js-axios", "js-ky"]) {
  test(`examples/${name}`, { timeout: 120_000 }, async (t) => {
    const cwd = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
    await run("npm", ["ci", "--prefer-offline"], { cwd });
    const server = await serve({ access: 300, window: 30 });
    t.after(() => server.stop());
    const { stdout } = await run(process.execPath, ["app.js", server.baseURL], { cwd });
    assert.match(stdout, /^signed in as \S+\nsigned out: 401\n$/);
  });
}
