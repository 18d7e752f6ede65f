// A browser with a profile: what it keeps outlives it.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { launchOn } from "./chromium.js";
import { Visitor } from "./visitor.js";

/** Debian's Chromium sends no cookies to third parties, others do: the server has to stand either. */
const PREFERENCES = { profile: { cookie_controls_mode: 0 } };

export class Profile {
  #folder;
  #visitor;

  static async make() {
    const profile = new Profile();
    profile.#folder = await mkdtemp(path.join(tmpdir(), "rekindle-profile-"));
    await mkdir(path.join(profile.#folder, "Default"));
    await writeFile(path.join(profile.#folder, "Default", "Preferences"), JSON.stringify(PREFERENCES));
    return profile;
  }

  /** Opens the browser. */
  async open(origin) {
    this.#visitor = new Visitor(await launchOn(this.#folder), origin);
    return this.#visitor;
  }

  /** Closes it, and keeps what it keeps. */
  async close() {
    await this.#visitor?.leave();
    this.#visitor = undefined;
  }

  async remove() {
    await this.close();
    await rm(this.#folder, { recursive: true });
  }
}
