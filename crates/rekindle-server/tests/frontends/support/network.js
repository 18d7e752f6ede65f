// What lies between the pages and the servers: it delays, reorders, loses answers and sends requests twice, as a plan says.
// It passes `/PERSON/PAGE/api/token/…` on to the server of tokens, and other paths to the API.

import { once } from "node:events";
import http from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import { SENT } from "./realm.js";
import { CALM } from "./schedule.js";

const KINDS = { "/api/token/": "login", "/api/token/refresh/": "refresh" };

/** One person's way to the servers, and what was seen on it. */
export class Line {
  /** Told of the number of a page that has gone. */
  onGone = () => {};
  /** The last requests, for whoever has to find out why a test failed. */
  trail = [];
  /** Refresh tokens, each with how often it was presented, by a page or by what lies between. */
  presented = new Map();
  /** How many answers were lost since the last plan. */
  lost = 0;
  /** How many requests were sent twice since then. */
  twice = 0;
  /** How long the slowest refresh took since then, in milliseconds. */
  slowest = 0;
  #fates = {};

  /** The fates of calls and of refreshes in the order in which they come. What comes after them is not disturbed. */
  plan({ call = [], refresh = [] }) {
    this.presented.clear();
    this.lost = 0;
    this.twice = 0;
    this.slowest = 0;
    this.#fates = { call: [...call], refresh: [...refresh] };
  }

  calm() {
    this.#fates = {};
  }

  fate(kind) {
    return { ...CALM, ...this.#fates[kind]?.shift() };
  }

  note(text) {
    this.trail.push(`${new Date().toISOString().slice(14, 23)} ${text}`);
    if (this.trail.length > 200) this.trail.shift();
  }
}

export class Network {
  /** What it did to requests, and how refreshes were answered, by status. */
  counts = { requests: 0, refreshes: 0, twice: 0, lost: 0, answers: {}, broken: 0, slowest: 0 };
  // As every proxy has to, it closes connections before the server does: a request that meets one that is just being closed
  // is answered 502, and that is a logout to both front ends.
  #agent = new http.Agent({ keepAlive: true, timeout: 20_000 });
  #lines = new Map();
  #listener;

  /** @param {{ tokens: number, api: number }} ports */
  static async open(ports) {
    const network = new Network();
    network.ports = ports;
    network.#listener = http.createServer((request, response) => {
      // A page that goes takes its requests along.
      network.#pass(request, response).catch(() => response.destroy());
    });
    network.#listener.keepAliveTimeout = 300_000;
    // Hundreds of people arrive at once, and a connection that has to be asked for again takes seconds.
    network.#listener.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
    await once(network.#listener, "listening");
    network.origin = `http://127.0.0.1:${network.#listener.address().port}`;
    return network;
  }

  line(person) {
    if (!this.#lines.has(person)) this.#lines.set(person, new Line());
    return this.#lines.get(person);
  }

  close() {
    this.#agent.destroy();
    this.#listener.close();
    this.#listener.closeAllConnections();
  }

  async #pass(request, response) {
    const [, person, page, ...rest] = request.url.split("/");
    const line = this.line(person);
    const path = `/${rest.join("/")}`;
    const body = await bytes(request);
    const kind = KINDS[path] ?? "call";
    const fate = line.fate(kind);
    const sent = Number(request.headers[SENT]);
    this.counts.requests += 1;

    if (fate.answer) return this.#write(response, fate.answer);
    await pause(fate.before);
    const send = () => this.#send(line, kind, request, path, body);
    const sending = [send()];
    if (fate.twice !== undefined) {
      this.counts.twice += 1;
      line.twice += 1;
      sending.push(pause(fate.twice).then(send));
    }
    const answer = await (fate.take === "first" ? sending[0] : sending.at(-1));
    await Promise.all([pause(fate.after), fate.until]);
    if (kind === "refresh") {
      line.slowest = Math.max(line.slowest, Date.now() - sent);
      this.counts.slowest = Math.max(this.counts.slowest, line.slowest);
    }
    line.note(`${kind} of page ${page}: ${answer.status}${fate.lost ? `, lost with the ${fate.lost}` : ""}`);
    if (fate.lost) {
      this.counts.lost += 1;
      line.lost += 1;
      if (fate.lost === "page") line.onGone(Number(page));
      return response.destroy();
    }
    this.#write(response, answer);
  }

  #write(response, { status, headers, body }) {
    response.writeHead(status, headers);
    response.end(body);
  }

  async #send(line, kind, { method, headers }, path, body) {
    const port = kind === "call" ? this.ports.api : this.ports.tokens;
    if (kind === "refresh") {
      const { refresh } = JSON.parse(body);
      line.presented.set(refresh, (line.presented.get(refresh) ?? 0) + 1);
      this.counts.refreshes += 1;
    }
    const options = { host: "127.0.0.1", port, agent: this.#agent, method, path, headers: endToEnd(headers) };
    const answer = await new Promise((resolve) => {
      const request = http.request(options, async (response) => {
        const { statusCode: status, headers } = response;
        resolve({ status, headers: endToEnd(headers), body: await bytes(response) });
      });
      request.on("error", (error) => {
        this.counts.broken += 1;
        line.note(`${kind}: ${error.message}`);
        resolve({ status: 502, headers: {}, body: "" });
      });
      request.end(body);
    });
    if (kind === "refresh") this.counts.answers[answer.status] = (this.counts.answers[answer.status] ?? 0) + 1;
    return answer;
  }
}

/** Without what concerns one connection (RFC 9110 section 7.6.1), and without what concerns the test. */
function endToEnd(headers) {
  const own = ["connection", "keep-alive", "transfer-encoding", "content-length", SENT];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)));
}

async function bytes(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
