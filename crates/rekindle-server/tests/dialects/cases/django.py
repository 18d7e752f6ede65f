"""What differs whenever Django and Django REST framework answered, not the package."""

from harness.case import ABSENT, differs

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
