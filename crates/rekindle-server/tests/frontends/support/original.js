// The original: djangorestframework-simplejwt under gunicorn, on SQLite.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { SECRET } from "./races.js";

const PROJECT = fileURLToPath(new URL("../original", import.meta.url));

/** A Python with the package; `cargo xtask test --only frontends` makes one. */
const PYTHON = process.env.REKINDLE_PYTHON ?? "python3";

/** What still runs when the tests end, because one of them failed on the way, ends with them. */
const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Original {
  #folder;
  #process;
  #said = "";

  /** @param {{ life?: number, rotate?: boolean }} settings  of an access token, in seconds */
  static async start({ life = 10, rotate = true } = {}) {
    const original = new Original();
    original.#folder = await mkdtemp(path.join(tmpdir(), "rekindle-original-"));
    const env = {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      SECRET,
      DATABASE: path.join(original.#folder, "db.sqlite3"),
      ACCESS_TOKEN_LIFETIME: String(life),
      ROTATE_REFRESH_TOKENS: rotate ? "True" : "False",
    };
    await promisify(execFile)(PYTHON, ["project.py", "migrate"], { cwd: PROJECT, env });
    await original.#run(env);
    return original;
  }

  async stop() {
    const closed = once(this.#process, "close");
    this.#process.kill("SIGTERM");
    await closed;
    await rm(this.#folder, { recursive: true });
  }

  /** What it wrote to standard error. */
  get log() {
    return this.#said;
  }

  async #run(env) {
    // Longer kept than anything here waits: a connection that is just being closed would lose a request by itself.
    const words = ["-m", "gunicorn", "--workers", "2", "--threads", "8", "--bind", "127.0.0.1:0", "--keep-alive", "300"];
    const child = spawn(PYTHON, [...words, "--no-control-socket", "project:application"], {
      cwd: PROJECT,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    running.add(child);
    child.once("close", () => running.delete(child));
    const ended = once(child, "close").then(() => Promise.reject(new Error(`no original: ${this.#said}`)));
    ended.catch(() => {});
    const listening = new Promise((resolve) => {
      createInterface(child.stderr).on("line", (line) => {
        this.#said += `${line}\n`;
        const [, port] = /Listening at: http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (port) resolve(Number(port));
      });
    });
    this.port = await Promise.race([listening, ended]);
  }
}
