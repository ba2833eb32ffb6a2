"""How a table is written for people: role and unit decide, what is missing is shown as missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from postmortem.display import MISSING, ROWS_SHOWN, WITHHELD, Cell, head_text, value_of, written
from postmortem.result import Column, Table

DAY = pd.Timestamp("2025-09-30")


@pytest.mark.parametrize(
    ("role", "unit", "value", "text"),
    [
        ("count", "", 1204, "1,204"),
        ("count", "", 3.0, "3"),
        ("count", "", 0, "0"),
        ("money", "USD", 1234567.4, "1,234,567"),
        ("money", "", 0.0, "0"),
        ("date", "", DAY, "2025-09-30"),
        ("date", "", pd.Timestamp("2025-09-30T22:15Z"), "2025-09-30"),
        ("estimate", "share", 0.374, "37%"),
        ("estimate", "share", 0.0001, "<1%"),
        ("estimate", "points", -0.12, "−12 points"),
        ("estimate", "days", 12.0, "12 days"),
        ("estimate", "EUR", 1_200_000.0, "€1.2M"),
        ("estimate", "", 0.8531, "0.853"),
        ("estimate", "", 12.345, "12.3"),
        ("estimate", "", 1234.5, "1,235"),
        ("estimate", "", 999.7, "1,000"),
        ("estimate", "", np.float64(2.0), "2"),
        ("label", "", True, "yes"),
        ("label", "", False, "no"),
        ("label", "", "2025Q3", "2025Q3"),
        ("label", "", 7, "7"),
        ("deal", "", "007", "007"),
        ("account", "", "<script>", "<script>"),
    ],
)
def test_role_and_unit_decide_how_a_value_is_written(role, unit, value, text):
    assert value_of(value, Column("x", role, "X", unit=unit)) == text


@pytest.mark.parametrize("role", ["estimate", "count", "money", "date", "deal", "account", "text", "label"])
@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT], ids=["None", "nan", "NA", "NaT"])
def test_a_missing_value_is_shown_as_missing_in_every_role(role, value):
    assert value_of(value, Column("x", role, "X", unit="share")) == MISSING


def test_money_is_headed_by_its_currency_where_there_is_one():
    assert head_text(Column("x", "money", "Amount", unit="EUR")) == "Amount, EUR"
    assert head_text(Column("x", "money", "Amount")) == "Amount"
    assert head_text(Column("x", "estimate", "Share", unit="share")) == "Share"


def shares(**changes) -> Table:
    """Return a table with an estimate, its interval, a remark and a mark for what is withheld."""
    rows = {
        "who": pd.Series(["Ada", "Grace"], dtype="str"),
        "share": [0.5, 0.25],
        "low": [0.4, 0.1],
        "high": [0.6, 0.5],
        "remark": pd.Series(["few deals", ""], dtype="str"),
        "suppressed": pd.Series([False, False], dtype="boolean"),
        **changes,
    }
    columns = (
        Column("who", "person", "Rep"),
        Column("share", "estimate", "Won", unit="share", low="low", high="high"),
        Column("low", "estimate", "Low", unit="share", shown=False),
        Column("high", "estimate", "High", unit="share", shown=False),
        Column("remark", "text", "Remark"),
        Column("suppressed", "label", "Withheld", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "Win rates")


def test_an_estimate_carries_its_interval_and_stands_to_the_right():
    view = written(shares())
    assert view.title == "Win rates"
    assert [head.text for head in view.heads] == ["Rep", "Won", "Remark"]
    assert [head.numeric for head in view.heads] == [False, True, False]
    assert view.rows[0] == (Cell("Ada"), Cell("50%", "40–60%", numeric=True), Cell("few deals"))


def test_a_bound_that_is_missing_leaves_the_estimate_alone():
    view = written(shares(high=[None, 0.5]))
    assert [row[1].extra for row in view.rows] == ["", "10–50%"]


def test_a_withheld_value_is_not_a_missing_one_and_shows_no_interval():
    view = written(shares(share=[np.nan, np.nan], suppressed=pd.Series([True, False], dtype="boolean")))
    assert view.rows[0][1] == Cell(WITHHELD, "", numeric=True, withheld=True)
    assert view.rows[1][1].text == MISSING


def test_only_what_is_missing_in_a_withheld_row_is_withheld():
    view = written(shares(suppressed=pd.Series([True, None], dtype="boolean")))
    assert [row[0].text for row in view.rows] == ["Ada", "Grace"]
    assert [row[1].text for row in view.rows] == ["50%", "25%"]


@pytest.mark.parametrize("remarks", [["", ""], [None, None], ["", None]])
def test_a_column_of_remarks_that_says_nothing_is_left_out(remarks):
    view = written(shares(remark=pd.Series(remarks, dtype="str")))
    assert [head.text for head in view.heads] == ["Rep", "Won"]
    assert all(len(row) == 2 for row in view.rows)


def test_a_name_that_is_missing_throughout_is_still_a_column():
    assert "Rep" in [head.text for head in written(shares(who=pd.Series([None, None], dtype="str"))).heads]


@pytest.mark.parametrize(("rows", "left_out"), [(0, 0), (ROWS_SHOWN, 0), (ROWS_SHOWN + 1, 1)])
def test_rows_beyond_the_most_are_counted_not_shown(rows, left_out):
    table = Table(pd.DataFrame({"n": pd.Series(range(rows), dtype="int64")}), (Column("n", "count", "Deals"),), "All")
    view = written(table)
    assert (len(view.rows), view.left_out) == (rows - left_out, left_out)
    assert len(written(table, most=3).rows) == min(rows, 3)


def test_a_table_without_rows_keeps_its_headings():
    empty = shares()
    view = written(Table(empty.rows.iloc[:0], empty.columns, empty.title, detail=True))
    assert [head.text for head in view.heads] == ["Rep", "Won", "Remark"]
    assert (view.rows, view.detail) == ((), True)


def test_a_number_among_columns_of_text_stays_a_whole_number():
    rows = pd.DataFrame({"n": pd.Series([3, None], dtype="Int64"), "share": [0.5, None]})
    table = Table(rows, (Column("n", "count", "Deals"), Column("share", "estimate", "Share", unit="share")), "Mixed")
    assert [[cell.text for cell in row] for row in written(table).rows] == [["3", "50%"], [MISSING, MISSING]]


@pytest.mark.parametrize(("columns", "intervals", "wide"), [(6, 2, False), (7, 0, True), (4, 3, True), (2, 0, False)])
def test_many_columns_or_intervals_make_a_table_wide(columns, intervals, wide):
    names = [f"c{number}" for number in range(columns)]
    told = [Column(name, "estimate", name, "share", **({"low": "low", "high": "high"} if number < intervals else {}))
            for number, name in enumerate(names)]  # fmt: skip
    limits = [Column(name, "estimate", name, "share", shown=False) for name in ("low", "high")]
    frame = pd.DataFrame({name: [0.5] for name in names}).assign(low=0.4, high=0.6)
    assert written(Table(frame, (*told, *limits), "A table")).is_wide is wide
