// ky, with the session's `fetch` in the place of the global one. Beside `rekindle dev`: npm ci && npm start

import ky from "ky";
import { createSession } from "rekindle";

const baseURL = process.argv[2] ?? "http://127.0.0.1:8080";
const session = createSession({ baseURL });
const api = ky.create({ fetch: session.fetch });

await session.login({ username: "demo", password: "demo-password" });
const { subject } = await api.get(`${baseURL}/v1/session`).json();
console.log(`signed in as ${subject}`);

await session.logout();
const { response } = await api.get(`${baseURL}/v1/session`).catch((error) => error);
console.log(`signed out: ${response.status}`);
