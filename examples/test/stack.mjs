// A guide's application behind nginx, with Rekindle beside it, set up as the guide says. What is changed: ports, and
// the lives of tokens, so that nobody has to wait.

import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { command } from "./guide.mjs";
import { freePorts, Process, run } from "./processes.mjs";

export class Stack {
  /** Copies the example and does what the guide says is done once. */
  static async prepare(root, guide) {
    const folder = join(root, "target/guides", guide);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // What an application has that is made by its framework's own tool.
    const frame = join(root, "examples/test", guide);
    if (existsSync(frame)) cpSync(frame, join(folder, guide), { recursive: true });
    // Without its Cargo.toml, cargo finds the workspace's.
    const mine = (path) => !/node_modules|__pycache__|\.venv|\.rekindle|\.db$|axum\/data$|Cargo\.toml/.test(path.slice(root.length));
    for (const part of [guide, "nginx"]) cpSync(join(root, "examples", part), join(folder, part), { recursive: true, dereference: true, filter: mine });
    const stack = new Stack(root, guide, folder, "http");
    await stack.once("install");
    return stack;
  }

  constructor(root, guide, folder, scheme) {
    Object.assign(this, { root, guide, folder, scheme, running: {} });
    this.isOneProcess = !existsSync(join(folder, guide, "rekindle.toml"));
  }

  /** The same with HTTPS, in a folder of its own. */
  withHttps() {
    return new Stack(this.root, this.guide, this.copy("https"), "https");
  }

  copy(name) {
    const folder = `${this.folder}-${name}`;
    rmSync(folder, { recursive: true, force: true });
    cpSync(this.folder, folder, { recursive: true, verbatimSymlinks: true });
    return folder;
  }

  options(name) {
    const env = {
      ...process.env,
      PATH: `${this.root}/target/debug:${process.env.PATH}:/usr/sbin`,
      REKINDLE__LIFETIMES__ACCESS: "4s",
      REKINDLE__LIFETIMES__REPLAY_WINDOW: "1s",
      // Six applications hash passwords on one machine.
      REKINDLE__ACCOUNTS__WEBHOOK_TIMEOUT: "10s",
      REKINDLE__LOG__LEVEL: "warn",
      PUBLIC_URL: this.url ?? "",
      PORT: String(this.ports?.application),
      ACCESS_SECONDS: "4",
      REPLAY_WINDOW_SECONDS: "1",
    };
    return { cwd: join(this.folder, this.guide), env, log: join(this.folder, `${name}.log`) };
  }

  async start() {
    const [application, beside, operators, proxy, plain] = await freePorts(5);
    const rekindle = this.isOneProcess ? application : beside;
    this.url = `${this.scheme}://localhost:${proxy}`;
    this.ports = { application, rekindle, proxy };
    this.replace({
      "http://localhost:8888": this.url,
      "127.0.0.1:8888": `127.0.0.1:${proxy}`,
      "127.0.0.1:8000": `127.0.0.1:${application}`,
      "127.0.0.1:8080": `127.0.0.1:${rekindle}`,
      "listen 443 ssl": `listen 127.0.0.1:${proxy} ssl`,
      "listen 80": `listen 127.0.0.1:${plain}`,
      "app.example.com": "localhost",
      "/etc/nginx/tls": join(this.folder, "nginx"),
    });
    if (!this.isOneProcess) this.moveRekindle(rekindle, operators);
    if (this.scheme === "https") await this.useHttps();
    await this.once("users");
    // The application first: Rekindle is to be found late, and not to be missed for ever.
    for (const name of ["application", "proxy"]) await this.begin(name);
    if (!this.isOneProcess) await this.begin("rekindle");
  }

  /** What the guide does once, if it does. */
  async once(name) {
    const line = command(this.root, this.guide, name);
    if (line) await run(line, this.options(name));
  }

  /** Where the sessions are kept: in Rekindle's process, or in the application's own. */
  get sessions() {
    return this.isOneProcess ? "application" : "rekindle";
  }

  moveRekindle(port, operators) {
    const file = join(this.folder, this.guide, "rekindle.toml");
    const written = readFileSync(file, "utf8");
    writeFileSync(file, `listen = "127.0.0.1:${port}"\nadmin_listen = "127.0.0.1:${operators}"\n${written}`);
  }

  /** What the guide has one type to start it. */
  line(name) {
    return command(this.root, this.guide, name);
  }

  async begin(name) {
    const line = this.line(name).replaceAll("127.0.0.1:8000", `127.0.0.1:${this.ports.application}`);
    this.running[name] = await new Process(line, this.options(name)).listens(this.ports[name]);
  }

  async end(name) {
    await this.running[name]?.stop();
    delete this.running[name];
  }

  async stop() {
    for (const name of Object.keys(this.running)) await this.end(name);
  }

  /** The configuration for production, in the frame of the one for trying out. */
  async useHttps() {
    const nginx = join(this.folder, "nginx");
    const frame = readFileSync(join(nginx, "local.conf"), "utf8");
    writeFileSync(join(nginx, "local.conf"), frame.replace(/ {4}server \{[^}]*\}/, "    include https.conf;"));
    const name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
    await run(
      `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 ${name} -keyout ${nginx}/app.key -out ${nginx}/app.pem`,
      this.options("openssl"),
    );
  }

  /** In every text that is the guide's own. */
  replace(table) {
    const visit = (path) => {
      if (statSync(path).isDirectory()) {
        for (const name of readdirSync(path)) if (!/node_modules|\.venv|vendor|target/.test(name)) visit(join(path, name));
      } else if (/(Caddyfile|\.(conf|toml|py|js|php|env|rs))$/.test(path)) {
        const before = readFileSync(path, "utf8");
        let after = before;
        for (const [from, to] of Object.entries(table)) after = after.replaceAll(from, to);
        if (after !== before) writeFileSync(path, after);
      }
    };
    for (const part of [this.guide, "nginx"]) visit(join(this.folder, part));
  }
}
