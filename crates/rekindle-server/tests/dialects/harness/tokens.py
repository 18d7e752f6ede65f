"""Tokens that a client of bad luck or bad will presents."""

import time
import uuid

from . import jws
from .case import Changed, Minted, Now, Of, Text

OTHER_SECRET = "another secret, as long as the shared one"

# Somebody has been at it, by name.
CHANGES = {
    "truncated": lambda token, run, _: token[:-3],
    "without its signature": lambda token, run, _: token.rpartition(".")[0] + ".",
    "two parts": lambda token, run, _: token.rpartition(".")[0],
    "signed by another secret": lambda token, run, _: resigned(token, OTHER_SECRET),
    "unsigned": lambda token, run, _: unsigned(token),
    "padded": lambda token, run, text: text.format(token),
    "with claims": lambda token, run, claims: reclaimed(token, run, claims),
    "with a trailing byte": lambda token, run, _: token + "A",
}


def resigned(token, key):
    return jws.signed(token.rpartition(".")[0], "HS256", key)


def unsigned(token):
    header, claims = jws.read(token)
    return jws.compact({**header, "alg": "none"}, claims, "")


def reclaimed(token, run, claims):
    """With other claims and a good signature: what the original's owner could do with the shared secret."""
    header, old = jws.read(token)
    return jws.compact(header, {**old, **resolve(claims, run)}, run.key_for(header))


def resolve(value, run):
    """The value in place of what stands for it."""
    match value:
        case Of():
            return run.value(value)
        case Changed():
            return CHANGES[value.how](resolve(value.token, run), run, value.with_)
        case Minted():
            # The same one each time that the case names it.
            if value not in run.minted:
                run.minted[value] = minted(value, run)
            return run.minted[value]
        case Now():
            moment = time.time() + value.seconds
            return int(moment) if value.whole else moment
        case Text():
            return value.form.format(*(resolve(part, run) for part in value.values))
        case dict():
            return {name: resolve(member, run) for name, member in value.items()}
        case list():
            return [resolve(member, run) for member in value]
    return value


def minted(asked, run):
    claims = resolve(run.kinds[asked.kind], run) | resolve(asked.claims, run)
    claims = {name: value for name, value in claims.items() if name not in asked.without}
    for name, value in claims.items():
        claims[name] = {"new hex": uuid.uuid4().hex, "new uuid": str(uuid.uuid4())}.get(str(value), value)
    header = {"alg": run.algorithm, "typ": "JWT"} | asked.header
    header = {name: value for name, value in header.items() if value is not None}
    token = jws.compact(header, claims, asked.key or run.key_for(header))
    run.sent(token, claims)
    return token


