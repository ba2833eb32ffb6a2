"""Whether competitors and the status quo take equally many deals: all three verdicts, exact tails summed by hand."""

from __future__ import annotations

import math

import pytest
from analysis_cases import closed_of, counted, forecast_of, told
from builders import FOCUS
from by_hand import at_least, at_most, exact

from postmortem.analyses.competitor_or_status_quo import competitor_or_status_quo
from postmortem.findings.gate import tally, through_the_gate
from postmortem.result import Result


def of(competitor: int, status_quo: int, **others: int) -> Result:
    return competitor_or_status_quo(
        closed_of(counted({"lost_competitor": competitor, "lost_status_quo": status_quo, **others}))
    )


@pytest.mark.parametrize(
    ("competitor", "status_quo", "verdict"),
    [(100, 104, "equivalent"), (48, 52, "cannot tell"), (80, 20, "different"), (20, 80, "different"),
     (5, 5, "cannot tell"), (0, 10, "different")],
)  # fmt: skip
def test_verdict_from_tails_summed_by_hand(competitor: int, status_quo: int, verdict: str) -> None:
    n = competitor + status_quo
    row = of(competitor, status_quo).tables["verdict"].first
    above_margin, below_margin = at_least(competitor, n, 0.4), at_most(competitor, n, 0.6)
    far = 2 * min(at_most(competitor, n, 0.4), at_least(competitor, n, 0.6))
    expected = "equivalent" if max(above_margin, below_margin) < 0.05 else "different" if far < 0.05 else "cannot tell"
    assert row["verdict"] == expected == verdict
    assert row["p_equivalent"] == pytest.approx(max(above_margin, below_margin))
    assert (row["low"], row["high"]) == pytest.approx(exact(competitor, n, 0.9), abs=1e-9)
    assert (row["competitor"], row["status_quo"], row["share"]) == (competitor, status_quo, competitor / n)


def test_reference_values() -> None:
    assert of(48, 52).tables["verdict"].first["p_equivalent"] == pytest.approx(0.0637891769, abs=1e-10)
    assert of(100, 104).tables["verdict"].first["p_equivalent"] == pytest.approx(0.0055736688, abs=1e-10)


@pytest.mark.parametrize(("each", "expected"), [(50, 0.24), (15, 0.0)])
def test_power_is_the_chance_of_an_equal_verdict_at_one_half(each: int, expected: float) -> None:
    n = 2 * each
    earned = [k for k in range(n + 1) if max(at_least(k, n, 0.4), at_most(k, n, 0.6)) < 0.05]
    by_hand = math.fsum(math.comb(n, k) for k in earned) / 2**n
    power = of(each, each).tables["verdict"].first["power"]
    assert power == pytest.approx(by_hand, abs=1e-9)
    assert power == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("competitor", "status_quo", "headline"),
    [
        (100, 104, "On record, competitors and the status quo take about equally many deals: 100 against 104 recorded "
                   "losses (competitors' share 49%, 43–55%)."),
        (48, 52, "Whether competitors or the status quo take more deals cannot be told yet: 48 against 52 recorded "
                 "losses (competitors' share 48%, 39–57%)."),
        (80, 20, "Worth a look: on record, competitors and the status quo do not take equally many deals: 80 against "
                 "20 recorded losses (competitors' share 80%, 72–86%)."),
        (20, 80, "Worth a look: on record, competitors and the status quo do not take equally many deals: 20 against "
                 "80 recorded losses (competitors' share 20%, 14–28%)."),
    ],
)  # fmt: skip
def test_headline_of_each_verdict(competitor: int, status_quo: int, headline: str) -> None:
    assert of(competitor, status_quo).headline == headline


@pytest.mark.parametrize(
    ("competitor", "status_quo", "headline"),
    [
        (80, 20, "More losses on record went to competitors than to the status quo, 80 against 20 (competitors' share "
                 "80%, 72–86%)."),
        (20, 80, "More losses on record went to the status quo than to competitors, 80 against 20 (competitors' share "
                 "20%, 14–28%)."),
    ],
)  # fmt: skip
def test_the_side_is_said_once_the_gate_has_named_it(competitor: int, status_quo: int, headline: str) -> None:
    before = of(competitor, status_quo)
    (after,) = through_the_gate([before])
    assert after.tables["tests"].first["named"] is True
    assert after.headline == headline
    (denied,) = through_the_gate([before], level=1e-12)
    assert denied.headline == before.headline


def test_losses_without_a_record_are_left_out_and_bound_the_share() -> None:
    result = of(12, 8, lost_unknown=20, lost_disqualified=7, won=30)
    row = result.tables["verdict"].first
    assert (row["unrecorded"], row["share"]) == (20, 0.6)
    assert (row["lowest"], row["highest"]) == pytest.approx((12 / 40, 32 / 40))
    assert result.n_used == 20
    assert any("20 losses without a recorded taker are left out" in caveat for caveat in result.caveats)
    assert any("could be anything from 30% to 80%" in caveat for caveat in result.caveats)


@pytest.mark.parametrize(("competitor", "status_quo"), [(100, 104), (40, 20), (80, 20)])
def test_every_verdict_says_how_many_losses_are_silent(competitor: int, status_quo: int) -> None:
    """Seven more losses of either kind turn none of these: no bound crosses one half, or leaves 40 to 60%."""
    spoken = of(competitor, status_quo).headline
    assert of(competitor, status_quo, lost_unknown=7).headline == spoken[:-1] + "; for 7 more the record does not say."


@pytest.mark.parametrize(
    ("competitor", "status_quo", "silent", "on_record"),
    [
        (65, 16, 159, "different"),  # a simulated company whose true shares were .42 and .46
        (62, 58, 96, "equivalent"),  # the bundled sample `plain`: 29 to 73%
        (100, 104, 60, "equivalent"),  # 38 to 61%: the sixty could leave 40 to 60%
        (80, 20, 60, "different"),  # exactly one half at the least: 80 of 160
        (20, 80, 60, "different"),
    ],
)
def test_losses_without_a_record_that_could_turn_it_leave_it_open(
    competitor: int, status_quo: int, silent: int, on_record: str
) -> None:
    whole, open_ = of(competitor, status_quo), of(competitor, status_quo, lost_unknown=silent)
    assert whole.tables["verdict"].first["verdict"] == on_record
    assert open_.tables["verdict"].first["verdict"] == "cannot tell"
    assert math.isnan(open_.tables["tests"].first["p"])
    (decided,) = through_the_gate([open_], level=0.99)
    assert decided.tables["tests"].first["named"] is False
    assert decided.headline == open_.headline
    assert open_.headline.startswith("Whether competitors or the status quo take more deals cannot be told yet: ")
    assert f": {competitor} against {status_quo} recorded losses" in open_.headline
    assert open_.headline.endswith(f"; {silent} more without a record could turn it.")


def test_equality_that_silent_losses_could_leave_is_not_said_though_the_side_is_sure() -> None:
    """560 to 679 of 1,119 is more than half whatever the silent ones say, and may be more than 60%."""
    assert of(560, 440).tables["verdict"].first["verdict"] == "equivalent"
    result = of(560, 440, lost_unknown=119)
    row = result.tables["verdict"].first
    assert (row["lowest"], row["highest"]) == pytest.approx((560 / 1119, 679 / 1119))
    assert row["verdict"] == "cannot tell"
    assert result.headline.endswith("; 119 more without a record could turn it.")
    assert not math.isnan(result.tables["tests"].first["p"])


@pytest.mark.parametrize(
    ("competitor", "status_quo", "silent", "verdict"),
    [
        (224, 200, 41, "equivalent"),  # the bundled sample `full`: 48 to 57%
        (80, 20, 59, "different"),  # one loss fewer than could turn it: at least 80 of 159
        (20, 80, 59, "different"),
    ],
)
def test_a_verdict_stands_where_the_silent_losses_cannot_turn_it(
    competitor: int, status_quo: int, silent: int, verdict: str
) -> None:
    result = of(competitor, status_quo, lost_unknown=silent)
    assert result.tables["verdict"].first["verdict"] == verdict


def test_a_side_is_tested_only_where_the_silent_losses_cannot_turn_it() -> None:
    assert math.isnan(of(224, 200, lost_unknown=41).tables["tests"].first["p"])  # 224 to 265 of 465 holds one half
    assert math.isnan(of(80, 20, lost_unknown=60).tables["tests"].first["p"])
    far = 2 * at_least(80, 100, 0.6)
    assert of(80, 20, lost_unknown=59).tables["tests"].first["p"] == pytest.approx(far)
    assert of(50, 50).tables["tests"].first["p"] == 1  # nothing is silent: the even split is an answer


def test_a_direction_left_open_does_not_ease_the_gate_for_other_tests() -> None:
    open_, sure = of(65, 16, lost_unknown=159), of(80, 20)
    assert tally(through_the_gate([open_, sure])).tested == 1


def test_no_caveat_about_silence_where_all_is_recorded() -> None:
    result = of(12, 8)
    assert not any("without a recorded taker" in caveat for caveat in result.caveats)
    assert any("90% interval" in caveat for caveat in result.caveats)
    row = result.tables["verdict"].first
    assert row["lowest"] == row["highest"] == row["share"]


def test_refused_below_ten_recorded_losses() -> None:
    result = of(5, 4, lost_unknown=50, lost_disqualified=9)
    assert result.status == "refused"
    assert result.headline == ("Not answered yet: 9 of the 10 losses with a recorded taker needed in 2024Q4 to 2025Q3.")
    assert of(5, 5).status == "ok"


def test_quarters_are_pooled_and_shown_one_by_one() -> None:
    stories = [
        *counted({"lost_competitor": 9, "lost_status_quo": 4}, FOCUS),
        *counted({"lost_competitor": 3, "lost_status_quo": 6}, FOCUS - 2, start=100),
        *counted({"lost_competitor": 50}, FOCUS - 4, start=200),
    ]
    result = competitor_or_status_quo(closed_of(stories))
    assert (result.tables["verdict"].first["competitor"], result.tables["verdict"].first["status_quo"]) == (12, 10)
    rows = result.tables["quarters"].keyed("quarter")
    assert list(rows) == [quarter.label for quarter in FOCUS.trailing(4)]
    now, before, empty = rows[FOCUS.label], rows[(FOCUS - 2).label], rows[(FOCUS - 1).label]
    assert (now["competitor"], now["status_quo"], now["n"], now["share"]) == (9, 4, 13, 9 / 13)
    assert (now["low"], now["high"]) == pytest.approx(exact(9, 13, 0.95), abs=1e-9)
    assert (before["competitor"], before["status_quo"]) == (3, 6) and math.isnan(before["share"])
    assert empty["n"] == 0 and math.isnan(empty["share"]) and math.isnan(empty["high"])


def test_a_forecast_deal_lost_after_slipping_counts_where_it_was_lost() -> None:
    """Forecast for one quarter, slipped, forecast again and lost in the next: one loss, not two."""
    twice = told(1, "lost_competitor", FOCUS)
    earlier = [{**row, "changed_at": f"{(FOCUS - 1).day(-30)}T09:00:00Z", "seq": 0} for row in twice.history]
    for row in earlier:
        if row["field"] == "expected_close_date":
            row["new_value"] = str((FOCUS - 1).day(80))
    back = {**twice.deal, "created_at": str((FOCUS - 1).day(-40))}
    moved = [
        {**row, "changed_at": f"{FOCUS.day(1)}T09:00:00Z", "old_value": str((FOCUS - 1).day(80))}
        if row["field"] == "expected_close_date" else row
        for row in twice.history
    ]  # fmt: skip
    rest = counted({"lost_competitor": 5, "lost_status_quo": 5}, start=10)
    cohort = forecast_of([type(twice)(back, [*earlier, *moved]), *rest])
    assert sorted(cohort.table.loc[cohort.table["deal_id"] == "D0001", "resolution"]) == ["lost_competitor", "slipped"]
    assert competitor_or_status_quo(cohort).tables["verdict"].first["competitor"] == 6
