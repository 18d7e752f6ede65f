"""django-rest-framework-jwt by jpadilla, from which drf-jwt came. It is no longer maintained and goes with no Django of
today, so nobody can be asked: what is expected are the facts that were collected from its source (1.11) by hand.
"""

from harness.case import Again, Fixture, Minted, Now, Of, Some, Wait, case, get, post

from .drf_jwt import DAY, MINUTE

OBTAIN, REFRESH, VERIFY = "/api-token-auth/", "/api-token-refresh/", "/api-token-verify/"

KINDS = {
    "token": {
        "user_id": 1,
        "username": "ada",
        "exp": Now(5 * MINUTE),
        "email": "ada@example.com",
        "orig_iat": Now(-100),
    }
}


def login(name="ada", password=None):
    return post(OBTAIN, {"username": name, "password": password or f"{name}-password"})


def refresh(token):
    return post(REFRESH, {"token": token})


def verify(token):
    return post(VERIFY, {"token": token})


def minted(without=(), key="", **claims):
    return Minted("token", claims, tuple(without), {}, key)


TOKEN = {
    "status": "200",
    "header content-type": "application/json",
    "body order": ("token",),
    "body.token header": '{"alg":"HS256","typ":"JWT"}',
    "body.token signature": "good",
    "body.token order": ("user_id", "username", "exp", "orig_iat", "sid", "gen"),
    "body.token.user_id": "1",
    "body.token.username": '"ada"',
    "body.token.exp": "about now+300",
}
NEW = TOKEN | {"body.token": "a new token"}


def wrong(text):
    return {"status": "400", "body.non_field_errors[0]": f'"{text}"', "body.non_field_errors length": "1"}


CASES = [
    case("obtain", "refresh allowed", login(), expects=[NEW | {"body.token.orig_iat": Some("now")}]),
    case("obtain, refused", "refresh allowed", login("ada", "wrong"), login("eve"), expects=[
        wrong("Unable to log in with provided credentials."),
        wrong("Unable to log in with provided credentials."),
    ]),
    case("obtain, fields", "refresh allowed", post(OBTAIN, {}), expects=[
        {"status": "400", "body.username[0]": '"This field is required."', "body.password[0]": '"This field is required."'},
    ]),
    case("refresh", "refresh allowed", login(), Wait(1.2), refresh(Of(1, "token")), expects=[
        NEW, NEW | {"body.token.orig_iat": Again()},
    ]),
    case("refresh the original's", "refresh allowed", refresh(minted(exp=Now(200))), expects=[
        NEW | {"body.token.orig_iat": Again(), "body.token order": (*TOKEN["body.token order"][:4], "email", "sid", "gen")},
    ]),
    case("refresh past the delta", "refresh allowed", refresh(minted(orig_iat=Now(-7 * DAY - 10))),
         expects=[wrong("Refresh has expired.")]),
    case("refresh without orig_iat", "refresh allowed", refresh(minted(without=["orig_iat"])),
         expects=[wrong("orig_iat field is required.")]),
    case("refresh an expired one", "refresh allowed", refresh(minted(exp=Now(-1))), expects=[wrong("Signature has expired.")]),
    case("refresh what is no token", "refresh allowed", refresh("garbage"), refresh(minted(key="x" * 32)),
         expects=[wrong("Error decoding signature."), wrong("Error decoding signature.")]),
    case("refresh for somebody inactive", "refresh allowed", refresh(minted(user_id=3, username="eve")),
         expects=[wrong("User account is disabled.")]),
    case("verify", "refresh allowed", verify(minted()), expects=[
        {"status": "200", "body.token": Again(), "body order": ("token",)},
    ]),
    case("without refresh", "as it comes", login(), refresh(Of(1, "token")), expects=[
        NEW | {"body.token order": ("user_id", "username", "exp", "sid", "gen")},
        wrong("orig_iat field is required."),
    ]),
    case("other methods", "refresh allowed", get(OBTAIN), expects=[{"status": "405", "header allow": "OPTIONS, POST"}]),
]

FIXTURE = Fixture(
    name="drf-jwt",
    title="django-rest-framework-jwt (jpadilla)",
    application="drf_jwt",
    variants={
        "as it comes": {"package": "jpadilla"},
        "refresh allowed": {"package": "jpadilla", "JWT_ALLOW_REFRESH": True},
    },
    cases=CASES,
    kinds=KINDS,
)
