"""Who is signed in, and what becomes of a request of somebody who is not."""

import time
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control
from django.utils.functional import SimpleLazyObject

from rekindle.tokens import AccessTokens

tokens = AccessTokens(settings.PUBLIC_URL, settings.REKINDLE_URL)


class RekindleMiddleware:
    """Sets `request.claims`, what the access token says, and `request.user`, read from the database when it is used.

    `login_required` and its relatives stay as they are. Whom they send to the login page may only have to refresh.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.claims = tokens.newest(request.headers.get("Authorization", ""), request.COOKIES)
        request.user = SimpleLazyObject(lambda: user_of(request.claims))
        response = self.get_response(request)
        if request.claims:
            # Pages of a signed-in user are nobody else's, and not the back button's after signing out.
            patch_cache_control(response, no_store=True)
        elif leads_to_login(response):
            return refresh_first(request) if is_navigation(request) else unauthorized()
        return response


def user_of(claims):
    user = claims and User.objects.filter(id=claims["sub"], is_active=True).first()
    return user or AnonymousUser()


def leads_to_login(response):
    return getattr(response, "url", "").startswith(f"{resolve_url(settings.LOGIN_URL)}?next=")


def is_navigation(request):
    mode = request.headers.get("Sec-Fetch-Mode")
    asked = mode == "navigate" if mode else request.accepts("text/html")
    program = request.headers.get("Authorization", "").lower().startswith("bearer")
    return request.method == "GET" and asked and not program


def unauthorized():
    """The page's script refreshes, and asks again."""
    return JsonResponse({"error": "not signed in"}, status=401, headers={"WWW-Authenticate": "Bearer"})


def refresh_first(request):
    """Rekindle refreshes the cookies and sends the browser back; or to the login page, where nobody is signed in."""
    query = request.GET.copy()
    mark = query.pop("continued", ["0"])[-1]
    if mark.isdecimal() and abs(time.time() - int(mark)) < 10:
        # It has just been there. Sending it again would send it round in circles.
        return HttpResponse("The new access token is not accepted: compare PUBLIC_URL, and the clocks.", status=503)
    here = f"{request.path}?{query.urlencode()}" if query else request.path
    query["continued"] = int(time.time())
    back = f"{request.path}?{query.urlencode()}"
    login = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here})}"
    return HttpResponseRedirect(f"/v1/continue?{urlencode({'to': back, 'login': login})}", status=303)
