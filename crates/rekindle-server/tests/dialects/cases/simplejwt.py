"""Simple JWT 5.5.1."""

from harness.case import (
    ABSENT, Again, Changed, Dialect, Minted, Now, Of, Request, Some, Sql, Wait, bearer, case, differs, get, post,
)

from .django import ANY_DJANGO, again, answers, as_json, crash, invalid, success

# Past the replay window, which is two whole seconds in these tests.
LATER = Wait(3.1)
# Past the second in which nothing is renewed.
SOON = Wait(1.2)

PARSER = "The parser's words, which no program reads; the place is the same"
STRICT = "Checked more strictly than PyJWT does; the package writes no such token"
CRASHED = "An exception that the package does not catch: a token signed by the right secret, and wrong"
NO_CLAIM = "A session is somebody's"


def parser(step, original, rekindle):
    return differs(step, PARSER, {"body.detail": (f'"JSON parse error - {original}"', f'"JSON parse error - {rekindle}"')})


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


# The same token wherever a case names it.
TWICE = minted()


LOGIN_CASES = [
    case("obtain", "defaults", login(), protected(Of(1, "access"))),
    case("obtain, as the library's decoder reads it", "defaults", login(),
         decoded(Of(1, "access"), "access"), decoded(Of(1, "refresh"), "refresh"),
         decoded(Of(1, "access"), "untyped"), decoded(Of(1, "refresh"), "access")),
    case("obtain twice", "defaults", login(), login(), SOON, refresh(Of(1, "refresh")), refresh(Of(2, "refresh"))),
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
    case("half a surrogate pair", "defaults", login("\ud800", "ada-password"), differs=[
        differs(1, "It is no text, so it is not there", {
            "body.username[0]": ('"Surrogate characters are not allowed: U+D800."', '"This field is required."'),
        }),
    ]),
    case("a name of ten thousand characters", "defaults", login("a" * 10_000, "ada-password")),
    case("a password of ten thousand characters", "defaults", login("ada", "a" * 10_000)),
    case("more members than needed", "defaults",
         obtain({"username": "ada", "password": "ada-password", "remember": True})),
    case("a member twice", "defaults", obtain(b'{"username":"bob","username":"ada","password":"ada-password"}')),
    case("malformed JSON", "defaults", obtain(b'{"username":'), obtain(b"{'username': 'ada'}"), obtain(b'{"a":1}x'), differs=[
        parser(1, "Expecting value: line 1 column 13 (char 12)", "see line 1 column 12"),
        parser(2, "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)", "see line 1 column 2"),
        parser(3, "Extra data: line 1 column 8 (char 7)", "see line 1 column 8"),
    ]),
    case("JSON that is no object", "defaults", obtain(["ada"]), obtain(b'"ada"'), obtain(b"1"), obtain(b"null")),
    case("NaN", "defaults", obtain(b'{"username":NaN,"password":"x"}'), differs=[
        parser(1, "Out of range float values are not JSON compliant: 'NaN'", "see line 1 column 13"),
    ]),
    case("an empty body", "defaults", obtain(b"")),
    case("no body and no type", "defaults", obtain()),
    case("no UTF-8", "defaults", obtain(b'{"username":"\xff","password":"x"}'), differs=[
        parser(1, "'utf-8' codec can't decode byte 0xff in position 13: invalid start byte", "see line 1 column 14"),
    ]),
    case("a byte order mark", "defaults", obtain(b'\xef\xbb\xbf{"username":"ada","password":"ada-password"}'), differs=[
        parser(1, "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)", "see line 1 column 1"),
    ]),
    case("text", "defaults", obtain(b"username=ada", content_type="text/plain")),
    case("a type that is none", "defaults", obtain(b"{}", content_type="json")),
    case("JSON with a charset", "defaults",
         obtain(b'{"username":"ada","password":"ada-password"}', content_type="application/json; charset=utf-8"),
         obtain(b'{"username":"ada","password":"ada-password"}', content_type="Application/JSON")),
    case("another kind of JSON", "defaults", obtain(b"{}", content_type="application/vnd.api+json")),
    case("a form", "defaults", obtain(b"username=ada&password=ada-password", content_type=FORM),
         obtain(b"username=ada", content_type=FORM), obtain(b"username=&password=", content_type=FORM)),
    case("a form of several parts", "defaults",
         obtain(b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nada\r\n'
                b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nada-password\r\n--x--\r\n',
                content_type="multipart/form-data; boundary=x")),
    case("a query", "defaults", post(OBTAIN + "?username=ada&password=ada-password", {})),
    case("other methods", "defaults", *(Request(method, OBTAIN) for method in ("GET", "PUT", "PATCH", "DELETE"))),
    case("HEAD", "defaults", Request("HEAD", OBTAIN)),
    case("a method that nobody knows", "defaults", Request("PURGE", OBTAIN)),
    case("OPTIONS", "defaults", *(Request("OPTIONS", path) for path in (OBTAIN, REFRESH, VERIFY, BLACKLIST)), differs=[
        differs(None, "What a view takes is for its author to read; browsers ask for `Allow` and CORS", {
            "status": ("200", "204"),
            "header content-type": ("application/json", ABSENT),
            "body": ("JSON, compact", "empty"),
            "body.*": (Some("a description of the view"), ABSENT),
        }),
    ]),
    case("without the last slash", "defaults", post("/api/token", {"username": "ada", "password": "ada-password"}),
         get("/api/token"), differs=[
        answers(1, "Django redirects, and the POST becomes a GET; the front end meant this",
                {"status": 301, "header location": "/api/token/", "header content-type": "text/html; charset=utf-8",
                 "body": "empty"},
                as_json(success("refresh", "access"))),
        answers(2, "the same",
                {"status": 301, "header location": "/api/token/", "header content-type": "text/html; charset=utf-8",
                 "body": "empty"},
                as_json({"status": 405, "header allow": "OPTIONS, POST", "body.detail": '"Method \\"GET\\" not allowed."'})),
    ]),
    case("a path below", "defaults", post("/api/token/other/", {}), differs=[
        differs(1, "No path of the package's: Rekindle's own words, for whoever sets up the proxy", {
            "header content-type": ("text/html; charset=utf-8", "application/problem+json"),
            "body": ("HTML", "JSON, compact"),
            "body.*": (ABSENT, Some("a problem (RFC 9457)")),
        }),
    ]),
    case("Accept: JSON", "defaults", obtain({}, accept="application/json"), obtain({}, accept="*/*")),
    case("Accept: HTML", "defaults", obtain({}, accept="text/html"), differs=[
        differs(1, "The browsable API is for whoever develops the API", {
            "header content-type": ("text/html; charset=utf-8", "application/json"),
            "header vary": ("Accept, Cookie", ABSENT),
            "cookie csrftoken*": (Some("the form's"), ABSENT),
            "body": ("HTML", "JSON, compact"),
            "body.*": (ABSENT, Some("the same as in JSON")),
        }),
    ]),
    case("Accept: XML", "defaults", obtain({}, accept="application/xml"), differs=[
        answers(1, "There is one representation, and whoever asks for another gets it (RFC 9110 section 12.5.1)",
                {"status": 406, "body.detail": '"Could not satisfy the request Accept header."'},
                {"status": 400, "body.username*": Some("what is wrong"), "body.password*": Some("what is wrong")}),
    ]),
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
    case("refresh with spaces around the token", "defaults", login(), SOON,
         refresh(Changed(Of(1, "refresh"), "padded", " {}\n"))),
    case("refresh with Bearer before the token", "defaults", login(),
         refresh(Changed(Of(1, "refresh"), "padded", "Bearer {}"))),
    case("refresh by another algorithm of the same secret", "defaults", refresh(minted(header={"alg": "HS512"}))),
    case("refresh by an algorithm in lower case", "defaults", refresh(minted(header={"alg": "hs256"}))),
    case("refresh with a header of another typ", "defaults", refresh(minted(header={"typ": "at+jwt"})),
         refresh(minted(header={"typ": None})), differs=[answers(1, STRICT, success("access"), invalid())]),
    case("refresh with a kid", "defaults", refresh(minted(header={"kid": "1"})), differs=[
        answers(1, STRICT, success("access"), invalid()),
    ]),
    case("refresh with a critical header", "defaults", refresh(minted(header={"crit": ["b64"], "b64": False}))),
    case("refresh with an access token", "defaults", login(), refresh(Of(1, "access"))),
    case("refresh with a sliding token", "defaults", refresh(minted("sliding"))),
    case("refresh with an expired token", "defaults", refresh(minted(exp=Now(-1)))),
    case("refresh with a token that expired long ago", "defaults", refresh(minted(exp=1))),
    case("refresh without exp", "defaults", refresh(minted(without=["exp"]))),
    case("refresh with exp as a text", "defaults", refresh(minted(exp="tomorrow")), refresh(minted(exp="9999999999")),
         differs=[answers(2, CRASHED, crash(), as_json(invalid()))]),
    case("refresh with exp as a fraction", "defaults", refresh(minted(exp=Now(DAY, whole=False)))),
    case("refresh with exp as null", "defaults", refresh(minted(exp=None))),
    case("refresh with a huge exp", "defaults", refresh(minted(exp=10**11))),
    case("refresh with an exp past any calendar", "defaults", refresh(minted(exp=10**18)), differs=[
        answers(1, CRASHED, crash(), as_json(invalid())),
    ]),
    case("refresh with iat ahead", "defaults", refresh(minted(iat=Now(MINUTE))), differs=[
        answers(1, "RFC 7519 does not ask to refuse it: that is what `nbf` is for, and two machines' clocks differ",
                invalid(), success("access")),
    ]),
    case("refresh without iat", "defaults", refresh(minted(without=["iat"]))),
    case("refresh with nbf ahead", "defaults", refresh(minted(nbf=Now(MINUTE)))),
    case("refresh without jti", "defaults", refresh(minted(without=["jti"])), differs=[
        answers(1, CRASHED, crash(), as_json(invalid("Token has no id"))),
    ]),
    case("refresh with jti as a number", "defaults", refresh(minted(jti=1)), differs=[
        answers(1, "A token is adopted by what is signed, whatever its name", invalid(), success("access")),
    ]),
    case("refresh without a type", "defaults", refresh(minted(without=["token_type"]))),
    case("refresh without a user", "defaults", refresh(minted(without=["user_id"])), differs=[
        answers(1, NO_CLAIM, success("access"), invalid()),
    ]),
    case("refresh with a number as user, as releases before 5.5.1 wrote it", "defaults", refresh(minted(user_id=1)), differs=[
        differs(1, "As 5.5.1 writes it; `user_id_type = \"integer\"` is for an API that wants what earlier ones wrote", {
            "body.access.user_id": ("1", '"1"'),
        }),
    ]),
    case("refresh with a user that never was", "defaults", refresh(minted(user_id="999")), differs=[
        answers(1, "An exception that release 5.5.1 does not catch; later ones answer as here",
                crash(), as_json(invalid("No active account found for the given token.", None))),
    ]),
    case("refresh with a user that cannot be", "defaults", refresh(minted(user_id="ada")), differs=[
        answers(1, "An exception that release 5.5.1 does not catch; later ones answer as here",
                crash(), as_json(invalid("No active account found for the given token.", None))),
    ]),
    case("refresh with an audience nobody asked for", "defaults", refresh(minted(aud="shop")),
         refresh(minted(iss="somebody")), differs=[
        differs(1, "What was not checked is not passed on", {"body.access.aud": ('"shop"', ABSENT)}),
        differs(2, "the same", {"body.access.iss": ('"somebody"', ABSENT)}),
    ]),
    case("refresh with claims of the application", "defaults", refresh(minted(role="editor", tenant={"id": 7})),
         protected(Of(1, "access"))),
]

PAIR_CASES = [
    case("refresh", "defaults", login(), SOON, refresh(Of(1, "refresh")), protected(Of(2, "access"))),
    case("refresh the original's token", "defaults", refresh(minted()), protected(Of(1, "access"))),
    case("refresh as a form", "defaults", refresh(minted()),
         post(REFRESH, b"refresh=garbage", content_type=FORM)),
    case("refresh twice at once", "defaults", login(), SOON, refresh(Of(1, "refresh")), refresh(Of(1, "refresh")), differs=[
        again(3, "access", why="One access token a second: all who ask in the same one get the same"),
    ]),
    case("refresh an old token's last minute", "defaults", refresh(minted(exp=Now(MINUTE))), differs=[
        differs(1, "An access token does not outlive its session, which ends with the refresh token", {
            "body.access.exp": ("iat+300", Some("the refresh token's end")),
        }),
    ]),
    case("refresh of a user who is inactive", "defaults", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"),
         refresh(Of(1, "refresh")), protected(Of(1, "access"))),
    case("refresh of a user who is gone", "defaults", login("fay"),
         Sql("DELETE FROM auth_user WHERE username = 'fay'"),
         refresh(Of(1, "refresh")), protected(Of(1, "access")), login("fay"), differs=[
        answers(2, "An exception that release 5.5.1 does not catch; later ones answer as here",
                crash(), as_json(invalid("No active account found for the given token.", None))),
    ]),
    case("refresh after another password", "defaults", login("dan"),
         Sql("UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE username = 'bob')"
             " WHERE username = 'dan'"),
         login("dan"), login("dan", "bob-password"), SOON, refresh(Of(1, "refresh"))),
    case("refresh with GET", "defaults", get(REFRESH), get(VERIFY), get(BLACKLIST)),
    case("verify", "defaults", login(), verify(Of(1, "access")), verify(Of(1, "refresh"))),
    case("verify the original's tokens", "defaults", verify(minted("access")), verify(minted("refresh")),
         verify(minted("sliding"))),
    case("verify bad tokens", "defaults", verify("garbage"), verify(minted("access", exp=Now(-1))),
         verify(minted("access", key="some other secret of good length")), verify(minted("access", without=["exp"])),
         verify(minted("access", without=["jti"])), verify(minted("access", without=["token_type"]))),
    case("verify nothing", "defaults", post(VERIFY, {}), verify(""), verify(None), post(VERIFY, b"x"), differs=[
        parser(4, "Expecting value: line 1 column 1 (char 0)", "see line 1 column 1"),
    ]),
    case("verify a token of somebody who is inactive", "defaults", verify(minted("access", user_id="3"))),
    case("verify a token of nobody", "defaults", verify(minted("access", user_id="999")),
         verify(minted("access", without=["user_id"]))),
    case("verify a token of an unknown type", "defaults", verify(minted("access", token_type="other"))),
    case("verify with the token's access beside it", "defaults",
         post(VERIFY, {"token": minted("access")}, authorization=bearer(minted("access")))),
]

ROTATION_CASES = [
    case("rotation", "rotation", login(), LATER, refresh(Of(1, "refresh")), LATER, refresh(Of(2, "refresh")),
         protected(Of(3, "access"))),
    case("rotation of the original's token", "rotation", refresh(minted()), LATER, refresh(Of(1, "refresh")),
         protected(Of(2, "access"))),
    case("rotation keeps the application's claims", "rotation", refresh(minted(role="editor", tenant={"id": 7})),
         LATER, refresh(Of(1, "refresh")), protected(Of(2, "access"))),
    case("rotation, the same token twice at once", "rotation", login(), LATER, refresh(Of(1, "refresh")),
         refresh(Of(1, "refresh")), differs=[again(3, "access", "refresh")]),
    case("rotation right after the login", "rotation", login(), refresh(Of(1, "refresh")), differs=[
        again(2, "access", "refresh", why="The login opened a replay window too: its own tokens come again"),
    ]),
    case("rotation, the original's token twice at once", "rotation", refresh(TWICE), refresh(TWICE), differs=[again(2, "access", "refresh")]),
    case("blacklist", "rotation", login(), blacklist(Of(1, "refresh")), refresh(Of(1, "refresh")),
         verify(Of(1, "access")), protected(Of(1, "access")), differs=[
        answers(4, "An access token of a session that has ended: the package cannot know, Rekindle does",
                {"status": 200, "body members": "none"},
                {"status": 400, "body.non_field_errors*": Some("Token is blacklisted")}),
    ]),
    case("blacklist twice", "rotation", login(), blacklist(Of(1, "refresh")), blacklist(Of(1, "refresh"))),
    case("blacklist the original's token", "rotation", blacklist(TWICE), refresh(TWICE)),
    case("blacklist bad tokens", "rotation", blacklist("garbage"), blacklist(minted("access")),
         blacklist(minted(exp=Now(-1))), blacklist(minted(without=["jti"])), blacklist(minted(without=["exp"])),
         differs=[answers(4, CRASHED, crash(), as_json(invalid("Token has no id")))]),
    case("blacklist nothing", "rotation", post(BLACKLIST, {}), blacklist(""), blacklist(None)),
    case("blacklist a token of nobody", "rotation", blacklist(minted(user_id="999")),
         blacklist(minted(without=["user_id"])), differs=[
        answers(2, NO_CLAIM, {"status": 200, "body members": "none"}, invalid()),
    ]),
    case("blacklist after a rotation", "rotation", login(), LATER, refresh(Of(1, "refresh")), blacklist(Of(2, "refresh")),
         refresh(Of(2, "refresh"))),
    case("rotation and blacklist", "rotation and blacklist", login(), LATER, refresh(Of(1, "refresh")), LATER,
         refresh(Of(2, "refresh")), protected(Of(3, "access"))),
    case("rotation and blacklist, the same token twice at once", "rotation and blacklist", login(), LATER,
         refresh(Of(1, "refresh")), refresh(Of(1, "refresh")), LATER, refresh(Of(2, "refresh")), differs=[
        answers(3, "Two tabs refresh at once: both get the same tokens, where the second was logged out",
                invalid("Token is blacklisted"), success("access", "refresh")),
    ]),
    case("rotation and blacklist, the same token twice and later", "rotation and blacklist", login(), LATER,
         refresh(Of(1, "refresh")), LATER, refresh(Of(1, "refresh")), differs=[
        answers(3, "The answer was lost, and the client comes back with the token it has: as long as nobody has used the new one,"
                " the session goes on", invalid("Token is blacklisted"), success("access", "refresh")),
    ]),
    case("rotation and blacklist, the token before the last", "rotation and blacklist", login(), LATER,
         refresh(Of(1, "refresh")), LATER, refresh(Of(2, "refresh")), refresh(Of(1, "refresh")), refresh(Of(3, "refresh")),
         differs=[
        answers(4, "A tab may be this late: it reads what is stored and comes again. The package logs it out",
                invalid("Token is blacklisted"),
                {"status": 503, "header retry-after": "1",
                 "body.detail": '"Service temporarily unavailable, try again later."'}),
        again(5, "access", "refresh"),
    ]),
    case("rotation and blacklist, a token from long before", "rotation and blacklist", login(), LATER,
         refresh(Of(1, "refresh")), LATER, refresh(Of(2, "refresh")), LATER, refresh(Of(3, "refresh")),
         refresh(Of(1, "refresh")), refresh(Of(4, "refresh")), differs=[
        answers(6, "The answer before was given to a thief, or to the owner after one: the session has ended for both",
                success("access", "refresh"), invalid("Token is blacklisted")),
    ]),
    case("verify after rotation", "rotation and blacklist", login(), LATER, refresh(Of(1, "refresh")), LATER,
         refresh(Of(2, "refresh")), verify(Of(1, "refresh")), verify(Of(2, "refresh")), verify(Of(2, "access")), differs=[
        answers(5, "The token before the newest is still good for a client whose answer was lost",
                {"status": 400, "body.non_field_errors*": Some("Token is blacklisted")},
                {"status": 200, "body members": "none"}),
    ]),
    case("verify what was blacklisted", "rotation and blacklist", login(), blacklist(Of(1, "refresh")),
         verify(Of(1, "refresh")), verify(Of(1, "access")), differs=[
        answers(4, "An access token of a session that has ended: the package cannot know, Rekindle does",
                {"status": 200, "body members": "none"},
                {"status": 400, "body.non_field_errors*": Some("Token is blacklisted")}),
    ]),
    case("rotation of a user who is inactive", "rotation and blacklist", login("dan"),
         Sql("UPDATE auth_user SET is_active = false WHERE username = 'dan'"), LATER, refresh(Of(1, "refresh"))),
]

SLIDING_CASES = [
    case("sliding", "sliding", login(), protected(Of(1, "token")), SOON, slide(Of(1, "token")),
         protected(Of(3, "token"))),
    case("sliding, as the library's decoder reads it", "sliding", login(), decoded(Of(1, "token"), "sliding"),
         decoded(Of(1, "token"), "access")),
    case("slide the original's token", "sliding", slide(minted("sliding")),
         protected(Of(1, "token")), SOON, slide(Of(1, "token")), differs=[
        differs(None, "Adopted, it is another token of another system; nobody looks a sliding token up by its name", {
            "body*.jti": (Again("what was sent"), Some("a new one")),
        }),
    ]),
    case("slide twice", "sliding", login(), SOON, slide(Of(1, "token")), SOON, slide(Of(1, "token"))),
    case("slide past exp", "sliding", slide(minted("sliding", exp=Now(-1)))),
    case("slide past refresh_exp", "sliding", slide(minted("sliding", refresh_exp=Now(-1)))),
    case("slide near refresh_exp", "sliding", slide(minted("sliding", refresh_exp=Now(MINUTE))), differs=[
        differs(None, "Adopted, it is another token of another system; nobody looks a sliding token up by its name", {
            "body*.jti": (Again("what was sent"), Some("a new one")),
        }),
        differs(1, "The session ends with what was adopted: its exp or its refresh_exp, whichever is later, and no token outlives it", {
            "body.token.exp": ("iat+300", Some("the session's end")),
            "body.token.refresh_exp": (Again("what was sent"), Some("the session's end")),
        }),
    ]),
    case("slide without refresh_exp", "sliding", slide(minted("sliding", without=["refresh_exp"]))),
    case("slide with claims of the application", "sliding", slide(minted("sliding", role="editor")),
         protected(Of(1, "token")), differs=[
        differs(None, "Adopted, it is another token of another system; nobody looks a sliding token up by its name", {
            "body*.jti": (Again("what was sent"), Some("a new one")),
        }),
    ]),
    case("slide other tokens", "sliding", slide(minted("access")), slide(minted("refresh")), slide("garbage"),
         post(REFRESH, {}), slide(""), slide(None)),
    case("sliding, wrong password", "sliding", login("ada", "wrong"), login("eve")),
    case("sliding, verify", "sliding", login(), verify(Of(1, "token")), verify(minted("sliding", exp=Now(-1)))),
    case("slide for somebody inactive", "sliding", slide(minted("sliding", user_id="3")),
         protected(minted("sliding", user_id="3")), differs=[
        answers(1, "The package does not look at the user when it slides a token; the API then refuses what it was given",
                success("token"), invalid("No active account found for the given token.", None)),
    ]),
    case("slide for somebody who is gone", "sliding", slide(minted("sliding", user_id="999")), differs=[
        answers(1, "The package does not look at the user when it slides a token; the API then refuses what it was given",
                success("token"), invalid("No active account found for the given token.", None)),
    ]),
    case("sliding, blacklist", "sliding", login(), SOON, post(BLACKLIST, {"refresh": Of(1, "token")}),
         slide(Of(1, "token"))),
]

RSA_CASES = [
    case("RS256", "RS256", login(), protected(Of(1, "access")), LATER, refresh(Of(1, "refresh")), protected(Of(3, "access"))),
    case("RS256, as the library's decoder reads it", "RS256", login(), decoded(Of(1, "access"), "access"),
         decoded(Of(1, "refresh"), "refresh")),
    case("RS256, the original's tokens", "RS256", refresh(minted()), verify(minted("access")), verify(minted()),
         blacklist(minted())),
    case("RS256, the public key as a secret", "RS256", refresh(minted(header={"alg": "HS256"})),
         verify(minted("access", header={"alg": "HS256"}))),
    case("RS256, unsigned", "RS256", login(), refresh(Changed(Of(1, "refresh"), "unsigned"))),
]

REVOKE = "CHECK_REVOKE_TOKEN is the application's own watch over changed passwords, by a claim that Rekindle does not write:" \
    " turn it off in the application, or give the claim by the accounts' SQL; and tell Rekindle of a changed password"


PASSWORD_CASES = [
    case("the password in the token", "password in the token", login(), protected(Of(1, "access")), differs=[
        differs(1, REVOKE, {"body*.hash_password": (Some("MD5 of the stored hash"), ABSENT)}),
        answers(2, "the same",
                {"status": 200, "body.user*": Some("the user"), "body.claims*": Some("the token's")},
                invalid("The user's password has been changed.", "password_changed")),
    ]),
    case("the password in the token, changed", "password in the token", login("dan"),
         Sql("UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE username = 'bob')"
             " WHERE username = 'dan'"), LATER,
         protected(Of(1, "access")), refresh(Of(1, "refresh")), differs=[
        differs(None, REVOKE, {"body*.hash_password": (Some("MD5 of the stored hash"), ABSENT)}),
    ]),
]

CHALLENGED = "The first of AUTH_HEADER_TYPES, which is the API's setting; no client reads it here"


NAME_CASES = [
    case("other names", "other names", login(), protected(Of(1, "access"), "JWT"), LATER, refresh(Of(1, "refresh")),
         protected(Of(3, "access"))),
    case("other names, bad credentials", "other names", login("ada", "wrong"), refresh("garbage"), post(REFRESH, {}),
         differs=[differs(None, CHALLENGED, {"header www-authenticate": ('JWT realm="api"', 'Bearer realm="api"')})]),
    case("other names, tokens of the usual ones", "other names", refresh(minted()), verify(minted("access")),
         differs=[differs(None, CHALLENGED, {"header www-authenticate": ('JWT realm="api"', 'Bearer realm="api"')})]),
    case("other names, another audience", "other names", login(),
         refresh(Changed(Of(1, "refresh"), "with claims", {"aud": "other"})),
         refresh(Changed(Of(1, "refresh"), "with claims", {"iss": "other"})),
         differs=[differs(None, CHALLENGED, {"header www-authenticate": ('JWT realm="api"', 'Bearer realm="api"')})]),
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
