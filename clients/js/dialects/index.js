// Servers that speak as a package does: docs/dialects/. The page keeps its endpoints, and loses the random sign-outs.
//
// Each says which answer proves that a session is over. All others leave it alone: where a package has no code for its
// failures, only its own words count, and a proxy's page never has them.

/** @typedef {import("./native.js").Dialect} Dialect */
/** @typedef {import("./native.js").Answer} Answer */

export { native } from "./native.js";
export { drfJwt } from "./drf-jwt.js";
export { flaskJwtExtended } from "./flask-jwt-extended.js";
export { simplejwt } from "./simplejwt.js";
export { tymon } from "./tymon.js";
