"""Published figures beside the company's own, each with its denominator."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from postmortem.frames.cohort import Cohort
from postmortem.result import Column, Result, Table
from postmortem.stats import wilson

LIST, MANY_CONTACTS, LEAST = "benchmarks.toml", 4, 10
ENDED = ("won", "lost_competitor", "lost_status_quo")
TAKER_KNOWN = "{deals}, won or lost with the taker on record"


@dataclass(frozen=True)
class Own:
    """A company's own figure: so many of so many, and of what."""

    events: int
    n: int
    denominator: str


@cache
def published() -> tuple[Mapping[str, Any], ...]:
    """Return the entries of `benchmarks.toml`."""
    text = (files("postmortem.findings") / LIST).read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["benchmark"])


def benchmarks_table(cohort: Cohort, agreement: Result | None) -> Table:
    """Set every published figure beside the company's own.

    Parameters
    ----------
    cohort : Cohort
        Any kind; its window, each deal once, with its fate by the day of the data.
    agreement : Result or None
        The answer of `rater_agreement`, for how often two raters give the same reason.

    Returns
    -------
    Table
        One row a published figure: ``benchmark``, ``published`` (as printed there), ``denominator``, ``source``,
        ``own`` with ``own_low`` and ``own_high`` (95%, Wilson; missing below ten deals), ``n``, ``own_denominator``,
        ``warning``.
    """
    rows = cohort.window_rows.sort_values(["quarter", "deal_id"]).drop_duplicates("deal_id")
    made = [_row(entry, _own(str(entry.get("own", "")), rows, cohort, agreement)) for entry in published()]
    kinds = {"count": "int64", "estimate": "float64", "text": "str", "label": "str"}
    frame = pd.DataFrame(made)[[column.name for column in _columns()]]
    frame = frame.astype({column.name: kinds[column.role] for column in _columns()})
    return Table(frame, _columns(), f"Published figures, and the same here in {cohort.window_label}")


def _row(entry: Mapping[str, Any], own: Own | None) -> dict[str, Any]:
    found = (np.nan,) * 3
    if own is not None and own.n >= LEAST:
        share = wilson(own.events, own.n)
        found = (share.estimate, share.low, share.high)
    return {
        "benchmark": entry["label"], "published": entry["published"], "denominator": entry["denominator"],
        "source": entry["source"], "own": found[0], "own_low": found[1], "own_high": found[2],
        "n": 0 if own is None else own.n,
        "own_denominator": "not on record" if own is None else own.denominator, "warning": entry.get("warning", ""),
    }  # fmt: skip


def _own(name: str, rows: pd.DataFrame, cohort: Cohort, agreement: Result | None) -> Own | None:
    """Return the company's own figure of this name; nothing where the record has none."""
    if name == "same_reason":
        return _same_reason(agreement)
    counted: dict[str, Callable[[], Own | None]] = {
        "won": lambda: _fate("won", rows, cohort),
        "competitor": lambda: _fate("lost_competitor", rows, cohort),
        "status_quo": lambda: _fate("lost_status_quo", rows, cohort),
        "four_contacts": lambda: _four_contacts(rows, cohort),
        "with_competitor": lambda: _competitor(rows, cohort, present=True),
        "without_competitor": lambda: _competitor(rows, cohort, present=False),
    }
    return counted[name]() if name in counted else None


def _fate(fate: str, rows: pd.DataFrame, cohort: Cohort) -> Own:
    ended = rows[rows["ultimate"].isin(ENDED)]
    told = TAKER_KNOWN.format(deals=cohort.noun)
    return Own(int((ended["ultimate"] == fate).sum()), len(ended), told)


def _decided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["ultimate"] == "won") | rows["ultimate"].str.startswith("lost_")]


def _four_contacts(rows: pd.DataFrame, cohort: Cohort) -> Own | None:
    contacts = cohort.book.table("contacts")
    if contacts.empty:
        return None
    number = contacts["deal_id"].value_counts()
    chosen = _decided(rows)[lambda deals: deals["deal_id"].map(number).fillna(0) >= MANY_CONTACTS]
    return Own(
        int((chosen["ultimate"] == "won").sum()), len(chosen), f"decided {cohort.noun} with four contacts or more"
    )


def _competitor(rows: pd.DataFrame, cohort: Cohort, *, present: bool) -> Own | None:
    rivals = cohort.book.table("competitors")
    if rivals.empty:
        return None
    decided = _decided(rows)
    chosen = decided[decided["deal_id"].isin(rivals["deal_id"].unique()) == present]
    told = "with a competitor on record" if present else "without a competitor on record"
    return Own(int((chosen["ultimate"] == "won").sum()), len(chosen), f"decided {cohort.noun} {told}")


def _same_reason(agreement: Result | None) -> Own | None:
    if agreement is None or agreement.status == "refused":
        return None
    row = agreement.tables["pairs"].first
    return Own(int(row["same"]), int(row["deals"]), "lost deals with a main reason of both")


def _columns() -> tuple[Column, ...]:
    return (
        Column("benchmark", "label", "Published"),
        Column("published", "label", "Figure"),
        Column("denominator", "text", "Of"),
        Column("source", "label", "By"),
        Column("own", "estimate", "Here (95% interval)", "share", low="own_low", high="own_high"),
        Column("own_low", "estimate", "Low", "share", shown=False),
        Column("own_high", "estimate", "High", "share", shown=False),
        Column("n", "count", "Deals"),
        Column("own_denominator", "text", "Of"),
        Column("warning", "text", "Mind"),
    )
