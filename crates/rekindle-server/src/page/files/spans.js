// Spans of time, in seconds, as people write them.

const UNITS = [[86_400, "d"], [3_600, "h"], [60, "m"], [1, "s"]];

function parts(seconds) {
  let rest = Math.max(0, Math.floor(seconds));
  const found = [];
  for (const [length, name] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    found.push([count, name]);
  }
  return found;
}

/** All of it, as a configuration has it: `1h 30m 5s`. */
export const exact = (seconds) => parts(seconds).filter(([count]) => count > 0).map((part) => part.join("")).join(" ") || "0s";

/** The two largest units, as `rekindle explain` has it: `4d 3h`. */
export function short(seconds) {
  const all = parts(seconds);
  const first = all.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  return all.slice(first, first + 2).filter(([count]) => count > 0).map((part) => part.join("")).join(" ");
}
