// Refreshes when it is time, and looks when there is reason to. Timers are hints: they are late in hidden tabs and never
// come on a machine that sleeps, so every request looks for itself as well.

/** Seconds. Timers do not carry further than 24 days, and a wrong clock is noticed sooner. */
const LONGEST = 3600;
/** Over which the tabs of one session spread, where no lock keeps them apart. */
const SPREAD = 2;

/**
 * @param {import("./session.js").Parts} parts
 * @returns {() => void} stops it
 */
export function schedule({ age, kept, pause, platform, refresh }) {
  /** @type {any} */
  let timer;
  const over = new AbortController();

  /** @param {import("./record.js").Held} held */
  function set({ session }) {
    platform.clearTimeout(timer);
    if (over.signal.aborted || !session?.refresh_after) return;
    const spread = platform.random() * Math.min(SPREAD, session.refresh_after / 10);
    const seconds = Math.max(session.refresh_after - age.ageOf(session), pause.left()) + spread;
    timer = platform.setTimeout(look, Math.min(seconds, LONGEST) * 1000);
  }

  async function look() {
    const held = await kept.read();
    // A failure is told to whoever asks for something. Here it is tried again, when the pause is over.
    if (held.session && age.isDue(held.session) && !pause.left()) await refresh(held).catch(() => {});
    set(await kept.read());
  }

  /**
   * @param {EventTarget | undefined} target
   * @param {string} type
   * @param {() => unknown} listener
   */
  const on = (target, type, listener) => target?.addEventListener(type, listener, { signal: over.signal });
  const wake = () => look().catch(() => {});
  on(platform.document, "visibilitychange", () => platform.document?.visibilityState === "visible" && wake());
  // A page that comes back from the cache has missed all news.
  on(platform.page, "pageshow", wake);
  on(platform.page, "online", () => (pause.lift(), wake()));
  kept.onSeen(set);
  wake();
  return () => {
    over.abort();
    platform.clearTimeout(timer);
  };
}
