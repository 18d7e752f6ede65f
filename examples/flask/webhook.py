"""Rekindle asks here whether a password is right, and how an account stands."""

import hashlib
from pathlib import Path

from flask import Blueprint, abort, request

import users
from signature import is_rekindle

webhook = Blueprint("webhook", __name__, url_prefix="/rekindle")
SECRET = Path("webhook.secret").read_text().strip()


@webhook.before_request
def only_rekindle():
    if not is_rekindle(request.headers, request.get_data(), SECRET):
        abort(403)


@webhook.post("/verify")
def verify():
    user = users.with_password(request.json["username"], request.json["password"])
    if user is None:
        return {"verdict": "denied"}
    return {"verdict": "verified", "subject": str(user["id"]), **standing(user)}


@webhook.post("/state")
def state():
    user = users.by_id(request.json["subject"])
    if user is None:
        return {"state": "gone"}
    return {"state": "active", **standing(user)} if user["active"] else {"state": "disabled"}


def standing(user):
    """What tokens say of a user, and a number that changes with the password."""
    password = hashlib.sha256(user["password"].encode()).digest()
    return {
        "claims": {"name": user["name"], "role": user["role"]},
        "credential_version": int.from_bytes(password[:6], "big"),
    }
