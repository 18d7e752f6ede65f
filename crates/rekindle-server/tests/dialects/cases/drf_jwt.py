"""drf-jwt 1.19.2, Styria's continuation of django-rest-framework-jwt."""

from harness.case import (
    ABSENT, Again, Changed, Dialect, Minted, Now, Of, Request, Some, Sql, Text, Wait, bearer, case, differs, get, post,
)

from .django import ANY_DJANGO, answers, as_json, crash

OBTAIN, REFRESH = "/auth/jwt/", "/auth/jwt/refresh/"
VERIFY, BLACKLIST = "/auth/jwt/verify/", "/auth/jwt/blacklist/"
FORM = "application/x-www-form-urlencoded"

MINUTE, DAY = 60, 86400

# Past the second in which nothing is renewed.
SOON = Wait(1.2)

AHEAD = "RFC 7519 does not ask to refuse it: that is what `nbf` is for, and two machines' clocks differ"
BY_ID = "A session belongs to a `user_id`, which nobody can rename; the name is for where there is none"
ORIGIN = "The chain is named after its first token here"
CHAIN = differs(None, ORIGIN, {"body*.orig_jti": (Again("the first token's"), ABSENT)})
NOT_SEEN = "The application's own blacklist does not know of sessions: the API accepts an access token to its end, five minutes" \
    " by default, and it is not renewed"


def refused(text):
    return {"status": 400, "body.non_field_errors[0]": f'"{text}"', "body.non_field_errors length": "1"}


def success():
    return {"status": 201, "body.pk": Some("its iat"), "body.token*": Some("a token")}


def variant(without=(), **settings):
    """`without`: what Rekindle has no key for."""
    return {
        "application": "drf_jwt",
        "original": settings,
        "original_only": without,
        "rekindle": {"obtain": OBTAIN, "refresh": REFRESH, "verify": VERIFY, "blacklist": BLACKLIST},
        "key_settings": ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"),
    }


BY_NAME = {
    "accounts": {
        "accounts.sql_login": "SELECT username AS subject, username, password, is_active AS active FROM auth_user"
        " WHERE username = :username",
        "accounts.sql_state": "SELECT username AS subject, username, password, is_active AS active FROM auth_user"
        " WHERE username = :subject",
    }
}

VARIANTS = {
    "defaults": variant(),
    "cookie": variant(JWT_AUTH_COOKIE="jwt", JWT_EXPIRATION_DELTA=10 * MINUTE),
    # Its tokens name nobody but by the name, so that has to be the subject.
    "without ids": BY_NAME | variant(without=["JWT_AUTH_HEADER_PREFIX"], JWT_TOKEN_ID="off", JWT_PAYLOAD_INCLUDE_USER_ID=False, JWT_AUTH_HEADER_PREFIX="JWT"),
    "without refresh": variant(JWT_ALLOW_REFRESH=False),
    "RS256": variant(JWT_ALGORITHM="RS256", JWT_AUDIENCE="shop", JWT_ISSUER="https://shop.example.com"),
}

KINDS = {
    "token": {
        "username": "ada",
        "iat": Now(),
        "exp": Now(5 * MINUTE),
        "jti": "new uuid",
        "user_id": 1,
        "orig_iat": Now(),
    },
}


def login(name="ada", password=None):
    return post(OBTAIN, {"username": name, "password": password or f"{name}-password"})


def refresh(token):
    return post(REFRESH, {"token": token})


def verify(token):
    return post(VERIFY, {"token": token})


def protected(token, scheme="Bearer"):
    return get("/protected/", authorization=bearer(token, scheme))


def blacklist(token, **headers):
    return post(BLACKLIST, {"token": token}, authorization=bearer(token), **headers)


def decoded(token):
    return post("/decoded/", {"token": token})


def minted(without=(), header=None, key="", **claims):
    return Minted("token", claims, tuple(without), header or {}, key)


LOGIN_CASES = [
    case("obtain", "defaults", login(), protected(Of(1, "token"))),
    case("obtain, as the library's decoder reads it", "defaults", login(), decoded(Of(1, "token"))),
    case("wrong password", "defaults", login("ada", "bob-password")),
    case("unknown user", "defaults", login("nobody")),
    case("inactive user", "defaults", login("eve")),
    case("nothing", "defaults", post(OBTAIN, {}), post(OBTAIN)),
    case("half of it", "defaults", post(OBTAIN, {"username": "ada"}), post(OBTAIN, {"password": "ada-password"})),
    case("blank and null members", "defaults", login(""), post(OBTAIN, {"username": "", "password": ""}),
         post(OBTAIN, {"username": None, "password": None})),
    case("no texts", "defaults", post(OBTAIN, {"username": 1, "password": 2}),
         post(OBTAIN, {"username": ["ada"], "password": True})),
    case("spaces around the name", "defaults", login(" ada ", "ada-password")),
    case("malformed JSON", "defaults", post(OBTAIN, b'{"username":'), differs=[
        differs(1, "The parser's words, which no program reads; the place is the same", {
            "body.detail": ('"JSON parse error - Expecting value: line 1 column 13 (char 12)"',
                            '"JSON parse error - see line 1 column 12"'),
        }),
    ]),
    case("JSON that is no object", "defaults", post(OBTAIN, ["ada"]), post(OBTAIN, b"null")),
    case("text", "defaults", post(OBTAIN, b"username=ada", content_type="text/plain")),
    case("a form", "defaults", post(OBTAIN, b"username=ada&password=ada-password", content_type=FORM)),
    case("other methods", "defaults", *(Request(method, OBTAIN) for method in ("GET", "PUT", "PATCH", "DELETE"))),
    case("OPTIONS", "defaults", *(Request("OPTIONS", path) for path in (OBTAIN, REFRESH, VERIFY)), differs=[
        differs(None, "What a view takes is for its author to read; browsers ask for `Allow` and CORS", {
            "status": ("200", "204"),
            "header content-type": ("application/json", ABSENT),
            "body": ("JSON, compact", "empty"),
            "body.*": (Some("a description of the view"), ABSENT),
        }),
    ]),
    case("without the last slash", "defaults", post("/auth/jwt", {"username": "ada", "password": "ada-password"}),
         differs=[
        answers(1, "Paths are those that are configured; Django redirects, and the POST becomes a GET",
                {"status": 301, "header location": "/auth/jwt/", "header content-type": "text/html; charset=utf-8",
                 "body": "empty"},
                {"status": 404, "header content-type": "application/problem+json", "body": "JSON, compact",
                 "body.*": Some("a problem (RFC 9457)")}),
    ]),
]

TOKEN_CASES = [
    case("refresh", "defaults", login(), SOON, refresh(Of(1, "token")), protected(Of(2, "token"))),
    case("refresh, as the library's decoder reads it", "defaults", login(), SOON, refresh(Of(1, "token")),
         decoded(Of(2, "token"))),
    case("refresh a refreshed one", "defaults", login(), SOON, refresh(Of(1, "token")), SOON,
         refresh(Of(2, "token")), protected(Of(3, "token"))),
    case("refresh twice at once", "defaults", login(), SOON, refresh(Of(1, "token")), refresh(Of(1, "token")),
         protected(Of(1, "token")), differs=[
        differs(3, "One token a second: all who ask in the same one get the same", {
            "body.token": ("a new token", Again()),
            "body.token.iat": ("now", "as when the token was new"),
            "body.token.jti": ("a random UUID with dashes, new", Again()),
        }),
    ]),
    case("refresh the original's token", "defaults",
         refresh(minted(iat=Now(-100), exp=Now(200), orig_iat=Now(-1000))), protected(Of(1, "token")), differs=[CHAIN]),
    case("refresh the original's token with an orig_jti", "defaults",
         refresh(minted(iat=Now(-100), orig_iat=Now(-1000), orig_jti="new uuid"))),
    case("refresh as a form", "defaults", post(REFRESH, Text("token={}", (minted(),)), content_type=FORM), differs=[CHAIN]),
    case("refresh an expired token", "defaults", refresh(minted(exp=Now(-1)))),
    case("refresh past the delta", "defaults", refresh(minted(orig_iat=Now(-7 * DAY - 10)))),
    case("refresh just before the delta", "defaults", refresh(minted(orig_iat=Now(-7 * DAY + MINUTE))), differs=[CHAIN]),
    case("refresh without orig_iat", "defaults", refresh(minted(without=["orig_iat"]))),
    case("refresh with orig_iat as a text", "defaults", refresh(minted(orig_iat="today")), differs=[
        answers(1, "An exception that the package does not catch", crash(),
                as_json(refused("orig_iat field not found in token."))),
    ]),
    case("refresh with orig_iat as a fraction", "defaults", refresh(minted(orig_iat=Now(-100, whole=False))), differs=[
        CHAIN,
        differs(1, "Moments are whole seconds here", {"body.token.orig_iat": (Again("what was sent"), Some("without the fraction"))}),
    ]),
    case("refresh with orig_iat ahead", "defaults", refresh(minted(orig_iat=Now(100))), differs=[
        CHAIN,
        differs(1, "Nobody has logged in later than now", {"body.token.orig_iat": (Again("what was sent"), "iat+0")}),
    ]),
    case("refresh garbage", "defaults", refresh("garbage"), refresh("a.b.c"), refresh("é")),
    case("refresh nothing", "defaults", post(REFRESH, {}), refresh(""), refresh(None), refresh(1)),
    case("refresh a truncated token", "defaults", login(), refresh(Changed(Of(1, "token"), "truncated"))),
    case("refresh signed by another secret", "defaults", login(),
         refresh(Changed(Of(1, "token"), "signed by another secret"))),
    case("refresh unsigned", "defaults", login(), refresh(Changed(Of(1, "token"), "unsigned"))),
    case("refresh without the signature", "defaults", login(), refresh(Changed(Of(1, "token"), "without its signature"))),
    case("refresh by another algorithm", "defaults", refresh(minted(header={"alg": "HS512"}))),
    case("refresh with iat ahead", "defaults", refresh(minted(iat=Now(MINUTE))), differs=[
        answers(1, AHEAD, refused("Invalid token."), success()),
    ]),
    case("refresh with nbf ahead", "defaults", refresh(minted(nbf=Now(MINUTE)))),
    case("refresh without exp", "defaults", refresh(minted(without=["exp"])), differs=[CHAIN]),
    case("refresh without iat", "defaults", refresh(minted(without=["iat"])), differs=[CHAIN]),
    case("refresh without a name", "defaults", refresh(minted(without=["username"])), refresh(minted(username="")), differs=[
        answers(2, BY_ID, refused("Invalid token."), success()),
    ]),
    case("refresh without ids", "defaults", refresh(minted(without=["jti"])), refresh(minted(without=["user_id"])), differs=[
        answers(2, "Without JWT_PAYLOAD_INCLUDE_USER_ID a session belongs to the name, and the queries of `accounts` have to"
                " answer by names", success(), refused("User account is disabled.")),
    ]),
    case("refresh with another's id", "defaults", refresh(minted(user_id=2)), differs=[
        CHAIN,
        differs(1, BY_ID, {"body.token.username": ('"ada"', '"bob"'), "body.token.user_id": ("1", "2")}),
    ]),
    case("refresh with claims of the application", "defaults", refresh(minted(role="editor", email="ada@example.com")), differs=[
        CHAIN,
        differs(1, "A payload handler of the application's own may have written them, and would write them again", {
            "body.token.role": (ABSENT, '"editor"'), "body.token.email": (ABSENT, '"ada@example.com"'),
        }),
    ]),
    case("refresh for nobody", "defaults", refresh(minted(username="nobody")), refresh(minted(username="nobody", user_id=999)),
         differs=[
        answers(1, BY_ID, refused("User doesn't exist."), success()),
        differs(2, "Who is gone and who is disabled are one answer", {
            "body.non_field_errors[0]": ('"User doesn\'t exist."', '"User account is disabled."'),
        }),
    ]),
    case("refresh for somebody inactive", "defaults", refresh(minted(username="eve", user_id=3))),
    case("refresh of a user who is gone", "defaults", login("fay"),
         Sql("DELETE FROM auth_user WHERE username = 'fay'"), refresh(Of(1, "token")), protected(Of(1, "token")), differs=[
        differs(2, "Who is gone and who is disabled are one answer", {
            "body.non_field_errors[0]": ('"User doesn\'t exist."', '"User account is disabled."'),
        }),
    ]),
    case("refresh of a user who became inactive", "defaults", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"), refresh(Of(1, "token")),
         verify(Of(1, "token")), protected(Of(1, "token"))),
    case("verify", "defaults", login(), verify(Of(1, "token"))),
    case("verify the original's token", "defaults", verify(minted(iat=Now(-100)))),
    case("verify bad tokens", "defaults", verify("garbage"), verify(minted(exp=Now(-1))),
         verify(minted(key="some other secret of good length")), verify(minted(username="nobody")),
         verify(minted(username="eve")), verify(minted(without=["username"])), differs=[
        answers(4, "Whether the user is still there is asked when a token is renewed, not when one is looked at",
                refused("User doesn't exist."), success()),
        answers(5, "the same", refused("User account is disabled."), success()),
    ]),
    case("verify nothing", "defaults", post(VERIFY, {}), verify(""), verify(None)),
    case("verify without iat", "defaults", verify(minted(without=["iat"])), differs=[
        differs(1, "A token of nobody's package", {"body.pk": ("null", ABSENT)}),
    ]),
    case("blacklist", "defaults", login(), blacklist(Of(1, "token")), refresh(Of(1, "token")), verify(Of(1, "token")),
         protected(Of(1, "token")), differs=[
        answers(5, NOT_SEEN, {"status": 403, "body.detail": '"Token is blacklisted."'},
                {"status": 200, "body.user": Some("the user"), "body.claims*": Some("the token's")}),
    ]),
    case("blacklist by the request's own token", "defaults", login(),
         post(BLACKLIST, {}, authorization=bearer(Of(1, "token"))), verify(Of(1, "token"))),
    case("blacklist the first, and what came of it", "defaults", login(), SOON, refresh(Of(1, "token")),
         blacklist(Of(1, "token")), refresh(Of(2, "token")), protected(Of(2, "token")), differs=[
        answers(5, NOT_SEEN, {"status": 403, "body.detail": '"Token is blacklisted."'},
                {"status": 200, "body.user": Some("the user"), "body.claims*": Some("the token's")}),
    ]),
    case("blacklist twice", "defaults", login(), blacklist(Of(1, "token")), blacklist(Of(1, "token")), differs=[
        answers(3, "The package refuses the request's own token before it looks at the one in the body",
                {"status": 403, "body.detail": '"Token is blacklisted."'}, refused("Token is blacklisted.")),
    ]),
    case("blacklist without being signed in", "defaults", login(), post(BLACKLIST, {"token": Of(1, "token")}),
         post(BLACKLIST, {}), differs=[
        answers(2, "Whoever has the token may end its session",
                {"status": 401, "header www-authenticate": 'Bearer realm="api"',
                 "body.detail": '"Authentication credentials were not provided."'},
                {"status": 201, "body.token*": Some("the token")}),
        answers(3, "the same",
                {"status": 401, "header www-authenticate": 'Bearer realm="api"',
                 "body.detail": '"Authentication credentials were not provided."'},
                {"status": 400, "body.token*": Some("This field is required.")}),
    ]),
    case("other methods of the others", "defaults", get(REFRESH), get(VERIFY)),
]

VARIANT_CASES = [
    case("the cookie", "cookie", login(), SOON, get("/protected/", cookie=Text("jwt={}", (Of(1, "jwt", cookie=True),))),
         refresh(Of(1, "token")), verify(Of(1, "token")), login("ada", "wrong"), refresh("garbage")),
    case("the cookie in place of the member", "cookie", login(),
         post(REFRESH, {}, cookie=Text("jwt={}", (Of(1, "jwt", cookie=True),)))),
    case("without ids", "without ids", login(), SOON, refresh(Of(1, "token")), protected(Of(2, "token"), "JWT"),
         protected(Of(2, "token"), "jwt"), protected(Of(2, "token"), "Bearer")),
    case("without ids, the original's token", "without ids",
         refresh(minted(iat=Now(-10), without=["jti", "user_id"])), refresh(minted()), differs=[CHAIN]),
    case("without refresh", "without refresh", login(), refresh(Of(1, "token")), verify(Of(1, "token")),
         protected(Of(1, "token"))),
    case("RS256", "RS256", login(), protected(Of(1, "token")), SOON, refresh(Of(1, "token")), verify(Of(1, "token")),
         decoded(Of(3, "token"))),
    case("RS256, the original's tokens", "RS256", refresh(minted(aud="shop", iss="https://shop.example.com")),
         refresh(minted()), refresh(minted(aud="other", iss="https://shop.example.com")),
         refresh(minted(aud="shop", iss="https://other.example.com")), differs=[CHAIN]),
    case("RS256, the public key as a secret", "RS256",
         refresh(minted(header={"alg": "HS256"}, aud="shop", iss="https://shop.example.com"))),
]

PROTECTED_CASES = [
    case("protected without a token", "defaults", get("/protected/"), get("/protected/", authorization="Bearer")),
    case("protected by other schemes", "defaults", login(), protected(Of(1, "token"), "bearer"),
         protected(Of(1, "token"), "JWT")),
    case("protected with bad tokens", "defaults", protected("garbage"), protected(minted(exp=Now(-1))),
         protected(minted(username="nobody")), protected(minted(username="eve"))),
]

EVERYWHERE = [
    *ANY_DJANGO,
    differs(None, "the session and the generation in it; a view that shows claims shows them too", {
        "body*.sid": (ABSENT, Some("32 hex digits")),
        "body*.gen": (ABSENT, Some("a number")),
    }),
    differs(None, "Max-Age says the same and is what browsers go by (RFC 6265 section 5.3)", {
        "cookie jwt attributes": (
            "Expires=later; HttpOnly; Max-Age=600; Path=/; SameSite=Lax; Secure",
            "HttpOnly; Max-Age=600; Path=/; SameSite=Lax; Secure",
        ),
        "cookie jwt.sid": (ABSENT, Some("32 hex digits")),
        "cookie jwt.gen": (ABSENT, Some("a number")),
    }),
]

DIALECT = Dialect(
    name="drf-jwt",
    title="drf-jwt (Styria)",
    variants=VARIANTS,
    cases=LOGIN_CASES + TOKEN_CASES + VARIANT_CASES + PROTECTED_CASES,
    everywhere=EVERYWHERE,
    kinds=KINDS,
    moved=("/auth/jwt",),
)
