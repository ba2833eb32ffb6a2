"""From the forecast to what was won: the identity to the cent, walked through step by step in fractions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS, change, deal, forecast, make_book
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.analyses import forecast_waterfall as module
from postmortem.analyses.forecast_waterfall import forecast_waterfall
from postmortem.book.waterfall import deal_movements
from postmortem.frames import late_stage_cohort
from postmortem.ground.process import Process
from postmortem.result import Result

OPENING, END, LATER = FOCUS.day(5), FOCUS.end, str((FOCUS + 1).day(50))


def steps(result: Result) -> dict[str, tuple[int, float]]:
    rows = result.tables["steps"].rows
    return {row.step: (row.deals, row.amount) for row in rows.itertuples()}


def cents(amount: float) -> int:
    return round(amount * 100)


def story(
    number: int, outcome: str, closed: str | None, *, created: str = "2025-06-02", close: str = "2025-09-15",
    category: str = "commit", amounts: tuple[tuple[str, str], ...] = ((("2025-06-02"), "1000.00"),), to: str = "",
) -> Told:  # fmt: skip
    """Return a deal with every change it went through; amounts are days and values, the first its opening one."""
    rows = [
        change(number, "expected_close_date", created, None, close),
        change(number, "forecast_category", created, None, category),
        *(change(number, "amount", max(day, created), None if not place else amounts[place - 1][1], value)
          for place, (day, value) in enumerate(amounts)),
    ]  # fmt: skip
    if closed:
        rows.append(change(number, "forecast_category", closed, category, "omitted"))
    last = float(amounts[-1][1]) if amounts else None
    row = deal(number, outcome, closed, created_at=created, amount=last, lost_to_recorded=to or None,
               expected_close_date=close, forecast_category="omitted" if closed else category)  # fmt: skip
    return Told(row, rows)


QUARTER = (
    story(1, "won", "2025-08-20"),
    story(2, "won", "2025-08-20", amounts=(("2025-06-02", "1000.00"), ("2025-08-01", "1500.55"))),
    story(3, "won", "2025-08-20", amounts=(("2025-06-02", "1000.10"), ("2025-08-01", "800.00"))),
    story(4, "lost", "2025-08-20", to="competitor", amounts=(("2025-06-02", "300.33"),)),
    story(5, "lost", "2025-08-20", to="status_quo", amounts=(("2025-06-02", "200.00"),)),
    story(6, "open", None, amounts=(("2025-06-02", "400.00"), ("2025-08-01", "9999.00"))),
    story(7, "won", "2025-07-03", amounts=(("2025-06-02", "70.00"),)),
    story(8, "won", "2025-09-01", close=LATER, amounts=(("2025-06-02", "80.00"),)),
    story(9, "won", "2025-09-01", category="pipeline", amounts=(("2025-06-02", "90.00"),)),
    story(10, "won", "2025-09-01", created="2025-07-20", amounts=(("2025-07-20", "110.01"),)),
    story(11, "won", "2025-10-02", amounts=(("2025-06-02", "500.00"),)),
    story(12, "lost", "2025-09-01", created="2025-07-20", amounts=(("2025-07-20", "5.00"),)),
)


def test_every_step_is_what_the_deals_say() -> None:
    result = forecast_waterfall(forecast_of(QUARTER))
    assert steps(result) == {
        "opening": (7, 1000.0 + 1000.0 + 1000.10 + 300.33 + 200.0 + 400.0 + 500.0),
        "lost_competitor": (1, -300.33), "lost_status_quo": (1, -200.0), "slipped": (2, -900.0),
        "grew": (1, 500.55), "shrank": (1, -200.10), "won_of_it": (3, 3300.55),
        "before": (1, 70.0), "pulled_in": (2, 170.0), "created": (1, 110.01), "won": (7, 3650.56),
    }  # fmt: skip
    assert result.headline == (
        "Of $4.4k forecast for 2025Q3, $3.3k was won ($300 more than it was put at), $500 was lost and $900 was not "
        "closed; with $350 won besides, the quarter came to $3.7k."
    )
    assert result.n_used == 7


def test_the_same_deals_come_and_go_in_the_book_of_movements() -> None:
    cohort = forecast_of(QUARTER)
    moved = deal_movements(
        cohort.book, OPENING, END, (OPENING, END), ("commit", "most_likely", "best_case")
    ).set_index("deal_id")  # fmt: skip
    rows = forecast_waterfall(cohort).tables["deals"].keyed("deal_id")
    opening = moved[moved["came"] == "opening"]
    assert {key for key, row in rows.items() if row["opening"]} == set(opening.index)
    assert sum(cents(row["opening"]) for row in rows.values()) == opening["opening_cents"].sum()
    won = moved[moved["went"] == "won"]
    assert {key: cents(row["closing"]) for key, row in rows.items() if row["closing"] and row["step"] != "before"} == (
        won["went_cents"].to_dict()
    )
    created = {key for key, row in rows.items() if row["step"] == "created"}
    assert created == set(won.index[won["came"] == "created"])


DAYS = st.integers(0, 130).map(lambda ahead: str(dt.date(2025, 6, 1) + dt.timedelta(days=ahead)))
CENTS = st.integers(-(10**4), 10**7).map(lambda value: f"{Fraction(value, 100).__float__():.2f}")
DRAWN = st.tuples(
    DAYS, st.sampled_from(["open", "won", "lost"]), DAYS, st.sampled_from(["2025-09-15", LATER, "2025-07-02"]),
    st.sampled_from(["commit", "best_case", "pipeline"]), st.lists(st.tuples(DAYS, CENTS), max_size=3),
)  # fmt: skip


@settings(max_examples=5)
@given(st.lists(DRAWN, max_size=9))
def test_whatever_happened_the_steps_lead_to_what_was_won(drawn: list[Any]) -> None:
    lead_to_what_was_won(drawn)


@pytest.mark.thorough
@settings(max_examples=30)
@given(st.lists(DRAWN, max_size=9))
def test_whatever_happened_the_steps_lead_to_what_was_won_however_often(drawn: list[Any]) -> None:
    lead_to_what_was_won(drawn)


def lead_to_what_was_won(drawn: list[Any]) -> None:
    stories = [story(99, "open", None)]
    for number, (created, outcome, ended, close, category, amounts) in enumerate(drawn, start=1):
        closed = None if outcome == "open" else max(created, ended)
        known = tuple(sorted({max(day, created): value for day, value in amounts}.items()))
        known = tuple(step for step in known if closed is None or step[0] <= closed)
        stories.append(story(number, outcome, closed, created=created, close=close, category=category, amounts=known))
    result = forecast_waterfall(forecast_of(stories, as_of="2025-12-01"))
    rows = result.tables["steps"].rows
    changes = rows.loc[rows["kind"] == "step", ["step", "amount"]]
    by_step = {row.step: cents(row.amount) for row in rows.itertuples()}
    assert by_step["opening"] + sum(cents(amount) for amount in changes["amount"]) == by_step["won"]
    # What was won, from the deals as they were drawn: no book, no history, no cohort.
    expected = Fraction(0)
    for row in (each.deal for each in stories):
        if row["outcome"] == "won" and str(FOCUS.start) <= row["closed_at"] <= str(END) and row["amount"] is not None:
            expected += Fraction(f"{row['amount']:.2f}")
    total = result.tables["total"].first
    if not total["without_amount"]:
        assert by_step["won"] == expected * 100
    assert total["opening"] + total["change"] - total["lost"] - total["left"] == pytest.approx(total["won_of_it"])


def test_a_residual_would_be_called_a_fault_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = module._steps
    monkeypatch.setattr(
        module, "_steps", lambda deals, cohort: whole(deals, cohort).query("step != 'slipped'").reset_index(drop=True)
    )
    with pytest.raises(ValueError, match="do not lead to"):
        forecast_waterfall(forecast_of(QUARTER))


def test_deals_that_left_the_forecast_but_stayed_open_stand_apart() -> None:
    stories = counted({"won": 2, "slipped": 3, "pushed_early": 2}, amount=1000.0)
    found = steps(forecast_waterfall(forecast_of(stories)))
    assert (found["slipped"], found["pushed_early"]) == ((3, -3000.0), (2, -2000.0))


def test_deals_without_an_amount_are_counted_apart_at_their_step() -> None:
    lost = counted({"lost_competitor": 3}, start=10)
    bare = [Told({**each.deal, "amount": None}, [row for row in each.history if row["field"] != "amount"])
            for each in lost]  # fmt: skip
    result = forecast_waterfall(forecast_of([*counted({"won": 2}, amount=1000.0), *bare]))
    rows = result.tables["steps"].keyed("step")
    assert (rows["lost_competitor"]["deals"], rows["lost_competitor"]["without_amount"]) == (0, 3)
    assert rows["opening"]["without_amount"] == 3 and rows["opening"]["amount"] == 2000.0
    assert result.headline == (
        "Of $2k forecast for 2025Q3, $2k was won, $0 was lost and $0 was not closed; "
        "3 deals without an amount left out."
    )


def test_the_amount_at_quarter_end_counts_not_one_written_later() -> None:
    late = story(1, "won", "2025-08-20", amounts=(("2025-06-02", "1000.00"), ("2025-10-02", "7.00")))
    assert forecast_waterfall(forecast_of([late])).tables["total"].first["won"] == 1000.0


def test_a_running_quarter_ends_with_what_was_won_so_far() -> None:
    stories = [told(1, "won", amount=1000.0, closed_at=str(FOCUS.day(9))), told(2, "open", amount=3000.0)]
    result = forecast_waterfall(forecast_of(stories, as_of=str(FOCUS.day(45))))
    assert result.headline == "Of $4k forecast for 2025Q3, $1k was won so far, $0 was lost and $3k is still open."
    assert result.tables["steps"].rows["label"].iloc[-1] == "Won so far"


def test_late_stage_deals_give_an_answer_of_their_own_that_says_what_it_is() -> None:
    book = make_book([each.deal for each in QUARTER], history=[
        {**row, "field": "stage", "new_value": "Proposal"} if row["field"] == "expected_close_date" else row
        for each in QUARTER for row in each.history])  # fmt: skip
    book = replace(book, process=Process.inferred({"Proposal": 0.6}, frozenset()))
    result = forecast_waterfall(late_stage_cohort(book, FOCUS))
    assert result.status == "fallback" and "not a forecast" in result.caveats[0]
    total = result.tables["total"].first
    assert total["won"] == 3650.56, "all deals won in the quarter, whatever the frame"
    assert " in late-stage deals in 2025Q3, " in result.headline


def test_amounts_that_are_only_todays_are_said_to_be() -> None:
    stories = [Told(each.deal, [row for row in each.history if row["field"] != "amount"]) for each in QUARTER]
    result = forecast_waterfall(forecast_of(stories))
    assert "change that nobody wrote down" in result.caveats[0]
    assert result.tables["total"].first["change"] == 0


def test_a_forecast_on_snapshots_alone_is_enough() -> None:
    copies = [{"as_of": str(OPENING), "deal_id": each.deal["deal_id"], "expected_close_date": "2025-09-15",
               "forecast_category": "commit" if number < 6 else "pipeline", "amount": 100.0}
              for number, each in enumerate(QUARTER) if number not in (6, 9, 11)]  # fmt: skip
    total = forecast_waterfall(forecast(make_book([each.deal for each in QUARTER], snapshots=copies)))
    assert {name: total.tables["total"].first[name] for name in ("opening", "won_of_it", "change")} == {
        "opening": 600.0, "won_of_it": 3300.55, "change": 3000.55,
    }  # fmt: skip


def test_refused_for_closed_deals_and_without_any_amount() -> None:
    assert forecast_waterfall(closed_of(QUARTER)).headline == (
        "Not answered yet: no records of the deals as they were in the quarter."
    )
    bare = [Told({**each.deal, "amount": None}, [row for row in each.history if row["field"] != "amount"])
            for each in QUARTER]  # fmt: skip
    result = forecast_waterfall(forecast_of(bare))
    assert result.headline == "Not answered yet: no deals with an amount in 2025Q3."


def test_order_of_steps_is_the_order_they_are_told_in() -> None:
    rows = forecast_waterfall(cohort_of("forecast")).tables["steps"].rows
    assert rows["step"].is_unique and set(rows.loc[rows["kind"] == "total", "step"]) <= {"opening", "won_of_it", "won"}
    assert (rows["step"].iloc[0], rows["step"].iloc[-1]) == ("opening", "won")
