// Verifies Rekindle's access tokens without a call: signature, type, issuer, audience, expiry.

import { createRemoteJWKSet, jwtVerify } from "jose";

export const PUBLIC_URL = process.env.PUBLIC_URL || "http://localhost:8888";

// No other host of the domain can set a cookie with this prefix. Without HTTPS, browsers refuse it.
const COOKIE = PUBLIC_URL.startsWith("https:") ? "__Host-rk-a." : "rk-a.";

// Fetched again every ten minutes, and for an unknown key at most every 30 seconds: anybody can make up a key's name.
const keys = createRemoteJWKSet(new URL("http://127.0.0.1:8080/.well-known/jwks.json"));

/** The claims of whoever is signed in, or undefined. Of several logins in one browser the newest counts. */
export async function newest({ authorization = "", cookie = "" }) {
  const bearer = /^bearer +(.*)/i.exec(authorization)?.[1];
  const tokens = bearer === undefined ? accessCookies(cookie) : [bearer];
  const verified = await Promise.all(tokens.slice(0, 16).map(verify));
  return verified.filter(Boolean).sort((a, b) => b.auth_time - a.auth_time)[0];
}

function accessCookies(header) {
  const pairs = header.split(";").map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(COOKIE)).map((pair) => pair.slice(pair.indexOf("=") + 1));
}

async function verify(token) {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ["EdDSA"],
      // An access token, and no other token that the same keys may sign one day (RFC 9068 section 4).
      typ: "at+jwt",
      issuer: PUBLIC_URL,
      audience: PUBLIC_URL,
      requiredClaims: ["exp", "sub", "auth_time"],
    });
    return payload;
  } catch {
    return undefined;
  }
}
