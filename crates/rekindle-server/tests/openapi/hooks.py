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
        return login()["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_body(context, body):
    """A made-up refresh token is junk; every second one becomes real, so that the successes are looked at too."""
    if isinstance(body, dict) and isinstance(body.get("refresh_token"), str) and len(body["refresh_token"]) % 2:
        body["refresh_token"] = login()["refresh_token"]
    return body
