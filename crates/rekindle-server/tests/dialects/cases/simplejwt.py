"""Simple JWT 5.5.1."""

from harness.case import (
    ABSENT, Changed, Dialect, Minted, Now, Of, Request, Some, Sql, Wait, bearer, case, differs, get, post,
)

from .django import ANY_DJANGO

OBTAIN, REFRESH = "/api/token/", "/api/token/refresh/"
VERIFY, BLACKLIST = "/api/token/verify/", "/api/token/blacklist/"
FORM = "application/x-www-form-urlencoded"

MINUTE, DAY = 60, 86400


def variant(views="pair", rekindle=None, without=(), **settings):
    """`rekindle`: what only Rekindle has a key for; `without`: what it has none for."""
    return {
        "application": "simplejwt",
        "views": views,
        "original": settings,
        "rekindle": {"views": views} | (rekindle or {}),
        "original_only": without,
        "key_settings": ("SIGNING_KEY", "VERIFYING_KEY"),
    }


# One server each: the original's settings, by its own names. Spans in seconds.
VARIANTS = {
    "defaults": variant(),
    "rotation": variant(ROTATE_REFRESH_TOKENS=True),
    "rotation and blacklist": variant(ROTATE_REFRESH_TOKENS=True, BLACKLIST_AFTER_ROTATION=True),
    "sliding": variant(
        "sliding",
        without=["AUTH_TOKEN_CLASSES"],
        AUTH_TOKEN_CLASSES=["rest_framework_simplejwt.tokens.SlidingToken"],
    ),
    "RS256": variant(ALGORITHM="RS256", ROTATE_REFRESH_TOKENS=True, BLACKLIST_AFTER_ROTATION=True),
    "password in the token": variant(
        without=["CHECK_REVOKE_TOKEN"],
        ROTATE_REFRESH_TOKENS=True, BLACKLIST_AFTER_ROTATION=True, CHECK_REVOKE_TOKEN=True,
    ),
    "other names": variant(
        without=["AUTH_HEADER_TYPES"],
        ACCESS_TOKEN_LIFETIME=30 * MINUTE,
        REFRESH_TOKEN_LIFETIME=7 * DAY,
        ROTATE_REFRESH_TOKENS=True,
        USER_ID_CLAIM="uid",
        TOKEN_TYPE_CLAIM="typ",
        JTI_CLAIM="tid",
        ISSUER="https://shop.example.com",
        AUDIENCE="shop",
        AUTH_HEADER_TYPES=["JWT", "Bearer"],
    ),
}

KINDS = {
    "refresh": {
        "token_type": "refresh",
        "exp": Now(DAY),
        "iat": Now(),
        "jti": "new hex",
        "user_id": "1",
    },
    "access": {
        "token_type": "access",
        "exp": Now(5 * MINUTE),
        "iat": Now(),
        "jti": "new hex",
        "user_id": "1",
    },
    "sliding": {
        "token_type": "sliding",
        # Not of this second: what comes of it keeps jti and refresh_exp, so it would be the same text.
        "exp": Now(3 * MINUTE),
        "iat": Now(-2 * MINUTE),
        "jti": "new hex",
        "refresh_exp": Now(DAY),
        "user_id": "1",
    },
}


def login(name="ada", password=None):
    return post(OBTAIN, {"username": name, "password": password or f"{name}-password"})


def obtain(body=..., **headers):
    return post(OBTAIN, body, **headers)


def refresh(token):
    return post(REFRESH, {"refresh": token})


def slide(token):
    return post(REFRESH, {"token": token})


def verify(token):
    return post(VERIFY, {"token": token})


def blacklist(token):
    return post(BLACKLIST, {"refresh": token})


def protected(token, scheme="Bearer"):
    return get("/protected/", authorization=bearer(token, scheme))


def decoded(token, kind):
    return post("/decoded/", {"token": token, "as": kind})


def minted(kind="refresh", without=(), header=None, key="", **claims):
    return Minted(kind, claims, tuple(without), header or {}, key)


LOGIN_CASES = [
    case("obtain", "defaults", login(), protected(Of(1, "access"))),
    case("obtain, as the library's decoder reads it", "defaults", login(),
         decoded(Of(1, "access"), "access"), decoded(Of(1, "refresh"), "refresh"),
         decoded(Of(1, "access"), "untyped"), decoded(Of(1, "refresh"), "access")),
    case("obtain twice", "defaults", login(), login(), refresh(Of(1, "refresh")), refresh(Of(2, "refresh"))),
    case("obtain with Django's own number of rounds", "defaults", login("grace")),
    case("wrong password", "defaults", login("ada", "bob-password")),
    case("unknown user", "defaults", login("nobody")),
    case("inactive user", "defaults", login("eve")),
    case("another spelling of the name", "defaults", login("ADA", "ada-password")),
    case("spaces around the name", "defaults", login(" ada ", "ada-password")),
    case("spaces around the password", "defaults", login("ada", " ada-password ")),
    case("nothing", "defaults", obtain({})),
    case("no password", "defaults", obtain({"username": "ada"})),
    case("no name", "defaults", obtain({"password": "ada-password"})),
    case("blank members", "defaults", obtain({"username": "", "password": ""}),
         obtain({"username": " ", "password": "x"})),
    case("null members", "defaults", obtain({"username": None, "password": None})),
    case("numbers", "defaults", obtain({"username": 1, "password": 2}), obtain({"username": 1.5, "password": 2})),
    case("booleans", "defaults", obtain({"username": True, "password": False})),
    case("lists and objects", "defaults", obtain({"username": ["ada"], "password": {"is": "ada-password"}})),
    case("a NUL byte", "defaults", login("a\0da", "ada-password"), login("ada", "ada\0-password")),
    case("half a surrogate pair", "defaults", login("\ud800", "ada-password")),
    case("a name of ten thousand characters", "defaults", login("a" * 10_000, "ada-password")),
    case("a password of ten thousand characters", "defaults", login("ada", "a" * 10_000)),
    case("more members than needed", "defaults",
         obtain({"username": "ada", "password": "ada-password", "remember": True})),
    case("a member twice", "defaults", obtain(b'{"username":"bob","username":"ada","password":"ada-password"}')),
    case("malformed JSON", "defaults", obtain(b'{"username":'), obtain(b"{'username': 'ada'}"), obtain(b'{"a":1}x')),
    case("JSON that is no object", "defaults", obtain(["ada"]), obtain(b'"ada"'), obtain(b"1"), obtain(b"null")),
    case("NaN", "defaults", obtain(b'{"username":NaN,"password":"x"}')),
    case("an empty body", "defaults", obtain(b"")),
    case("no body and no type", "defaults", obtain()),
    case("no UTF-8", "defaults", obtain(b'{"username":"\xff","password":"x"}')),
    case("a byte order mark", "defaults", obtain(b'\xef\xbb\xbf{"username":"ada","password":"ada-password"}')),
    case("text", "defaults", obtain(b"username=ada", content_type="text/plain")),
    case("a type that is none", "defaults", obtain(b"{}", content_type="json")),
    case("JSON with a charset", "defaults",
         obtain(b'{"username":"ada","password":"ada-password"}', content_type="application/json; charset=utf-8"),
         obtain(b'{"username":"ada","password":"ada-password"}', content_type="Application/JSON")),
    case("another kind of JSON", "defaults", obtain(b"{}", content_type="application/vnd.api+json")),
    case("a form", "defaults", obtain(b"username=ada&password=ada-password", content_type=FORM),
         obtain(b"username=ada", content_type=FORM), obtain(b"username=&password=", content_type=FORM)),
    case("a form with files", "defaults",
         obtain(b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nada\r\n'
                b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nada-password\r\n--x--\r\n',
                content_type="multipart/form-data; boundary=x")),
    case("a query", "defaults", post(OBTAIN + "?username=ada&password=ada-password", {})),
    case("other methods", "defaults", *(Request(method, OBTAIN) for method in ("GET", "PUT", "PATCH", "DELETE"))),
    case("HEAD", "defaults", Request("HEAD", OBTAIN)),
    case("a method that nobody knows", "defaults", Request("PURGE", OBTAIN)),
    case("OPTIONS", "defaults", *(Request("OPTIONS", path) for path in (OBTAIN, REFRESH, VERIFY, BLACKLIST))),
    case("without the last slash", "defaults", post("/api/token", {"username": "ada", "password": "ada-password"}),
         get("/api/token")),
    case("a path below", "defaults", post("/api/token/other/", {})),
    case("Accept: JSON", "defaults", obtain({}, accept="application/json"), obtain({}, accept="*/*")),
    case("Accept: HTML", "defaults", obtain({}, accept="text/html")),
    case("Accept: XML", "defaults", obtain({}, accept="application/xml")),
    case("a bad Authorization header beside it", "defaults",
         obtain({"username": "ada", "password": "ada-password"}, authorization="Bearer x y z")),
]

BAD_TOKENS = [
    case("refresh without a token", "defaults", post(REFRESH, {}), post(REFRESH, {"refresh": ""}),
         post(REFRESH, {"refresh": None})),
    case("refresh with no text as token", "defaults", post(REFRESH, {"refresh": 1}), post(REFRESH, {"refresh": True}),
         post(REFRESH, {"refresh": ["x"]})),
    case("refresh with garbage", "defaults", refresh("garbage"), refresh("a.b.c"), refresh("é"), refresh("..")),
    case("refresh with a truncated token", "defaults", login(), refresh(Changed(Of(1, "refresh"), "truncated"))),
    case("refresh with more than the token", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "with a trailing byte"))),
    case("refresh without the signature", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "without its signature")), refresh(Changed(Of(1, "refresh"), "two parts"))),
    case("refresh signed by another secret", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "signed by another secret"))),
    case("refresh unsigned", "defaults", login(), refresh(Changed(Of(1, "refresh"), "unsigned"))),
    case("refresh with spaces around the token", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "padded", " {}\n"))),
    case("refresh with Bearer before the token", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "padded", "Bearer {}"))),
    case("refresh by another algorithm of the same secret", "defaults", refresh(minted(header={"alg": "HS512"}))),
    case("refresh by an algorithm in lower case", "defaults", refresh(minted(header={"alg": "hs256"}))),
    case("refresh with a header of another typ", "defaults", refresh(minted(header={"typ": "at+jwt"})),
         refresh(minted(header={"typ": None}))),
    case("refresh with a kid", "defaults", refresh(minted(header={"kid": "1"}))),
    case("refresh with a critical header", "defaults", refresh(minted(header={"crit": ["b64"], "b64": False}))),
    case("refresh with an access token", "defaults", login(), refresh(Of(1, "access"))),
    case("refresh with a sliding token", "defaults", refresh(minted("sliding"))),
    case("refresh with an expired token", "defaults", refresh(minted(exp=Now(-1)))),
    case("refresh with a token that expired long ago", "defaults", refresh(minted(exp=1))),
    case("refresh without exp", "defaults", refresh(minted(without=["exp"]))),
    case("refresh with exp as a text", "defaults", refresh(minted(exp="tomorrow")), refresh(minted(exp="9999999999"))),
    case("refresh with exp as a fraction", "defaults", refresh(minted(exp=Now(DAY, whole=False)))),
    case("refresh with exp as null", "defaults", refresh(minted(exp=None))),
    case("refresh with a huge exp", "defaults", refresh(minted(exp=10**11))),
    case("refresh with an exp past any calendar", "defaults", refresh(minted(exp=10**18))),
    case("refresh with iat ahead", "defaults", refresh(minted(iat=Now(MINUTE)))),
    case("refresh without iat", "defaults", refresh(minted(without=["iat"]))),
    case("refresh with nbf ahead", "defaults", refresh(minted(nbf=Now(MINUTE)))),
    case("refresh without jti", "defaults", refresh(minted(without=["jti"]))),
    case("refresh with jti as a number", "defaults", refresh(minted(jti=1))),
    case("refresh without a type", "defaults", refresh(minted(without=["token_type"]))),
    case("refresh without a user", "defaults", refresh(minted(without=["user_id"]))),
    case("refresh with a number as user, as releases before 5.5.1 wrote it", "defaults", refresh(minted(user_id=1))),
    case("refresh with a user that never was", "defaults", refresh(minted(user_id="999"))),
    case("refresh with a user that cannot be", "defaults", refresh(minted(user_id="ada"))),
    case("refresh with an audience nobody asked for", "defaults", refresh(minted(aud="shop")),
         refresh(minted(iss="somebody"))),
    case("refresh with claims of the application", "defaults", refresh(minted(role="editor", tenant={"id": 7})),
         protected(Of(1, "access"))),
]

PAIR_CASES = [
    case("refresh", "defaults", login(), refresh(Of(1, "refresh")), protected(Of(2, "access"))),
    case("refresh the original's token", "defaults", refresh(minted()), protected(Of(1, "access"))),
    case("refresh as a form", "defaults", refresh(minted()),
         post(REFRESH, b"refresh=garbage", content_type=FORM)),
    case("refresh twice at once", "defaults", login(), refresh(Of(1, "refresh")), refresh(Of(1, "refresh"))),
    case("refresh an old token's last minute", "defaults", refresh(minted(exp=Now(MINUTE)))),
    case("refresh of a user who is inactive", "defaults", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"),
         refresh(Of(1, "refresh")), protected(Of(1, "access"))),
    case("refresh of a user who is gone", "defaults", login("fay"),
         Sql("DELETE FROM auth_user WHERE username = 'fay'"),
         refresh(Of(1, "refresh")), protected(Of(1, "access")), login("fay")),
    case("refresh after another password", "defaults", login("dan"),
         Sql("UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE username = 'bob')"
             " WHERE username = 'dan'"),
         login("dan"), login("dan", "bob-password"), refresh(Of(1, "refresh"))),
    case("refresh with GET", "defaults", get(REFRESH), get(VERIFY), get(BLACKLIST)),
    case("verify", "defaults", login(), verify(Of(1, "access")), verify(Of(1, "refresh"))),
    case("verify the original's tokens", "defaults", verify(minted("access")), verify(minted("refresh")),
         verify(minted("sliding"))),
    case("verify bad tokens", "defaults", verify("garbage"), verify(minted("access", exp=Now(-1))),
         verify(minted("access", key="some other secret of good length")), verify(minted("access", without=["exp"])),
         verify(minted("access", without=["jti"])), verify(minted("access", without=["token_type"]))),
    case("verify nothing", "defaults", post(VERIFY, {}), verify(""), verify(None), post(VERIFY, b"x")),
    case("verify a token of somebody who is inactive", "defaults", verify(minted("access", user_id="3"))),
    case("verify a token of nobody", "defaults", verify(minted("access", user_id="999")),
         verify(minted("access", without=["user_id"]))),
    case("verify a token of an unknown type", "defaults", verify(minted("access", token_type="other"))),
    case("verify with the token's access beside it", "defaults",
         post(VERIFY, {"token": minted("access")}, authorization=bearer(minted("access")))),
]

ROTATION_CASES = [
    case("rotation", "rotation", login(), refresh(Of(1, "refresh")), refresh(Of(2, "refresh")),
         protected(Of(3, "access"))),
    case("rotation of the original's token", "rotation", refresh(minted()), refresh(Of(1, "refresh")),
         protected(Of(2, "access"))),
    case("rotation keeps the application's claims", "rotation", refresh(minted(role="editor", tenant={"id": 7})),
         refresh(Of(1, "refresh")), protected(Of(2, "access"))),
    case("rotation, the same token twice at once", "rotation", login(), refresh(Of(1, "refresh")),
         refresh(Of(1, "refresh"))),
    case("rotation, the original's token twice at once", "rotation", refresh(minted(jti="0" * 32)),
         refresh(minted(jti="0" * 32))),
    case("blacklist", "rotation", login(), blacklist(Of(1, "refresh")), refresh(Of(1, "refresh")),
         verify(Of(1, "refresh")), protected(Of(1, "access"))),
    case("blacklist twice", "rotation", login(), blacklist(Of(1, "refresh")), blacklist(Of(1, "refresh"))),
    case("blacklist the original's token", "rotation", blacklist(minted(jti="1" * 32)),
         refresh(minted(jti="1" * 32))),
    case("blacklist bad tokens", "rotation", blacklist("garbage"), blacklist(minted("access")),
         blacklist(minted(exp=Now(-1))), blacklist(minted(without=["jti"])), blacklist(minted(without=["exp"]))),
    case("blacklist nothing", "rotation", post(BLACKLIST, {}), blacklist(""), blacklist(None)),
    case("blacklist a token of nobody", "rotation", blacklist(minted(user_id="999")),
         blacklist(minted(without=["user_id"]))),
    case("blacklist after a rotation", "rotation", login(), refresh(Of(1, "refresh")), blacklist(Of(2, "refresh")),
         refresh(Of(2, "refresh"))),
    case("rotation and blacklist", "rotation and blacklist", login(), refresh(Of(1, "refresh")),
         refresh(Of(2, "refresh")), protected(Of(3, "access"))),
    case("rotation and blacklist, the same token twice at once", "rotation and blacklist", login(),
         refresh(Of(1, "refresh")), refresh(Of(1, "refresh")), refresh(Of(2, "refresh"))),
    case("rotation and blacklist, the same token twice and later", "rotation and blacklist", login(),
         refresh(Of(1, "refresh")), Wait(3), refresh(Of(1, "refresh"))),
    case("rotation and blacklist, a token from before the last", "rotation and blacklist", login(),
         refresh(Of(1, "refresh")), Wait(3), refresh(Of(2, "refresh")), Wait(3), refresh(Of(3, "refresh")),
         refresh(Of(1, "refresh")), refresh(Of(4, "refresh"))),
    case("verify after rotation", "rotation and blacklist", login(), refresh(Of(1, "refresh")),
         verify(Of(1, "refresh")), verify(Of(2, "refresh")), verify(Of(2, "access"))),
    case("verify what was blacklisted", "rotation and blacklist", login(), blacklist(Of(1, "refresh")),
         verify(Of(1, "refresh")), verify(Of(1, "access"))),
    case("rotation of a user who is inactive", "rotation and blacklist", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"), refresh(Of(1, "refresh"))),
]

SLIDING_CASES = [
    case("sliding", "sliding", login(), protected(Of(1, "token")), Wait(1.1), slide(Of(1, "token")),
         protected(Of(3, "token"))),
    case("sliding, as the library's decoder reads it", "sliding", login(), decoded(Of(1, "token"), "sliding"),
         decoded(Of(1, "token"), "access")),
    case("slide the original's token", "sliding", slide(minted("sliding")),
         protected(Of(1, "token")), Wait(1.1), slide(Of(1, "token"))),
    case("slide twice at once", "sliding", login(), Wait(1.1), slide(Of(1, "token")), slide(Of(1, "token"))),
    case("slide past exp", "sliding", slide(minted("sliding", exp=Now(-1)))),
    case("slide past refresh_exp", "sliding", slide(minted("sliding", refresh_exp=Now(-1)))),
    case("slide near refresh_exp", "sliding", slide(minted("sliding", refresh_exp=Now(MINUTE)))),
    case("slide without refresh_exp", "sliding", slide(minted("sliding", without=["refresh_exp"]))),
    case("slide with claims of the application", "sliding", slide(minted("sliding", role="editor")),
         protected(Of(1, "token"))),
    case("slide other tokens", "sliding", slide(minted("access")), slide(minted("refresh")), slide("garbage"),
         post(REFRESH, {}), slide(""), slide(None)),
    case("sliding, wrong password", "sliding", login("ada", "wrong"), login("eve")),
    case("sliding, verify", "sliding", login(), verify(Of(1, "token")), verify(minted("sliding", exp=Now(-1)))),
    case("slide for somebody inactive", "sliding", slide(minted("sliding", user_id="3")),
         protected(minted("sliding", user_id="3"))),
    case("slide for somebody who is gone", "sliding", slide(minted("sliding", user_id="999"))),
    case("sliding, blacklist", "sliding", login(), Wait(1.1), post(BLACKLIST, {"refresh": Of(1, "token")}),
         slide(Of(1, "token"))),
]

RSA_CASES = [
    case("RS256", "RS256", login(), protected(Of(1, "access")), refresh(Of(1, "refresh")), protected(Of(3, "access"))),
    case("RS256, as the library's decoder reads it", "RS256", login(), decoded(Of(1, "access"), "access"),
         decoded(Of(1, "refresh"), "refresh")),
    case("RS256, the original's tokens", "RS256", refresh(minted()), verify(minted("access")), verify(minted()),
         blacklist(minted())),
    case("RS256, the public key as a secret", "RS256", refresh(minted(header={"alg": "HS256"})),
         verify(minted("access", header={"alg": "HS256"}))),
    case("RS256, unsigned", "RS256", login(), refresh(Changed(Of(1, "refresh"), "unsigned"))),
]

PASSWORD_CASES = [
    case("the password in the token", "password in the token", login(), protected(Of(1, "access")),
         refresh(Of(1, "refresh")), protected(Of(3, "access"))),
    case("the password in the token, changed", "password in the token", login("dan"),
         Sql("UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE username = 'bob')"
             " WHERE username = 'dan'"),
         protected(Of(1, "access")), refresh(Of(1, "refresh"))),
]

NAME_CASES = [
    case("other names", "other names", login(), protected(Of(1, "access"), "JWT"), refresh(Of(1, "refresh")),
         protected(Of(3, "access"))),
    case("other names, bad credentials", "other names", login("ada", "wrong"), refresh("garbage"), post(REFRESH, {})),
    case("other names, tokens of the usual ones", "other names", refresh(minted()), verify(minted("access"))),
    case("other names, another audience", "other names", login(),
         refresh(Changed(Of(1, "refresh"), "with claims", {"aud": "other"})),
         refresh(Changed(Of(1, "refresh"), "with claims", {"iss": "other"}))),
]

PROTECTED_CASES = [
    case("protected without a token", "defaults", get("/protected/"), get("/protected/", authorization="")),
    case("protected by other schemes", "defaults", login(), protected(Of(1, "access"), "bearer"),
         protected(Of(1, "access"), "JWT"), protected(Of(1, "access"), "BEARER")),
    case("protected with a bad header", "defaults", login(), get("/protected/", authorization="Bearer"),
         protected(Of(1, "access"), "Bearer x"), get("/protected/", authorization=bearer(Of(1, "access"), "Bearer  "))),
    case("protected with bad tokens", "defaults", login(), protected("garbage"), protected(Of(1, "refresh")),
         protected(Changed(Of(1, "access"), "signed by another secret")), protected(minted("access", exp=Now(-1))),
         protected(minted("access", user_id="999")), protected(minted("access", user_id="3"))),
]

EVERYWHERE = [
    *ANY_DJANGO,
    differs(None, "the session and the generation in it; a view that shows claims shows them too", {
        "body*.sid": (ABSENT, Some("32 hex digits")),
        "body*.gen": (ABSENT, Some("a number")),
    }),
]

DIALECT = Dialect(
    name="simplejwt",
    title="Simple JWT",
    variants=VARIANTS,
    cases=LOGIN_CASES + BAD_TOKENS + PAIR_CASES + ROTATION_CASES + SLIDING_CASES + RSA_CASES + PASSWORD_CASES
    + NAME_CASES + PROTECTED_CASES,
    everywhere=EVERYWHERE,
    kinds=KINDS,
    moved=("/api/token",),
)
