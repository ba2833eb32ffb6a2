"""Codes offered by likeness: the likest first, none where nothing is like it."""

from __future__ import annotations

import pytest

from postmortem.taxonomies import load_taxonomy
from postmortem.taxonomies.likeness import alike

RED_ZONE = load_taxonomy("red_zone")


@pytest.mark.parametrize(
    ("value", "first"),
    [
        ("Prise", "price_value"),
        ("PRICE TO HIGH!!", "price_value"),
        ("Lost funding / no budget", "budget_lost"),
        ("Cust. chose in house", "built_in_house"),
        ("Duplicat", "duplicate"),
        ("Budget withdrawn.", "budget_lost"),
    ],
)
def test_the_likest_comes_first(value: str, first: str) -> None:
    assert alike(value, RED_ZONE)[0] == first


@pytest.mark.parametrize("value", ["", "???", "zzzz qqqq", "高すぎる"])
def test_nothing_like_it_offers_nothing(value: str) -> None:
    assert alike(value, RED_ZONE) == ()


def test_no_heading_is_offered_and_no_more_than_asked() -> None:
    assert "competitor_side" not in alike("Where another offer looked better", RED_ZONE)
    assert len(alike("budget", RED_ZONE, most=1)) == 1
