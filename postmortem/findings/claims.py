"""The claims put to the test, each with a margin fixed beforehand, and the rule that turns an answer into a verdict."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

import pandas as pd

from postmortem.analyses.contract import any_missing
from postmortem.ground.formats import value_text
from postmortem.result import Result
from postmortem.table import Table

Verdict = Literal["supported", "contradicted", "inconclusive", "not testable with these fields"]
SUPPORTED: Verdict = "supported"
CONTRADICTED: Verdict = "contradicted"
INCONCLUSIVE: Verdict = "inconclusive"
NOT_TESTABLE: Verdict = "not testable with these fields"
SOURCE = "K. Jackson, essays"
LIST = "claims.toml"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One entry of `claims.toml`.

    Attributes
    ----------
    number : int
        As it is cited.
    short, statement, source : str
        Name in a picture, the claim in full, and who made it.
    analysis : str
        The analysis that answers it.
    table : str
        Table of its answer that holds the figure.
    rows : mapping
        Columns and the values by which the row is found; the first row where there are none.
    estimate, low, high : str
        Columns of the figure and its interval.
    over : str
        Column that figure and interval are divided by, if any.
    n : tuple of str
        The cases: ``table.column``, summed over the row found, or over another table.
    n_rows : mapping
        Columns and values that choose the rows of that other table; all of them where there are none.
    unit : str
        Unit of the figure, as of a result's columns.
    figure : str
        What the figure is, in words.
    at_least, at_most : float
        The claim holds between the two; infinite where one side is open.
    least : int
        Cases needed for any verdict but inconclusive.
    fields : str
        What has to be on record to test it.
    says : mapping
        Column ``column`` of the row and what its words mean, where the analysis tests the same margin itself.
    scenario : bool
        Whether it speaks of what could be, which no record bears out or refutes.
    cannot_refute : str
        Why a figure on the other side of the margin is no evidence against it, as of a sign that won deals show more
        often for having come far; such a figure is inconclusive.
    control : mapping
        Row of the same table of which nothing is claimed: where the interval does not lie beyond its figure, what is
        seen goes with more than what the claim is about, and the claim is not supported.
    """

    number: int
    short: str
    statement: str
    analysis: str
    table: str
    estimate: str
    n: tuple[str, ...]
    unit: str
    figure: str
    least: int
    fields: str
    low: str = "low"
    high: str = "high"
    over: str = ""
    at_least: float = -math.inf
    at_most: float = math.inf
    rows: Mapping[str, Any] = field(default_factory=dict)
    n_rows: Mapping[str, Any] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    scenario: bool = False
    cannot_refute: str = ""
    control: Mapping[str, Any] = field(default_factory=dict)
    source: str = SOURCE


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim beside what an answer shows.

    Attributes
    ----------
    claim : Claim
        The claim.
    verdict : Verdict
        From the closed set.
    estimate, low, high : float
        The figure and its interval; missing where there is none, or too few cases.
    n : int
        Cases behind it; 0 where it is not testable.
    why : str
        What is missing, or why a verdict is not more than inconclusive; empty otherwise.
    """

    claim: Claim
    verdict: Verdict
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    why: str = ""


@cache
def claims() -> tuple[Claim, ...]:
    """Return the claims of `claims.toml`, by number."""
    entries = tomllib.loads((files("postmortem.findings") / LIST).read_text(encoding="utf-8"))
    made = [
        Claim(number=int(number), **{**entry, "n": tuple(entry["n"])}) for number, entry in entries.items()
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda claim: claim.number))


def judge(claim: Claim, answer: Result | None) -> Judged:
    """Turn the answer of a claim's analysis into a verdict, by the interval and the margin alone.

    Parameters
    ----------
    claim : Claim
        With its margin and its least number of cases.
    answer : Result or None
        What its analysis says; None where there is no such analysis.

    Returns
    -------
    Judged
        *Supported*: the whole interval lies beyond the margin on the claimed side (between both, for claims that two
        things are alike). *Contradicted*: wholly on the other side. *Inconclusive*: anything else, too few cases among
        it. *Not testable with these fields*: the analysis refuses, or its answer holds no such row or no case.
    """
    if answer is None:
        return Judged(claim=claim, verdict=NOT_TESTABLE, why="no analysis asks this yet")
    if answer.status == "refused":
        return Judged(claim=claim, verdict=NOT_TESTABLE, why="; ".join(answer.what_is_missing))
    row = _row(claim, answer)
    if row is None:
        return Judged(claim=claim, verdict=NOT_TESTABLE, why="too little on record for this figure")
    n = _cases(claim, answer)
    figures = tuple(_figure(row, column, claim.over) for column in (claim.estimate, claim.low, claim.high))
    if not n:
        return Judged(claim=claim, verdict=NOT_TESTABLE, why="nothing on record tells of it")
    if n < claim.least:
        return Judged(claim=claim, verdict=INCONCLUSIVE, n=n, why=f"{n} of the {claim.least} cases needed")
    if not all(math.isfinite(figure) for figure in figures):
        return Judged(claim=claim, verdict=INCONCLUSIVE, n=n, why="too few on one side for an interval")
    estimate, low, high = figures
    found = Judged(claim=claim, verdict=INCONCLUSIVE, estimate=estimate, low=low, high=high, n=n)
    if claim.scenario:
        return _with(found, INCONCLUSIVE, "it says what could be: no record bears that out or refutes it")
    if claim.says:
        told = claim.says.get(str(row.get(claim.says["column"])), INCONCLUSIVE)
        return _with(found, cast(Verdict, told))
    verdict = verdict_of(claim, low, high)
    if verdict == CONTRADICTED and claim.cannot_refute:
        return _with(found, INCONCLUSIVE, claim.cannot_refute)
    if verdict == SUPPORTED and claim.control:
        beside = _control(claim, answer)
        if not low > beside:
            what, told = next(iter(claim.control.values())), value_text(beside, claim.unit)
            why = f"“{what}” shows no less" + (f" ({told})" if math.isfinite(beside) else ", as far as can be told")
            return _with(found, INCONCLUSIVE, f"{why}, so nothing sets apart what is claimed")
    return _with(found, verdict)


def verdict_of(claim: Claim, low: float, high: float) -> Verdict:
    """Return what an interval says about a claim: never by whether it leaves out no difference, only by the margin."""
    if low > claim.at_least and high < claim.at_most:
        return SUPPORTED
    return CONTRADICTED if high < claim.at_least or low > claim.at_most else INCONCLUSIVE


def _with(found: Judged, verdict: Verdict, why: str = "") -> Judged:
    return Judged(
        claim=found.claim, verdict=verdict, estimate=found.estimate, low=found.low, high=found.high, n=found.n, why=why
    )  # fmt: skip


def _where(table: Table, wanted: Mapping[str, Any]) -> pd.DataFrame:
    rows = table.rows
    for column, value in wanted.items():
        if column not in rows.columns:
            return rows.head(0)
        rows = rows[rows[column] == value]
    return rows


def _row(claim: Claim, answer: Result) -> dict[str, Any] | None:
    """Return the row that holds the figure; nothing where the answer has none, or not this column."""
    if claim.table not in answer.tables:
        return None
    rows = _where(answer.tables[claim.table], claim.rows)
    wanted = {claim.estimate, claim.low, claim.high, *([claim.over] if claim.over else [])}
    if rows.empty or not wanted <= set(rows.columns):
        return None
    return {str(name): value for name, value in rows.iloc[0].to_dict().items()}


def _control(claim: Claim, answer: Result) -> float:
    """Return the figure of the row of which nothing is claimed; missing where there is none."""
    rows = _where(answer.tables[claim.table], claim.control)
    return math.nan if rows.empty else _figure(rows.iloc[0].to_dict(), claim.estimate, claim.over)


def _figure(row: Mapping[Any, Any], column: str, over: str) -> float:
    if any_missing(row[column]):
        return math.nan
    return float(row[column]) / (float(row[over]) or math.nan) if over else float(row[column])


def _cases(claim: Claim, answer: Result) -> int:
    total = 0
    for place in claim.n:
        table, column = place.split(".")
        if table not in answer.tables:
            continue
        own = table == claim.table
        rows = _where(answer.tables[table], claim.rows if own else claim.n_rows)
        rows = rows.head(1) if own else rows
        total += int(rows[column].sum()) if column in rows.columns else 0
    return total
