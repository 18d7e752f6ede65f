"""docs/dialects/differences.md: every difference that is meant, with its reason."""

from .case import ABSENT, Again, Some

HEAD = """# Where the dialects differ from the originals
Written by the comparison in `crates/rekindle-server/tests/dialects`, which asks the originals and Rekindle the same and
compares status, headers, cookies, bodies and the claims of tokens. **Whatever is not listed here is the same**; a
difference that is not listed fails, and so does one that is listed and no longer shows.
`REKINDLE_BLESS=1 cargo xtask test --only dialects` writes this page.

Compared with djangorestframework-simplejwt 5.5.1, drf-jwt 1.19.2 and Flask-JWT-Extended 4.7.4 on Django 5.2, Django REST
framework 3.18 and Flask 3.1.
"""


def page(dialects, counts):
    lines = [HEAD]
    for dialect in dialects:
        asked, requests = counts[dialect.name]
        lines.append(f"## {dialect.title}\n{asked} cases, {requests} requests. {dialect.intro}".rstrip() + "\n")
        if dialect.everywhere:
            lines.append("Wherever it can show:\n")
            lines += table(dialect.everywhere)
        cases = [case for case in dialect.cases if case.differences]
        if cases:
            lines.append("In single cases:\n")
        for case in cases:
            lines.append(f"**{case.name[0].upper()}{case.name[1:]}** ({case.variant})\n")
            lines += table(case.differences)
    return "\n".join(lines).rstrip() + "\n"


def table(differences):
    lines = ["| where | original | Rekindle | why |", "|---|---|---|---|"]
    for difference in differences:
        for number, (field, (original, rekindle)) in enumerate(difference.fields.items()):
            place = f"answer {difference.step}, {field}" if difference.step else field
            why = difference.why if number == 0 else "the same"
            lines.append(f"| {cell(place)} | {value(original)} | {value(rekindle)} | {cell(why)} |")
    return [*lines, ""]


def value(listed):
    if isinstance(listed, (Again, Some)):
        return cell(listed.text)
    return ABSENT if listed == ABSENT else f"`{cell(listed)}`"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
