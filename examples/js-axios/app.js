// An application that has axios already. Beside `rekindle dev`: npm ci && npm start

import axios from "axios";
import { createSession } from "rekindle";
import { attach } from "rekindle/axios";

const baseURL = process.argv[2] ?? "http://127.0.0.1:8080";
const session = createSession({ baseURL });
const api = axios.create({ baseURL });
attach(api, session);

await session.login({ username: "demo", password: "demo-password" });
// Eight at once, and one refresh for all of them if it is time.
const answers = await Promise.all(Array.from({ length: 8 }, () => api.get("/v1/session")));
console.log(`signed in as ${answers[7].data.subject}`);

await session.logout();
const { response } = await api.get("/v1/session").catch((error) => error);
console.log(`signed out: ${response.status}`);
