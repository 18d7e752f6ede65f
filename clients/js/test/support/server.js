// A server on a port: the real one where it is built or REKINDLE_BINARY says which, otherwise the rules of ./rekindle.js
// in real time.

import { once } from "node:events";
import { existsSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";

import { Rekindle as Real } from "../../../../crates/rekindle-server/tests/browser/support/rekindle.js";
import { Rekindle } from "./rekindle.js";

const BUILT = fileURLToPath(new URL("../../../../target/debug/rekindle", import.meta.url));
export const isReal = Boolean(process.env.REKINDLE_BINARY) || existsSync(BUILT);

/**
 * Seconds: `access`, `window`.
 *
 * @returns {Promise<{baseURL: string, count: (event: string) => Promise<number>, stop: () => Promise<void>}>}
 */
export const serve = (lives) => (isReal ? real(lives) : played(lives));

async function real({ access, window }) {
  const server = await Real.start({ lifetimes__access: `${access}s`, lifetimes__replay_window: `${window}s` });
  return {
    baseURL: `http://127.0.0.1:${server.port}`,
    count: async (event) => (await server.metrics())[`rekindle_events_total{event="${event}"}`] ?? 0,
    stop: () => server.stop(),
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
    count: async (event) => rekindle.events.filter((each) => each === event).length,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
