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

  /** @param {number} seconds */
  function after(seconds) {
    platform.clearTimeout(timer);
    if (over.signal.aborted) return;
    // An hour at most: timers do not carry further than 24 days, and a wrong clock is noticed sooner. And the tabs of one
    // session do not come all at once, where no lock keeps them apart.
    timer = platform.setTimeout(wake, Math.min(seconds, 3600) * (1000 + 20 * platform.random()));
    // In Node, it keeps no program from ending.
    timer.unref?.();
  }

  /** @param {import("./record.js").Held} held */
  const left = ({ session }) => (session?.refresh_after ? session.refresh_after - ageOf(session) : 3600);

  /** @param {import("./record.js").Held} held */
  const set = (held) => after(Math.max(1, left(held), pause.left()));

  async function look() {
    const held = await kept.read();
    // A failure is told to whoever asks for something. Here it is tried again, when the pause is over.
    if (left(held) <= 0) await refresh(held).catch(() => {});
    set(await kept.read());
  }

  /** @param {{type?: string}} [event] */
  function wake({ type } = {}) {
    // The network is back, or somebody is.
    if (type) pause.lift();
    // A storage that failed may do better soon.
    look().catch(() => after(60));
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
