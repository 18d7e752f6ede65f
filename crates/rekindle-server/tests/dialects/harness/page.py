"""docs/dialects/differences.md: every difference that is meant, with its reason."""

from .case import ABSENT, Again, Some

HEAD = """# Where the dialects differ from the originals
Written by the comparison in `crates/rekindle-server/tests/dialects`, which asks the originals and Rekindle the same and
compares status, headers, cookies, bodies and the claims of tokens. **Whatever is not listed here was the same
in every case**; a difference that is not listed fails, and so does one that is listed and no longer shows. `body.refresh*` is
a token with all that is in it; – stands where only one of the two has something.
`REKINDLE_BLESS=1 cargo xtask test --only dialects` writes this page.

Compared with djangorestframework-simplejwt 5.5.1, drf-jwt 1.19.2 and Flask-JWT-Extended 4.7.4 on Django 5.2, Django REST
framework 3.18 and Flask 3.1. django-rest-framework-jwt (jpadilla) and jwt-auth (tymon, PHP-Open-Source-Saver) were not run: what
they answer is written in `cases/jpadilla.py` and `cases/tymon.py`, by their documentation and source.
"""


def page(dialects, counts):
    lines = [HEAD]
    for dialect in dialects:
        asked, requests = counts[dialect.name]
        lines.append(f"## {dialect.title}\n{asked} cases, {requests} requests. {dialect.intro}".rstrip() + "\n")
        lines += table("wherever it can show", [(None, difference) for difference in dialect.everywhere])
        lines += table(
            "case (settings), answer",
            [(case, difference) for case in dialect.cases for difference in case.differences],
        )
    return "\n".join(lines).rstrip() + "\n"


def table(head, rows):
    lines = [f"| {head} | original | Rekindle | why |", "|---|---|---|---|"]
    reason = None
    for case, difference in rows:
        place = f"{case.name} ({case.variant})" if case else fields_of(difference)
        place += f", {difference.step}" if difference.step else ""
        reason = difference.why if difference.why != "the same" else reason
        sides = [side(difference, which, named=case is not None) for which in (0, 1)]
        lines.append(f"| {cell(place)} | {sides[0]} | {sides[1]} | {cell(reason)} |")
    return [*lines, ""]


def fields_of(difference):
    return ", ".join(difference.fields)


def side(difference, which, named):
    """What one has, field by field; what it has not goes without saying where the other's is told."""
    parts = []
    for field, values in difference.fields.items():
        if values[which] == ABSENT and named:
            continue
        parts.append(f"{field}: {value(values[which])}" if named else value(values[which]))
    return cell("; ".join(parts) or ABSENT)


def value(listed):
    if isinstance(listed, (Again, Some)):
        return listed.text
    return ABSENT if listed == ABSENT else f"`{listed}`"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
