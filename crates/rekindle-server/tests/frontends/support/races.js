// Many people with one front end, against one server of tokens.

import { setTimeout as pause } from "node:timers/promises";

import { Api } from "./api.js";
import { Network } from "./network.js";
import { Person } from "./person.js";
import { schedule } from "./schedule.js";

export const SECRET = "what the application and its server of tokens share";

/** For another schedule: any text. */
const SEED = process.env.REKINDLE_SEED ?? "as kept";

/** Within how many milliseconds people arrive: about as long as from race to race, so that it is not all at once. */
const ARRIVE = 11_000;

/**
 * @param {object} front  of fronts.js
 * @param {number} tokens  the port of the server of tokens
 * @param {number} people
 * @param {number} races  of each
 * @param {number} [bound]  how many milliseconds a refresh may take for its race to count; another makes up for it
 */
export async function races(front, tokens, people, races, bound) {
  const api = await Api.open(SECRET);
  const network = await Network.open({ tokens, api: api.port });
  const everybody = Array.from({ length: people }, (_, number) => new Person(front, network, number, SEED));
  const sum = (what) => everybody.reduce((sum, person) => sum + what(person), 0);
  const outside = () => sum((person) => person.outside);
  try {
    await Promise.all(
      everybody.map(async (person, number) => {
        await pause((number * ARRIVE) / people);
        await person.signIn();
        for (const race of schedule(`${SEED} ${front.name} ${number}`, front)) {
          await person.race(race, bound);
          if (person.races === races) return;
          if (outside() > people * races) throw new Error(`refreshes take more than ${bound} ms: this machine is too busy`);
        }
      }),
    );
  } finally {
    everybody.forEach((person) => person.leave());
    network.close();
    api.close();
  }
  return {
    seed: SEED,
    races: sum((person) => person.races),
    outside: outside(),
    logoutsOutside: sum((person) => person.logoutsOutside),
    logins: sum((person) => person.logins),
    contested: sum((person) => person.contested),
    logouts: sum((person) => person.logouts),
    byRaceAlone: sum((person) => person.logoutsByRaceAlone),
    sessions: sum((person) => person.sessions.size),
    network: network.counts,
    trail: everybody.find((person) => person.logouts > 0)?.line.trail,
  };
}

/** What happened, in a line. */
export function told(name, { seed, races, outside, logoutsOutside, contested, logouts, byRaceAlone, network }) {
  const { refreshes, twice, lost, answers, slowest } = network;
  const answered = Object.entries(answers).map(([status, times]) => `${times} times ${status}`);
  return (
    `${name}: ${races} races (${contested} for one refresh token; ` +
    `${outside} more were too slow to count, with ${logoutsOutside} logouts), ` +
    `${refreshes} refreshes (${answered.join(", ")}), ` +
    `${twice} requests sent twice, ${lost} answers lost, slowest refresh ${Math.round(slowest)} ms: ` +
    `${logouts} logouts, ${byRaceAlone} of them with nothing lost and nothing sent twice (seed "${seed}")`
  );
}
