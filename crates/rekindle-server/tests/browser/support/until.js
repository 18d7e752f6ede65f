// Waits for what is bound to happen, and for no longer.

/** Asks again and again until `condition` holds. */
export async function until(what, condition, seconds = 20) {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${seconds} s, and still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
