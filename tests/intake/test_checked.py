"""The last word on a table: what does not hold is named, column by column, and what holds passes in silence."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import deal, frame_of

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.intake.checked import check_table

DEALS = frame_of("deals", [deal(1, "won", "2025-05-01", amount=10.0), deal(2, "open", None)])


@pytest.mark.parametrize("name", [table.name for table in schema.TABLES])
def test_a_table_without_rows_holds(name):
    check_table(name, schema.empty(name))


def test_deals_with_missing_values_where_they_may_be_hold():
    check_table("deals", DEALS)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (DEALS.assign(amount=["10", "20"]), "amount: dtype float64"),
        (DEALS.assign(stage=pd.Series(["A", "B"], dtype="object")), "stage: dtype str"),
        (DEALS.assign(amount=[-1.0, 2.0]), "amount.*-1"),
        (DEALS.assign(amount=[float("inf"), 2.0]), "amount.*inf"),
        (DEALS.assign(probability=[1.5, 0.5]), "probability.*1.5"),
        (DEALS.assign(outcome=["won", "gone"]), "outcome.*gone"),
        (DEALS.assign(deal_id=pd.Series(["D1", None], dtype="str")), "deal_id.*null"),
        (DEALS.drop(columns="region"), "region"),
        (DEALS.assign(extra=1), "extra"),
        (DEALS[DEALS.columns[::-1]], "order"),
    ],
)
def test_what_does_not_hold_is_named(broken, named):
    with pytest.raises(DataError, match=f"(?s)our fault.*{named}"):
        check_table("deals", broken)
