"""Answers that are wrong in one way each. The comparison has to see every one of them."""

import dataclasses
import json
import re

from . import jws

SOMEBODY_ELSE = "a secret that nobody shares, of good length"


class Altered:
    """A side whose answers somebody has been at."""

    def __init__(self, side, alteration):
        self.side, self.alteration = side, alteration

    def __getattr__(self, name):
        return getattr(self.side, name)

    def altered(self, step, answer):
        return self.alteration(self, answer)


def status(to):
    return lambda side, answer: dataclasses.replace(answer, status=to)


def header(name, value):
    """Replaced, added, or with None taken away."""

    def alteration(side, answer):
        kept = [(key, old) for key, old in answer.headers if key.lower() != name]
        return dataclasses.replace(answer, headers=kept + ([(name, value)] if value is not None else []))

    return alteration


def text(pattern, replacement):
    def alteration(side, answer):
        return dataclasses.replace(answer, body=re.sub(pattern.encode(), replacement.encode(), answer.body))

    return alteration


def body(change):
    """Of a JSON object."""

    def alteration(side, answer):
        value = answer.json()
        if not isinstance(value, dict):
            return answer
        end = b"\n" if answer.body.endswith(b"\n") else b""
        altered = json.dumps(change(value), separators=(",", ":")).encode() + end
        return dataclasses.replace(answer, body=altered)

    return alteration


def token(change, key=None):
    """Of every token in body and cookies, signed anew."""

    def again(side, match):
        value = match.group().decode()
        if not jws.read(value):
            return match.group()
        header_, claims = change(*jws.read(value))
        return jws.compact(header_, claims, key or side.key).encode()

    def alteration(side, answer):
        pattern = rb"eyJ[\w-]+\.[\w-]+\.[\w-]+"
        altered = re.sub(pattern, lambda match: again(side, match), answer.body)
        headers = [
            (name, re.sub(pattern, lambda match: again(side, match), value.encode()).decode())
            for name, value in answer.headers
        ]
        return dataclasses.replace(answer, body=altered, headers=headers)

    return alteration


def claims(change):
    return token(lambda header_, claims_: (header_, change(claims_)))


def cookie(pattern, replacement):
    def alteration(side, answer):
        altered = [
            (name, re.sub(pattern, replacement, value) if name.lower() == "set-cookie" else value)
            for name, value in answer.headers
        ]
        return dataclasses.replace(answer, headers=altered)

    return alteration



def reversed_(value):
    return dict(reversed(value.items()))


def mapped(name, change):
    return lambda old: {key: change(value) if key == name else value for key, value in old.items()}


ANY = {
    "a status": status(418),
    "a header's value": header("content-type", "application/json; charset=utf-8"),
    "a header less": header("content-type", None),
    "a header more": header("x-more", "1"),
    "a word of a message": text("credentials|password", "secrets"),
    "a member more": body(lambda value: value | {"more": 1}),
    "a member less": body(lambda value: dict(list(value.items())[1:])),
    "members in another order": body(reversed_),
    "a number for a text": body(lambda value: {name: 1 for name in value}),
    "a list for a text": body(lambda value: {name: [member] for name, member in value.items()}),
    "spaces in the JSON": text('":', '": '),
    "a line break at the end": text("}$", "}\n\n"),
    "another signature": token(lambda header_, claims_: (header_, claims_), SOMEBODY_ELSE),
    "another algorithm": token(lambda header_, claims_: (header_ | {"alg": "HS512"}, claims_)),
    "a member more in the token's header": token(lambda header_, claims_: (header_ | {"kid": "1"}, claims_)),
    "the token's header in another order": token(lambda header_, claims_: (reversed_(header_), claims_)),
    "a claim more": claims(lambda old: old | {"more": "1"}),
    "a claim less": claims(lambda old: {name: value for name, value in old.items() if name != "jti"}),
    "claims in another order": claims(reversed_),
    "a token that lives longer": claims(mapped("exp", lambda exp: exp + 60)),
    "a token that lives two seconds less": claims(mapped("exp", lambda exp: exp - 2)),
    "a token issued long ago": claims(lambda old: old | {"iat": old["iat"] - 60, "exp": old["exp"] - 60}),
    "exp as a fraction": claims(mapped("exp", float)),
    "exp as a text": claims(mapped("exp", str)),
    "ids without dashes, or with": claims(mapped("jti", lambda jti: re.sub("-", "", jti) if "-" in jti else dashed(jti))),
    "an id as a number": claims(mapped("jti", lambda jti: 7)),
}


def dashed(text_):
    return "-".join([text_[:8], text_[8:12], text_[12:16], text_[16:20], text_[20:]])


COOKIES = {
    "a cookie without HttpOnly": cookie("; HttpOnly", ""),
    "a cookie that is Secure": cookie("$", "; Secure"),
    "a cookie of another path": cookie("Path=/", "Path=/other"),
    "a cookie of another name": cookie("^refresh_", "renew_"),
    "a cookie less": lambda side, answer: dataclasses.replace(answer, headers=answer.headers[:-1]),
    "a CSRF cookie that is not the token's": cookie("(csrf_refresh_token=.)[0-9a-f]{3}", r"\g<1>000"),
}

# What a dialect's own claims and bodies add, and the cases that are asked: enough that each could be seen.
OF = {
    "simplejwt": (
        ["obtain", "wrong password", "refresh", "refresh with garbage", "rotation"],
        ANY
        | {
            "the user's id as a number": claims(mapped("user_id", int)),
            "another user": claims(mapped("user_id", lambda _: "2")),
            "another type": claims(mapped("token_type", lambda _: "sliding")),
            "a code less": text(',"code":"token_not_valid"', ""),
        },
    ),
    "drf-jwt": (
        ["obtain", "wrong password", "refresh", "refresh a refreshed one"],
        ANY
        | {
            "the user's id as a text": claims(mapped("user_id", str)),
            "an orig_iat that moves": claims(lambda old: old | {"orig_iat": old["iat"]}),
            "an orig_jti that moves": claims(lambda old: old | ({"orig_jti": old["jti"]} if "orig_jti" in old else {})),
            "a pk that is no moment": body(lambda value: value | {"pk": 1}),
        },
    ),
    "flask-jwt-extended": (
        ["login", "wrong password", "refresh", "cookies", "cookies, logout"],
        ANY
        | COOKIES
        | {
            "a token that is not fresh": claims(mapped("fresh", lambda _: False)),
            "a token before its time": claims(mapped("nbf", lambda nbf: nbf + 10)),
            "a csrf claim less": claims(lambda old: {name: value for name, value in old.items() if name != "csrf"}),
        },
    ),
}
