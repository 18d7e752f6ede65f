// The application's own users. This map stands for your table.

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const users = new Map();

async function hash(password, salt = randomBytes(16)) {
  return { salt, hashed: await promisify(scrypt)(password, salt, 32, { N: 2 ** 17, maxmem: 2 ** 28 }) };
}

// Checked for names that do not exist, so that they take the time of a wrong password.
const nobody = await hash("nobody");

export async function withPassword(name, password) {
  const user = everybody().find((user) => user.name === name);
  const { salt, hashed } = user?.password ?? nobody;
  const right = timingSafeEqual((await hash(password, salt)).hashed, hashed);
  return user?.active && right ? user : undefined;
}

export const byId = (id) => users.get(id);

export const everybody = () => [...users.values()];

export async function add(name, password, role) {
  const id = String(users.size + 1);
  users.set(id, { id, name, role, active: true, password: await hash(password) });
}

await add("ada", "correct horse", "member");
await add("grace", "battery staple", "admin");
