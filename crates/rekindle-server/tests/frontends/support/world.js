// The real server with the dialect: real time, and access tokens that live for seconds.

import { Rekindle } from "../../browser/support/rekindle.js";
import { SECRET } from "./races.js";

const LIFE = "10s";

/** The replay window is half of what is left of an access token's life after two seconds. In milliseconds. */
export const WINDOW = 4000;

/** With `settings` of `[dialects.simplejwt]`, such as `{ single_use: true }`, and `others` of the server. */
export function rekindle(settings = {}, others = {}) {
  const dialect = {
    ACCESS_TOKEN_LIFETIME: LIFE,
    ROTATE_REFRESH_TOKENS: true,
    BLACKLIST_AFTER_ROTATION: true,
    ...settings,
  };
  const mounted = Object.entries(dialect).map(([key, value]) => [`dialects__simplejwt__${key}`, String(value)]);
  return Rekindle.start({
    admin_listen: "127.0.0.1:0",
    log__level: "warn",
    keys__shared_secret: SECRET,
    // Passwords are not what is tried here, and they take most of the time of a login.
    limits__password_kib: "64",
    // The rate of a session is the default; those of an address are lifted, for everybody here comes from one.
    limits__refresh_per_session: "300/1m",
    ...Object.fromEntries(mounted),
    ...others,
  });
}

/** Events and ends of sessions that it counted, without those that it never did. */
export async function counted(server) {
  const metrics = Object.entries(await server.metrics());
  const of = (metric, label) =>
    Object.fromEntries(
      metrics.flatMap(([name, value]) => {
        const [, found] = new RegExp(`^${metric}\\{.*${label}="(\\w+)"`).exec(name) ?? [];
        return found && value > 0 ? [[found, value]] : [];
      }),
    );
  return {
    events: of("rekindle_events_total", "event"),
    refreshes: of("rekindle_refreshes_total", "outcome"),
    ended: of("rekindle_sessions_ended_total", "reason"),
    problems: of("rekindle_problems_total", "code"),
  };
}
