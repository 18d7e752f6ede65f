// Starts what a guide says is started, and ends it.

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

/** A command in a shell of its own, with all that it starts. */
export class Process {
  constructor(command, { cwd, env, log }) {
    this.command = command;
    // A group of its own, so that its end is the end of its children.
    const file = openSync(log, "a");
    this.child = spawn("bash", ["-c", command], { cwd, env, detached: true, stdio: ["ignore", file, file] });
    closeSync(file);
    this.ended = once(this.child, "exit");
    this.log = log;
  }

  async stop(signal = "SIGTERM") {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid, signal);
    await this.ended;
  }

  /** Waits until it listens. */
  async listens(port) {
    const deadline = Date.now() + 30_000;
    while (!(await answers(port))) {
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.command}\nsee ${this.log}`);
      if (Date.now() > deadline) throw new Error(`it does not listen: ${this.command}\nsee ${this.log}`);
      await pause(50);
    }
    return this;
  }
}

/** Runs a command to its end. */
export async function run(command, options) {
  const process = new Process(`set -e\n${command}`, options);
  const [code] = await process.ended;
  if (code !== 0) throw new Error(`failed: ${command}\nsee ${process.log}`);
}

async function answers(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Ports that nobody uses now. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
