"""One primary hypothesis of a report as it is told: its sentence, its figure, and whether it warns of anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem.analyses.contract import any_missing
from postmortem.analyses.warning_signals import NO_WARNING
from postmortem.findings.evidence import EVIDENCE, TESTS, Evidence, Measured, figure_of, row_of
from postmortem.ground.formats import count
from postmortem.result import Result
from postmortem.signals import NAMES as SIGNAL_NAMES
from postmortem.signals import find as find_signal

OF_SIGNS = "warning_signals"
WARNING, WITH_WINS = "goes with losing", "goes with winning"
Asked = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """One primary hypothesis of a report, and the address of the section that tells it."""

    link: str
    result: Result
    hypothesis: str
    p: float
    named: bool

    @property
    def evidence(self) -> Evidence | None:
        """Where its analysis keeps the figure behind it."""
        return EVIDENCE.get(self.result.analysis)

    @property
    def row(self) -> dict[str, Any]:
        """The row of that figure; empty where there is none."""
        return row_of(self.result, self.evidence, self.hypothesis)

    @property
    def figure(self) -> Measured | None:
        """The figure behind it."""
        return None if self.evidence is None else figure_of(self.result, self.evidence, self.row)

    @property
    def goes_with(self) -> str:
        """Whether a lapse that the process has a step for goes with losing or with winning; empty of what is none."""
        lapse = self.evidence is not None and self.evidence.is_lapse
        figure = self.figure if lapse else None
        return "" if figure is None else WITH_WINS if figure.value < figure.none else WARNING

    @property
    def sentence(self) -> str:
        """What it says, and of a sign that goes with winning what it does not say."""
        if self.goes_with != WITH_WINS:
            return self._told
        often = find_signal(self.sign).with_wins if self.sign in SIGNAL_NAMES else ""
        return f"{self._told} That is {NO_WARNING}. {often}".rstrip()

    @property
    def _told(self) -> str:
        """The sentence of the result, or of the row where the result tells several hypotheses."""
        column = self.evidence.sentence if self.evidence else ""
        if column and not any_missing(self.row.get(column)):
            return str(self.row[column])
        alone = sum(bool(row["primary"]) for row in self.result.tables[TESTS].records) == 1
        return self.result.headline if alone else f"{self.hypothesis[:1].upper()}{self.hypothesis[1:]}."

    @property
    def sign(self) -> str:
        """The warning sign it is about, itself or asked in another way; empty where it is about none."""
        own = self.row.get("name") if self.result.analysis == OF_SIGNS else None
        return str(own) if own else self.evidence.same_as if self.evidence else ""

    @property
    def asked(self) -> Asked:
        """What tells this question from all others, in any quarter."""
        return asked(self.result), self.hypothesis


def asked(result: Result) -> str:
    """Return what tells a question from others: its analysis and what it was asked with."""
    return f"{result.analysis}{sorted(result.params.items())}"


def hypotheses(placed: Sequence[tuple[str, Result]]) -> Iterator[Told]:
    """Yield the primary hypotheses of all results with their address, each once, as the gate has decided them."""
    seen: set[Asked] = set()
    for link, result in placed:
        for row in result.tables[TESTS].records if TESTS in result.tables else ():
            p = math.nan if pd.isna(row["p"]) else float(row["p"])
            told = Told(link, result, str(row["hypothesis"]), p, row["named"] is True)
            if row["primary"] and told.asked not in seen:
                seen.add(told.asked)
                yield told


def number_found(rows: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Count the findings among what the gate named, and apart from them the signs that go with winning."""
    with_wins = [row.get("goes_with") == WITH_WINS for row in rows]
    return len(with_wins) - sum(with_wins), sum(with_wins)


def counted_apart(findings: int, against: int, noun: str = "finding") -> str:
    """Say how much was found, and apart from it the signs that go with winning and warn of nothing."""
    if not against:
        return count(findings, noun)
    signs = signs_with_wins(against)
    return f"{count(findings, noun)} and {signs}" if findings else f"No {noun}, but {signs}"


def signs_with_wins(number: int) -> str:
    """Say how many signs go with winning."""
    return f"{count(number, 'sign')} that {'goes' if number == 1 else 'go'} with winning"
