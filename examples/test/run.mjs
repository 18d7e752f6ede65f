// node run.mjs GUIDE…: each guide's application, over HTTP as it is tried out and over HTTPS as it is used.

import { resolve } from "node:path";

import { launch } from "./browser.mjs";
import { scenario } from "./scenario.mjs";
import { Stack } from "./stack.mjs";

const root = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");

async function play(browser, stack) {
  const began = Date.now();
  const step = async (name, act) => {
    try {
      await act();
      console.log(`${stack.guide}, ${stack.scheme}: ${name}`);
    } catch (error) {
      throw new Error(`${stack.guide}, ${stack.scheme}: ${name}\nlogs are in ${stack.folder}`, { cause: error });
    }
  };
  try {
    await stack.start();
    await scenario(browser, stack, step);
  } finally {
    await stack.stop();
  }
  console.log(`${stack.guide}, ${stack.scheme}: done in ${Math.round((Date.now() - began) / 1000)} s`);
}

// One after another they would take as many minutes as there are guides: most of it is waiting for tokens to expire.
// All at once they would wait for the processor.
const AT_ONCE = 6;

async function all(guides) {
  const browser = await launch();
  try {
    const stacks = [];
    for (const guide of guides) {
      const stack = await Stack.prepare(root, guide);
      stacks.push(stack.withHttps(), stack);
    }
    const playing = Array.from({ length: AT_ONCE }, async () => {
      for (let stack; (stack = stacks.shift());) await play(browser, stack).catch(failed);
    });
    await Promise.all(playing);
  } finally {
    await browser.close();
  }
}

function failed(error) {
  console.error(error);
  process.exitCode = 1;
}

await all(process.argv.slice(2));
