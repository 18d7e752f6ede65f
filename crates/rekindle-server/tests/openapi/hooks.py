"""What schemathesis cannot know: how to sign in, and what a token of ours looks like.

Every request that may carry a token gets a fresh one, so that no test lives on what another has ended.
"""

import json
import os
import urllib.request

import schemathesis

SERVER = os.environ["REKINDLE_URL"]


def login():
    body = json.dumps({"username": "demo", "password": "demo-password"}).encode()
    request = urllib.request.Request(SERVER + "/v1/login", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    def get(self, case, context):
        return os.environ.get("REKINDLE_API_KEY") or login()["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_body(context, body):
    """A made-up token is junk; every second one becomes real, so that the successes are looked at too."""
    for member in ("refresh_token", "token"):
        if isinstance(body, dict) and isinstance(body.get(member), str) and len(body[member]) % 2:
            body[member] = login()["refresh_token"]
    return body
