import express from "express";

import * as pages from "./pages.js";
import { signedIn } from "./signed-in.js";
import { byId, everybody } from "./users.js";
import { webhook } from "./webhook.js";

const app = express();

app.use("/static", express.static("static"));
app.use("/rekindle", webhook);

app.get("/", (req, res) => res.send(pages.home()));
app.get("/login", (req, res) => res.send(pages.login()));
app.get("/me", signedIn, (req, res) => res.send(pages.me(req.user)));

app.get("/api/me", signedIn, (req, res) => {
  const { name, role, auth_time } = req.user;
  res.json({ name, role, signed_in_at: auth_time });
});

function onlyAdmins(req, res, next) {
  if (req.user.role === "admin") next();
  else res.sendStatus(403);
}

app.get("/people", signedIn, onlyAdmins, (req, res) => res.send(pages.people(everybody())));

app.post("/people/:id", signedIn, onlyAdmins, express.urlencoded(), (req, res) => {
  const user = byId(req.params.id);
  if (!user) return res.sendStatus(404);
  user.role = req.body.role;
  user.active = "active" in req.body;
  res.redirect(303, "/people");
});

app.listen(process.env.PORT ?? 8000, "127.0.0.1");
