// Refreshes when it is time, and when there is reason to look. Timers are hints: they are late in hidden tabs and never
// come on a machine that sleeps, so every request looks for itself as well.

/** Seconds. Timers do not carry further than 24 days, and a wrong clock is noticed sooner. */
const LONGEST = 3600;
/** Seconds over which the tabs of one session spread, where no lock keeps them apart. */
const SPREAD = 2;

/**
 * @param {import("./session.js").Parts} parts
 * @returns {() => void} stops it
 */
export function schedule({ age, kept, pause, platform, refresh }) {
  /** @type {unknown} */
  let timer;
  let over = false;

  /** @param {import("./record.js").Held} held */
  function set({ session }) {
    platform.clearTimeout(timer);
    if (over || !session || session.refreshAfter === undefined) return;
    const seconds = Math.max(session.refreshAfter - age.of(session), pause.left) + platform.random() * Math.min(SPREAD, session.refreshAfter / 10);
    timer = platform.setTimeout(() => void look(), Math.min(LONGEST, Math.max(0.1, seconds)) * 1000);
  }

  async function look() {
    try {
      let held = await kept.read();
      if (held.session && age.isDue(held.session) && pause.left === 0) held = await refresh.replace(held);
      set(held);
    } catch {
      // It is told to whoever asks for something. Here it is tried again, when the pause is over.
      const held = await kept.read().catch(() => undefined);
      if (held) set(held);
    }
  }

  /** @type {[EventTarget | undefined, string, () => void][]} */
  const wakes = [
    [platform.document, "visibilitychange", () => void (platform.document?.visibilityState === "visible" && look())],
    // A page that comes back from the cache has missed all news.
    [platform.page, "pageshow", () => void look()],
    [platform.page, "online", () => { pause.lift(); void look(); }],
  ];
  for (const [target, type, listener] of wakes) target?.addEventListener(type, listener);
  const unwatch = kept.onSeen(set);
  void look();
  return () => {
    over = true;
    platform.clearTimeout(timer);
    unwatch();
    for (const [target, type, listener] of wakes) target?.removeEventListener(type, listener);
  };
}
