// The real server: the debug build, on a free port, with a folder of its own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BINARY =
  process.env.REKINDLE_BINARY ?? fileURLToPath(new URL("../../../../../target/debug/rekindle", import.meta.url));

/** Whose sessions the account of `rekindle dev` opens. */
const DEMO = "7d0f1a52-3c64-4b8e-9a1d-64656d6f0000";

/** What still runs when the tests end, because one of them failed on the way, ends with them. */
const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

const NAMED = /^(listening|for operators) on http:\/\/127\.0\.0\.1:(\d+)/;

export class Rekindle {
  /** Subjects by user name. */
  subjects = { demo: DEMO };
  #folder;
  #key;
  #lives = {};
  #process;
  #said = "";

  /** `rekindle dev` with `settings`, such as `{ lifetimes__access: "5s" }`. */
  static async start(settings) {
    const server = new Rekindle();
    server.#folder = await mkdtemp(path.join(tmpdir(), "rekindle-browser-"));
    await server.#run(settings);
    return server;
  }

  /** The same sessions under other settings. */
  async restart(settings) {
    await this.#end();
    await this.#run(settings);
  }

  async addUser(name, password) {
    const said = await this.#command(["user", "add", name, "--password-stdin"], password);
    this.subjects[name] = /subject (\S+)/.exec(said)[1];
  }

  /** What a user's access tokens say from now on. Their sessions hear of it at once. */
  async setClaims(name, claims) {
    await this.#command(["user", "claims", name, JSON.stringify(claims)]);
  }

  /** Ends it, and keeps its folder for a `restart`. */
  async pause() {
    await this.#end();
  }

  async stop() {
    await this.#end();
    await rm(this.#folder, { recursive: true });
  }

  /** What it wrote to standard error: for whoever has to find out why a test failed. */
  get log() {
    return this.#said;
  }

  /** How often it told of an event, such as `late_retry`. */
  count(event) {
    return this.#said.split(`"message":"${event}"`).length - 1;
  }

  /** The numbers of `/metrics`, by name and labels: `rekindle_events_total{event="opened"}`. */
  async metrics() {
    this.#key ??= (await this.#command(["key", "api", "add", "tests"])).trim();
    const url = `http://127.0.0.1:${this.operators}/metrics`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${this.#key}` } });
    if (!response.ok) throw new Error(`no metrics: ${response.status}`);
    const lines = (await response.text()).split("\n").filter((line) => line && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => line.split(/ (?=[^ ]*$)/)).map(([name, value]) => [name, Number(value)]));
  }

  /** What `rekindle explain` prints with this server's lives, or says where it refuses. */
  async explain(flags) {
    const env = { ...this.#environment(this.#lives), LC_ALL: "C.UTF-8" };
    const running = promisify(execFile)(BINARY, ["explain", ...flags], { env });
    return running.then(({ stdout }) => ({ printed: stdout }), ({ stderr }) => ({ refused: stderr }));
  }

  #environment(settings = {}) {
    const given = Object.entries(process.env).filter(([name]) => !name.startsWith("REKINDLE__"));
    const wanted = Object.entries(settings).flatMap(([key, value]) =>
      value === undefined ? [] : [[`REKINDLE__${key.toUpperCase()}`, value]],
    );
    return { ...Object.fromEntries([...given, ...wanted]), REKINDLE__DATA_DIR: this.#folder };
  }

  async #run(settings) {
    this.#lives = Object.fromEntries(Object.entries(settings).filter(([key]) => key.startsWith("lifetimes__")));
    const fixed = { listen: "127.0.0.1:0", log__level: "info", log__format: "json" };
    const child = spawn(BINARY, ["dev"], {
      env: this.#environment({ ...fixed, ...settings }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    running.add(child);
    child.once("close", () => running.delete(child));
    child.stderr.on("data", (bytes) => (this.#said += bytes));
    const ended = once(child, "close").then(() => Promise.reject(new Error(`no server: ${this.#said}`)));
    ended.catch(() => {});
    const listening = new Promise((resolve) => {
      createInterface(child.stdout).on("line", (line) => {
        const [, whom, port] = NAMED.exec(line) ?? [];
        if (whom === "listening") this.port = Number(port);
        // The second of the two lines.
        if (whom === "for operators") resolve(Number(port));
      });
    });
    this.operators = await Promise.race([listening, ended]);
  }

  async #end() {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    await closed;
  }

  async #command(words, input = "") {
    const running = promisify(execFile)(BINARY, words, { env: this.#environment() });
    running.child.stdin.end(input);
    return (await running).stdout;
  }
}
