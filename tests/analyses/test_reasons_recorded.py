"""The reasons on record, tallied again rater by rater."""

from __future__ import annotations

import pytest
from analysis_cases import closed_of, counted, forecast_of, reason, told
from builders import FOCUS

from postmortem.analyses.reasons_recorded import reasons_recorded
from postmortem.frames import Cohort
from postmortem.result import Result

PRICE, URGENCY, BUDGET = "Price against value", "No reason to act now", "Budget withdrawn"


def losses_with(words: list[dict[str, object]], lost: int = 8, **fates: int) -> Cohort:
    return closed_of(counted({"lost_unknown": lost, **fates}), reasons=words)


def tally(result: Result) -> dict[tuple[str, str, str], int]:
    return {(row["rater"], row["rank"], row["reason"]): row["deals"] for row in result.tables["reasons"].records}


def rep(number: int, code: str | None, **more: object) -> dict[str, object]:
    return reason(f"D{number:04d}", code, **more)


def test_every_rater_is_counted_apart_and_over_all_losses() -> None:
    words = [
        rep(1, "price_value"), rep(2, "price_value"), rep(3, "no_urgency"),
        rep(4, "budget_lost", rank="contributing"), rep(4, "price_value", rank="contributing"),
        rep(1, "no_urgency", rater="buyer"), rep(2, "no_urgency", rater="manager"),
        rep(5, "no_urgency", rater="analyst"),
    ]  # fmt: skip
    result = reasons_recorded(losses_with(words))
    assert tally(result) == {
        ("Sales person", "primary", PRICE): 2, ("Sales person", "primary", URGENCY): 1,
        ("Sales person", "contributing", BUDGET): 1, ("Sales person", "contributing", PRICE): 1,
        ("Sales person", "primary", "No reason recorded"): 4,
        ("Buyer", "primary", URGENCY): 1, ("Manager", "primary", URGENCY): 1, ("Analyst", "primary", URGENCY): 1,
    }  # fmt: skip
    assert all(row["share"] == row["deals"] / 8 for row in result.tables["reasons"].records)
    assert result.n_used == 5


def test_a_reason_said_twice_of_one_deal_counts_once() -> None:
    words = [rep(1, "price_value", rater="manager", rater_id="A"), rep(1, "price_value", rater="manager", rater_id="B")]
    assert tally(reasons_recorded(losses_with(words)))[("Manager", "primary", PRICE)] == 1


def test_reasons_of_other_deals_do_not_count() -> None:
    stories = [*counted({"lost_unknown": 2, "won": 1}), *counted({"lost_unknown": 2}, FOCUS - 1, start=50)]
    words = [rep(1, "price_value"), rep(3, "no_urgency"), rep(51, "no_urgency")]
    rows = reasons_recorded(closed_of(stories, reasons=words)).tables["reasons"].records
    assert [(row["reason"], row["deals"]) for row in rows] == [("No reason recorded", 1), (PRICE, 1)]


@pytest.mark.parametrize(
    ("codes", "headline"),
    [
        (["price_value"] * 3 + ["no_urgency"],
         "Sales people gave “Price against value” as the main reason most often, for 3 of 4 lost deals (75%); every "
         "loss carries an entry of theirs."),
        (["price_value", "no_urgency"],
         "Sales people gave “No reason to act now” and “Price against value” as the main reason most often, for 1 of "
         "4 lost deals each (25%); for 2 they wrote nothing."),
        (["price_value", "no_urgency", "budget_lost"],
         "No main reason of the sales people stands out among 4 lost deals; for 1 they wrote nothing."),
        ([None, "gone_from_the_list"],
         "Sales people gave no main reason that can be counted for any of 4 lost deals; for 2 they wrote nothing."),
    ],
    ids=["one leads", "two lead", "none stands out", "nothing that can be counted"],
)  # fmt: skip
def test_headlines(codes: list[str | None], headline: str) -> None:
    words = [rep(number, code) for number, code in enumerate(codes, start=1)]
    assert reasons_recorded(losses_with(words, lost=4)).headline == headline


def test_a_buyers_reason_is_not_the_sales_persons() -> None:
    """A loss on which only the buyer spoke is silent for the sales person, not without any reason."""
    result = reasons_recorded(losses_with([rep(1, "no_urgency", rater="buyer")], lost=3))
    assert result.headline == (
        "Sales people gave no main reason that can be counted for any of 3 lost deals; for 3 they wrote nothing."
    )
    assert result.tables["silent"].first == {"lost": 3, "coded": 0, "none": 3}


def test_contributing_reasons_are_no_main_reason() -> None:
    words = [rep(1, "price_value", rank="contributing"), rep(1, "no_urgency", rank="contributing")]
    result = reasons_recorded(losses_with(words, lost=1))
    assert "no main reason that can be counted" in result.headline
    assert result.tables["by_taker"].first["reason"] == "Several, none of them main"


def test_words_without_a_known_code_are_kept_apart() -> None:
    words = [rep(1, None, text="they went quiet"), rep(2, None, lost_to="competitor"), rep(3, "not_in_the_list"),
             rep(4, "price_value")]  # fmt: skip
    result = reasons_recorded(losses_with(words, lost=5))
    assert tally(result) == {
        ("Sales person", "primary", "A reason the taxonomy does not know"): 2,
        ("Sales person", "primary", "Only who took it, no reason"): 1,
        ("Sales person", "primary", PRICE): 1,
        ("Sales person", "primary", "No reason recorded"): 1,
    }  # fmt: skip
    assert result.tables["silent"].first["none"] == 1


def test_main_reasons_are_crossed_with_who_took_the_deal() -> None:
    stories = [
        told(1, "lost_competitor"),
        told(2, "lost_competitor"),
        told(3, "lost_status_quo"),
        told(4, "lost_unknown"),
    ]
    words = [rep(1, "price_value"), rep(2, "price_value"), rep(3, "price_value"), rep(3, "no_urgency", rater="buyer")]
    rows = reasons_recorded(closed_of(stories, reasons=words)).tables["by_taker"].records
    assert [(row["reason"], row["fate"], row["deals"]) for row in rows] == [
        (PRICE, "lost_competitor", 2), (PRICE, "lost_status_quo", 1), ("No reason recorded", "lost_unknown", 1)
    ]  # fmt: skip
    assert sum(row["deals"] for row in rows) == 4


def test_two_main_reasons_on_one_deal_take_the_one_the_cohort_took() -> None:
    cohort = losses_with([rep(1, "price_value"), rep(1, "no_urgency")], lost=1)
    rows = reasons_recorded(cohort).tables["by_taker"].records
    assert [row["reason"] for row in rows] == [cohort.table.loc[0, "reason"]]


def test_forecast_deals_that_slipped_are_no_losses() -> None:
    stories = counted({"lost_competitor": 2, "slipped": 5})
    result = reasons_recorded(forecast_of(stories, reasons=[rep(1, "price_value"), rep(4, "price_value")]))
    assert result.tables["silent"].first["lost"] == 2
    assert tally(result)[("Sales person", "primary", PRICE)] == 1


@pytest.mark.parametrize(("fates", "losses"), [({"lost_unknown": 3}, "3 deals"), ({"won": 2}, "0 deals")])
def test_refused_where_nobody_wrote_a_word(fates: dict[str, int], losses: str) -> None:
    result = reasons_recorded(closed_of(counted(fates)))
    assert result.headline == (f"Not answered yet: no lost deals with a reason on record; {losses} lost in 2025Q3.")
