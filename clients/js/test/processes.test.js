// Programs that share one file of credentials, in real time: SCENARIOS 8.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { createSession } from "../index.js";
import { inFile } from "../storage/file.js";
import { isReal, serve } from "./support/server.js";

const WORKER = fileURLToPath(new URL("support/worker.js", import.meta.url));
const SECONDS = 15;
const which = isReal ? "the real server" : "a server that plays the rules";

/** A server, and somebody signed in whose tokens are in `file`. */
async function begin(t, lives) {
  const server = await serve(lives);
  const folder = await mkdtemp(path.join(tmpdir(), "rekindle-processes-"));
  const file = path.join(folder, "credentials.json");
  const session = createSession({ baseURL: server.baseURL, storage: inFile(file), autoRefresh: false });
  t.after(async () => {
    await server.stop();
    await rm(folder, { recursive: true, maxRetries: 10 });
  });
  await session.login({ username: "demo", password: "demo-password" });
  return { server, folder, file, session };
}

/** How often the server told of each. */
async function counted({ server }, ...events) {
  const counts = [];
  for (const event of events) counts.push(await server.count(event));
  return counts;
}

/** A program; what it says is in `said`. */
function start(t, { server, file }, pause, times) {
  const child = spawn(process.execPath, [WORKER, server.baseURL, file, pause, times], { stdio: ["ignore", "pipe", "inherit"] });
  const said = [];
  child.stdout.on("data", (bytes) => said.push(...`${bytes}`.trim().split("\n")));
  const closed = once(child, "close");
  t.after(() => child.kill("SIGKILL"));
  return { child, said, closed };
}

test(`cross_process_cli_8, ${which}`, { timeout: 60_000 }, async (t) => {
  const world = await begin(t, { access: 4, window: 2 });
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  const programs = Array.from({ length: 8 }, () => start(t, world, 0, 1));
  await Promise.all(programs.map(({ closed }) => closed));
  assert.deepEqual(programs.map(({ said }) => said), Array(8).fill(["200"]));
  const [refreshed, replayed] = await counted(world, "refreshed", "replayed");
  assert.ok(refreshed >= 1 && refreshed + replayed <= 2, `${refreshed} refreshed, ${replayed} replayed`);
});

test(`cross_process_cli_8, killed at any moment, ${which}`, { timeout: 60_000 }, async (t) => {
  const world = await begin(t, { access: 3, window: 1 });
  const said = [];
  let [kills, reads] = [0, 0];
  const programs = Array.from({ length: 8 }, () => start(t, world, 50, 10_000));
  const end = performance.now() + SECONDS * 1_000;
  while (performance.now() < end) {
    const which = Math.floor(Math.random() * programs.length);
    const old = programs[which];
    old.child.kill("SIGKILL");
    kills += 1;
    programs[which] = start(t, world, 50, 10_000);
    await old.closed;
    said.push(...old.said);
    for (const until = performance.now() + Math.random() * 250; performance.now() < until; reads += 1) {
      const { session_id, refresh_token } = JSON.parse(await readFile(world.file, "utf8"));
      assert.ok(session_id && refresh_token);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  for (const program of programs) {
    program.child.kill("SIGKILL");
    await program.closed;
    said.push(...program.said);
  }
  const [refreshed, replayed, late, stolen] = await counted(world, "refreshed", "replayed", "late_retry", "theft_detected");
  t.diagnostic(`${kills} kills, ${reads} reads, ${said.length} answers, ${refreshed} refreshed, ${replayed} replayed, ${late} late`);
  assert.ok(kills > 30 && said.length > 200);
  assert.deepEqual(said.filter((each) => each !== "200"), [], "nobody was signed out, and nobody failed");
  assert.equal(stolen, 0);
  assert.ok(refreshed > SECONDS / 4);
  // Whoever comes next takes over the locks that were left.
  assert.equal((await world.session.fetch(`${world.server.baseURL}/v1/session`)).status, 200);
  const left = (await readdir(world.folder)).filter((name) => name.startsWith("credentials.json."));
  t.diagnostic(`left behind: ${left.length} files`);
});
