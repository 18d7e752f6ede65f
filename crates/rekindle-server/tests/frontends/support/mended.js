// The front ends with the mends of docs/dialects/front-ends.md: what stands there is what is tried.

import { readFileSync } from "node:fs";

const PAGE = readFileSync(new URL("../../../../../docs/dialects/front-ends.md", import.meta.url), "utf8");

/** `createApi` of `clients/NAME` with all that the page changes in it. */
export async function mended(name) {
  const blocks = [...PAGE.matchAll(/^( *)```diff (\S+)\n([^]*?)^ *```$/gm)].filter(([, , file]) => file === name);
  if (blocks.length === 0) throw new Error(`the page mends nothing in ${name}`);
  let text = readFileSync(new URL(`../clients/${name}`, import.meta.url), "utf8");
  for (const [, indent, , diff] of blocks) text = applied(text, diff.split("\n").map((line) => line.slice(indent.length)));
  return (await import(`data:text/javascript,${encodeURIComponent(text)}`)).createApi;
}

/** A diff without line numbers: what it takes away stands in the text once, however far it is indented. */
function applied(text, lines) {
  const side = (mark) => lines.filter((line) => [" ", mark].includes(line[0])).map((line) => line.slice(1).trim());
  const [before, after] = [side("-"), side("+")];
  const own = text.split("\n");
  const starts = own.flatMap((_, at) => (before.every((line, n) => own[at + n]?.trim() === line) ? [at] : []));
  if (starts.length !== 1) throw new Error(`found ${starts.length} times:\n${before.join("\n")}`);
  own.splice(starts[0], before.length, ...after);
  return own.join("\n");
}
