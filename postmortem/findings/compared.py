"""The tables of a comparison: figure by figure, what is compared, and what was tested."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import tests_table
from postmortem.findings.gaps import GapOfShares, Side, gap_of_shares, sides
from postmortem.frames.cohort import Cohort
from postmortem.frames.figures import Figure
from postmortem.result import Column, Table
from postmortem.stats import benjamini_hochberg, n_for_difference, n_for_equal_shares

LEVEL = 0.05
ANY = "the two cohorts differ in one of the figures"
Told = tuple[Figure, GapOfShares, Side, Side]


def worth_telling(told: list[Told]) -> list[Told]:
    """Leave out shares that no deal of either cohort counts for, and those that say the contrary of one before."""
    kept: list[Told] = []
    for each in told:
        pair = each[2], each[3]
        mirrored = any(
            all(
                np.array_equal(mine.happened, 1 - theirs.happened) for mine, theirs in zip(pair, other[2:], strict=True)
            )
            for other in kept
            if not other[0].weight
        )
        if any(side.events for side in pair) and not mirrored:
            kept.append(each)
    return kept


def gap_of(
    figure: Figure, cohorts: tuple[Cohort, Cohort], rows: tuple[pd.DataFrame, ...], margin: float, shared: bool
) -> tuple[GapOfShares, Side, Side]:
    """Return one figure's gap and both sides' rows."""
    counted = [figure.counted(cohort, part) for cohort, part in zip(cohorts, rows, strict=True)]
    first, second = sides(counted[0], counted[1], figure.weight)
    return gap_of_shares(first, second, margin=margin, shared=shared), first, second


def figures_table(told: list[Told], margin: float, sides: tuple[str, str]) -> Table:
    """Return the table of all figures, p-values adjusted over them; `sides` are what the two are called in its head."""
    adjusted = benjamini_hochberg([gap.p for _, gap, _, _ in told])
    rows = [_row(*each, float(p), margin) for each, p in zip(told, adjusted, strict=True)]
    frame = pd.DataFrame(rows).astype({"to_differ": "Int64", "to_equal": "Int64"})
    columns = (
        Column("figure", "label", "Share of"),
        Column("first", "estimate", f"{sides[0]} (95% interval)", "share", low="first_low", high="first_high"),
        Column("first_low", "estimate", "Low", "share", shown=False),
        Column("first_high", "estimate", "High", "share", shown=False),
        Column("second", "estimate", f"{sides[1]} (95% interval)", "share", low="second_low", high="second_high"),
        Column("second_low", "estimate", "Low", "share", shown=False),
        Column("second_high", "estimate", "High", "share", shown=False),
        Column("difference", "estimate", f"{sides[0]} minus {sides[1].lower()}", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("verdict", "label", "Verdict"),
        Column("like_for_like", "estimate", "Like for like", "points", low="like_low", high="like_high"),
        Column("like_low", "estimate", "Low", "points", shown=False),
        Column("like_high", "estimate", "High", "points", shown=False),
        Column("first_n", "count", f"Deals, {sides[0].lower()}"),
        Column("second_n", "count", f"Deals, {sides[1].lower()}"),
        Column("first_events", "count", f"Counted, {sides[0].lower()}", shown=False),
        Column("second_events", "count", f"Counted, {sides[1].lower()}", shown=False),
        Column("to_differ", "count", "Deals each to show it", shown=False),
        Column("to_equal", "count", "Deals to tell"),
        Column("note", "text", "Remark"),
    )
    return Table(frame[[column.name for column in columns]], columns, "Figure by figure")


def _row(figure: Figure, gap: GapOfShares, first: Side, second: Side, p: float, margin: float) -> dict[str, Any]:
    verdict = "equivalent" if gap.is_within else "different" if p <= LEVEL else "cannot tell"
    to_differ, to_equal = _needed(figure, gap, margin) if verdict == "cannot tell" else (None, None)
    return {
        "figure": figure.label,
        "first": gap.first.estimate, "first_low": gap.first.low, "first_high": gap.first.high,
        "second": gap.second.estimate, "second_low": gap.second.low, "second_high": gap.second.high,
        "difference": gap.estimate.estimate, "low": gap.estimate.low, "high": gap.estimate.high,
        "verdict": verdict,
        "like_for_like": gap.like_for_like.estimate,
        "like_low": gap.like_for_like.low, "like_high": gap.like_for_like.high,
        "first_n": first.n, "second_n": second.n, "first_events": first.events, "second_events": second.events,
        "to_differ": to_differ, "to_equal": to_equal, "note": gap.estimate.why,
    }  # fmt: skip


def _needed(figure: Figure, gap: GapOfShares, margin: float) -> tuple[int | None, int | None]:
    """Return the deals each cohort would need; of amounts, or where nothing can be told, none is said."""
    shares = gap.first.estimate, gap.second.estimate
    middle = float(np.mean(shares))
    if figure.weight or math.isnan(gap.effect) or not 0 < middle < 1:
        return None, None
    to_differ = math.ceil(n_for_difference(*shares) * gap.effect) if shares[0] != shares[1] else None
    return to_differ, math.ceil(n_for_equal_shares(middle, margin=margin) * gap.effect)


def cohorts_table(
    names: tuple[str, str], rows: tuple[pd.DataFrame, ...], both: int, margin: float, sides: tuple[str, str]
) -> Table:
    """Return the row that says what is compared, the two called as in the table of figures."""
    frame = pd.DataFrame(
        {
            "first_is": [names[0]], "second_is": [names[1]], "first_deals": [len(rows[0])],
            "second_deals": [len(rows[1])], "shared": [both], "margin": [margin],
        }
    )  # fmt: skip
    columns = (
        Column("first_is", "label", sides[0]),
        Column("second_is", "label", sides[1]),
        Column("first_deals", "count", f"Deals, {sides[0].lower()}"),
        Column("second_deals", "count", f"Deals, {sides[1].lower()}"),
        Column("shared", "count", "Deals in both"),
        Column("margin", "label", "Margin", "share", shown=False),
    )
    return Table(frame, columns, "What is compared")


def tests_of(told: list[Told]) -> Table:
    """Return one primary hypothesis, that some figure differs, and one secondary a figure."""
    p = [gap.p for _, gap, _, _ in told]
    known = [float(value) for value in benjamini_hochberg(p) if not math.isnan(value)]
    rows: list[dict[str, Any]] = [{"hypothesis": ANY, "primary": True, "p": min(known, default=math.nan)}]
    rows += [
        {"hypothesis": "this figure differs between the two cohorts", "primary": False, "p": value, "figure": f.label}
        for (f, *_), value in zip(told, p, strict=True)
        if not math.isnan(value)
    ]
    return tests_table("Whether the two differ", rows, group=Column("figure", "label", "Share of"))
