"""The costliest losses, ranked again by hand."""

from __future__ import annotations

import random

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of, reason, told
from builders import FOCUS

from postmortem.analyses.costliest_losses import costliest_losses


def losses(*amounts: float | None) -> list[Told]:
    return [told(number, "lost_unknown", amount=amount) for number, amount in enumerate(amounts, start=1)]


def test_ten_costliest_of_many_with_their_part_of_the_whole() -> None:
    amounts = [float(number) * 1000 for number in range(1, 26)]
    random.Random(3).shuffle(amounts)
    stories = [*losses(*amounts), *counted({"won": 5}, start=100, amount=1e9)]
    result = costliest_losses(closed_of(stories))
    ranked = sorted(((-amount, f"D{place:04d}") for place, amount in enumerate(amounts, start=1)))[:10]
    rows = result.tables["losses"].records
    assert [(-row["amount"], row["deal_id"]) for row in rows] == ranked
    total = result.tables["total"].first
    assert (total["listed"], total["lost"]) == (sum(-amount for amount, _ in ranked), sum(amounts))
    assert (total["deals"], total["without_amount"]) == (25, 0)
    assert result.headline == "The 10 costliest of 25 lost deals hold $205k, 63% of the lost amount."


def test_equal_amounts_stand_in_order_of_their_ids() -> None:
    rows = costliest_losses(closed_of(losses(5.0, 9.0, 5.0, 9.0)), top=3).tables["losses"].records
    assert [row["deal_id"] for row in rows] == ["D0002", "D0004", "D0001"]


def test_each_row_says_whose_to_whom_and_why() -> None:
    stories = [told(7, "lost_competitor", amount=3.0), told(8, "lost_status_quo", amount=2.0)]
    result = costliest_losses(closed_of(stories, reasons=[reason("D0007", "price_value")]))
    first, second = result.tables["losses"].records
    assert (first["deal"], first["account"], first["owner"]) == ("Deal 7", "Account 7", "Rep 7")
    assert (first["fate"], first["taker"]) == ("lost_competitor", "Lost to a competitor")
    assert first["reason"] == "Price against value"
    assert second["reason"] != second["reason"], "nothing recorded stays missing"


@pytest.mark.parametrize(
    ("amounts", "options", "headline"),
    [
        ((4000.0,), {}, "The one lost deal was worth $4k."),
        ((0.0,), {}, "The one lost deal was worth $0."),
        ((3000.0, 1000.0), {}, "The 2 lost deals were worth $4k together."),
        ((3000.0, 1000.0), {"top": 1}, "The costliest of 2 lost deals was worth $3k, 75% of the lost amount."),
        ((3000.0, 1000.0, 6000.0), {"top": 2}, "The 2 costliest of 3 lost deals hold $9k, 90% of the lost amount."),
        ((3000.0, 1000.0, None), {}, "The 2 costliest of 3 lost deals hold $4k; 1 carry no amount."),
        ((3000.0, None, None), {}, "The costliest of 3 lost deals was worth $3k; 2 carry no amount."),
        ((0.0, 0.0, 0.0), {"top": 2}, "The 2 costliest of 3 lost deals hold $0."),
    ],
)
def test_headlines(amounts: tuple[float | None, ...], options: dict[str, int], headline: str) -> None:
    assert costliest_losses(closed_of(losses(*amounts)), **options).headline == headline


def test_unknown_amounts_are_counted_apart_and_never_listed() -> None:
    result = costliest_losses(closed_of(losses(None, 2.0, None)))
    assert [row["deal_id"] for row in result.tables["losses"].records] == ["D0002"]
    total = result.tables["total"].first
    assert (total["lost"], total["deals"], total["without_amount"]) == (2.0, 3, 2)
    assert result.n_used == 1


def test_forecast_losses_are_ranked_by_the_amount_forecast() -> None:
    small_now = told(1, "lost_competitor", amount=9000.0)
    stories = [Told({**small_now.deal, "amount": 1.0}, small_now.history), told(2, "lost_competitor", amount=5000.0),
               told(3, "slipped", amount=8000.0)]  # fmt: skip
    rows = costliest_losses(forecast_of(stories)).tables["losses"].records
    assert [(row["deal_id"], row["amount"]) for row in rows] == [("D0001", 9000.0), ("D0002", 5000.0)]


def test_earlier_quarters_are_not_listed() -> None:
    stories = [*losses(5.0), *counted({"lost_unknown": 2}, FOCUS - 1, start=50, amount=1e6)]
    assert len(costliest_losses(closed_of(stories)).tables["losses"].rows) == 1


@pytest.mark.parametrize("stories", [losses(None, None), counted({"won": 3})], ids=["no amount", "no loss"])
def test_refused_without_one_lost_amount(stories: list[Told]) -> None:
    result = costliest_losses(closed_of(stories))
    assert result.headline == "Not answered yet: no lost deals with an amount in 2025Q3."
    assert dict(result.params) == {"top": 10}
