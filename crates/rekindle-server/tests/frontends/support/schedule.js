// What happens to whom: a seeded schedule of races, made before anything runs, and the same for every server.
//
// A race is two to eight requests with an access token that has expired, from up to three pages or contexts that share one
// storage. Each request has a fate on its way. Times are in milliseconds.
//
// The bounds that docs/dialects/front-ends.md states hold: an answer to a refresh is there within 1.2 s, less than half of
// the replay window of 4 s; and what a client takes for the end of a session by itself does not reach it (`losses`).

import { Random } from "./random.js";

/** A request and its answer, undisturbed. */
export const CALM = { before: 0, after: 0, twice: undefined, take: "first", lost: undefined };

/** Longer than the replay window. */
const AWAY = 5100;

/** More than a race has of either. */
const FATES = 24;

/**
 * The races of one person, without end.
 *
 * @param {string} seed
 * @param {object} client
 * @param {number} client.pages  pages or contexts at once
 * @param {string[]} client.losses  how the answer to a refresh may be lost: `answer` reaches the client as a network error,
 *   `page` takes the page that waits for it along
 */
export function* schedule(seed, client) {
  const random = new Random(seed);
  for (;;) yield race(random, client);
}

function race(random, { pages, losses }) {
  // Two to eight, and more often few.
  const calls = Array.from({ length: Math.min(random.whole(2, 8), random.whole(2, 8)) }, () => ({
    page: random.whole(0, pages - 1),
    at: random.chance(0.5) ? 0 : random.whole(0, 250),
  }));
  const fates = {
    call: Array.from({ length: FATES }, () => call(random)),
    refresh: Array.from({ length: FATES }, () => refresh(random, losses)),
  };
  // Whoever lost an answer comes back at once, or when the replay window is over. In a tunnel, nobody hears anything: then
  // the old token is all that there is.
  const tunnel = random.chance(0.08);
  if (tunnel) fates.refresh.slice(0, losses.includes("answer") ? FATES : pages).forEach((fate) => (fate.lost = losses[0]));
  return { calls, fates, away: tunnel || random.chance(0.03) ? AWAY : random.whole(0, 400) };
}

function call(random) {
  return {
    before: random.whole(0, 120),
    // The slow ones bring a 401 when the refresh is over.
    after: random.chance(0.2) ? random.whole(300, 900) : random.whole(0, 60),
    twice: random.chance(0.05) ? random.whole(0, 50) : undefined,
    take: "first",
    lost: random.chance(0.03) ? "answer" : undefined,
  };
}

function refresh(random, losses) {
  return {
    before: random.chance(0.5) ? random.whole(0, 20) : random.whole(20, 400),
    after: random.chance(0.5) ? random.whole(0, 20) : random.whole(20, 400),
    // Sent again by something on the way, such as a load balancer: at the same moment, or when an answer was lost there.
    twice: random.chance(0.25) ? random.whole(0, 300) : undefined,
    take: random.chance(0.5) ? "first" : "last",
    lost: random.chance(0.15) ? losses[random.whole(0, losses.length - 1)] : undefined,
  };
}
