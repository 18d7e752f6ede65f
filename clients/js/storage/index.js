// Where a session can be kept, besides a file (./file.js, which is Node's).

export { inExtension } from "./extension.js";
export { inLocalStorage } from "./local.js";
export { inMemory } from "./memory.js";
export { inSessionStorage } from "./tab.js";
