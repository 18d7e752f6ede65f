// What codes, reasons and events mean, in words.

const ENDED = {
  theft_detected: "Theft was noticed. A refresh token came back long after it was replaced: two people hold this session, and nobody can tell who is who. So it has ended for both. Whoever knows the password signs in again.",
  logged_out: "This session was signed out.",
  revoked: "This session was ended from elsewhere.",
  expired_idle: "Nobody used this session for too long.",
  expired_absolute: "This session has reached its end, whatever happened in it.",
  elsewhere: "Signed out in another tab.",
};

export const ended = (reason) => ENDED[reason] ?? "The server knows no such session.";

/** What a failure of the client means; `[kind, words]`. */
export function failure(error) {
  if (error.code === "session_ended") return ["bad", ended(error.reason)];
  if (error.code === "signed_out") return ["bad", "Nobody is signed in here."];
  if (error.code === "invalid_credentials") return ["bad", "Wrong user name or password. The server does not say which."];
  if (error.code === "unavailable") return ["wait", "No answer now. Nothing is lost: try again in a moment."];
  return ["bad", `It did not work: ${error.message}`];
}

/** `[kind, words]` by event. */
const EVENTS = {
  opened: ["good", "A session was opened."],
  refreshed: ["good", "The refresh token was replaced by the next one, and that is written down."],
  replayed: ["good", "The same token came once more, so the same answer was given once more. Nothing was written."],
  renewed: ["good", "An access token was renewed inside a request."],
  late_retry: ["wait", "An old token came back, and nobody has used the one after it. An answer was lost, or a thief was faster: it goes on, and is remembered."],
  many_candidates: ["wait", "Many answers of this session were never used."],
  superseded: ["wait", "A token came back that was replaced a moment ago. It may be a slow tab: refused, and nothing ends."],
  store_rollback_detected: ["wait", "The store had lost the last step. The client's token mended it."],
  theft_detected: ["bad", "Theft: a token came back that was replaced long ago. The session has ended for everybody who holds it."],
  bumped: ["wait", "Access tokens from before this moment are not taken any more. Refresh tokens are."],
  expired: ["bad", "The session has reached its end."],
  lagged: ["wait", "Some events were missed here."],
};

const REVOKED = {
  logged_out: "The session was signed out.",
  revoked: "The session was ended from another device.",
  theft_detected: "The session was ended because of theft.",
};

export function event({ kind, reason }) {
  if (kind === "revoked") return ["bad", REVOKED[reason] ?? "The session was ended."];
  return EVENTS[kind] ?? ["wait", kind];
}
