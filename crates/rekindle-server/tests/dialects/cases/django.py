"""What differs whenever Django and Django REST framework answered, not the package."""

from harness.case import ABSENT, Again, Some, differs

ANY_DJANGO = [
    differs(None, "Tokens are in these answers, and no cache may keep them (RFC 6749 section 5.1); the package forgets to say so", {
        "header cache-control": (ABSENT, "no-store"),
    }),
    differs(None, "Headers that Django's middleware adds for the sake of pages in a browser; the answer is JSON", {
        "header cross-origin-opener-policy": ("same-origin", ABSENT),
        "header referrer-policy": ("same-origin", ABSENT),
        "header x-frame-options": ("DENY", ABSENT),
        "header x-content-type-options": ("nosniff", ABSENT),
    }),
    differs(None, "One representation, so nothing varies", {
        "header vary": ("Accept", ABSENT),
    }),
    differs(None, "`Allow` is for 405 (RFC 9110 section 10.2.1), where it is the same", {
        "header allow": ("OPTIONS, POST", ABSENT),
    }),
]

CHALLENGE = 'Bearer realm="api"'


def answers(step, why, original, rekindle):
    """Two answers that have little in common: what each has. Members by their name, the status as `status`."""
    original, rekindle = ({**answer, "status": str(answer["status"])} for answer in (original, rekindle))
    names = [name for name in {**original, **rekindle} if original.get(name) != rekindle.get(name)]
    return differs(step, why, {name: (original.get(name, ABSENT), rekindle.get(name, ABSENT)) for name in names})


def token(*names):
    return {f"body.{name}*": Some("a token") for name in names}


def invalid(detail="Token is invalid", code="token_not_valid", status=401):
    """A refusal by Simple JWT."""
    told = {"body.code": f'"{code}"'} if code else {}
    return {"status": status, "header www-authenticate": CHALLENGE, "body.detail": f'"{detail}"'} | told


def success(*names):
    return {"status": 200} | token(*names)


def crash():
    """Django's page for an exception that nobody caught."""
    return {"status": 500, "header content-type": "text/html; charset=utf-8", "body": "HTML"}


def as_json(answer):
    """Beside what is none."""
    return answer | {"header content-type": "application/json", "body": "JSON, compact"}


def again(step, *names, why="Asked again inside the replay window, a refresh gives the same tokens: two tabs, or a lost answer"):
    fields = {}
    for name in names:
        fields |= {
            f"body.{name}": ("a new token", Again()),
            f"body.{name}.iat": ("now", "as when the token was new"),
            f"body.{name}.jti": ("32 hex digits, new", Again()),
        }
    return differs(step, why, fields)
