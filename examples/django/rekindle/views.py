"""Rekindle asks here whether a password is right, and how an account stands."""

import functools
import json

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rekindle.signature import is_rekindle


def asked_by_rekindle(view):
    @csrf_exempt
    @require_POST
    @functools.wraps(view)
    def guarded(request):
        if not is_rekindle(request.headers, request.body, settings.REKINDLE_WEBHOOK_SECRET):
            raise PermissionDenied
        return JsonResponse(view(json.loads(request.body)))

    return guarded


@asked_by_rekindle
def verify(question):
    # Inactive users are refused, and unknown ones take the same time: ModelBackend sees to both.
    user = authenticate(username=question["username"], password=question["password"])
    if user is None:
        return {"verdict": "denied"}
    return {"verdict": "verified", "subject": str(user.id), **standing(user)}


@asked_by_rekindle
def state(question):
    user = User.objects.filter(id=question["subject"]).first()
    if user is None:
        return {"state": "gone"}
    return {"state": "active", **standing(user)} if user.is_active else {"state": "disabled"}


def standing(user):
    """What tokens say of a user, and a number that changes with the password."""
    return {
        "claims": {"name": user.username, "role": "admin" if user.is_staff else "member"},
        "credential_version": int(user.get_session_auth_hash()[:12], 16),
    }
