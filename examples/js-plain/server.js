// The application's own server: its page, the client's files, and Rekindle behind the same origin.
// Beside `rekindle dev`: node server.js, and open http://localhost:3000

import { readFile } from "node:fs/promises";
import http from "node:http";

const rekindle = new URL(process.argv[2] ?? "http://127.0.0.1:8080");
const port = process.argv[3] ?? 3000;
const page = new URL("public/", import.meta.url);
const client = new URL("../../clients/js/", import.meta.url);
const types = { ".html": "text/html", ".js": "text/javascript" };

const server = http.createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path.startsWith("/v1/")) return pass(request, response);
  const [folder, name] = path.startsWith("/rekindle/") ? [client, path.slice(10)] : [page, path.slice(1) || "index.html"];
  const file = new URL(name, folder);
  try {
    // A file of the folder, and of no other.
    if (!file.href.startsWith(folder.href)) throw new Error("elsewhere");
    const body = await readFile(file);
    response.writeHead(200, { "content-type": types[/\.\w+$/.exec(name)] ?? "application/octet-stream" });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

function pass(request, response) {
  const { method, url, headers } = request;
  const asked = http.request({ host: rekindle.hostname, port: rekindle.port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  asked.on("error", () => response.writeHead(502).end());
  request.pipe(asked);
}

server.listen(port, "127.0.0.1", () => console.log(`http://localhost:${server.address().port}`));
