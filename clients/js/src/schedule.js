// Refreshes when it is time, and looks when there is reason to. Timers are hints: they are late in hidden tabs and never
// come on a machine that sleeps, so every request looks for itself as well.

/**
 * @param {import("./session.js").Parts} parts
 * @returns {() => void} stops it
 */
export function schedule({ ageOf, kept, pause, platform, refresh }) {
  /** @type {any} */
  let timer;
  const over = new AbortController();

  /** @param {import("./record.js").Held} held */
  function set({ session }) {
    platform.clearTimeout(timer);
    if (over.signal.aborted || !session?.refresh_after) return;
    const seconds = Math.max(1, session.refresh_after - ageOf(session), pause.left());
    // An hour at most: timers do not carry further than 24 days, and a wrong clock is noticed sooner. And the tabs of one
    // session do not come all at once, where no lock keeps them apart.
    timer = platform.setTimeout(wake, Math.min(seconds, 3600) * (1000 + 20 * platform.random()));
    // In Node, it keeps no program from ending.
    timer.unref?.();
  }

  async function look() {
    const held = await kept.read();
    // A failure is told to whoever asks for something. Here it is tried again, when the pause is over.
    const { session } = held;
    if (session?.refresh_after && ageOf(session) >= session.refresh_after) await refresh(held).catch(() => {});
    set(await kept.read());
  }

  /** @param {{type?: string}} [event] */
  function wake({ type } = {}) {
    if (type === "online") pause.lift();
    look().catch(() => {});
  }

  // A page that comes back from the cache, `pageshow`, has missed all news. `over` has the signal that ends it.
  for (const type of ["pageshow", "online", "visibilitychange"]) platform.page?.addEventListener(type, wake, over);
  kept.onSeen(set);
  wake();
  return () => {
    over.abort();
    platform.clearTimeout(timer);
  };
}
