"""A reference for states over time: histories made at random, and a person's walk through them row by row."""

from __future__ import annotations

import pandas as pd
from builders import change, deal
from hypothesis import strategies as st

from postmortem.book.history import NUMBERS, TRACKED

VALUES = {
    "stage": (None, "Discovery", "Proposal", "Legal"),
    "forecast_category": (None, "pipeline", "commit", "omitted"),
    "expected_close_date": (None, "2025-06-30", "2025-09-30", "2026-01-31"),
    "amount": (None, "1000", "2500.5", "0"),
    "owner_id": (None, "Ada", "Grace"),
    "probability": (None, "0.2", "0.85"),
}
DEALS = range(1, 5)
STRANGERS = (8, 9)


@st.composite
def a_change(draw):
    field = draw(st.sampled_from(TRACKED))
    # Few moments and few sequence numbers, so that ties are common.
    return change(
        draw(st.sampled_from((*DEALS, *STRANGERS))),
        field,
        f"2025-06-15T{draw(st.integers(10, 14))}:00",
        draw(st.sampled_from(VALUES[field])),
        draw(st.sampled_from(VALUES[field])),
        draw(st.sampled_from((None, 1, 2, 3))),
    )


@st.composite
def a_deal(draw, number):
    now = {field: draw(st.sampled_from(VALUES[field])) for field in TRACKED}
    now |= {field: None if now[field] is None else float(now[field]) for field in NUMBERS}
    return deal(number, "open", None, **now)


def typed(value, field):
    """Read one text of the history as its field is meant."""
    if value is None:
        return None
    return {**dict.fromkeys(NUMBERS, float), "expected_close_date": pd.Timestamp}.get(field, str)(value)


def replayed(deals, history, moment, field, read=typed):
    """Walk through the history once per deal, oldest row first, the way a person would."""
    written = [row for row in history if row["field"] == field]
    oldest_first = sorted(
        enumerate(written),
        key=lambda at: (pd.Timestamp(at[1]["changed_at"]), at[1]["seq"] is None, at[1]["seq"] or 0, at[0]),
    )
    found = {}
    for row in deals:
        value = row[field] if written else None
        mine = [change for _, change in oldest_first if change["deal_id"] == row["deal_id"]]
        if mine:
            value = mine[0]["old_value"]
        for step in mine:
            if pd.Timestamp(step["changed_at"]) < moment:
                value = step["new_value"]
        found[row["deal_id"]] = read(value, field)
    return found
