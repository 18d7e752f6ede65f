// Who is signed in, and what becomes of a request of somebody who is not.

import { newest, PUBLIC_URL } from "./tokens.js";

/** For signed-in users only; `req.user` has the claims of their token. */
export async function signedIn(req, res, next) {
  req.user = await newest(req.headers);
  if (!req.user) return isNavigation(req) ? refreshFirst(req, res) : unauthorized(res);
  if (!isOwn(req)) return res.status(403).send("This request came from another site.");
  // Pages of a signed-in user are nobody else's, and not the back button's after signing out.
  res.set("Cache-Control", "no-store");
  next();
}

/** Whether a request that changes something comes from a page of ours: cookies come along with others, too. */
function isOwn(req) {
  if (["GET", "HEAD"].includes(req.method) || isProgram(req)) return true;
  const site = req.get("Sec-Fetch-Site");
  return site ? site === "same-origin" : req.get("Origin") === PUBLIC_URL;
}

function isNavigation(req) {
  const mode = req.get("Sec-Fetch-Mode");
  const asked = mode ? mode === "navigate" : req.accepts("html");
  return req.method === "GET" && asked && !isProgram(req);
}

/** No page of another site can make a browser send this. */
function isProgram(req) {
  return /^bearer/i.test(req.get("Authorization"));
}

/** The page's script refreshes, and asks again. */
function unauthorized(res) {
  res.status(401).set("WWW-Authenticate", "Bearer").json({ error: "not signed in" });
}

/** Rekindle refreshes the cookies and sends the browser back; or to the login page, where nobody is signed in. */
function refreshFirst(req, res) {
  const url = new URL(PUBLIC_URL + req.originalUrl);
  const now = Math.floor(Date.now() / 1000);
  if (Math.abs(now - Number(url.searchParams.get("continued"))) < 10) {
    // It has just been there. Sending it again would send it round in circles.
    return res.status(503).send("The new access token is not accepted: compare PUBLIC_URL, and the clocks.");
  }
  url.searchParams.delete("continued");
  const here = url.pathname + url.search;
  url.searchParams.set("continued", now);
  const query = new URLSearchParams({
    to: url.pathname + url.search,
    login: `/login?${new URLSearchParams({ next: here })}`,
  });
  res.redirect(303, `/v1/continue?${query}`);
}
