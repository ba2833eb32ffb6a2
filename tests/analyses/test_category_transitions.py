"""Categories at the opening against where deals ended: pairs counted by hand, intervals by another route."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS, change, forecast, make_book
from by_hand import wilson
from scipy.stats import chi2

from postmortem.analyses.category_transitions import category_transitions
from postmortem.result import Result


def called(number: int, was: str, fate: str, now: str = "", quarter=FOCUS) -> Told:
    """Return a deal called `was` at the opening, and moved to the category `now` on day 30."""
    story = told(number, fate, quarter)
    history = [{**row, "new_value": was} if row["field"] == "forecast_category" else row for row in story.history]
    moved = [change(number, "forecast_category", str(quarter.day(30)), was, now, 2)] if now else []
    # A CRM overwrites the category at closing.
    closing = [change(number, "forecast_category", str(quarter.day(60)), now or was, "omitted", 3)]
    return Told(story.deal, [*history, *moved, *(closing if fate == "won" or fate.startswith("lost_") else [])])


QUARTER = [
    *(called(number, "commit", "won") for number in range(1, 9)),
    *(called(number, "commit", "lost_competitor") for number in range(11, 14)),
    called(20, "commit", "slipped", "best_case"), called(21, "commit", "slipped"),
    *(called(number, "best_case", "lost_status_quo", "commit") for number in range(31, 35)),
    called(40, "best_case", "slipped", "pipeline"), called(41, "best_case", "won"),
]  # fmt: skip


def grid(result: Result) -> Counter[tuple[str, str]]:
    rows = result.tables["moves"].rows
    return +Counter({(row.was, row.now): row.deals for row in rows.itertuples()})


def test_every_deal_is_in_the_cell_its_history_says() -> None:
    result = category_transitions(forecast_of(QUARTER))
    assert grid(result) == {
        ("commit", "won"): 8, ("commit", "lost_competitor"): 3, ("commit", "best_case"): 1, ("commit", "commit"): 1,
        ("best_case", "lost_status_quo"): 4, ("best_case", "pipeline"): 1, ("best_case", "won"): 1,
    }  # fmt: skip
    # Won, lost or open: three intervals that hold together.
    low, high = wilson(8, 13, float(chi2.isf(0.05 / 3, 1)) ** 0.5)
    assert result.headline == (
        "In 2025Q3, of 13 deals called “commit”, 8 won and 3 lost (usually won: 62%, "
        f"{low * 100:.0f}–{high * 100:.0f}%); of 6 deals called “best case”, 1 won and 4 lost."
    )


def test_shares_are_those_of_the_window_and_hold_for_a_row_together() -> None:
    earlier = [called(100 + number, "commit", "won" if number < 4 else "slipped", quarter=FOCUS - 1)
               for number in range(1, 8)]  # fmt: skip
    result = category_transitions(forecast_of([*QUARTER, *earlier]))
    rows = result.tables["moves"].rows.set_index(["was", "now"])
    cell = rows.loc[("commit", "won")]
    assert (cell["deals"], cell["events"], cell["n"]) == (8, 11, 20)
    # Goodman: Wilson's interval at the quantile of a chi-squared shared among the columns of the grid.
    columns = result.tables["moves"].rows["now"].nunique()
    z = float(chi2.isf(0.05 / columns, 1)) ** 0.5
    assert (cell["low"], cell["high"]) == pytest.approx(wilson(11, 20, z))
    assert rows.loc["best_case", "share"].isna().all(), "six deals are too few for shares"
    assert rows.loc["commit", "share"].sum() == pytest.approx(1)


def test_a_category_that_nothing_tells_is_not_on_record() -> None:
    opening = [{"as_of": str(FOCUS.day(4)), "deal_id": each.deal["deal_id"], "forecast_category": "commit",
                "expected_close_date": "2025-09-15"} for each in QUARTER]  # fmt: skip
    deals = [{**each.deal, "forecast_category": "pipeline"} for each in QUARTER]
    result = category_transitions(forecast(make_book(deals, snapshots=opening)))
    found = grid(result)
    assert found["commit", "unknown"] == 3 and not found["commit", "pipeline"]
    assert result.caveats == ("For 3 open deals the category at the end is not on record.",)
    assert "Open, category not on record" in set(result.tables["moves"].rows["ended"])


def test_a_running_quarter_is_told_as_of_the_last_day_known() -> None:
    rows = category_transitions(cohort_of("still running, forecast")).tables["categories"].rows
    focus = cohort_of("still running, forecast").focus_rows
    assert rows["deals"].sum() == len(focus) and rows["open"].sum() == (focus["resolution"] == "open").sum()


def test_rows_add_up_to_the_deals_forecast() -> None:
    cohort = cohort_of("forecast")
    tables = category_transitions(cohort).tables
    assert tables["moves"].rows["deals"].sum() == len(cohort.focus_rows)
    first = tables["moves"].rows.drop_duplicates("was")
    assert first["n"].sum() == len(cohort.window_rows)
    whole = tables["categories"].rows
    pd.testing.assert_series_equal(whole["won"] + whole["lost"] + whole["open"], whole["deals"], check_names=False)


def test_refused_without_the_forecast_as_it_was() -> None:
    result = category_transitions(closed_of(counted({"won": 20, "lost_competitor": 20})))
    assert result.headline == "Not answered yet: no records of the forecast as it was."
