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

const browser = await launch();
try {
  for (const guide of process.argv.slice(2)) {
    const stack = await Stack.prepare(root, guide);
    const results = await Promise.allSettled([play(browser, stack.withHttps()), play(browser, stack)]);
    for (const { reason } of results) if (reason) throw reason;
  }
} finally {
  await browser.close();
}
