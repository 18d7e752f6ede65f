// node run.mjs GUIDE…: each guide's application, over HTTP as it is tried out and over HTTPS as it is used.

import { launch } from "./browser.mjs";
import { play, root } from "./play.mjs";
import { scenario } from "./scenario.mjs";
import { Stack } from "./stack.mjs";

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
      for (let stack; (stack = stacks.shift());) {
        await play(`${stack.guide}, ${stack.scheme}`, stack, (step) => scenario(browser, stack, step));
      }
    });
    await Promise.all(playing);
  } finally {
    await browser.close();
  }
}

await all(process.argv.slice(2));
