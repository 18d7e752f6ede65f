"""An answer as named fields that two servers can be compared by.

Only what must differ is put into other words: moments, token texts and ids. Their forms and what they have to do with
each other stay.
"""

import json
import re

from . import jws

# What the connection needs, not the client.
TRANSPORT = {"date", "server", "connection", "content-length", "transfer-encoding", "keep-alive"}
MOMENTS = {"exp", "iat", "nbf", "orig_iat", "refresh_exp"}
IDS = {"jti", "orig_jti", "csrf", "sid"}
FORMS = [
    ("a random UUID with dashes", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ("a UUID with dashes", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("32 hex digits", r"[0-9a-f]{32}"),
    # Django's own CSRF cookie.
    ("32 letters and digits", r"[0-9A-Za-z]{32}"),
]


def observe(answer, run, step):
    fields = {"status": str(answer.status)}
    for name in sorted({name.lower() for name, _ in answer.headers} - TRANSPORT - {"set-cookie"}):
        value = answer.header(name)
        # A set: Flask writes it in another order each time it starts.
        fields[f"header {name}"] = ", ".join(sorted(value.split(", "))) if name == "allow" else value
    watch = Watch(fields, answer, run, step)
    watch.body()
    for name, (value, attributes) in answer.cookies().items():
        watch.cookie(name, value, attributes)
    return fields


class Watch:
    """Looks at one answer."""

    def __init__(self, fields, answer, run, step):
        self.fields, self.answer, self.run, self.step = fields, answer, run, step

    def body(self):
        text = self.answer.body.decode("utf-8", "replace")
        value = self.answer.json()
        if value is None and text != "null":
            kind = "empty" if not text else "HTML" if text.lstrip().lower().startswith("<!doctype") else "text"
            self.fields["body"] = kind if kind != "text" else text
            return
        self.fields["body"] = f"JSON, {written(text, value)}"
        self.value("body", value)

    def value(self, path, value):
        if isinstance(value, dict):
            self.fields[f"{path} order"] = tuple(value)
            for name, member in value.items():
                if self.is_claims(value):
                    # A view tells what is in the token that it was sent.
                    self.claim(path, name, member, value, sent=True)
                else:
                    self.value(f"{path}.{name}", member)
            if not value:
                self.fields[path + " members"] = "none"
        elif isinstance(value, list):
            for number, member in enumerate(value):
                self.value(f"{path}[{number}]", member)
            self.fields[path + " length"] = str(len(value))
        elif isinstance(value, str) and jws.read(value):
            self.token(path, value)
        elif is_moment(value):
            beside = value in self.iats()
            self.fields[path] = "the iat of the token beside it" if beside else self.moment("iat", value, {})
        else:
            self.fields[path] = plain(value)

    def iats(self):
        """Of the tokens in the answer's own members."""
        body = self.answer.json()
        tokens = [jws.read(member) for member in body.values()] if isinstance(body, dict) else []
        return [token[1].get("iat") for token in tokens if token]

    @staticmethod
    def is_claims(value):
        """What a view tells of a token's claims."""
        return bool(value.keys() & {"exp", "jti"})

    def token(self, path, text):
        header, claims = jws.read(text)
        self.fields[path] = self.relation(text, path, "a new token")
        self.fields[f"{path} header"] = jws.raw_header(text)
        self.fields[f"{path} signature"] = "good" if self.is_good(text) else "bad"
        self.fields[f"{path} order"] = tuple(claims)
        for name, value in claims.items():
            self.claim(path, name, value, claims)

    def is_good(self, text):
        header, _ = jws.read(text)
        return header.get("alg") == self.run.algorithm and jws.is_signed_by(text, self.run.side.key)

    def claim(self, path, name, value, claims, sent=False):
        where = f"{path}.{name}"
        if name in MOMENTS and isinstance(value, (int, float)) and not isinstance(value, bool):
            self.fields[where] = self.moment(name, value, claims, sent)
        elif isinstance(value, str) and (name in IDS or form(value) != "a text"):
            self.fields[where] = self.relation(value, where, "new", form(value) + ", ")
        elif isinstance(value, (dict, list)):
            self.value(where, value)
        elif isinstance(value, float):
            self.fields[where] = self.moment("exp", value, claims)
        else:
            self.fields[where] = plain(value)

    def relation(self, value, path, new, form=""):
        """Where it was seen before."""
        seen = self.run.seen.setdefault(value, f"{path} of answer {self.step}")
        return form + (new if seen == f"{path} of answer {self.step}" else f"as {seen}")

    def moment(self, name, value, claims, sent=False):
        kind = "" if isinstance(value, int) else "a float, "
        here = f"{name} of answer {self.step}"
        seen = self.run.seen.setdefault((name, value), here)
        told = f"as {seen}" if seen != here else None
        iat = claims.get("iat")
        after_iat = span(value - iat) if isinstance(iat, int) and name != "iat" else None
        is_now = self.answer.before - 1 <= value <= self.answer.after + 1
        if name == "iat" and (self.is_unchanged(claims) or (sent and told)):
            return kind + "as when the token was new"
        if name == "iat":
            return kind + ("now" if is_now else told or self.distance(value))
        if name in ("orig_iat", "refresh_exp"):
            return kind + (told or after_iat or self.distance(value))
        return kind + (after_iat or told or self.distance(value))

    def is_unchanged(self, claims):
        """Whether these are the claims of a token that was seen before: it is told by its id."""
        ids = sorted(value for value in claims.values() if isinstance(value, str) and form(value) != "a text")
        old = self.run.seen.setdefault(("iat of", *ids), (claims["iat"], self.step)) if ids and "iat" in claims else None
        return old is not None and old[0] == claims["iat"] and old[1] != self.step

    def distance(self, value):
        if self.run.start - 1 <= value <= self.answer.after:
            return "earlier in the case"
        return f"about now{round((value - self.answer.before) / 10) * 10:+d}"

    def cookie(self, name, value, attributes):
        self.fields[f"cookie {name} attributes"] = "; ".join(sorted(map(self.attribute, attributes), key=str.lower))
        path = f"cookie {name}"
        if jws.read(value):
            self.token(path, value)
        elif form(value) != "a text":
            self.fields[path] = self.relation(value, path, "new", form(value) + ", ")
        else:
            self.fields[path] = repr(value)

    def attribute(self, text):
        """An expiry that counts from now has another date each second."""
        name, _, value = text.partition("=")
        if name.lower() == "expires" and not value.startswith("Thu, 01 Jan 1970"):
            return "Expires=later"
        return text


def span(seconds):
    """Simple JWT reads the clock once for `exp` and once for `iat`: a second may pass between the two."""
    return f"iat{seconds + 1 if (seconds + 1) % 10 == 0 else seconds:+}"


def is_moment(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 10**9 < value < 4 * 10**9


def form(value):
    return next((name for name, pattern in FORMS if re.fullmatch(pattern, value)), "a text")


def plain(value):
    return json.dumps(value, ensure_ascii=False)


def written(text, value):
    """How a JSON text is laid out."""
    end = {0: "", 1: ", and a line break"}.get(len(text) - len(text.rstrip("\n")), ", and line breaks")
    for ascii_ in (False, True):
        note = ", escaped to ASCII" if ascii_ and not text.isascii() else ""
        if text.rstrip("\n") == json.dumps(value, ensure_ascii=ascii_, separators=(",", ":")):
            return f"compact{note}{end}"
    return f"laid out{end}"
