"""Clients as people have them: they call a view, and when it says 401 they refresh once and call it again."""

import json
import random
import threading
import time

from . import jws
from .run import exchange


class LoggedOut(Exception):
    """The endpoint has refused the refresh token for good."""


class Client(threading.Thread):
    """One person, signed in for as long as the run lasts. `road` says where a path leads at the moment."""

    def __init__(self, name, road, tally):
        super().__init__(name=name, daemon=True)
        self.user, self.road, self.tally = name, road, tally
        self.chance = random.Random(name)
        # What was refreshed with, and where, for whoever wants to try it again.
        self.used = []

    def run(self):
        try:
            self.log_in()
            while not self.road.over:
                self.call()
                time.sleep(self.chance.uniform(0.1, 0.4))
        except LoggedOut as why:
            self.tally.fault(f"{self.user} was logged out: {why}")
        except Exception as error:
            self.tally.fault(f"{self.user}: {type(error).__name__}: {error}")

    def call(self):
        """The view; with a 401 that the token's end explains, a refresh and the view again."""
        sent, answer = self.view()
        if answer.status == 401:
            # To the second, as tokens have it: who sent it in its last one may be told that it is over.
            if answer.after < jws.read(sent)[1]["exp"]:
                self.tally.fault(f"{self.user}: 401 for a token that is good: {answer.body[:200]}")
            self.refresh_until_answered()
            sent, answer = self.view()
        if answer.status != 200:
            self.tally.fault(f"{self.user}: {answer.status} after a refresh at {self.road.where}: {answer.body[:200]}")
        self.tally.add("calls")

    def refresh_until_answered(self):
        """Nobody logs out for what may pass."""
        while True:
            answer = self.refresh()
            if answer.status == 200:
                self.tally.refreshed(self.user, self.road.name_of(answer.address))
                return
            if answer.status < 500 and answer.status != 429:
                raise LoggedOut(f"{answer.status} {answer.body[:200]} at {self.road.name_of(answer.address)}")
            self.tally.add(f"{answer.status} at a refresh")
            time.sleep(float(answer.header("retry-after") or 0.2))

    def send(self, method, path, headers, body=None):
        address = self.road.to(path)
        answer = exchange(address, method, path, headers, body)
        answer.address = address
        return answer


class Bearer(Client):
    """Tokens in memory."""

    access = refresh_token = None

    def tabs(self):
        """How many refresh at once. Where Rekindle answers, some have two tabs open."""
        return 2 if self.road.where == "Rekindle" and self.chance.random() < 0.5 else 1

    def refresh(self):
        old = self.refresh_token
        self.used.append((self.road.where, old))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.ask(old))) for _ in range(self.tabs())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # The last that comes is stored, as with tabs that share their storage; the worst is what a person meets.
        for answer in answers:
            if answer.status == 200:
                self.store(answer.json())
        return max(answers, key=lambda answer: answer.status)


class SimpleJwt(Bearer):
    def log_in(self):
        answer = self.post("/api/token/", {"username": self.user.split()[0], "password": f"{self.user.split()[0]}-password"})
        assert answer.status == 200, f"login: {answer.status} {answer.body[:200]}"
        self.store(answer.json())

    def store(self, body):
        self.access, self.refresh_token = body["access"], body["refresh"]

    def ask(self, token):
        return self.post("/api/token/refresh/", {"refresh": token})

    def view(self):
        return self.access, self.send("GET", "/protected/", {"authorization": f"Bearer {self.access}"})

    def post(self, path, body):
        return self.send("POST", path, {"content-type": "application/json"}, as_json(body))


class FlaskHeaders(Bearer):
    def log_in(self):
        name = self.user.split()[0]
        body = as_json({"username": name, "password": f"{name}-password"})
        answer = self.send("POST", "/login", {"content-type": "application/json"}, body)
        assert answer.status == 200, f"login: {answer.status} {answer.body[:200]}"
        self.store(answer.json())

    def store(self, body):
        self.access, self.refresh_token = body["access_token"], body.get("refresh_token", self.refresh_token)

    def ask(self, token):
        return self.send("POST", "/refresh", {"authorization": f"Bearer {token}"})

    def view(self):
        return self.access, self.send("GET", "/protected", {"authorization": f"Bearer {self.access}"})


class FlaskCookies(Client):
    """A browser: it keeps what it is told to, and repeats the CSRF cookies."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.jar = {}

    def log_in(self):
        name = self.user.split()[0]
        body = as_json({"username": name, "password": f"{name}-password"})
        answer = self.keep(self.send("POST", "/login", {"content-type": "application/json"}, body))
        assert answer.status == 200, f"login: {answer.status} {answer.body[:200]}"

    def refresh(self):
        return self.keep(self.send("POST", "/refresh", self.headers("csrf_refresh_token")))

    def view(self):
        """A POST, so that the double submit is asked for."""
        sent = self.jar["access_token_cookie"]
        return sent, self.keep(self.send("POST", "/protected", self.headers("csrf_access_token")))

    def headers(self, csrf):
        jar = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        return {"cookie": jar, "x-csrf-token": self.jar[csrf]}

    def keep(self, answer):
        for name, (value, _) in answer.cookies().items():
            self.jar[name] = value
        return answer


def as_json(value):
    return json.dumps(value).encode()
