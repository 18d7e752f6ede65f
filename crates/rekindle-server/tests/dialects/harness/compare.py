"""Two observations of a case side by side, and the differences that are meant."""

import fnmatch
from dataclasses import dataclass

from .case import ABSENT, Again, Some


@dataclass
class Found:
    step: int
    field: str
    original: str
    rekindle: str

    def __str__(self):
        return f"answer {self.step}, {self.field}: {self.original} | {self.rekindle}"


def unmet(case, answers):
    """What of a fixture's expectations an answer does not have."""
    assert len(case.expects) == len(answers), f"{case.name} expects as many answers as it makes requests"
    for step, (expected, fields) in enumerate(zip(case.expects, answers, strict=True), 1):
        for name, listed in expected.items():
            seen = fields.get(name, ABSENT)
            if not fits(listed, seen):
                yield f"{case.variant}: {case.name}: answer {step}, {name}: expected {listed}, met {seen}"


def differences(ours, theirs):
    """Of two lists of answers' fields, the original's first."""
    found = []
    for step, (original, rekindle) in enumerate(zip(ours, theirs, strict=True), 1):
        for name in original | rekindle:
            one, two = original.get(name, ABSENT), rekindle.get(name, ABSENT)
            if isinstance(one, tuple) or isinstance(two, tuple):
                one, two = in_common(one, two)
            if one != two:
                found.append(Found(step, name, one, two))
    return found


def in_common(one, two):
    """The order of what both have. What one lacks is a difference of its own."""
    if not (isinstance(one, tuple) and isinstance(two, tuple)):
        return "same", "same"
    return tuple(", ".join(name for name in names if name in other) for names, other in ((one, two), (two, one)))


class Judge:
    """Holds what was found against what is listed, and remembers what of the list was seen."""

    def __init__(self, dialect):
        self.everywhere = [(difference, field) for difference in dialect.everywhere for field in difference.fields]
        self.shown = set()
        self.faults = []

    def case(self, case, ours, theirs):
        """What is wrong with this case."""
        listed = [(difference, field) for difference in case.differences for field in difference.fields]
        shown = set()
        for found in differences(ours, theirs):
            entry = next((entry for entry in listed if matches(*entry, found)), None)
            if entry:
                shown.add((id(entry[0]), entry[1]))
                continue
            entry = next((entry for entry in self.everywhere if matches(*entry, found)), None)
            if entry:
                self.shown.add((id(entry[0]), entry[1]))
                continue
            self.faults.append(f"{case.variant}: {case.name}: {found}")
        for difference, field in listed:
            if (id(difference), field) not in shown:
                place = f"answer {difference.step}, " if difference.step else ""
                self.faults.append(f"{case.variant}: {case.name}: {place}{field}: listed, and no longer so")

    def end(self):
        """After the last case of a dialect."""
        for difference, field in self.everywhere:
            if (id(difference), field) not in self.shown:
                self.faults.append(f"anywhere: {field}: listed, and seen nowhere")


def matches(difference, pattern, found):
    original, rekindle = difference.fields[pattern]
    return (
        difference.step in (None, found.step)
        and fnmatch.fnmatchcase(found.field, pattern.replace("[", "[[]"))
        and fits(original, found.original)
        and fits(rekindle, found.rekindle)
    )


def fits(listed, seen):
    match listed:
        case Some():
            return seen != ABSENT
        case Again():
            return seen.startswith("as ") or ", as " in seen
    return listed == seen
