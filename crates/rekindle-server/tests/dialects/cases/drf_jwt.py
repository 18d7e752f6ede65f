"""drf-jwt 1.19.2, Styria's continuation of django-rest-framework-jwt."""

from harness.case import Changed, Dialect, Minted, Now, Of, Request, Sql, Text, Wait, bearer, case, get, post

OBTAIN, REFRESH = "/auth/jwt/", "/auth/jwt/refresh/"
VERIFY, BLACKLIST = "/auth/jwt/verify/", "/auth/jwt/blacklist/"
FORM = "application/x-www-form-urlencoded"

MINUTE, DAY = 60, 86400


def variant(without=(), **settings):
    """`without`: what Rekindle has no key for."""
    return {
        "application": "drf_jwt",
        "original": settings,
        "original_only": without,
        "rekindle": {"obtain": OBTAIN, "refresh": REFRESH, "verify": VERIFY, "blacklist": BLACKLIST},
        "key_settings": ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"),
    }


VARIANTS = {
    "defaults": variant(),
    "cookie": variant(JWT_AUTH_COOKIE="jwt", JWT_EXPIRATION_DELTA=10 * MINUTE),
    "without ids": variant(without=["JWT_AUTH_HEADER_PREFIX"], JWT_TOKEN_ID="off", JWT_PAYLOAD_INCLUDE_USER_ID=False, JWT_AUTH_HEADER_PREFIX="JWT"),
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
    case("malformed JSON", "defaults", post(OBTAIN, b'{"username":')),
    case("JSON that is no object", "defaults", post(OBTAIN, ["ada"]), post(OBTAIN, b"null")),
    case("text", "defaults", post(OBTAIN, b"username=ada", content_type="text/plain")),
    case("a form", "defaults", post(OBTAIN, b"username=ada&password=ada-password", content_type=FORM)),
    case("other methods", "defaults", *(Request(method, OBTAIN) for method in ("GET", "PUT", "PATCH", "DELETE"))),
    case("OPTIONS", "defaults", *(Request("OPTIONS", path) for path in (OBTAIN, REFRESH, VERIFY))),
    case("without the last slash", "defaults", post("/auth/jwt", {"username": "ada", "password": "ada-password"})),
]

TOKEN_CASES = [
    case("refresh", "defaults", login(), Wait(1.1), refresh(Of(1, "token")), protected(Of(2, "token"))),
    case("refresh, as the library's decoder reads it", "defaults", login(), refresh(Of(1, "token")),
         decoded(Of(2, "token"))),
    case("refresh a refreshed one", "defaults", login(), Wait(1.1), refresh(Of(1, "token")), Wait(1.1),
         refresh(Of(2, "token")), protected(Of(3, "token"))),
    case("refresh twice at once", "defaults", login(), Wait(1.1), refresh(Of(1, "token")), refresh(Of(1, "token")),
         protected(Of(1, "token"))),
    case("refresh the original's token", "defaults",
         refresh(minted(iat=Now(-100), exp=Now(200), orig_iat=Now(-1000))), protected(Of(1, "token"))),
    case("refresh the original's token with an orig_jti", "defaults",
         refresh(minted(iat=Now(-100), orig_iat=Now(-1000), orig_jti="new uuid"))),
    case("refresh as a form", "defaults", post(REFRESH, Text("token={}", (minted(),)), content_type=FORM)),
    case("refresh an expired token", "defaults", refresh(minted(exp=Now(-1)))),
    case("refresh past the delta", "defaults", refresh(minted(orig_iat=Now(-7 * DAY - 10)))),
    case("refresh just before the delta", "defaults", refresh(minted(orig_iat=Now(-7 * DAY + MINUTE)))),
    case("refresh without orig_iat", "defaults", refresh(minted(without=["orig_iat"]))),
    case("refresh with orig_iat as a text", "defaults", refresh(minted(orig_iat="today"))),
    case("refresh with orig_iat as a fraction", "defaults", refresh(minted(orig_iat=Now(-100, whole=False)))),
    case("refresh with orig_iat ahead", "defaults", refresh(minted(orig_iat=Now(100)))),
    case("refresh garbage", "defaults", refresh("garbage"), refresh("a.b.c"), refresh("é")),
    case("refresh nothing", "defaults", post(REFRESH, {}), refresh(""), refresh(None), refresh(1)),
    case("refresh a truncated token", "defaults", login(), refresh(Changed(Of(1, "token"), "truncated"))),
    case("refresh signed by another secret", "defaults", login(),
         refresh(Changed(Of(1, "token"), "signed by another secret"))),
    case("refresh unsigned", "defaults", login(), refresh(Changed(Of(1, "token"), "unsigned"))),
    case("refresh without the signature", "defaults", login(), refresh(Changed(Of(1, "token"), "without its signature"))),
    case("refresh by another algorithm", "defaults", refresh(minted(header={"alg": "HS512"}))),
    case("refresh with iat ahead", "defaults", refresh(minted(iat=Now(MINUTE)))),
    case("refresh with nbf ahead", "defaults", refresh(minted(nbf=Now(MINUTE)))),
    case("refresh without exp", "defaults", refresh(minted(without=["exp"]))),
    case("refresh without iat", "defaults", refresh(minted(without=["iat"]))),
    case("refresh without a name", "defaults", refresh(minted(without=["username"])), refresh(minted(username=""))),
    case("refresh without ids", "defaults", refresh(minted(without=["jti"])), refresh(minted(without=["user_id"]))),
    case("refresh with another's id", "defaults", refresh(minted(user_id=2))),
    case("refresh with claims of the application", "defaults", refresh(minted(role="editor", email="ada@example.com"))),
    case("refresh for nobody", "defaults", refresh(minted(username="nobody"))),
    case("refresh for somebody inactive", "defaults", refresh(minted(username="eve", user_id=3))),
    case("refresh of a user who is gone", "defaults", login("fay"),
         Sql("DELETE FROM auth_user WHERE username = 'fay'"), refresh(Of(1, "token")), protected(Of(1, "token"))),
    case("refresh of a user who became inactive", "defaults", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"), refresh(Of(1, "token")),
         verify(Of(1, "token")), protected(Of(1, "token"))),
    case("verify", "defaults", login(), verify(Of(1, "token"))),
    case("verify the original's token", "defaults", verify(minted(iat=Now(-100)))),
    case("verify bad tokens", "defaults", verify("garbage"), verify(minted(exp=Now(-1))),
         verify(minted(key="some other secret of good length")), verify(minted(username="nobody")),
         verify(minted(username="eve")), verify(minted(without=["username"]))),
    case("verify nothing", "defaults", post(VERIFY, {}), verify(""), verify(None)),
    case("verify without iat", "defaults", verify(minted(without=["iat"]))),
    case("blacklist", "defaults", login(), blacklist(Of(1, "token")), refresh(Of(1, "token")), verify(Of(1, "token")),
         protected(Of(1, "token"))),
    case("blacklist by the request's own token", "defaults", login(),
         post(BLACKLIST, {}, authorization=bearer(Of(1, "token"))), verify(Of(1, "token"))),
    case("blacklist the first, and what came of it", "defaults", login(), refresh(Of(1, "token")),
         blacklist(Of(1, "token")), refresh(Of(2, "token")), protected(Of(2, "token"))),
    case("blacklist twice", "defaults", login(), blacklist(Of(1, "token")), blacklist(Of(1, "token"))),
    case("blacklist without being signed in", "defaults", login(), post(BLACKLIST, {"token": Of(1, "token")}),
         post(BLACKLIST, {})),
    case("other methods of the others", "defaults", get(REFRESH), get(VERIFY)),
]

VARIANT_CASES = [
    case("the cookie", "cookie", login(), get("/protected/", cookie=Text("jwt={}", (Of(1, "jwt", cookie=True),))),
         refresh(Of(1, "token")), verify(Of(1, "token")), login("ada", "wrong"), refresh("garbage")),
    case("the cookie in place of the member", "cookie", login(),
         post(REFRESH, {}, cookie=Text("jwt={}", (Of(1, "jwt", cookie=True),)))),
    case("without ids", "without ids", login(), Wait(1.1), refresh(Of(1, "token")), protected(Of(2, "token"), "JWT"),
         protected(Of(2, "token"), "jwt"), protected(Of(2, "token"), "Bearer")),
    case("without ids, the original's token", "without ids",
         refresh(minted(iat=Now(-10), without=["jti", "user_id"])), refresh(minted())),
    case("without refresh", "without refresh", login(), refresh(Of(1, "token")), verify(Of(1, "token")),
         protected(Of(1, "token"))),
    case("RS256", "RS256", login(), protected(Of(1, "token")), refresh(Of(1, "token")), verify(Of(1, "token")),
         decoded(Of(3, "token"))),
    case("RS256, the original's tokens", "RS256", refresh(minted(aud="shop", iss="https://shop.example.com")),
         refresh(minted()), refresh(minted(aud="other", iss="https://shop.example.com")),
         refresh(minted(aud="shop", iss="https://other.example.com"))),
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

DIALECT = Dialect(
    name="drf-jwt",
    title="drf-jwt (Styria)",
    variants=VARIANTS,
    cases=LOGIN_CASES + TOKEN_CASES + VARIANT_CASES + PROTECTED_CASES,
    everywhere=[],
    kinds=KINDS,
    moved=("/auth/jwt",),
)
