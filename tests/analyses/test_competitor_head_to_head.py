"""Each competitor against all other deals, counted again deal by deal; and what chance alone gives it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, told
from builders import FOCUS
from by_hand import newcombe, wilson

from postmortem.analyses.competitor_head_to_head import competitor_head_to_head
from postmortem.findings.gate import through_the_gate

UNNAMED = "No competitor on record"


def on(name: str, *numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [{"deal_id": f"D{number:04d}", "competitor": name, "status": "present", **more} for number in numbers]


# 40 won (1 to 40), 30 lost; every owner sells against everybody
DEALS = counted({"won": 40, "lost_competitor": 20, "lost_status_quo": 10})
RIVALS = [*on("Kestrel", *range(31, 56)), *on("Merlin", *range(1, 13), 41, 42), *on("Osprey", 40, 41, 60)]


def rows_of(deals: list[Told] = DEALS, rivals: list[dict[str, Any]] = RIVALS) -> dict[str, Any]:
    return dict(competitor_head_to_head(closed_of(deals, competitors=rivals)).tables["against"].keyed("competitor"))


def test_shares_and_differences_are_counted_deal_by_deal() -> None:
    rows = rows_of()
    assert (rows["Kestrel"]["deals"], rows["Kestrel"]["won"]) == (25, 10)
    assert (rows["Kestrel"]["share_low"], rows["Kestrel"]["share_high"]) == pytest.approx(wilson(10, 25))
    difference, low, high = newcombe(10, 25, 30, 45)
    assert rows["Kestrel"]["difference"] == pytest.approx(difference)
    assert rows["Kestrel"]["high"] - rows["Kestrel"]["low"] >= high - low - 1e-9, "never narrower than Newcombe's"


def test_among_deals_with_a_name_only_those_are_compared() -> None:
    # with a name: Kestrel 31-55, Merlin 1-12, 41, 42, Osprey 40, 41, 60
    named = {*range(31, 56), *range(1, 13), 41, 42, 40, 60}
    others = named - set(range(31, 56))
    expected = 10 / 25 - sum(number <= 40 for number in others) / len(others)
    assert rows_of()["Kestrel"]["among_named"] == pytest.approx(expected)


def test_without_a_name_is_a_level_of_its_own_and_comes_last() -> None:
    table = competitor_head_to_head(closed_of(DEALS, competitors=RIVALS)).tables["against"]
    last = table.records[-1]
    assert (last["competitor"], last["level"]) == (UNNAMED, "not named")
    named = {*range(31, 56), *range(1, 13), 60}
    assert (last["deals"], last["won"]) == (70 - len(named), len({*range(1, 41)} - named))
    assert math.isnan(last["among_named"])


def test_a_deal_with_two_competitors_counts_for_each_and_once_overall() -> None:
    result = competitor_head_to_head(closed_of(DEALS, competitors=RIVALS))
    assert result.tables["overall"].first["decided"] == 70
    assert result.tables["against"].keyed("competitor")["Merlin"]["deals"] == 14


def test_under_ten_deals_there_are_counts_only() -> None:
    row = rows_of()["Osprey"]
    assert (row["deals"], row["won"]) == (3, 1)
    assert all(math.isnan(row[name]) for name in ("share", "steady", "difference", "among_named"))


def test_ordered_by_the_steadied_share_where_five_were_met() -> None:
    # the smaller record is the more extreme one, and is drawn further in
    rivals = [*on("A", *range(21, 41)), *on("B", *range(1, 11)), *on("C", *range(15, 28), *range(41, 55)),
              *on("D", *range(41, 51), 1), *on("E", *range(30, 70))]  # fmt: skip
    records = competitor_head_to_head(closed_of(DEALS, competitors=rivals)).tables["against"].records[:-1]
    steady = [row["steady"] for row in records]
    assert steady == sorted(steady) and not any(math.isnan(value) for value in steady)


def test_intervals_are_wider_where_a_sales_person_decides() -> None:
    """All deals of one owner end alike, so that 70 deals are worth no more than their owners."""
    fates = [(number, "won" if number % 12 < 6 else "lost_competitor") for number in range(1, 121)]
    deals = [told(number, fate) for number, fate in fates]
    met = [number for number in range(1, 121) if number % 12 in (0, 1, 2, 6)]
    row = rows_of(deals, on("Kestrel", *met))["Kestrel"]
    _, low, high = newcombe(30, 40, 30, 80)
    assert row["high"] - row["low"] > 1.3 * (high - low)


def test_refused_where_no_competitor_was_met_ten_times() -> None:
    result = competitor_head_to_head(closed_of(DEALS, competitors=[*on("A", *range(1, 10)), *on("B", *range(20, 29))]))
    assert result.headline == (
        "Not answered yet: 9 of the 10 won or lost deals with one and the same competitor needed in 2024Q4 to 2025Q3."
    )


def mixed(shares: tuple[float, ...], seed: int, each: int = 150) -> Any:
    """Return a cohort in which deals against competitor k are won with the k-th chance, whoever sells."""
    generator = np.random.default_rng(seed)
    deals, rivals = [], []
    for number in range(1, each * len(shares) + 1):
        place = number % len(shares)
        fate = "won" if generator.random() < shares[place] else "lost_competitor"
        deals.append(told(number, fate, FOCUS - number % 4, owner_id=f"Rep {generator.integers(24)}"))
        rivals += on(f"Rival {place}", number)
    return closed_of(deals, competitors=rivals)


def test_a_planted_competitor_is_named_with_its_direction_and_only_through_the_gate() -> None:
    result = competitor_head_to_head(mixed((0.2, 0.55, 0.55, 0.55), seed=3))
    assert result.headline.startswith("Worth a look: deals are not won equally often"), "no gate, no name"
    assert "Rival" not in result.headline
    gated = through_the_gate([result])[0]
    row = gated.tables["against"].keyed("competitor")["Rival 0"]
    assert gated.headline.startswith(f"Against Rival 0 {row['share']:.0%} of 150 deals were won, ")
    assert "fewer than with other named competitors" in gated.headline
    assert row["low"] <= 0.2 - 0.55 <= row["high"]


@pytest.mark.thorough
def test_alike_competitors_are_seldom_told_apart() -> None:
    p = [competitor_head_to_head(mixed((0.5,) * 4, seed, each=50)).tables["tests"].first["p"] for seed in range(8)]
    assert sum(value < 0.05 for value in p) <= 2


def test_nothing_is_said_of_one_competitor_alone() -> None:
    result = competitor_head_to_head(closed_of(DEALS, competitors=on("Kestrel", *range(20, 50))))
    assert result.headline.startswith("Only one competitor was met on ten decided deals or more; of all 70 decided")


def test_works_without_owners() -> None:
    assert competitor_head_to_head(cohort_of("no owners")).status == "ok"
