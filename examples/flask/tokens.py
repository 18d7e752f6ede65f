"""Verifies Rekindle's access tokens without a call: signature, type, issuer, audience, expiry."""

import json
import threading
import time
import urllib.request

import jwt


class AccessTokens:
    def __init__(self, public_url, rekindle_url):
        self.public_url = public_url
        # No other host of the domain can set a cookie with this prefix. Without HTTPS, browsers refuse it.
        self.cookie = "__Host-rk-a." if public_url.startswith("https:") else "rk-a."
        self.keys = Keys(f"{rekindle_url}/.well-known/jwks.json")

    def newest(self, authorization, cookies):
        """The claims of whoever is signed in, or None. Of several logins in one browser the newest counts."""
        scheme, _, bearer = authorization.partition(" ")
        if scheme.lower() == "bearer":
            tokens = [bearer]
        else:
            tokens = [value for name, value in cookies.items() if name.startswith(self.cookie)]
        verified = [claims for claims in map(self.verify, tokens[:16]) if claims]
        return max(verified, key=lambda claims: claims["auth_time"], default=None)

    def verify(self, token):
        try:
            header = jwt.get_unverified_header(token)
            key = self.keys.find(header.get("kid"))
            # An access token, and no other token that the same keys may sign one day (RFC 9068 section 4).
            if key is None or header.get("typ") != "at+jwt":
                return None
            return jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                issuer=self.public_url,
                audience=self.public_url,
                # A clock that is a second behind the server's must not refuse what has just been issued.
                options={"require": ["exp", "sub", "auth_time"], "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None


class Keys:
    """The public keys, fetched again every ten minutes, and for an unknown key at most once a second: anybody can make
    up a key's name."""

    def __init__(self, url):
        self.url = url
        self.known = {}
        self.asked = float("-inf")
        self.asking = threading.Lock()

    def find(self, kid):
        if self.is_due(kid):
            with self.asking:  # One asks, the others wait for the answer.
                if self.is_due(kid):
                    self.fetch()
        return self.known.get(kid)

    def is_due(self, kid):
        return time.monotonic() - self.asked > (600 if kid in self.known else 1)

    def fetch(self):
        self.asked = time.monotonic()
        try:
            with urllib.request.urlopen(self.url, timeout=3) as answer:
                keys = jwt.PyJWKSet.from_dict(json.load(answer)).keys
        except (OSError, ValueError, jwt.PyJWKSetError):
            return  # Those that are known still hold.
        self.known = {key.key_id: key for key in keys}
