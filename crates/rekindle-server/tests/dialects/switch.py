"""The switch, under load: people are signed in at an application and use it while its token URLs move to Rekindle, and back.

    python switch.py --folder FOLDER --rekindle PROGRAM [--postgres URL]

Access tokens live three seconds, so that everybody refreshes again and again. Nobody may be logged out, and no view may
say 401 but for a token that has expired and that one refresh heals.
"""

import argparse
import collections
import concurrent.futures
import sys
import threading
import time
from pathlib import Path

from cases import flask_jwt_extended, simplejwt
from harness import rekindle, side
from harness.client import FlaskCookies, FlaskHeaders, SimpleJwt
from harness.run import exchange

ACCESS = 3
PEOPLE = ["ada", "bob", "dan", "fay"]
PER_PERSON = 2
# Who answers the token URLs, and for how long. "both": as while proxies are changed one after the other.
PHASES = [("the original", 7), ("both", 5), ("Rekindle", 10), ("the original", 6)]


class Road:
    """The proxy's location for the token URLs."""

    def __init__(self, switched, moved):
        self.switched, self.moved = switched, moved
        self.where, self.over = "the original", False
        self.turn = 0

    def to(self, path):
        if not any(path.startswith(prefix) for prefix in self.moved):
            return self.switched.application
        self.turn += 1
        to_rekindle = self.where == "Rekindle" or (self.where == "both" and self.turn % 2)
        return self.switched.tokens if to_rekindle else self.switched.application

    def name_of(self, address):
        return "Rekindle" if address == self.switched.tokens else "the original"


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.refreshes = collections.defaultdict(collections.Counter)
        self.faults = []

    def add(self, what):
        with self.lock:
            self.counts[what] += 1

    def refreshed(self, who, where):
        with self.lock:
            self.refreshes[who][where] += 1

    def fault(self, what):
        with self.lock:
            self.faults.append(what)


def scenario(name, dialect, variant, person, check, folder, program):
    """People at one application, through all phases. Returns what went wrong."""
    folder /= name.replace(" ", "-").replace(",", "")
    folder.mkdir(exist_ok=True)
    seeds = side.Seeds(folder)
    switched = rekindle.Switched(folder, seeds, "switched", variant, dialect)
    try:
        switched.ready()
        switched.start(program)
        road, tally = Road(switched, dialect.moved), Tally()
        clients = [person(f"{who} {number}", road, tally) for who in PEOPLE for number in range(PER_PERSON)]
        for client in clients:
            client.start()
        for where, seconds in PHASES:
            road.where = where
            time.sleep(seconds)
            if where == "Rekindle" and check:
                tally.faults += check(switched, clients)
        road.over = True
        for client in clients:
            client.join(30)
        for client in clients:
            at = tally.refreshes[client.user]
            # Three seconds and a little each: less would mean that there was nothing to heal.
            if at["the original"] < 2 or at["Rekindle"] < 2:
                tally.fault(f"{client.user} refreshed {dict(at)}")
        total = sum(tally.refreshes.values(), collections.Counter())
        print(f"{name}: {len(clients)} clients, {dict(tally.counts)}, refreshes {dict(total)}", flush=True)
        return [f"{name}: {fault}" for fault in tally.faults]
    finally:
        switched.stop()


def retired_stay_retired(switched, clients):
    """What the original had rotated away before the switch, Rekindle must not take for a login."""
    faults = []
    for client in clients:
        old = next((token for where, token in client.used if where == "the original"), None)
        body = b'{"refresh":"%s"}' % old.encode()
        headers = {"content-type": "application/json"}
        answer = exchange(switched.tokens, "POST", "/api/token/refresh/", headers, body)
        if answer.status != 401 or b"Token is blacklisted" not in answer.body:
            faults.append(f"{client.user}'s retired token: {answer.status} {answer.body[:200]}")
    return faults


def django(database=None):
    settings = {
        "ACCESS_TOKEN_LIFETIME": ACCESS,
        "REFRESH_TOKEN_LIFETIME": 3600,
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    }
    variant = simplejwt.variant(rekindle={"blacklist_query": "package"}, **settings)
    return variant | {"server": SERVER} | ({"database": database} if database else {})


def flask(**settings):
    variant = flask_jwt_extended.variant(JWT_ACCESS_TOKEN_EXPIRES=ACCESS, JWT_REFRESH_TOKEN_EXPIRES=3600, **settings)
    return variant | {"server": SERVER}


SERVER = {"store": "sqlite:sessions.db"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--rekindle", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--postgres")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    simple, extended = simplejwt.DIALECT, flask_jwt_extended.DIALECT
    scenarios = [
        ("Django on SQLite", simple, django(), SimpleJwt, retired_stay_retired),
        ("Flask by header", extended, flask(), FlaskHeaders, None),
        ("Flask by cookie", extended, flask(JWT_TOKEN_LOCATION=["cookies"]), FlaskCookies, None),
    ]
    if asked.postgres:
        scenarios.append(("Django on PostgreSQL", simple, django(asked.postgres), SimpleJwt, retired_stay_retired))
    # Where old tokens are not taken over everybody is logged out, and this test has to notice.
    control = ("Flask, and nothing adopted", extended, flask() | {"rekindle": {"adopt": False}}, FlaskHeaders, None)
    # All at once: most of it is waiting for tokens to expire.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        play = lambda one: scenario(*one, asked.folder, asked.rekindle)
        *played, unadopted = pool.map(play, [*scenarios, control])
    faults = sum(played, [])
    if not any("was logged out" in fault for fault in unadopted):
        faults.append("nobody was logged out where nothing was adopted")
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
