"""What a case is made of: requests, values carried from one to the next, and the differences that are meant."""

from dataclasses import dataclass, field
from typing import Any

ABSENT = "–"


@dataclass(frozen=True)
class Of:
    """What the answer to request number `step` held: a member of its JSON body, or with `cookie` a cookie's value."""

    step: int
    name: str
    cookie: bool = False


@dataclass(frozen=True)
class Changed:
    """A token after somebody has been at it. `how` is a name in `tokens.CHANGES`."""

    token: Any
    how: str
    with_: Any = None


@dataclass(frozen=True, eq=False)
class Minted:
    """A token that the harness signs as the original would: its kind's claims, with some replaced or left out."""

    kind: str
    claims: dict = field(default_factory=dict)
    without: tuple = ()
    header: dict = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class Now:
    """A moment as seconds from now."""

    seconds: float = 0
    whole: bool = True


@dataclass(frozen=True)
class Text:
    """A text with values in it: "Bearer {}"."""

    form: str
    values: tuple


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict = field(default_factory=dict)
    # JSON where it is no bytes and no Text; `...` sends none.
    body: Any = ...


@dataclass(frozen=True)
class Sql:
    """A change in the application's own tables, undone when the case is over."""

    statement: str


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Some:
    """Any value. `text` says it in the listing of differences."""

    text: str


@dataclass(frozen=True)
class Again:
    """A value that was seen before in the case."""

    text: str = "the one of before"


@dataclass(eq=False)
class Difference:
    """`fields`: a field, or a pattern with *, to what the original and what Rekindle has there."""

    step: int | None
    fields: dict
    why: str


@dataclass(eq=False)
class Case:
    name: str
    variant: str
    steps: list
    differences: list
    # Where there is no original: for each answer, what it has.
    expects: list

    def is_alone(self):
        """Whether it changes what others would meet."""
        return any(isinstance(step, Sql) for step in self.steps)

    def waits(self):
        return not self.is_alone() and any(isinstance(step, Wait) for step in self.steps)


def case(name, variant, *steps, differs=(), expects=()):
    return Case(name, variant, list(steps), list(differs), list(expects))


def differs(step, why, fields):
    return Difference(step, fields, why)


def post(path, body=..., **headers):
    return Request("POST", path, named(headers), body)


def get(path, **headers):
    return Request("GET", path, named(headers))


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def bearer(token, scheme="Bearer"):
    return Text(scheme + " {}", (token,))


@dataclass(eq=False)
class Dialect:
    """A file of cases."""

    name: str
    title: str
    variants: dict
    cases: list
    # Differences of any answer, by field.
    everywhere: list
    # Claims of each kind of token, as the original makes them for ada.
    kinds: dict
    # The paths that move to Rekindle.
    moved: tuple = ()
    intro: str = ""


@dataclass(eq=False)
class Fixture:
    """A file of cases of a package that cannot be run here: what is expected is written down beside each."""

    # The section of the dialect.
    name: str
    title: str
    # Whose users.
    application: str
    # Rekindle's own settings.
    variants: dict
    cases: list
    kinds: dict
