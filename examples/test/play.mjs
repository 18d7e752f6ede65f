// Goes through a scenario, and says how it went.

import { resolve } from "node:path";

export const root = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");

/** Starts `stack`, and has `scenario` call `step` with a name and what is done under it. A failure is told, and not thrown. */
export async function play(name, stack, scenario) {
  const began = Date.now();
  const step = async (what, act) => {
    try {
      await act();
      console.log(`${name}: ${what}`);
    } catch (error) {
      throw new Error(`${name}: ${what}\nlogs are in ${stack.folder}`, { cause: error });
    }
  };
  try {
    await stack.start();
    await scenario(step);
    console.log(`${name}: done in ${Math.round((Date.now() - began) / 1000)} s`);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await stack.stop();
  }
}
