"""What may be named: one gate over all tests of a report, so that few of the differences it names are chance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem.ground.errors import UsageError
from postmortem.ground.formats import count
from postmortem.result import Result, Table
from postmortem.stats import benjamini_hochberg

TESTS = "tests"
NEEDED = ("hypothesis", "primary", "p", "named")
LEVEL = 0.03
# What a report sets out to test: the warning signs and seven comparisons, by what they were asked with. Everything
# else a report tests may be named too, for ten times the evidence, so that looking around costs these little. Silence
# before the close, proposals left alone and closes put off are signs already and are not set out twice.
SET_OUT: Mapping[str, Mapping[str, Any]] = {
    "warning_signals": {},
    "competitor_or_status_quo": {},
    "competitor_head_to_head": {},
    "forecast_calibration": {},
    "loss_share": {"by": "segment", "measure": "lost"},
    "rater_agreement": {},
    "rep_variation": {},
    "rollout_comparison": {},
}
MOST_SET_OUT = 30
BESIDE = 0.1
LOOK = 0.05
ROUNDING = 1e-12


@dataclass(frozen=True)
class Tally:
    """How many tests a report holds, and what became of them at the gate.

    Attributes
    ----------
    declared : int
        Primary hypotheses, each counted once however often it is shown.
    tested : int
        Those of them that the data could test.
    named : tuple of str
        Primary hypotheses named, in the order of the report.
    worth_a_look : int
        Primary hypotheses with p below .05 that are not named.
    set_out : int
        Primary hypotheses among the declared that the report sets out to test; the others pass for ten times the
        evidence only.
    """

    declared: int
    tested: int
    named: tuple[str, ...]
    worth_a_look: int
    set_out: int

    @property
    def sentence(self) -> str:
        """The tally in plain words; empty where nothing was tested."""
        if not self.tested:
            return ""
        told = f"{count(self.tested, 'comparison').capitalize()} of this report were tested together"
        if self.tested == 1:
            told = "One comparison of this report was tested"
        stand = f"{len(self.named)} can be told from chance" if self.named else "none can be told from chance"
        look = f"; {self.worth_a_look} more may be worth a look" if self.worth_a_look else ""
        crowd = (
            f" It sets out to test {self.set_out}, more than the {MOST_SET_OUT} it is made for, which makes each of "
            "them harder to tell."
            if self.set_out > MOST_SET_OUT
            else ""
        )
        return f"{told}: {stand}{look}.{crowd}"


def through_the_gate(results: Sequence[Result], *, level: float = LEVEL) -> tuple[Result, ...]:
    """Decide for all results of a report together which hypotheses are named, and write it into their tables.

    The primary p-values of all tables ``tests`` are pooled and adjusted by Benjamini and Hochberg, with weight 1
    for what the report sets out to test (`SET_OUT`) and a tenth of it for what it looks at beside; those at or
    below `level` are named. Secondary tests (one segment against the others) are looked at only inside a named
    primary, adjusted among themselves, at `level` times the share of tested primaries that were named: what was
    chosen for standing out is judged more strictly. A result shown twice counts once.

    Parameters
    ----------
    results : sequence of Result
        All results of the report. A table ``tests`` has the columns ``hypothesis``, ``primary``, ``p`` and
        ``named``; with more than one primary, ``within`` says to which of them a secondary belongs.
    level : float
        False discovery rate over all primaries of the report.

    Returns
    -------
    tuple of Result
        The same results in the same order, ``named`` true or false in every row of ``tests``; the given ones are
        not changed.

    Raises
    ------
    UsageError
        When a table ``tests`` lacks a column or an owner of a secondary.

    Notes
    -----
    A notebook that failed brings no tests, and its hypotheses are not counted. Seen over 200 simulated reports of
    30 signals among 600 deals of 24 sales people with habits of their own, tested by
    `stats.stratified_association`: reports in which nothing differed named something in 2.5%; a signal on 25% of
    the won and 45% of the lost deals was named in 84%, and always first.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289–300; Genovese, Roeder and
    Wasserman (2006), Biometrika 93, 509–524, for the weights; Benjamini and Bogomolov (2014), Journal of the Royal
    Statistical Society B 76, 297–318, for tests inside those selected.
    """
    tests = _distinct(results)
    primaries = [(key, place) for key, rows in tests.items() for place, row in enumerate(rows) if row["primary"]]
    weights = {_key(result): 1.0 if sets_out(result) else BESIDE for result in results}
    p = [_p(tests[key][place]) for key, place in primaries]
    adjusted = benjamini_hochberg(p, weights=[weights[key] for key, _ in primaries])
    named = {at for at, value in zip(primaries, adjusted, strict=True) if value <= level + ROUNDING}
    tested = sum(not math.isnan(value) for value in p)
    inner = level * len(named) / tested if tested else 0.0
    decided = {
        key: _decided(rows, {place for owner, place in named if owner == key}, inner) for key, rows in tests.items()
    }
    return tuple(_with(result, decided[_key(result)]) if TESTS in result.tables else result for result in results)


def sets_out(result: Result) -> bool:
    """Say whether this is asked to test what the report sets out to test, and not to look around."""
    asked = SET_OUT.get(result.analysis)
    return asked is not None and all(result.params.get(name) == value for name, value in asked.items())


def tally(results: Sequence[Result]) -> Tally:
    """Count the tests of a report and what the gate has decided; before the gate nothing is named."""
    tests = _distinct(results)
    primary = [row for rows in tests.values() for row in rows if row["primary"]]
    first = {_key(result) for result in results if sets_out(result)}
    return Tally(
        declared=len(primary),
        tested=sum(not math.isnan(_p(row)) for row in primary),
        named=tuple(str(row["hypothesis"]) for row in primary if row["named"] is True),
        worth_a_look=sum(_p(row) < LOOK and row["named"] is not True for row in primary),
        set_out=sum(bool(row["primary"]) for key in first & tests.keys() for row in tests[key]),
    )


def _p(row: Mapping[str, Any]) -> float:
    return math.nan if pd.isna(row["p"]) else float(row["p"])


def _distinct(results: Sequence[Result]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table of tests once, checked, by what tells it from the others."""
    return {_key(result): _checked(result) for result in results if TESTS in result.tables}


def _key(result: Result) -> str:
    """Return what tells one set of tests from another: who asked, with what, and what came out."""
    rows = result.tables[TESTS].rows.drop(columns="named", errors="ignore") if TESTS in result.tables else None
    asked = [result.analysis, dict(result.params), [] if rows is None else rows.to_dict("list")]
    return json.dumps(asked, sort_keys=True, default=str)


def _checked(result: Result) -> list[dict[str, Any]]:
    """Return the rows with the primary each secondary belongs to under ``within``."""
    table = result.tables[TESTS]
    lacking = [name for name in NEEDED if name not in table.rows.columns]
    if lacking:
        raise UsageError(
            f"The tests of {result.analysis} cannot pass the gate.",
            got=f"columns {', '.join(map(str, table.rows.columns))}",
            expected=f"columns {', '.join(NEEDED)}",
        )
    rows = table.records
    owners = [row["hypothesis"] for row in rows if row["primary"]]
    lost = []
    for row in rows:
        # with one primary there is no doubt whose the others are
        row["within"] = owners[0] if len(owners) == 1 else row.get("within")
        if not row["primary"] and row["within"] not in owners:
            lost.append(str(row["hypothesis"]))
    if lost:
        raise UsageError(
            f"Secondary tests of {result.analysis} belong to no primary one.",
            expected="a column `within` that holds the hypothesis of the primary",
            rows=lost,
        )
    return rows


def _decided(rows: Sequence[Mapping[str, Any]], primaries: set[int], inner: float) -> list[bool]:
    """Return which rows of one table are named: the primaries told, and what stands inside them."""
    named = [place in primaries for place in range(len(rows))]
    for primary in primaries:
        inside = [
            place
            for place, row in enumerate(rows)
            if not row["primary"] and row["within"] == rows[primary]["hypothesis"]
        ]
        adjusted = benjamini_hochberg([_p(rows[place]) for place in inside])
        for place, value in zip(inside, adjusted, strict=True):
            named[place] = bool(value <= inner + ROUNDING)
    return named


def _with(result: Result, named: Sequence[bool]) -> Result:
    """Return the result with the gate's word in its table of tests."""
    table = result.tables[TESTS]
    rows = table.rows.assign(named=pd.array(named, dtype="boolean"))
    return result.replace(tables={**result.tables, TESTS: Table(rows, table.columns, table.title, table.detail)})
