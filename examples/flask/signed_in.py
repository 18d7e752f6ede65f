"""Who is signed in, and what becomes of a request of somebody who is not."""

import functools
import os
import time
from urllib.parse import quote, urlencode

from flask import abort, g, redirect, request

from tokens import AccessTokens

PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://localhost:8888")
tokens = AccessTokens(PUBLIC_URL, "http://127.0.0.1:8080")


def signed_in(view):
    """For signed-in users only; `g.user` has the claims of their token."""

    @functools.wraps(view)
    def guarded(*args, **kwargs):
        g.user = tokens.newest(request.headers.get("Authorization", ""), request.cookies)
        if g.user is None:
            return refresh_first() if is_navigation() else unauthorized()
        if not is_own():
            abort(403)
        return view(*args, **kwargs)

    return guarded


def is_own():
    """Whether a request that changes something comes from a page of ours: cookies come along with others, too."""
    if request.method in ("GET", "HEAD") or is_program():
        return True
    site = request.headers.get("Sec-Fetch-Site")
    return site == "same-origin" if site else request.headers.get("Origin") == PUBLIC_URL


def is_navigation():
    mode = request.headers.get("Sec-Fetch-Mode")
    asked = mode == "navigate" if mode else request.accept_mimetypes.accept_html
    return request.method == "GET" and asked and not is_program()


def is_program():
    """No page of another site can make a browser send this."""
    return request.headers.get("Authorization", "").lower().startswith("bearer")


def unauthorized():
    """The page's script refreshes, and asks again."""
    return {"error": "not signed in"}, 401, {"WWW-Authenticate": "Bearer"}


def refresh_first():
    """Rekindle refreshes the cookies and sends the browser back; or to the login page, where nobody is signed in."""
    if abs(time.time() - request.args.get("continued", 0, type=int)) < 10:
        # It has just been there. Sending it again would send it round in circles.
        abort(503, "The new access token is not accepted: compare PUBLIC_URL, and the clocks.")
    path, query = quote(request.path), [pair for pair in request.args.items(multi=True) if pair[0] != "continued"]
    here = f"{path}?{urlencode(query)}" if query else path
    back = f"{path}?{urlencode([*query, ('continued', int(time.time()))])}"
    login = f"/login?{urlencode({'next': here})}"
    return redirect(f"/v1/continue?{urlencode({'to': back, 'login': login})}", 303)
