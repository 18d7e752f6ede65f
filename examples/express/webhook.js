// Rekindle asks here whether a password is right, and how an account stands.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

import express from "express";

import { byId, withPassword } from "./users.js";

const SECRET = readFileSync("webhook.secret", "utf8").trim();

export const webhook = express.Router();

webhook.use(express.raw({ type: "application/json" }), (req, res, next) => {
  if (!isRekindle(req)) return res.sendStatus(403);
  req.question = JSON.parse(req.body);
  next();
});

/** Whether Rekindle sent this, in the last five minutes. */
function isRekindle(req) {
  const [id, moment, signature] = ["id", "timestamp", "signature"].map((part) => req.get(`webhook-${part}`) ?? "");
  const mac = createHmac("sha256", SECRET).update(`${id}.${moment}.`).update(req.body ?? "").digest("base64");
  const [sent, expected] = [Buffer.from(signature), Buffer.from(`v1,${mac}`)];
  const right = sent.length === expected.length && timingSafeEqual(sent, expected);
  return right && Math.abs(Date.now() / 1000 - Number(moment)) < 300;
}

webhook.post("/verify", async (req, res) => {
  const user = await withPassword(req.question.username, req.question.password);
  res.json(user ? { verdict: "verified", subject: user.id, ...standing(user) } : { verdict: "denied" });
});

webhook.post("/state", (req, res) => {
  const user = byId(req.question.subject);
  if (!user) return res.json({ state: "gone" });
  res.json(user.active ? { state: "active", ...standing(user) } : { state: "disabled" });
});

/** What tokens say of a user, and a number that changes with the password. */
function standing({ name, role, password }) {
  const digest = createHash("sha256").update(password.hashed).digest();
  return { claims: { name, role }, credential_version: digest.readUIntBE(0, 6) };
}
