// What a browser talks to: pages of an application, and the server behind it, as a reverse proxy would have it.
// Over TLS it speaks HTTP/2, as proxies do: twenty tabs then ask at once, and not six at a time.

import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";

import { Holds } from "./hold.js";

const BLANK = { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html><title>blank</title>" };

/** What concerns one connection alone, and no proxy passes on (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

export class Site {
  /** Pages by path: functions that are given the request and answer `{ status, headers, body }`. */
  pages = new Map();
  /** Every request, in the order in which they came. */
  seen = [];
  #holds = new Holds();
  #awaited = [];
  #upstream;
  #agent;
  #listener;
  #open = new Set();

  /** Listens on a free port; over TLS with a `certificate`. */
  static async open(certificate) {
    const site = new Site();
    const answer = (request, response) => void site.#answer(request, response);
    site.scheme = certificate ? "https" : "http";
    site.#listener = certificate
      ? http2.createSecureServer({ ...certificate, allowHTTP1: true }, answer)
      : http.createServer(answer);
    site.#listener.on("connection", (socket) => {
      site.#open.add(socket);
      socket.once("close", () => site.#open.delete(socket));
    });
    site.#listener.listen(0, "127.0.0.1");
    await once(site.#listener, "listening");
    site.port = site.#listener.address().port;
    return site;
  }

  origin(host) {
    return `${this.scheme}://${host}:${this.port}`;
  }

  /** Passes on to the server what is none of the pages'. */
  standBefore(port) {
    this.#agent?.destroy();
    this.#agent = new http.Agent({ keepAlive: true });
    this.#upstream = port;
  }

  /** Stops the next such request on its way: the `answer`, or the `request` before the server has seen it. */
  hold(request, at = "answer") {
    return this.#holds.add(request, at);
  }

  /** Lets `count` such requests through when all of them are there. */
  gather(request, count) {
    this.#holds.gather(request, count);
  }

  /** The next such request and what it was answered. */
  next(request) {
    return new Promise((resolve) => this.#awaited.push({ request, resolve }));
  }

  /** Those of `seen` that are meant, such as `POST /v1/refresh`. */
  count(request) {
    return this.seen.filter((each) => each.request === request).length;
  }

  /** Asks the server, as the application behind this site. */
  ask(method, url, headers = {}, body = "") {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.#upstream, agent: this.#agent, method, path: url, headers };
      const request = http.request(options, async (response) => {
        resolve({ status: response.statusCode, headers: response.headers, body: await bytes(response) });
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  async close() {
    this.#agent?.destroy();
    this.#listener.close();
    for (const socket of this.#open) socket.destroy();
    await once(this.#listener, "close");
  }

  async #answer(request, response) {
    const url = request.url;
    const path = url.split("?")[0];
    const seen = { request: `${request.method} ${path}`, method: request.method, url, headers: request.headers };
    // Counted when its head is there: its body may never come.
    this.seen.push(seen);
    try {
      seen.body = await bytes(request);
      const held = this.#holds.take(seen.request);
      if (held?.at === "request" && !(await held.hold.wait())) return response.destroy();
      const page = this.pages.get(path);
      const { status, headers, body } = page ? await page(seen) : await this.#rest(seen);
      Object.assign(seen, { status, code: code(body) });
      const awaited = this.#awaited.findIndex((each) => each.request === seen.request);
      if (awaited >= 0) this.#awaited.splice(awaited, 1)[0].resolve(seen);
      if (held?.at === "answer" && !(await held.hold.wait())) return response.destroy();
      const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
      response.writeHead(status, Object.fromEntries(kept));
      response.end(body);
    } catch (error) {
      seen.error = error;
      if ((response.stream ?? response).destroyed) return;
      // The server has gone: a proxy says no more than this.
      seen.status = 502;
      if (!response.headersSent) response.writeHead(502, { "content-type": "text/html" });
      response.end("<!doctype html><title>Bad Gateway</title>");
    }
  }

  #rest({ method, url, headers, body }) {
    if (this.#upstream === undefined) return BLANK;
    const host = headers[":authority"] ?? headers.host;
    const kept = Object.entries(headers).filter(([name]) => !name.startsWith(":") && !HOP_BY_HOP.has(name));
    return this.ask(method, url, { ...Object.fromEntries(kept), host }, body);
  }
}

/** The code of a problem. */
function code(body) {
  return /"code":"(\w+)"/.exec(body.toString())?.[1];
}

async function bytes(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
