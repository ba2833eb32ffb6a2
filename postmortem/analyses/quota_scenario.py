"""How many sales people reached their quota, beside what an essay says of a healthy sales ecosystem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.quotas import known_quotas
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEALTHY = 0.78
WHOLE = "All these quarters together"
QUOTAS = Need(
    "quotas", ("rep_id", "quarter", "quota", "attained"), 10, "sales people with a quota and what they reached",
    "export a table of quotas: sales person, quarter, quota, attained", "quotas",
    lambda cohort, rows: int(_known(cohort, rows["quarter"].unique())["rep_id"].nunique()),
)  # fmt: skip
METHOD = (
    "A sales person reached the quota where the sum attained over the quarters of the window on record is at least the "
    "sum of the quotas of the same quarters; each quarter is counted beside it. Clopper-Pearson exact intervals. The "
    "scenario takes a published statement, that 78% of existing teams could reach quota in a healthy sales ecosystem, "
    "at its word and says what it would come to here: people, and the money that lies between the people nearest to "
    "their quota and that number. Nothing observed here can confirm or refute it: no ecosystem was changed."
)


def quota_scenario(cohort: Cohort) -> Result:
    """How many sales people reached their quota, and what would 78% of them come to?

    Parameters
    ----------
    cohort : Cohort
        Any kind: it gives the window and the day of the data.

    Returns
    -------
    Result
        Table ``attainment``, one row for the window and one a quarter: ``when``, ``people`` (with a quota and what
        they reached), ``reached`` (the quota), ``share`` (``low``, ``high``; 95%). Table ``scenario``, one row:
        ``stated`` (share, the statement's), ``people``, ``reached`` (seen), ``would_reach`` (if the statement held
        here), ``more`` (people more than now), ``amount`` (that they lack to their quotas, those nearest first),
        ``inside`` (whether the stated share lies within the interval of the one seen).

    Notes
    -----
    Refused below ten sales people with a quota and what they reached. The scenario is no finding.
    """
    if not QUOTAS.met(cohort):
        return ANALYSIS.lack(cohort, QUOTAS)
    labels = [quarter.label for quarter in cohort.window]
    known = _known(cohort, labels)
    sums = known.groupby("rep_id")[["quota", "attained"]].sum()
    parts = {WHOLE: sums, **{label: known[known["quarter"] == label] for label in labels}}
    frame = pd.DataFrame([_row(when, part) for when, part in parts.items() if len(part)])
    columns = (
        Column("when", "label", "When"),
        Column("people", "count", "Sales people"),
        Column("reached", "count", "Reached their quota"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    tables = {
        "attainment": Table(frame, columns, f"Quotas reached, {cohort.window_label}"),
        "scenario": _scenario(sums, frame.iloc[0], cohort.currency),
    }
    caveats = (
        "The scenario is a published statement taken at its word, not a finding: nothing was changed here that could "
        "show whether it holds.",
        "Quotas are set by people: a low share may say as much of the quotas as of the selling.",
    )
    used = int(cohort.window_rows["owner_id"].isin(sums.index).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how many reached their quota, and what the scenario would come to, called one."""
    row, other = tables["attainment"].first, tables["scenario"].first
    if any_missing(row["people"], row["reached"], row["share"], row["low"], row["high"]):
        return WITHHELD
    told = (
        f"{row['reached']:,} of {count(row['people'], 'sales person', 'sales people')} reached their quota "
        f"({per_cent(row['share'])}, {interval_text(row['low'], row['high'])})"
    )
    if any_missing(other["stated"], other["would_reach"]):
        return f"{told}."
    stated = per_cent(other["stated"])
    return (
        f"{told}. Were it the {stated} that an essay expects of a healthy ecosystem, it would be "
        f"{other['would_reach']:,}: a scenario, not a finding."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share that reached the quota by quarter, beside the share of the scenario."""
    stated = tables["scenario"].first["stated"]
    reference = None if any_missing(stated) else float(stated)
    interval_dots(
        tables["attainment"].rows, axes, name="when", estimate="share", low="low", high="high", n="people",
        noun="quota", reference=reference, reference_label="scenario",
    )  # fmt: skip


def _known(cohort: Cohort, labels: Any) -> pd.DataFrame:
    """Return the quotas of these quarters with both figures."""
    quotas = known_quotas(cohort.book)
    return quotas[quotas["quarter"].isin(list(labels))]


def _row(when: str, part: pd.DataFrame) -> dict[str, Any]:
    people, reached = len(part), int((part["attained"] >= part["quota"]).sum())
    share = clopper_pearson(reached, people)
    return {
        "when": when, "people": people, "reached": reached, "share": share.estimate, "low": share.low,
        "high": share.high,
    }  # fmt: skip


def _scenario(sums: pd.DataFrame, seen: pd.Series, currency: str) -> Table:
    people, reached = len(sums), int(seen["reached"])
    would = round(HEALTHY * people)
    short = np.sort((sums["quota"] - sums["attained"]).clip(lower=0).to_numpy(dtype=np.float64))
    lacking = short[short > 0][: max(would - reached, 0)]
    row = {
        "stated": HEALTHY, "people": people, "reached": reached, "would_reach": would, "more": max(would - reached, 0),
        "amount": float(lacking.sum()), "inside": bool(seen["low"] <= HEALTHY <= seen["high"]),
    }  # fmt: skip
    columns = (
        Column("stated", "estimate", "Stated of a healthy ecosystem", "share"),
        Column("people", "count", "Sales people"),
        Column("reached", "count", "Reached their quota"),
        Column("would_reach", "count", "Would reach it"),
        Column("more", "count", "More than now"),
        Column("amount", "money", "That they lack, those nearest first", currency),
        Column("inside", "label", "Stated share within the interval seen"),
    )
    return Table(pd.DataFrame([row]), columns, "A scenario, not a finding")


ANALYSIS = Analysis(quota_scenario, headline, draw, family="rate", method=METHOD, needs=(QUOTAS,))
