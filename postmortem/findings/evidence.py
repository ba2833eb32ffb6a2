"""Where each analysis keeps the figure behind what it tests: read by findings, and by whatever follows them up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from postmortem.result import Result, Table, Tables

TESTS = "tests"


@dataclass(frozen=True)
class Measured:
    """One figure as a result tells it, with its interval where it has one.

    Attributes
    ----------
    value, low, high : float
        The bounds are NaN where the figure has no interval.
    unit : str
        As in `table.Column`.
    none : float
        What the value would be if nothing differed.
    """

    value: float
    low: float
    high: float
    unit: str
    none: float = math.nan

    @property
    def has_interval(self) -> bool:
        """Whether both bounds are known."""
        return not math.isnan(self.low) and not math.isnan(self.high)


@dataclass(frozen=True)
class Evidence:
    """Where an analysis keeps the figure behind its primary hypotheses, and what a finding says beside it.

    Attributes
    ----------
    table, column : str
        Table and column of the figure; its interval is the one declared with the column.
    row : mapping
        Values that pick the row, where the table has several and one hypothesis.
    key : str
        Column that the table and ``tests`` share: where a result has a primary a row, the row of the primary, else
        that of the secondary that stands out most.
    none : float
        The figure if nothing differed.
    none_column : str
        Column of the same row that tells it, where it is no constant.
    amount : str
        Column of money in the same row: the amount that the finding concerns.
    remedy : str
        Column of text in the same row: the step of the process that answers it.
    sentence : str
        Column of text in the same row: the finding in a sentence, for results with several primaries.
    signal : str
        Name of the signal whose remedy answers it, where no column tells one.
    code : str
        Code of the taxonomy of following through whose remedy does so instead: a step that a team can take.
    same_as : str
        Name of the sign that asks the same in another way.
    repeats : bool
        Whether the finding is about how deals go, so that the next quarter alone can show it again. A move from
        one quarter to the next, or over all of them, cannot.
    """

    table: str
    column: str
    row: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    none: float = 0.0
    none_column: str = ""
    amount: str = ""
    remedy: str = ""
    sentence: str = ""
    signal: str = ""
    code: str = ""
    same_as: str = ""
    repeats: bool = True

    @property
    def is_lapse(self) -> bool:
        """Whether it tells of something left undone, a figure above `none` meaning that it goes with losing."""
        return bool(self.remedy or self.signal or self.code or self.same_as)


EVIDENCE: Mapping[str, Evidence] = {
    "competitor_head_to_head": Evidence("against", "among_named", key="competitor"),
    "competitor_or_status_quo": Evidence("verdict", "share", none=0.5),
    "competitor_trend": Evidence("trends", "change", repeats=False),
    "close_date_pushes": Evidence(
        "comparison", "difference", amount="amount", signal="pushed_twice", same_as="pushed_twice"
    ),
    "forecast_calibration": Evidence("scores", "share", row={"score": "by_quarter_end"}, none_column="stated"),
    "loss_share": Evidence("groups", "difference", key="group"),
    "lost_long_before": Evidence("difference", "difference", amount="amount", signal="no_buyer_contact"),
    "mix_shift": Evidence("mix", "difference", key="part", repeats=False),
    "proposal_left_alone": Evidence(
        "landmarks", "difference", row={"declared": True}, code="proposal_left_alone", same_as="proposal_left_alone"
    ),
    "rater_agreement": Evidence("by_reason", "difference", key="reason"),
    "reasons_over_time": Evidence("reasons", "difference", key="reason", repeats=False),
    "stage_at_loss": Evidence("difference", "difference"),
    "rollout_comparison": Evidence("effect", "difference"),
    "time_to_loss_by_group": Evidence("groups", "difference", key="group"),
    "warning_signals": Evidence(
        "signals", "difference", key="name", amount="lost_amount", remedy="remedy", sentence="sentence"
    ),
}  # fmt: skip
"""One entry an analysis that tests; without one, a finding is its sentence alone."""


def row_of(result: Result, evidence: Evidence | None, hypothesis: str, named: str = "") -> dict[str, Any]:
    """Return the row that tells the figure behind a primary hypothesis; empty where there is none.

    Parameters
    ----------
    result : Result
        Whose.
    evidence : Evidence or None
        Of its analysis.
    hypothesis : str
        One of its primaries.
    named : str
        Value of the key that is looked for, whatever stands out.
    """
    if evidence is None or evidence.table not in result.tables:
        return {}
    picked = dict(evidence.row)
    if evidence.key:
        key = named or _foremost(result.tables[TESTS], evidence.key, hypothesis)
        if not key:
            return {}
        picked[evidence.key] = key
    return row_where(result.tables[evidence.table], picked)


def figure_of(result: Result, evidence: Evidence, row: Mapping[str, Any]) -> Measured | None:
    """Return the figure of one row with what it would be if nothing differed; None where it is not known."""
    found = measured(result.tables, evidence.table, evidence.column, row) if row else None
    if found is None:
        return None
    none = evidence.none
    if evidence.none_column:
        none = _number(row.get(evidence.none_column))
    return replace(found, none=none)


def measured(tables: Tables, table: str, column: str, row: Mapping[str, Any]) -> Measured | None:
    """Return the value of one column in one row with its interval, if it has one; None where it is not known."""
    told = tables[table].column(column)
    value = _number(row.get(column))
    if math.isnan(value):
        return None
    low, high = (_number(row.get(bound)) if bound else math.nan for bound in (told.low, told.high))
    return Measured(value, low, high, told.unit)


def row_where(table: Table, picked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first row that holds these values; empty where none does."""
    for row in table.records:
        if all(_same(row.get(name), value) for name, value in picked.items()):
            return row
    return {}


def _foremost(tests: Table, key: str, hypothesis: str) -> str:
    """Return the key of a primary's own row, or else of the named secondary inside it with the smallest p."""
    rows = [row for row in tests.records if not pd.isna(row.get(key))]
    own = [row for row in rows if row["primary"] and row["hypothesis"] == hypothesis]
    inside = [
        row
        for row in rows
        if not row["primary"] and row["named"] is True and row.get("within", hypothesis) == hypothesis
    ]
    foremost = own or sorted(inside, key=lambda row: float(row["p"]))
    return str(foremost[0][key]) if foremost else ""


def _same(held: Any, wanted: Any) -> bool:
    return False if pd.isna(held) else bool(held == wanted) or str(held) == str(wanted)


def _number(value: Any) -> float:
    if value is None or isinstance(value, str) or pd.isna(value):
        return math.nan
    return float(value)
