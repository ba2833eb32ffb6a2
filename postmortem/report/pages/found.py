"""Findings, proposals and last quarter's findings and actions as the front page shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem.findings.looking_back import PAST
from postmortem.findings.report_findings import NEW
from postmortem.findings.told import counted_apart, number_found
from postmortem.ground.formats import UNKNOWN, interval_text, short_money, value_text
from postmortem.result import Result

MOST_FINDINGS, MOST_ACTIONS = 7, 3
MARGIN = 0.12
STANDING = {
    "held": "good", "reached": "good", "did not hold": "bad", "not reached": "bad", "too few to tell": "open",
    "cannot tell": "open", "not yet": "open", PAST: "open",
}  # fmt: skip


@dataclass(frozen=True)
class Range:
    """An interval as a small picture: places from 0 to 100 along its own axis, and the same in words."""

    low: float
    width: float
    point: float
    none: float
    text: str


@dataclass(frozen=True)
class Item:
    """One finding: its sentence, where it is told, how sure it is, what it concerns."""

    sentence: str
    href: str
    range: Range | None
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Scored:
    """One finding or action of the quarter before, and what came of it."""

    told: str
    beside: tuple[str, ...]
    verdict: str
    standing: str
    figures: str


@dataclass(frozen=True)
class Found:
    """What the front page says of a quarter's findings."""

    headline: str
    items: tuple[Item, ...] = ()
    more: str = ""
    proposals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    worth: tuple[Item, ...] = ()

    @property
    def hrefs(self) -> frozenset[str]:
        """The sections told here, which need no further mention."""
        return frozenset(item.href for item in (*self.items, *self.worth))


@dataclass(frozen=True)
class Back:
    """What the front page says of the quarter before."""

    headline: str
    quarter: str
    findings: tuple[Scored, ...] = ()
    actions: tuple[Scored, ...] = ()
    more: str = ""


def found_of(result: Result) -> Found:
    """Return what a result of `report_findings` looks like on the front page."""
    if result.status == "refused":
        return Found(result.headline)
    findings, worth = result.tables["findings"], result.tables["worth_a_look"]
    rows, unit = findings.records, findings.column("amount").unit
    shown = rows[:MOST_FINDINGS]
    left = len(rows) - len(shown)
    told = counted_apart(*number_found(rows[MOST_FINDINGS:]), "more finding")
    proposals: dict[str, list[str]] = {}
    for number, row in enumerate(shown, start=1):
        if _text(row["remedy"]):
            proposals.setdefault(row["remedy"], []).append(str(number))
    return Found(
        headline=result.headline,
        items=tuple(Item(_text(row["sentence"]), _text(row["link"]), _range(row), _beside(row, unit)) for row in shown),
        more=f"{told} {'stands' if left == 1 else 'stand'} on the pages." if left else "",
        proposals=tuple((remedy, tuple(numbers)) for remedy, numbers in list(proposals.items())[:MOST_ACTIONS]),
        worth=tuple(Item(_text(row["sentence"]), _text(row["link"]), None, ()) for row in worth.records),
    )


def back_of(result: Result) -> Back | None:
    """Return what a result of `looking_back` looks like on the front page; None where there is nothing to look at."""
    if result.status == "refused":
        return None
    rows = result.tables["findings"].records
    left = len(rows) - MOST_FINDINGS
    return Back(
        headline=result.headline,
        quarter=_text(result.tables["quarter"].first["quarter"]),
        findings=tuple(_scored(_text(row["sentence"]), (), row) for row in rows[:MOST_FINDINGS]),
        more=f"{left:,} more stand in the table beside this report." if left > 0 else "",
        actions=tuple(
            _scored(_text(row["action"]), _of_action(row), row) for row in result.tables["actions"].records
        ),
    )  # fmt: skip


def _scored(told: str, beside: tuple[str, ...], row: Mapping[str, Any]) -> Scored:
    verdict = _text(row["verdict"])
    words = [_text(row["figures"]), _text(row["note"])]
    return Scored(
        told, beside, verdict, STANDING.get(verdict, "open"), ". ".join(_opened(word) for word in words if word)
    )


def _of_action(row: Mapping[str, Any]) -> tuple[str, ...]:
    owner, due = _text(row["owner"]), _text(row["due"])
    told = [owner, f"{_text(row['measure'])}: {_text(row['target'])}", f"due {due}" if due else ""]
    return tuple(each for each in told if each)


def _beside(row: Mapping[str, Any], unit: str) -> tuple[str, ...]:
    amount = "" if pd.isna(row["amount"]) else f"concerns {short_money(row['amount'], unit)}"
    seen = _text(row["seen"])
    return tuple(each for each in (amount, "new this quarter" if seen == NEW else seen) if each)


def _range(row: Mapping[str, Any]) -> Range | None:
    """Return an interval on an axis of its own that holds it and the value if nothing differed."""
    low, high, point, none = (float(row[name]) for name in ("low", "high", "estimate", "none"))
    if any(math.isnan(value) for value in (low, high, point, none)):
        return None
    first, last = min(low, none, point), max(high, none, point)
    span = (last - first) or 1.0
    first, span = first - MARGIN * span, span * (1 + 2 * MARGIN)

    def at(value: float) -> float:
        return round(100 * (value - first) / span, 1)

    unit = _text(row["unit"])
    told, bounds = value_text(point, unit), interval_text(low, high, unit)
    without = "no difference" if none == 0 else value_text(none, unit)
    said = told if bounds == UNKNOWN else f"{told} ({bounds}); dashed: {without}"
    return Range(at(low), round(at(high) - at(low), 1), at(point), at(none), said)


def _opened(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
