"""Asks the originals and Rekindle the same, and compares the answers.

    python run.py --folder FOLDER [--rekindle PROGRAM] [--only DIALECT] [--case PART-OF-A-NAME]

First the harness itself: two servers of one original must not differ, and a wrong answer must be seen. Then, with
--rekindle, each original beside one whose token URLs have moved to Rekindle.
"""

import argparse
import concurrent.futures
import os
import sys
from pathlib import Path

import imports
from cases import drf_jwt, flask_jwt_extended, jpadilla, simplejwt, tymon
from harness import alter, compare, page, rekindle, side
from harness.run import play

LISTING = Path(__file__).resolve().parents[4] / "docs/dialects/differences.md"
FIXTURES = [jpadilla.FIXTURE, tymon.FIXTURE]
DIALECTS = [simplejwt.DIALECT, drf_jwt.DIALECT, flask_jwt_extended.DIALECT]


class Servers:
    """Of one dialect: for each variant two of the original, each with a database of its own."""

    def __init__(self, dialect, folder):
        seeds = side.Seeds(folder)
        self.first, self.second = ({}, {})
        for name, variant in dialect.variants.items():
            file = f"{dialect.name}-{name}".replace(" ", "-")
            self.first[name] = side.Original(folder, seeds, f"{file}-a", variant)
            self.second[name] = rekindle.Switched(folder, seeds, f"{file}-b", variant, dialect)

    def __enter__(self):
        for one in self.all():
            one.ready()
        return self

    def __exit__(self, *_):
        for one in self.all():
            one.stop()

    def all(self):
        return [*self.first.values(), *self.second.values()]


def observe_all(dialect, sides, part):
    """Every case, at the side of its variant."""
    cases = [case for case in dialect.cases if part in case.name]
    # Those that wait do so beside the others; those that change users have them to themselves.
    alone = [[case for case in cases if case.variant == variant and case.is_alone()] for variant in dialect.variants]
    waiting = [[case] for case in cases if case.waits()]
    shared = [
        [case for case in cases if case.variant == variant and not case.is_alone() and not case.waits()]
        for variant in dialect.variants
    ]

    def played(some):
        return {case: play(case, sides[case.variant], dialect.kinds) for case in some}

    observed = {}
    with concurrent.futures.ThreadPoolExecutor(32) as waits, concurrent.futures.ThreadPoolExecutor(3) as pool:
        for some in [*waits.map(played, waiting), *pool.map(played, alone + shared)]:
            observed |= some
    return {case: observed[case] for case in cases}


def control(dialect, first, servers, part):
    """The original with itself: whatever differs here is the harness's fault."""
    second = observe_all(dialect, servers.second, part)
    return [
        f"{dialect.title} with itself: {case.variant}: {case.name}: {found}"
        for case, answers in first.items()
        for found in compare.differences(answers, second[case])
    ]


def alterations(dialect, first, servers):
    """What is wrong has to be seen, in one of a few cases."""
    names, altered = alter.OF[dialect.name]
    cases = [case for case in dialect.cases if case.name in names]
    assert len(cases) == len(names), "a case that is altered is no more"

    def is_seen(alteration):
        return any(
            compare.differences(first[case], play(case, alter.Altered(servers.second[case.variant], alteration), dialect.kinds))
            for case in cases
        )

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        seen = dict(zip(altered, pool.map(is_seen, altered.values()), strict=True))
    return [f"{dialect.title}: nobody noticed {name}" for name, is_ in seen.items() if not is_]


def beside_rekindle(dialect, first, servers, part, program):
    """The original, and the original whose token URLs have moved."""
    for one in servers.second.values():
        one.start(program)
    second = observe_all(dialect, servers.second, part)
    judge = compare.Judge(dialect)
    for case, answers in first.items():
        judge.case(case, answers, second[case])
    judge.end()
    return [f"{dialect.title}: {fault}" for fault in judge.faults]


def judge(dialect, asked, counts):
    faults = []
    with Servers(dialect, asked.folder) as servers:
        first = observe_all(dialect, servers.first, asked.case)
        counts[dialect.name] = len(first), sum(map(len, first.values()))
        print("{}: {} cases, {} requests".format(dialect.title, *counts[dialect.name]), flush=True)
        if not asked.rekindle or not asked.case:
            faults += control(dialect, first, servers, asked.case)
            if not asked.case:
                faults += alterations(dialect, first, servers)
        if asked.rekindle:
            faults += beside_rekindle(dialect, first, servers, asked.case, asked.rekindle)
    return faults


def written(fixture, asked):
    """Rekindle beside what is written of a package that cannot be run."""
    seeds = side.Seeds(asked.folder)
    sides = {}
    try:
        for name in fixture.variants:
            file = f"{fixture.name}-fixture-{name}".replace(" ", "-")
            sides[name] = rekindle.Alone(asked.folder, seeds, file, fixture, name)
            sides[name].start(asked.rekindle)
        observed = observe_all(fixture, sides, asked.case)
    finally:
        for one in sides.values():
            one.stop_rekindle()
    print(f"{fixture.title}, as written: {len(observed)} cases", flush=True)
    return [f"{fixture.title}: {fault}" for case, answers in observed.items() for fault in compare.unmet(case, answers)]


def listing(counts):
    """Whether docs/dialects/differences.md says what is listed here; with REKINDLE_BLESS=1 it is made to."""
    written = page.page(DIALECTS, counts)
    if os.environ.get("REKINDLE_BLESS"):
        LISTING.parent.mkdir(exist_ok=True)
        LISTING.write_text(written)
    same = LISTING.exists() and LISTING.read_text() == written
    return [] if same else ["docs/dialects/differences.md lists others: REKINDLE_BLESS=1 writes it anew"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--rekindle", type=lambda path: Path(path).resolve())
    parser.add_argument("--only", default="")
    parser.add_argument("--case", default="")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    # All at once: most of it is waiting, for tokens to age and for servers to start.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        dialects = [dialect for dialect in DIALECTS if asked.only in dialect.title]
        faults = sum(pool.map(lambda dialect: judge(dialect, asked, counts), dialects), [])
    for fixture in FIXTURES if asked.rekindle else ():
        if asked.only in fixture.title:
            faults += written(fixture, asked)
    if asked.rekindle and not asked.case and not asked.only:
        faults += listing(counts)
        faults += imports.faults(asked.folder, asked.rekindle)
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
