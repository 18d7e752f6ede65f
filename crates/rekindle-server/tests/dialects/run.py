"""Asks the originals and Rekindle the same, and compares the answers.

    python run.py --folder FOLDER [--rekindle PROGRAM] [--only DIALECT] [--case PART-OF-A-NAME]

First the harness itself: two servers of one original must not differ, and a wrong answer must be seen. Then, with
--rekindle, each original beside one whose token URLs have moved to Rekindle.
"""

import argparse
import concurrent.futures
import sys
from pathlib import Path

from cases import drf_jwt, flask_jwt_extended, simplejwt
from harness import alter, compare, side
from harness.run import play

DIALECTS = [simplejwt.DIALECT, drf_jwt.DIALECT, flask_jwt_extended.DIALECT]


class Servers:
    """Of one dialect: for each variant two of the original, each with a database of its own."""

    def __init__(self, dialect, folder):
        self.dialect, self.folder = dialect, folder
        seeds = side.Seeds(folder)
        self.first, self.second = ({}, {})
        for name, variant in dialect.variants.items():
            for sides, suffix in ((self.first, "a"), (self.second, "b")):
                file = f"{dialect.name}-{name}-{suffix}".replace(" ", "-").replace(",", "")
                sides[name] = side.Original(folder, seeds, file, variant)

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

    def of(variant):
        cases = [case for case in dialect.cases if case.variant == variant and part in case.name]
        return {case: play(case, sides[variant], dialect.kinds) for case in cases}

    observed = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for some in pool.map(of, dialect.variants):
            observed |= some
    return observed


def control(dialect, first, servers):
    """The original with itself: whatever differs here is the harness's fault."""
    second = observe_all(dialect, servers.second, "")
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


def judge(dialect, folder, asked):
    faults = []
    with Servers(dialect, folder) as servers:
        first = observe_all(dialect, servers.first, asked.case)
        print(f"{dialect.title}: {len(first)} cases, {sum(map(len, first.values()))} requests", flush=True)
        if not asked.case:
            faults += control(dialect, first, servers)
            faults += alterations(dialect, first, servers)
    return faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rekindle", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--case", default="")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    faults = [
        fault for dialect in DIALECTS if asked.only in dialect.name for fault in judge(dialect, asked.folder, asked)
    ]
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
