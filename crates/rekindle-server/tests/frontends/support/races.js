// Many people with one front end, against one server of tokens.

import { setTimeout as pause } from "node:timers/promises";

import { Api } from "./api.js";
import { Network } from "./network.js";
import { Person } from "./person.js";
import { schedule } from "./schedule.js";

export const SECRET = "what the application and its server of tokens share";

/** For another schedule: any text. */
const SEED = process.env.REKINDLE_SEED ?? "as kept";

/** Within how many milliseconds people arrive, so that they do not all race in the same second. */
const ARRIVE = 6000;

/**
 * @param {object} front  of fronts.js
 * @param {number} tokens  the port of the server of tokens
 * @param {number} people
 * @param {number} races  of each
 */
export async function races(front, tokens, people, races) {
  const api = await Api.open(SECRET);
  const network = await Network.open({ tokens, api: api.port });
  const everybody = Array.from({ length: people }, (_, number) => new Person(front, network, number, SEED));
  try {
    await Promise.all(
      everybody.map(async (person, number) => {
        await pause((number * ARRIVE) / people);
        await person.signIn();
        for (const race of schedule(`${SEED} ${front.name} ${number}`, races, front)) await person.race(race);
      }),
    );
  } finally {
    everybody.forEach((person) => person.leave());
    network.close();
    api.close();
  }
  const sum = (what) => everybody.reduce((sum, person) => sum + what(person), 0);
  return {
    seed: SEED,
    races: people * races,
    contested: sum((person) => person.contested),
    logouts: sum((person) => person.logouts),
    byRaceAlone: sum((person) => person.logoutsByRaceAlone),
    sessions: sum((person) => person.sessions.size),
    network: network.counts,
    trail: everybody.find((person) => person.logouts > 0)?.line.trail,
  };
}

/** What happened, in a line. */
export function told(name, { seed, races, contested, logouts, byRaceAlone, network }) {
  const { refreshes, twice, lost, answers, slowest } = network;
  const answered = Object.entries(answers).map(([status, times]) => `${times} times ${status}`);
  return (
    `${name}: ${races} races (${contested} for one refresh token), ${refreshes} refreshes (${answered.join(", ")}), ` +
    `${twice} requests sent twice, ${lost} answers lost, slowest refresh ${Math.round(slowest)} ms: ` +
    `${logouts} logouts, ${byRaceAlone} of them with nothing lost and nothing sent twice (seed "${seed}")`
  );
}
