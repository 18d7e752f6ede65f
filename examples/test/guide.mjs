// What a guide tells its reader: the commands, by what they are for (```sh NAME), and the files (```LANGUAGE FILE).

import { readFileSync } from "node:fs";

/** @returns {{ info: string, text: string }[]} */
export function blocks(markdown) {
  return [...markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, info, text]) => ({ info, text }));
}

/** The command lines under a name, in the guide or in what all guides share; undefined where there are none. */
export function command(root, guide, name) {
  for (const file of [`${guide}.md`, "README.md"]) {
    const found = blocks(readFileSync(`${root}/docs/guides/${file}`, "utf8")).find(({ info }) => info === `sh ${name}`);
    if (found) return found.text.trim();
  }
  return undefined;
}
