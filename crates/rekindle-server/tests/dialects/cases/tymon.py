"""tymon/jwt-auth and PHP-Open-Source-Saver/jwt-auth. They need Composer and GitHub, so nobody is asked: what is expected
are the facts that were collected from their source (2.x) and their guide by hand.
"""

from harness.case import Again, Changed, Fixture, Minted, Now, Of, Request, Some, Wait, bearer, case, get, post

HOUR, DAY = 3600, 86400
# `ttl` is ten seconds in these tests, and the replay window half of it.
TTL = 10

KINDS = {
    "token": {
        "iss": "http://shop.example.com/api/auth/login",
        "iat": Now(-DAY),
        "exp": Now(-DAY + HOUR),
        "nbf": Now(-DAY),
        "jti": "abcdefghijklmnop",
        "sub": "1",
        # sha1("App\\Models\\User")
        "prv": "23bd5c8949f600adb39e701c400872db7a5976f7",
    }
}

LOGIN, REFRESH, LOGOUT = "/api/auth/login", "/api/auth/refresh", "/api/auth/logout"


def login(password="ada-password", email="ada@example.com"):
    return post(LOGIN, {"email": email, "password": password})


def refresh(token, scheme="Bearer"):
    return post(REFRESH, authorization=bearer(token, scheme))


def minted(without=(), key="", **claims):
    return Minted("token", claims, tuple(without), {}, key)


TOKEN = {
    "status": "200",
    "header content-type": "application/json",
    "body order": ("access_token", "token_type", "expires_in"),
    "body.token_type": '"bearer"',
    "body.expires_in": str(TTL),
    "body.access_token header": '{"alg":"HS256","typ":"JWT"}',
    "body.access_token signature": "good",
    "body.access_token order": ("iss", "iat", "exp", "nbf", "jti", "sub", "prv", "sid", "gen"),
    "body.access_token.sub": '"1"',
    "body.access_token.prv": '"23bd5c8949f600adb39e701c400872db7a5976f7"',
}
NEW = TOKEN | {"body.access_token": "a new token"}


def wrong(text, status="401"):
    return {"status": status, "header www-authenticate": "jwt-auth", "body.message": f'"{text}"'}


TWICE = minted()
WINDOW = Wait(TTL / 2 + 1.2)

CASES = [
    case("login", "defaults", login(), expects=[NEW | {"body.access_token.iat": "now", "body.access_token.nbf": "iat+0"}]),
    case("login, refused", "defaults", login("wrong"), login(email="nobody@example.com"), post(LOGIN, {}), expects=[
        {"status": "401", "body.error": '"Unauthorized"'},
        {"status": "401", "body.error": '"Unauthorized"'},
        {"status": "401", "body.error": '"Unauthorized"'},
    ]),
    case("exchange", "defaults", login(), WINDOW, refresh(Of(1, "access_token")), expects=[
        NEW,
        # `refresh_iat` is off: the iat of the login, the nbf of now.
        NEW | {"body.access_token.iat": Some("that of the login"), "body.access_token.jti": Some("another")},
    ]),
    case("exchange twice at once", "defaults", login(), WINDOW, refresh(Of(1, "access_token")), refresh(Of(1, "access_token")),
         expects=[NEW, NEW, TOKEN | {"body.access_token": Again(), "body.expires_in": Some("what is left")}]),
    case("exchange after its end", "defaults", login(), Wait(TTL + 1.2), refresh(Of(1, "access_token")), expects=[NEW, NEW]),
    case("exchange the original's, expired", "defaults", refresh(TWICE), refresh(TWICE), expects=[
        NEW | {"body.access_token.iat": Some("that of the login")},
        TOKEN | {"body.access_token": Again(), "body.expires_in": Some("what is left")},
    ]),
    case("exchange past refresh_ttl", "defaults", refresh(minted(iat=Now(-15 * DAY))), expects=[
        wrong("Token has expired and can no longer be refreshed"),
    ]),
    case("exchange nothing", "defaults", post(REFRESH), expects=[wrong("Token not provided")]),
    case("exchange garbage", "defaults", refresh("garbage"), refresh(Changed(minted(), "signed by another secret")), expects=[
        wrong("Wrong number of segments"), wrong("Token Signature could not be verified."),
    ]),
    case("the token's places", "defaults", refresh(TWICE, "bearer"), refresh(TWICE, "X, BEARER"),
         post(REFRESH, {"token": TWICE}), expects=[NEW, TOKEN | {"body.expires_in": Some("what is left")},
                                                            TOKEN | {"body.expires_in": Some("what is left")}]),
    case("logout", "defaults", login(), post(LOGOUT, authorization=bearer(Of(1, "access_token"))),
         refresh(Of(1, "access_token")), expects=[
        NEW, {"status": "200", "body.message": '"Successfully logged out"'}, wrong("The token has been blacklisted"),
    ]),
    case("logout of the original's", "defaults", post(LOGOUT, authorization=bearer(TWICE)), refresh(TWICE), expects=[
        {"status": "200", "body.message": '"Successfully logged out"'}, wrong("The token has been blacklisted"),
    ]),
    case("a user who is gone", "defaults", refresh(minted(sub="999")), expects=[wrong("User not found")]),
    case("another class of users", "defaults", refresh(minted(prv="0" * 40)), expects=[{"status": "401"}]),
    case("other methods", "defaults", get(LOGIN), Request("DELETE", REFRESH), expects=[{"status": "405"}, {"status": "405"}]),
]

FIXTURE = Fixture(
    name="tymon",
    title="tymon/jwt-auth and PHP-Open-Source-Saver/jwt-auth",
    application="laravel_users",
    variants={"defaults": {"ttl": f"{TTL}s"}},
    cases=CASES,
    kinds=KINDS,
)
