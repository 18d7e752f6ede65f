"""One case at one side: its requests in order, and what was seen in the answers."""

import http.client
import json
import time
from dataclasses import dataclass

from . import tokens
from .case import Of, Request, Sql, Wait
from .observe import IDS, MOMENTS, observe


@dataclass
class Answer:
    status: int
    headers: list
    body: bytes
    # When it was asked and answered.
    before: float
    after: float

    def header(self, name):
        return ", ".join(value for key, value in self.headers if key.lower() == name)

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def cookies(self):
        """Name to (value, attributes)."""
        set_ = [value for key, value in self.headers if key.lower() == "set-cookie"]
        parts = [[part.strip() for part in value.split(";")] for value in set_]
        return {part[0].partition("=")[0]: (part[0].partition("=")[2], part[1:]) for part in parts}


class Run:
    """What a case has come to know at one side."""

    def __init__(self, side, kinds):
        self.side, self.kinds = side, kinds
        self.algorithm = side.algorithm
        self.answers = []
        self.minted = {}
        self.start = time.time()
        # Where a value was first seen: tokens, ids, and claims by their name.
        self.seen = {}

    def key_for(self, header):
        return self.side.key if header.get("alg") == self.algorithm else self.side.public or self.side.key

    def value(self, of: Of):
        answer = self.answers[of.step - 1]
        if of.cookie:
            return answer.cookies().get(of.name, ("no such cookie", []))[0]
        body = answer.json()
        for part in of.name.split("."):
            body = body.get(part) if isinstance(body, dict) else None
        # Where one side has none the case goes on: the request before this one is what differs.
        return "no such member" if body is None else body

    def sent(self, token, claims):
        where = f"what request {len(self.answers) + 1} sent"
        self.seen.setdefault(token, where)
        for name, value in claims.items():
            if name in IDS or name in MOMENTS:
                self.seen.setdefault(value if name in IDS else (name, value), where)

    def send(self, asked: Request):
        headers = {name.lower(): tokens.resolve(value, self) for name, value in asked.headers.items()}
        body = tokens.resolve(asked.body, self)
        if body is ...:
            data = None
        elif isinstance(body, bytes):
            data = body
        elif isinstance(body, str) and headers.get("content-type", "application/json") != "application/json":
            data = body.encode()
        else:
            # A lone surrogate stays an escape.
            data = json.dumps(body).encode()
        if data is not None and "content-type" not in headers:
            headers["content-type"] = "application/json"
        headers = {name: value for name, value in headers.items() if value is not None}
        answer = exchange(self.side.address(asked.path), asked.method, asked.path, headers, data)
        answer = self.side.altered(len(self.answers) + 1, answer)
        self.answers.append(answer)
        return answer


def exchange(address, method, path, headers, data):
    connection = http.client.HTTPConnection(*address, timeout=30)
    before = time.time()
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if data is not None or method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(data or b"")))
        connection.endheaders(data)
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read(), before, time.time())
    finally:
        connection.close()


def play(case, side, kinds):
    """What each request of the case was answered, as fields."""
    run, observed = Run(side, kinds), []
    undo = []
    try:
        for step in case.steps:
            match step:
                case Request():
                    answer = run.send(step)
                    observed.append(observe(answer, run, len(run.answers)))
                case Sql():
                    undo.append(side.snapshot())
                    side.execute(step.statement)
                case Wait():
                    time.sleep(step.seconds)
                    # On to the start of a second: what follows is to be in one, as far as a machine under load allows.
                    time.sleep(-time.time() % 1)
    finally:
        for snapshot in reversed(undo):
            side.restore(snapshot)
    return observed
