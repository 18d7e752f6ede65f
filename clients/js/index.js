// Rekindle's client. README.md has the tour.

export { native } from "./dialects/native.js";
export * from "./src/errors.js";
export { createSession } from "./src/session.js";
