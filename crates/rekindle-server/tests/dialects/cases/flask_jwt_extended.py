"""Flask-JWT-Extended 4.7.4, in an application with the routes of its documentation."""

from harness.case import (
    ABSENT, Again, Changed, Dialect, Minted, Now, Of, Request, Some, Sql, Text, Wait, bearer, case, differs, get, post,
)

from .django import answers

MINUTE, DAY = 60, 86400

FLASK = "The page of Flask's that a handler without a check of its own leads to; a front end that sends this is at fault"
WORDS = "The words of PyJWT, which differ from release to release"
ASKED = "The documentation's refresh does not ask whether the user is still there; here every renewal does"
NOT_SEEN = "A table of blocked tokens is the application's own and does not know of sessions: the API accepts an access token" \
    " to its end, fifteen minutes by default"


def page(status, **more):
    """An error page of Flask's."""
    return {"status": status, "header content-type": "text/html; charset=utf-8", "body": "HTML"} | more


def said(status, text):
    return {"status": status, "header content-type": "application/json", "body": "JSON, compact", "body.msg": f'"{text}"'}


def msg(status, text):
    """Beside another JSON answer."""
    return {"status": status, "body.msg": f'"{text}"'}


def token():
    return {"status": 200, "body.access_token*": Some("a token")}


def once_a_second(step, cookies=False):
    fields = {
        "body.access_token": ("a new token", Again()),
        "body.access_token.iat": ("now", "as when the token was new"),
        "body.access_token.jti": ("a random UUID with dashes, new", Again()),
        "body.access_token.csrf": ("a random UUID with dashes, new", Again()),
    }
    if cookies:
        fields |= {
            "cookie access_token_cookie": (Again(), Again()),
            "cookie access_token_cookie.iat": ("now", "as when the token was new"),
            "cookie access_token_cookie.jti": (Again(), Again()),
            "cookie access_token_cookie.csrf": (Again(), Again()),
            "cookie csrf_access_token": (Again(), Again()),
        }
    return differs(step, "One access token a second: all who ask in the same one get the same", fields)
FORM = "application/x-www-form-urlencoded"


def variant(without=(), **settings):
    """`without`: what Rekindle has no key for."""
    return {
        "application": "flask_jwt_extended",
        "original": settings,
        "original_only": without,
        "key_settings": ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"),
    }


VARIANTS = {
    "headers": variant(),
    "cookies": variant(JWT_TOKEN_LOCATION=["headers", "cookies"]),
    "cookies alone": variant(
        JWT_TOKEN_LOCATION=["cookies"],
        JWT_COOKIE_SECURE=True,
        JWT_COOKIE_SAMESITE="Strict",
        JWT_COOKIE_DOMAIN="shop.example.com",
        JWT_SESSION_COOKIE=False,
        JWT_ACCESS_COOKIE_PATH="/api",
        JWT_REFRESH_COOKIE_PATH="/refresh",
        JWT_ACCESS_COOKIE_NAME="at",
        JWT_REFRESH_COOKIE_NAME="rt",
        JWT_ACCESS_CSRF_COOKIE_NAME="at_csrf",
        JWT_REFRESH_CSRF_COOKIE_NAME="rt_csrf",
        JWT_REFRESH_CSRF_HEADER_NAME="X-Refresh-CSRF",
    ),
    "cookies without CSRF": variant(JWT_TOKEN_LOCATION=["cookies"], JWT_COOKIE_CSRF_PROTECT=False),
    "all locations": variant(JWT_TOKEN_LOCATION=["headers", "cookies", "json", "query_string"]),
    "other names": variant(
        # What is encoded is what is expected.
        without=["JWT_DECODE_ISSUER", "JWT_DECODE_AUDIENCE"],
        JWT_ACCESS_TOKEN_EXPIRES=2 * MINUTE,
        JWT_REFRESH_TOKEN_EXPIRES=7 * DAY,
        JWT_HEADER_NAME="X-Token",
        JWT_HEADER_TYPE="",
        JWT_ERROR_MESSAGE_KEY="message",
        JWT_IDENTITY_CLAIM="identity",
        JWT_ENCODE_NBF=False,
        JWT_ENCODE_ISSUER="https://shop.example.com",
        JWT_DECODE_ISSUER="https://shop.example.com",
        JWT_ENCODE_AUDIENCE="shop",
        JWT_DECODE_AUDIENCE="shop",
    ),
    "RS256": variant(JWT_ALGORITHM="RS256"),
}

KINDS = {
    kind: {
        "fresh": kind == "access",
        "iat": Now(),
        "jti": "new uuid",
        "type": kind,
        "sub": "1",
        "nbf": Now(),
        "csrf": "new uuid",
        "exp": Now(life),
    }
    for kind, life in (("access", 15 * MINUTE), ("refresh", 30 * DAY))
}


def login(name="ada", password=None):
    return post("/login", {"username": name, "password": password or f"{name}-password"})


def refresh(token, scheme="Bearer"):
    return post("/refresh", authorization=bearer(token, scheme))


def logout(token):
    return Request("DELETE", "/logout", {"authorization": bearer(token)})


def protected(token, scheme="Bearer", path="/protected"):
    return get(path, authorization=bearer(token, scheme))


def decoded(token):
    return post("/decoded", {"token": token})


def minted(kind="refresh", without=(), header=None, key="", **claims):
    return Minted(kind, claims, tuple(without), header or {}, key)


# The same token wherever a case names it.
TWICE = minted()


def cookie(step, *names):
    """The Cookie header of a browser that keeps these of an answer's."""
    form = "; ".join(f"{name}={{}}" for name in names)
    return Text(form, tuple(Of(step, name, cookie=True) for name in names))


ACCESS, REFRESH = "access_token_cookie", "refresh_token_cookie"
ACCESS_CSRF, REFRESH_CSRF = "csrf_access_token", "csrf_refresh_token"


def by_cookie(path="/refresh", step=1, name=REFRESH, csrf=..., method="POST", **headers):
    """A request of a browser, by default with the right CSRF header."""
    csrf = Of(step, REFRESH_CSRF if name == REFRESH else ACCESS_CSRF, cookie=True) if csrf is ... else csrf
    extra = {"cookie": cookie(step, name), "x-csrf-token": csrf}
    return Request(method, path, {key: value for key, value in extra.items() if value is not None} | headers)


# Past the second in which nothing is renewed.
SOON = Wait(1.2)

METHODS = differs(None, "Flask's page in the documentation's form, and the methods that there are; OPTIONS is for browsers, who ask", {
    "header allow": (Some("with OPTIONS"), Some("without OPTIONS; a logout also by POST")),
    "header content-type": ("text/html; charset=utf-8", "application/json"),
    "body": ("HTML", "JSON, compact"),
    "body.msg": (ABSENT, '"Method Not Allowed"'),
})
OPTIONS = differs(None, "An answer without a body has no type", {
    "header allow": (Some("with OPTIONS"), Some("without OPTIONS; a logout also by POST")),
    "header content-type": ("text/html; charset=utf-8", ABSENT),
})

LOGIN_CASES = [
    case("login", "headers", login(), protected(Of(1, "access_token")), protected(Of(1, "access_token"), path="/fresh")),
    case("login, as the library's decoder reads it", "headers", login(), decoded(Of(1, "access_token")),
         decoded(Of(1, "refresh_token"))),
    case("login with Werkzeug's default hash", "headers", login("grace")),
    case("wrong password", "headers", login("ada", "bob-password")),
    case("unknown user", "headers", login("nobody")),
    case("inactive user", "headers", login("eve")),
    case("nothing", "headers", post("/login", {})),
    case("half of it", "headers", post("/login", {"username": "ada"}), post("/login", {"password": "ada-password"}), differs=[
        answers(1, "An exception in the documentation's handler: it hashes what is not there", page(500),
                said(401, "Bad username or password")),
    ]),
    case("blank and null members", "headers", post("/login", {"username": "", "password": ""}),
         post("/login", {"username": None, "password": None})),
    case("spaces around the name", "headers", login(" ada ", "ada-password")),
    case("malformed JSON", "headers", post("/login", b'{"username":'), differs=[
        answers(1, FLASK, page(400), said(400, "Send a JSON object with username and password")),
    ]),
    case("JSON that is no object", "headers", post("/login", ["ada"]), differs=[
        answers(1, FLASK, page(500), said(400, "Send a JSON object with username and password")),
    ]),
    case("a form", "headers", post("/login", b"username=ada&password=ada-password", content_type=FORM), differs=[
        answers(1, FLASK, page(415), said(415, "Send JSON, with Content-Type: application/json")),
    ]),
    case("no body", "headers", post("/login"), differs=[
        answers(1, FLASK, page(415), said(415, "Send JSON, with Content-Type: application/json")),
    ]),
    case("other methods", "headers", *(Request(method, "/login") for method in ("GET", "PUT", "DELETE", "HEAD")),
         differs=[METHODS]),
    case("OPTIONS", "headers", Request("OPTIONS", "/login"), Request("OPTIONS", "/refresh"),
         Request("OPTIONS", "/logout"), Request("OPTIONS", "/protected"), differs=[OPTIONS]),
    case("with a last slash", "headers", post("/login/", {"username": "ada", "password": "ada-password"}), differs=[
        differs(1, "No path of the application's: Rekindle's own words, for whoever sets up the proxy", {
            "header content-type": ("text/html; charset=utf-8", "application/problem+json"),
            "body": ("HTML", "JSON, compact"),
            "body.*": (ABSENT, Some("a problem (RFC 9457)")),
        }),
    ]),
]

HEADER_CASES = [
    case("refresh", "headers", login(), refresh(Of(1, "refresh_token")), protected(Of(2, "access_token"))),
    case("refresh, as the library's decoder reads it", "headers", login(), refresh(Of(1, "refresh_token")),
         decoded(Of(2, "access_token"))),
    case("refresh at a view that wants a fresh token", "headers", login(), refresh(Of(1, "refresh_token")),
         protected(Of(2, "access_token"), path="/fresh")),
    case("refresh twice at once", "headers", login(), SOON, refresh(Of(1, "refresh_token")), refresh(Of(1, "refresh_token")),
         differs=[once_a_second(3)]),
    case("refresh later", "headers", login(), Wait(3), refresh(Of(1, "refresh_token")), Wait(3),
         refresh(Of(1, "refresh_token"))),
    case("refresh the original's token", "headers", refresh(minted(iat=Now(-100), nbf=Now(-100))),
         protected(Of(1, "access_token"))),
    case("refresh the original's last minute", "headers", refresh(minted(exp=Now(MINUTE))), differs=[
        differs(1, "An access token does not outlive its session, which ends with the refresh token", {
            "body.access_token.exp": ("iat+900", Some("the refresh token's end")),
        }),
    ]),
    case("refresh with an access token", "headers", login(), refresh(Of(1, "access_token"))),
    case("refresh without a header", "headers", post("/refresh"), post("/refresh", {})),
    case("refresh with the token as a member", "headers", login(),
         post("/refresh", {"refresh_token": Of(1, "refresh_token")})),
    case("refresh by other schemes", "headers", login(), refresh(Of(1, "refresh_token"), "bearer"),
         refresh(Of(1, "refresh_token"), "JWT"), refresh(Of(1, "refresh_token"), "Bearer Bearer")),
    case("refresh with bad headers", "headers", post("/refresh", authorization="Bearer"),
         post("/refresh", authorization=""), post("/refresh", authorization="Bearer a b"),
         post("/refresh", authorization="Basic YWRhOmFkYQ==")),
    case("refresh with several schemes", "headers", login(),
         post("/refresh", authorization=Text("Basic YWRh, Bearer {}", (Of(1, "refresh_token"),))),
         post("/refresh", authorization=Text("Bearer {}, Bearer x", (Of(1, "refresh_token"),)))),
    case("refresh with garbage", "headers", refresh("garbage"), refresh("a.b"), refresh("a.b.c"), refresh(".."), differs=[
        differs(3, WORDS, {"body.msg": ('"Invalid header padding"', '"Invalid token"')}),
        differs(4, "the same", {
            "body.msg": ('"Invalid header string: Expecting value: line 1 column 1 (char 0)"', '"Invalid token"'),
        }),
    ]),
    case("refresh with a truncated token", "headers", login(), refresh(Changed(Of(1, "refresh_token"), "truncated"))),
    case("refresh signed by another secret", "headers", login(),
         refresh(Changed(Of(1, "refresh_token"), "signed by another secret"))),
    case("refresh unsigned", "headers", login(), refresh(Changed(Of(1, "refresh_token"), "unsigned"))),
    case("refresh without the signature", "headers", login(),
         refresh(Changed(Of(1, "refresh_token"), "without its signature"))),
    case("refresh by another algorithm", "headers", refresh(minted(header={"alg": "HS512"}))),
    case("refresh with a critical header", "headers", refresh(minted(header={"crit": ["b64"], "b64": False})), differs=[
        differs(1, WORDS, {"body.msg": ('"Payload segment must be empty when \'b64\' is false."', '"Invalid token"')}),
    ]),
    case("refresh an expired token", "headers", refresh(minted(exp=Now(-1)))),
    case("refresh a token without exp", "headers", refresh(minted(without=["exp"]))),
    case("refresh with exp as a text", "headers", refresh(minted(exp="tomorrow"))),
    case("refresh with exp as a fraction", "headers", refresh(minted(exp=Now(DAY, whole=False)))),
    case("refresh with nbf ahead", "headers", refresh(minted(nbf=Now(MINUTE)))),
    case("refresh with iat ahead", "headers", refresh(minted(iat=Now(MINUTE))), differs=[
        answers(1, "RFC 7519 does not ask to refuse it: that is what `nbf` is for, and two machines' clocks differ",
                msg(422, "The token is not yet valid (iat)"), token()),
    ]),
    case("refresh with nbf as a text", "headers", refresh(minted(nbf="today")), differs=[
        differs(1, WORDS, {"body.msg": ('"Not Before claim (nbf) must be an integer."', '"Invalid token"')}),
    ]),
    case("refresh without sub", "headers", refresh(minted(without=["sub"]))),
    case("refresh with sub as a number", "headers", refresh(minted(sub=1))),
    case("refresh for nobody", "headers", refresh(minted(sub="999")), differs=[
        answers(1, ASKED, token(), msg(401, "Token has been revoked")),
    ]),
    case("refresh without jti", "headers", refresh(minted(without=["jti"]))),
    case("refresh without a type", "headers", refresh(minted(without=["type"])), refresh(minted(type="other"))),
    case("refresh without csrf and fresh", "headers", refresh(minted(without=["csrf", "fresh"]))),
    case("refresh with claims of the application", "headers", refresh(minted(role="editor")), differs=[
        differs(1, "A loader of the application's own may have written it, and would write it again", {
            "body.access_token.role": (ABSENT, '"editor"'),
        }),
    ]),
    case("refresh of a user who became inactive", "headers", login("dan"),
         Sql("UPDATE users SET is_active = 0 WHERE username = 'dan'"), refresh(Of(1, "refresh_token")),
         protected(Of(1, "access_token")), differs=[
        answers(2, ASKED, token(), msg(401, "Token has been revoked")),
    ]),
    case("refresh of a user who is gone", "headers", login("fay"), Sql("DELETE FROM users WHERE username = 'fay'"),
         refresh(Of(1, "refresh_token")), differs=[
        answers(2, ASKED, token(), msg(401, "Token has been revoked")),
    ]),
    case("logout of the refresh token", "headers", login(), logout(Of(1, "refresh_token")),
         refresh(Of(1, "refresh_token")), protected(Of(1, "access_token"))),
    case("logout of the access token", "headers", login(), logout(Of(1, "access_token")),
         protected(Of(1, "access_token")), refresh(Of(1, "refresh_token")), differs=[
        answers(3, NOT_SEEN, msg(401, "Token has been revoked"),
                {"status": 200, "body.logged_in_as": '"1"', "body.claims*": Some("the token's")}),
        answers(4, "A logout ends the session: the documentation's leaves the refresh token good, and asks front ends to log out"
                " twice", token(), msg(401, "Token has been revoked")),
    ]),
    case("logout twice", "headers", login(), logout(Of(1, "refresh_token")), logout(Of(1, "refresh_token")), differs=[
        answers(3, "Logged out is logged out: whoever asks again, after an answer that was lost, is told the same",
                msg(401, "Token has been revoked"), msg(200, "Refresh token revoked")),
    ]),
    case("logout of the original's token", "headers", logout(TWICE), refresh(TWICE)),
    case("logout with bad tokens", "headers", Request("DELETE", "/logout"), logout("garbage"),
         logout(minted(exp=Now(-1))), post("/logout"), differs=[
        answers(4, "A logout may be a POST too, as the documentation has it for cookies",
                page(405, **{"header allow": "DELETE, OPTIONS"}), said(401, "Missing Authorization Header")),
    ]),
    case("other methods of the others", "headers", get("/refresh"), get("/logout"), differs=[METHODS]),
]

COOKIE_CASES = [
    case("cookies", "cookies", login(), by_cookie(), by_cookie("/protected", 2, ACCESS, method="GET", csrf=None),
         by_cookie("/protected", 2, ACCESS)),
    case("cookies, as the library's decoder reads them", "cookies", login(), decoded(Of(1, ACCESS, cookie=True)),
         decoded(Of(1, REFRESH, cookie=True))),
    case("cookies, wrong password", "cookies", login("ada", "wrong")),
    case("cookies, refresh twice at once", "cookies", login(), SOON, by_cookie(), by_cookie(), differs=[
        once_a_second(3, cookies=True),
    ]),
    case("cookies, no CSRF", "cookies", login(), by_cookie(csrf=None), by_cookie(csrf="")),
    case("cookies, wrong CSRF", "cookies", login(), by_cookie(csrf="wrong"),
         by_cookie(csrf=Of(1, ACCESS_CSRF, cookie=True))),
    case("cookies, the access token's cookie at refresh", "cookies", login(), by_cookie(name=ACCESS),
         Request("POST", "/refresh", {"cookie": Text(REFRESH + "={}", (Of(1, ACCESS, cookie=True),)),
                                      "x-csrf-token": Of(1, ACCESS_CSRF, cookie=True)})),
    case("cookies, none", "cookies", post("/refresh"), get("/protected")),
    case("cookies, empty and garbage", "cookies", post("/refresh", cookie=REFRESH + "="),
         post("/refresh", cookie=REFRESH + "=garbage", x_csrf_token="x"),
         post("/refresh", cookie=REFRESH + "=garbage")),
    case("cookies, an expired one", "cookies",
         post("/refresh", cookie=Text(REFRESH + "={}", (minted(exp=Now(-1)),)), x_csrf_token="x"), differs=[
        differs(1, "Of two faults another is told first", {
            "body.msg": ('"CSRF double submit tokens do not match"', '"Token has expired"'),
        }),
    ]),
    case("cookies, without a csrf claim", "cookies",
         post("/refresh", cookie=Text(REFRESH + "={}", (minted(without=["csrf"]),)), x_csrf_token="x")),
    case("cookies, the original's token", "cookies",
         post("/refresh", cookie=Text(REFRESH + "={}", (minted(csrf="c" * 36),)), x_csrf_token="c" * 36)),
    case("cookies, the header first", "cookies", login(), SOON,
         Request("POST", "/refresh", {"cookie": cookie(1, REFRESH), "authorization": bearer(Of(1, REFRESH, cookie=True))}),
         Request("POST", "/refresh", {"cookie": cookie(1, REFRESH), "authorization": "Bearer garbage"}),
         Request("POST", "/refresh", {"cookie": cookie(1, REFRESH), "authorization": "Basic YWRh",
                                      "x-csrf-token": Of(1, REFRESH_CSRF, cookie=True)}),
         differs=[once_a_second(4, cookies=True)]),
    case("cookies, both tokens of a browser", "cookies", login(),
         Request("POST", "/refresh", {"cookie": cookie(1, ACCESS, REFRESH, ACCESS_CSRF, REFRESH_CSRF),
                                      "x-csrf-token": Of(1, REFRESH_CSRF, cookie=True)})),
    case("cookies, logout", "cookies", login(),
         Request("POST", "/logout", {"cookie": cookie(1, ACCESS, REFRESH),
                                     "x-csrf-token": Of(1, REFRESH_CSRF, cookie=True)})),
    case("cookies, logout of nobody", "cookies", post("/logout")),
    case("cookies, OPTIONS", "cookies", Request("OPTIONS", "/refresh"), differs=[OPTIONS]),
    case("cookies with all attributes", "cookies alone", login(),
         Request("POST", "/refresh", {"cookie": cookie(1, "rt"), "x-refresh-csrf": Of(1, "rt_csrf", cookie=True)}),
         Request("POST", "/refresh", {"cookie": cookie(1, "rt"), "x-csrf-token": Of(1, "rt_csrf", cookie=True)}),
         post("/logout")),
    case("cookies alone, by header", "cookies alone", login(), refresh(Of(1, "rt", cookie=True)), post("/refresh")),
    case("cookies without CSRF", "cookies without CSRF", login(), by_cookie(csrf=None),
         by_cookie("/protected", 2, ACCESS, csrf=None), post("/logout")),
]

LOCATION_CASES = [
    case("all locations, JSON", "all locations", login(),
         post("/refresh", {"refresh_token": Of(1, REFRESH, cookie=True)}),
         post("/refresh", {"access_token": Of(1, REFRESH, cookie=True)}), post("/refresh", b"{")),
    case("all locations, query", "all locations", login(), post("/refresh?jwt=garbage"), post("/refresh?token=x")),
    case("all locations, none", "all locations", post("/refresh"), post("/refresh", {})),
    case("other names", "other names", login(), post("/refresh", x_token=Of(1, "refresh_token")),
         get("/protected", x_token=Of(2, "access_token"))),
    case("other names, bad headers", "other names", login(), post("/refresh"), post("/refresh", x_token="a b"),
         post("/refresh", x_token="garbage"), post("/refresh", authorization=bearer(Of(1, "refresh_token")))),
    case("other names, other audience and issuer", "other names", login(),
         post("/refresh", x_token=Changed(Of(1, "refresh_token"), "with claims", {"aud": "other"})),
         post("/refresh", x_token=Changed(Of(1, "refresh_token"), "with claims", {"iss": "other"})),
         post("/refresh", x_token=minted()), differs=[
        differs(4, WORDS, {"body.message": ('"Token is missing the \\"iss\\" claim"', '"Invalid issuer"')}),
    ]),
    case("RS256", "RS256", login(), protected(Of(1, "access_token")), refresh(Of(1, "refresh_token")),
         decoded(Of(3, "access_token"))),
    case("RS256, the public key as a secret", "RS256", refresh(minted(header={"alg": "HS256"}))),
    case("RS256, the original's token", "RS256", refresh(minted())),
]

PROTECTED_CASES = [
    case("protected without a token", "headers", get("/protected"), get("/optional")),
    case("protected with bad tokens", "headers", protected("garbage"), protected(minted("refresh")),
         protected(minted("access", exp=Now(-1))), protected("garbage", path="/optional")),
    case("protected by a fresh view", "headers", protected(minted("access", fresh=Now(100, whole=False)), path="/fresh"),
         protected(minted("access", fresh=False), path="/fresh")),
]

EVERYWHERE = [
    differs(None, "Tokens are in these answers, and no cache may keep them (RFC 6749 section 5.1); the documentation forgets it", {
        "header cache-control": (ABSENT, "no-store"),
    }),
    differs(None, "JSON is the same with and without", {
        "body": ("JSON, compact, and a line break", "JSON, compact"),
    }),
    differs(None, "the session and the generation in it; a view that shows claims shows them too", {
        "body*.sid": (ABSENT, Some("32 hex digits")),
        "body*.gen": (ABSENT, Some("a number")),
        "cookie *.sid": (ABSENT, Some("32 hex digits")),
        "cookie *.gen": (ABSENT, Some("a number")),
    }),
    differs(None, "Max-Age says the same and is what browsers go by (RFC 6265 section 5.3)", {
        f"cookie {name} attributes": (
            f"Domain=shop.example.com; Expires=later;{only} Max-Age=31540000; Path={path}; SameSite=Strict; Secure",
            f"Domain=shop.example.com;{only} Max-Age=31540000; Path={path}; SameSite=Strict; Secure",
        )
        for name, path, only in (
            ("at", "/api", " HttpOnly;"),
            ("at_csrf", "/", ""),
            ("rt", "/refresh", " HttpOnly;"),
            ("rt_csrf", "/", ""),
        )
    }),
]

DIALECT = Dialect(
    name="flask-jwt-extended",
    title="Flask-JWT-Extended",
    variants=VARIANTS,
    cases=LOGIN_CASES + HEADER_CASES + COOKIE_CASES + LOCATION_CASES + PROTECTED_CASES,
    everywhere=EVERYWHERE,
    kinds=KINDS,
    moved=("/login", "/refresh", "/logout"),
)
