"""Holds report cards to what was found before: `check.py NAME JSON KEPT`.

The findings, not their exact numbers: races are raced anew each time.
"""

import json
import sys

RACES = ("race_2", "race_8", "race_32")


def simplejwt(findings):
    """Simple JWT 5.5.1 with rotation and blacklist, on PostgreSQL, one worker of 32 threads."""
    for name, clients in zip(RACES, (2, 8, 32)):
        numbers = findings[name]["numbers"]
        assert "forks" in findings[name]["verdicts"], (name, findings[name])
        assert numbers["forked_trials"] >= numbers["trials"] / 2, (name, numbers)
        # Every token that was handed out lives: nothing is shared, and nothing is taken back.
        assert numbers["live"] == numbers["granted"] == numbers["distinct"], (name, numbers)
        least = clients if clients <= 8 else 16
        assert least <= numbers["live_most"] <= clients, (name, numbers)
    assert "logs_out" in findings["race_32"]["verdicts"], findings["race_32"]
    for name in ("lost_1", "lost_15", "lost_60"):
        assert findings[name]["verdicts"] == ["logs_out"], findings[name]
        assert "401" in findings[name]["summary"], findings[name]
    assert findings["late_answer"]["verdicts"] == ["forks"], findings["late_answer"]
    for name in ("replay", "theft", "theft_at_once"):
        assert findings[name]["verdicts"] == ["theft_unnoticed"], findings[name]
    assert findings["theft"]["numbers"]["refused"] == "the user", findings["theft"]
    assert findings["theft_at_once"]["numbers"]["turns"] == 20, findings["theft_at_once"]
    assert findings["cache_headers"]["verdicts"] == ["weak"], findings["cache_headers"]
    assert findings["control"]["verdicts"] == ["ok"], findings["control"]


def rekindle(findings):
    """One successor, no logout, theft noticed."""
    for name, finding in findings.items():
        assert finding["verdicts"] == ["ok"], (name, finding)
    for name in RACES:
        numbers = findings[name]["numbers"]
        assert numbers["live_most"] == 1 and numbers["granted"] == numbers["clients"] * numbers["trials"], numbers
        assert numbers["distinct"] == numbers["trials"], numbers
        assert findings[name]["summary"].startswith("one new token for all"), findings[name]
    for name in ("lost_1", "lost_15", "lost_60"):
        assert findings[name]["numbers"]["survived"], findings[name]
    for name in ("theft", "theft_at_once"):
        assert findings[name]["numbers"]["noticed"] and findings[name]["numbers"]["turns"] <= 5, findings[name]
    assert findings["replay"]["numbers"] == {"rotates": True, "old_token_works": False, "session_ended": True}


WORDS = {
    "ok": "ok",
    "logs_out": "logs people out",
    "forks": "forks the session",
    "theft_unnoticed": "theft unnoticed",
    "outlives_logout": "outlives logout",
    "weak": "weak",
    "unknown": "not known",
}


def rows(card):
    """The lines of a card's table, each as words, by what was tried."""
    lines = card.split("\n\n")[1].splitlines()
    columns = [lines[0].index(head) for head in ("what was tried", "what happened", "verdict")]
    found, title = {}, None
    for line in lines[1:]:
        cells = [line[start:end].strip() for start, end in zip(columns, columns[1:] + [None])]
        title = cells[0] or title
        found[title] = f"{found.get(title, '')} {cells[2]}".strip()
    return found


def main(name, found, kept):
    with open(found, encoding="utf-8") as file:
        card = json.load(file)
    assert not card["left_out"], card["left_out"]
    findings = {finding["experiment"]: finding for finding in card["findings"]}
    assert len(findings) == 15, sorted(findings)
    {"simplejwt": simplejwt, "rekindle": rekindle, "rekindle-simplejwt": rekindle}[name](findings)
    with open(kept, encoding="utf-8") as file:
        shown = rows(file.read())
    for finding in findings.values():
        # A race that forks refuses some now and then: the graver verdict stands for both.
        verdict = WORDS[finding["verdicts"][0]]
        title = finding["title"]
        assert verdict in shown.get(title, ""), f"{kept} shows another card: {title}: {shown.get(title)}, not {verdict}"
    print(f"{name}: {len(findings)} findings, as {kept} shows them")


main(*sys.argv[1:])
