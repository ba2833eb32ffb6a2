"""How deals ended against each competitor, tallied again deal by deal."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import pytest
from analysis_cases import Told, closed_of, counted, forecast_of, told
from builders import FOCUS
from by_hand import wilson
from scipy import stats

from postmortem.analyses.competitor_record import competitor_record


def met(names: dict[str, list[int]], status: str = "present") -> list[dict[str, str]]:
    return [
        {"deal_id": f"D{number:04d}", "competitor": name, "status": status}
        for name, numbers in names.items()
        for number in numbers
    ]


DEALS = counted({"won": 20, "lost_competitor": 12, "lost_status_quo": 8})
NAMES = {
    "Kestrel": [*range(15, 33)], "Merlin": [1, 2, 3, 15, 16, 40], "Osprey": [*range(5, 15), 38], "Harrier": [39],
    "Goshawk": [18],
}  # fmt: skip


def test_deals_wins_and_lost_amounts_by_competitor() -> None:
    result = competitor_record(closed_of(DEALS, competitors=met(NAMES)))
    outcomes = {int(story.deal["deal_id"][1:]): story.deal for story in DEALS}
    deals, won, lost = Counter(), Counter(), defaultdict(float)
    for name, numbers in NAMES.items():
        for number in numbers:
            deals[name] += 1
            won[name] += outcomes[number]["outcome"] == "won"
            lost[name] += outcomes[number]["amount"] if outcomes[number]["outcome"] == "lost" else 0
    rows = result.tables["record"].keyed("competitor")
    assert {name: row["deals"] for name, row in rows.items()} == dict(deals)
    assert {name: row["won"] for name, row in rows.items()} == {name: won[name] for name in NAMES}
    assert {name: row["amount_lost"] for name, row in rows.items() if lost[name]} == {
        k: v for k, v in lost.items() if v
    }
    assert list(rows) == ["Kestrel", "Osprey", "Merlin", "Goshawk", "Harrier"]


def test_interval_is_wilsons_and_withheld_below_ten_deals() -> None:
    rows = competitor_record(closed_of(DEALS, competitors=met(NAMES))).tables["record"].keyed("competitor")
    assert (rows["Kestrel"]["low"], rows["Kestrel"]["high"]) == pytest.approx(wilson(6, 18))
    assert (rows["Osprey"]["low"], rows["Osprey"]["high"]) == pytest.approx(wilson(10, 11))
    for name in ("Merlin", "Harrier", "Goshawk"):
        assert all(math.isnan(rows[name][column]) for column in ("share", "low", "high")), name


def test_confidence_is_the_one_asked_for() -> None:
    result = competitor_record(closed_of(DEALS, competitors=met(NAMES)), confidence=0.8)
    first = result.tables["record"].first
    assert (first["low"], first["high"]) == pytest.approx(wilson(6, 18, float(stats.norm.ppf(0.9))))
    assert result.tables["record"].column("share").label == "Share won (80% interval)"


def test_steadied_shares_lie_between_the_record_and_the_common_rate() -> None:
    rows = competitor_record(closed_of(DEALS, competitors=met(NAMES))).tables["record"].records
    common = sum(row["won"] for row in rows) / sum(row["deals"] for row in rows)
    for row in rows:
        raw = row["won"] / row["deals"]
        if row["deals"] < 10:
            assert math.isnan(row["steady"]) and math.isnan(row["steady_low"]), "counts only"
            continue
        assert min(raw, common) - 0.1 <= row["steady"] <= max(raw, common) + 0.1
        assert abs(row["steady"] - common) <= abs(raw - common) + 1e-9
        assert 0 <= row["steady_low"] < row["steady"] < row["steady_high"] <= 1


def test_too_few_competitors_are_not_steadied() -> None:
    rows = competitor_record(closed_of(DEALS, competitors=met({"Kestrel": [*range(15, 33)]}))).tables["record"].records
    assert math.isnan(rows[0]["steady"]) and not math.isnan(rows[0]["share"])


def test_deals_with_and_without_a_name_are_all_deals() -> None:
    with_name, without = competitor_record(closed_of(DEALS, competitors=met(NAMES))).tables["presence"].records
    named = {number for numbers in NAMES.values() for number in numbers}
    assert (with_name["deals"], without["deals"]) == (len(named), 40 - len(named))
    assert with_name["won"] == len([number for number in named if number <= 20])
    assert with_name["won"] + without["won"] == 20
    assert (with_name["low"], with_name["high"]) == pytest.approx(wilson(with_name["won"], len(named)))
    assert math.isnan(without["share"]), "under ten deals there is no share"


def test_a_competitor_entered_twice_on_a_deal_counts_once() -> None:
    rows = [*met({"Kestrel": [*range(1, 13)]}), *met({"Kestrel": [1, 2]}, status="won")]
    assert competitor_record(closed_of(DEALS, competitors=rows)).tables["record"].first["deals"] == 12


def test_an_unknown_amount_is_not_a_lost_nought() -> None:
    stories = [Told({**story.deal, "amount": None}, []) for story in DEALS[:21]] + DEALS[21:]
    rows = competitor_record(closed_of(stories, competitors=met({"Kestrel": [*range(1, 12)], "Merlin": [21, 22]})))
    record = rows.tables["record"].keyed("competitor")
    assert math.isnan(record["Kestrel"]["amount_lost"]), "no lost deal, no lost amount"
    assert record["Merlin"]["amount_lost"] == DEALS[21].deal["amount"]


@pytest.mark.parametrize(
    ("names", "headline"),
    [
        ({"Kestrel": [*range(15, 33)], "Merlin": [1]},
         "Kestrel is written down most often, on 18 decided deals; 33% of them were won (16–56%)."),
        ({"Kestrel": [*range(20, 29)], "Merlin": [1]},
         "Kestrel is written down most often, on 9 decided deals; 1 of them was won."),
        ({"Kestrel": [*range(18, 27)], "Merlin": [1]},
         "Kestrel is written down most often, on 9 decided deals; 3 of them were won."),
        ({"Merlin": [*range(1, 8)], "Kestrel": [*range(8, 15)]},
         "Kestrel and 1 other are written down most often, on 7 decided deals each."),
    ],
    ids=["share", "counts, one", "counts, several", "level"],
)  # fmt: skip
def test_headlines(names: dict[str, list[int]], headline: str) -> None:
    assert competitor_record(closed_of(DEALS, competitors=met(names))).headline == headline


@pytest.mark.parametrize(
    ("name", "spoken"),
    [("two\nlines", "two lines"), ("\u202eevil", "evil"), ("\x07", "One competitor"), ("y" * 90, "y" * 59 + "…")],
)
def test_a_name_is_spoken_on_one_short_line(name: str, spoken: str) -> None:
    result = competitor_record(closed_of(DEALS, competitors=met({name: [*range(1, 13)]})))
    assert result.headline.startswith(f"{spoken} is written down most often, on 12 decided deals")
    assert result.tables["record"].first["competitor"] == name, "the table keeps what the CRM holds"


def test_refused_below_ten_deals_with_a_name() -> None:
    result = competitor_record(closed_of(DEALS, competitors=met({"Kestrel": [*range(1, 10)], "Merlin": [1, 2]})))
    assert result.headline == (
        "Not answered yet: 9 of the 10 won or lost deals with a named competitor needed in 2024Q4 to 2025Q3."
    )


def test_only_decided_deals_of_the_window_count() -> None:
    stories = [
        *DEALS,
        *counted({"slipped": 6}, start=60),
        *counted({"won": 3}, FOCUS - 4, start=70),
        told(80, "won", FOCUS - 3),
    ]
    names = {"Kestrel": [*range(1, 11), *range(61, 67), 71, 72, 73, 80]}
    assert competitor_record(forecast_of(stories, competitors=met(names))).tables["record"].first["deals"] == 11
    assert competitor_record(closed_of(stories, competitors=met(names))).tables["record"].first["deals"] == 11


def test_the_reader_is_warned_of_names_written_after_the_loss() -> None:
    result = competitor_record(closed_of(DEALS, competitors=met(NAMES)))
    assert any("only when a deal is lost" in caveat for caveat in result.caveats)
