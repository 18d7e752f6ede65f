// A server on a port: the real one where REKINDLE_BINARY says which, otherwise the rules of ./rekindle.js in real time.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import http from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { Rekindle } from "./rekindle.js";

const BUILT = fileURLToPath(new URL("../../../../target/debug/rekindle", import.meta.url));
export const BINARY = process.env.REKINDLE_BINARY ?? (existsSync(BUILT) ? BUILT : undefined);

/** What still runs when the tests end, because one of them failed on the way, ends with them. */
const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Seconds: `access`, `window`.
 *
 * @returns {{baseURL: string, count: (event: string) => number, stop: () => Promise<void>}}
 */
export const serve = (lives) => (BINARY ? real(lives) : played(lives));

async function real({ access, window }) {
  const folder = await mkdtemp(path.join(tmpdir(), "rekindle-client-"));
  const settings = { LISTEN: "127.0.0.1:0", LIFETIMES__ACCESS: `${access}s`, LIFETIMES__REPLAY_WINDOW: `${window}s`, DATA_DIR: folder, LOG__LEVEL: "info", LOG__FORMAT: "json" };
  const given = Object.entries(process.env).filter(([name]) => !name.startsWith("REKINDLE__"));
  const wanted = Object.entries(settings).map(([key, value]) => [`REKINDLE__${key}`, value]);
  const child = spawn(BINARY, ["dev"], { env: Object.fromEntries([...given, ...wanted]), stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  child.stderr.on("data", (bytes) => (said += bytes));
  const closed = once(child, "close").then(() => running.delete(child));
  const port = await Promise.race([
    new Promise((resolve) => createInterface(child.stdout).on("line", (line) => resolve(/^listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]))),
    closed.then(() => Promise.reject(new Error(`no server: ${said}`))),
  ]);
  return {
    baseURL: `http://127.0.0.1:${port}`,
    count: (event) => said.split(`"message":"${event}"`).length - 1,
    async stop() {
      child.kill("SIGTERM");
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}

async function played(lives) {
  const rekindle = new Rekindle({ true: Date.now }, lives);
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = parts.length ? Buffer.concat(parts) : undefined;
    const { method, url, headers } = request;
    const answer = await rekindle.answer(new Request(`http://localhost${url}`, { method, headers, body }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseURL: `http://127.0.0.1:${server.address().port}`,
    count: (event) => rekindle.events.filter((each) => each === event).length,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
