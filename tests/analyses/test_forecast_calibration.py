"""What was stated against what came: shares by hand, both scores, the gate's word, and every way to be refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from analysis_cases import Told, closed_of, cohort_of, counted, forecast_of, told
from builders import FOCUS

from postmortem.analyses.forecast_calibration import forecast_calibration
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort
from postmortem.frames.stated import CATEGORY, OWN, scored_deals, stated_probability
from postmortem.ground.process import Process


def stating(
    probability: float | None, fates: dict[str, int], *, start: int = 0, category: str = "commit"
) -> list[Told]:
    """Return deals all stated at one probability, or at none."""
    stories = []
    for story in counted(fates, start=start):
        history = [
            {**row, "new_value": category if row["field"] == "forecast_category" else row["new_value"]}
            for row in story.history
            if row["field"] != "probability"
        ]
        if probability is not None:
            history.append({**history[0], "field": "probability", "new_value": str(probability)})
        stories.append(Told(story.deal, history))
    return stories


def declared(cohort: Cohort, **categories: float) -> Cohort:
    process = Process(name="Testing", stages=cohort.book.process.stages, categories=categories)
    return replace(cohort, book=replace(cohort.book, process=process))


def test_bins_scores_and_murphys_parts_by_hand() -> None:
    stories = [
        *stating(0.9, {"won": 2, "lost_competitor": 1}),
        *stating(0.6, {"won": 1, "lost_unknown": 1}, start=10),
        *stating(0.3, {"won": 1, "lost_status_quo": 2}, start=20),
        *stating(0.1, {"slipped": 2}, start=30),
    ]
    row = forecast_calibration(forecast_of(stories)).tables["scores"].first
    assert row["brier"] == pytest.approx(0.204)
    assert (row["reliability"], row["resolution"], row["uncertainty"]) == pytest.approx(
        (0.0206667, 0.0566667, 0.24), abs=1e-7
    )
    assert (row["n"], row["won"], row["stated"], row["share"]) == (10, 4, pytest.approx(0.5), pytest.approx(0.4))


def test_one_stated_probability_moves_by_the_logit_of_what_came() -> None:
    """With a single probability, calibration in the large is a difference of logits."""
    result = forecast_calibration(forecast_of(stating(0.8, {"won": 60, "lost_competitor": 40})))
    (bin_,) = [row for row in result.tables["bins"].records if row["score"] == "by_quarter_end"]
    assert (bin_["n"], bin_["won"], bin_["share"]) == (100, 60, 0.6)
    assert (bin_["low"], bin_["high"]) == pytest.approx((0.502003, 0.690599), abs=1e-6)
    row = result.tables["scores"].first
    assert math.isnan(row["slope"]), "one probability has no slope"
    middle = (math.log(row["low"] / (1 - row["low"])) + math.log(row["high"] / (1 - row["high"]))) / 2
    assert middle == pytest.approx(math.log(0.6 / 0.4), abs=1e-6), "the interval is even on the logit scale"


def test_the_wider_of_the_two_clusterings_is_shown() -> None:
    stories = stating(0.8, {"won": 60, "lost_competitor": 60})
    apart = [
        Told({**story.deal, "owner_id": f"Rep {place % 12}"}, story.history) for place, story in enumerate(stories)
    ]
    same = [
        Told({**story.deal, "owner_id": f"Rep {place // 10}"}, story.history) for place, story in enumerate(stories)
    ]
    narrow, wide = (forecast_calibration(forecast_of(each)).tables["scores"].first for each in (apart, same))
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
    # Every account is on one deal: the reps of `apart` are alike, so accounts doubt it more, as binomial would.
    half = math.sqrt(1 / (120 * 0.25)) * 1.98
    assert math.log(narrow["high"] / (1 - narrow["high"])) == pytest.approx(half, rel=0.03)


@pytest.mark.parametrize(
    ("probability", "won", "before", "after"),
    [
        (0.8, 110, "Worth a look: the two do not agree", "fewer than stated, by more than chance"),
        (0.3, 110, "Worth a look: the two do not agree", "more than stated, by more than chance"),
        (0.55, 110, "the two cannot be told apart", "the two cannot be told apart"),
    ],
)
def test_a_direction_is_said_once_the_gate_has_named_it(probability: float, won: int, before: str, after: str) -> None:
    result = forecast_calibration(forecast_of(stating(probability, {"won": won, "lost_competitor": 200 - won})))
    assert before in result.headline and "than stated" not in result.headline
    (passed,) = through_the_gate([result])
    assert after in passed.headline


def test_headline() -> None:
    result = forecast_calibration(forecast_of(stating(0.8, {"won": 60, "lost_competitor": 40})))
    assert result.headline.startswith(
        "Deals stated at 80% were won by the quarter's end 60% of the time (50–69%); over all 100, 80% was stated and "
        "60% was won ("
    )


def test_bins_below_five_show_counts_only() -> None:
    result = forecast_calibration(
        forecast_of([*stating(0.8, {"won": 20, "lost_competitor": 20}), *stating(0.95, {"won": 4}, start=100)])
    )
    few = [row for row in result.tables["bins"].records if row["stated"] == 0.95]
    assert [(row["n"], row["won"]) for row in few] == [(4, 4)] * len(few) and len(few) == 2
    assert all(math.isnan(row["share"]) and math.isnan(row["low"]) for row in few)
    assert "stated at 80%" in result.headline, "what is shown in no bin is no example"


def test_slipped_deals_are_not_won_by_the_quarters_end_and_not_ended() -> None:
    stories = stating(0.8, {"won": 40, "lost_competitor": 20, "slipped": 20})
    by_end, *later = forecast_calibration(forecast_of(stories)).tables["scores"].records
    assert (by_end["n"], by_end["won"], by_end["share"]) == (80, 40, 0.5)
    assert later == [], "a quarter of which a quarter is open says nothing of the end yet"


def test_won_in_the_end_counts_a_deal_once_and_later_wins() -> None:
    twice = [told(900, "won", FOCUS), *stating(0.8, {"won": 25, "lost_status_quo": 15})]
    earlier = [
        {**row, "changed_at": f"{(FOCUS - 1).day(-30)}T09:00:00Z",
         "new_value": str((FOCUS - 1).day(80)) if row["field"] == "expected_close_date" else row["new_value"]}
        for row in twice[0].history
    ]  # fmt: skip
    moved = [
        {**row, "changed_at": f"{FOCUS.day(1)}T09:00:00Z", "seq": 2}
        for row in twice[0].history if row["field"] in ("expected_close_date", "probability")
    ]  # fmt: skip
    slipped_once = Told({**twice[0].deal, "created_at": str((FOCUS - 1).day(-40))}, [*earlier, *moved])
    cohort = forecast_of([slipped_once, *twice[1:]])
    assert list(cohort.table.loc[cohort.table["deal_id"] == "D0900", "resolution"]) == ["slipped", "won"]
    by_end, ever = forecast_calibration(cohort).tables["scores"].records
    assert (by_end["n"], by_end["won"]) == (42, 26)
    assert (ever["n"], ever["won"]) == (41, 26)
    once = scored_deals(cohort).query("score == 'ever' and deal_id == 'D0900'")
    assert list(once["quarter"]) == [(FOCUS - 1).label], "as it was stated first"


def test_a_deals_own_probability_comes_before_its_categorys() -> None:
    stories = [
        *stating(0.8, {"won": 10, "lost_competitor": 10}),
        *stating(None, {"won": 10, "lost_competitor": 10}, start=100),
        *stating(None, {"won": 3}, start=200, category="most_likely"),
    ]
    cohort = declared(forecast_of(stories), commit=0.9)
    stated = stated_probability(cohort)
    assert stated["stated_by"].value_counts().to_dict() == {OWN: 20, CATEGORY: 20}
    result = forecast_calibration(cohort)
    assert {row["stated"] for row in result.tables["bins"].records} == {0.8, 0.9}
    assert result.n_used == 40
    assert any("for 20 it is the one declared" in said for said in result.caveats)
    assert any("3 deals without any stated probability" in said for said in result.caveats)


def test_nothing_stated_shows_what_came_of_each_category() -> None:
    stories = [
        *stating(None, {"won": 24, "lost_competitor": 8}),
        *stating(None, {"won": 6, "lost_competitor": 14}, start=100, category="most_likely"),
    ]
    result = forecast_calibration(forecast_of(stories))
    assert result.status == "fallback" and list(result.tables) == ["categories"]
    assert result.headline == (
        "No probability was stated; of 32 deals in the forecast category commit, 75% were won by the quarter's end "
        "(58–87%)."
    )
    rows = [row for row in result.tables["categories"].records if row["score"] == "by_quarter_end"]
    assert [(row["category"], row["n"], row["won"]) for row in rows] == [("commit", 32, 24), ("most likely", 20, 6)]


def test_refused_below_ten_deals_with_a_probability() -> None:
    nine = forecast_calibration(forecast_of(stating(0.8, {"won": 5, "lost_competitor": 4})))
    assert nine.headline == "Not answered yet: 9 of the 10 deals with a stated probability needed in 2024Q4 to 2025Q3."
    assert forecast_calibration(forecast_of(stating(0.8, {"won": 5, "lost_competitor": 5}))).status == "ok"
    assert forecast_calibration(forecast_of(stating(None, {"won": 5, "lost_competitor": 4}))).status == "refused"
    assert forecast_calibration(closed_of(counted({"won": 50}))).status == "refused"


def test_few_sales_people_leave_no_interval_and_no_verdict() -> None:
    stories = [
        Told({**story.deal, "owner_id": f"Rep {place % 4}"}, story.history)
        for place, story in enumerate(stating(0.8, {"won": 60, "lost_competitor": 40}))
    ]
    result = forecast_calibration(forecast_of(stories))
    row = result.tables["scores"].first
    assert math.isnan(row["low"]) and math.isnan(result.tables["tests"].first["p"])
    assert result.headline.endswith("over all 100, 80% was stated and 60% was won.")


def test_deals_that_came_in_mid_quarter_are_held_against_their_end_alone() -> None:
    result = forecast_calibration(cohort_of("late_stage"))
    assert result.status == "fallback"
    assert [row["score"] for row in result.tables["scores"].records] == ["ever"]
    assert "won in the end" in result.headline


@pytest.mark.thorough
@pytest.mark.parametrize("bend", [0.0, -0.8])
def test_a_planted_bend_is_covered_and_none_is_named_where_none_is(bend: float) -> None:
    """Deals won at the logit of what was stated plus `bend`, all sales people alike."""
    generator, named, covered = np.random.default_rng(4), 0, 0
    stated = np.array([0.3, 0.6, 0.8])[np.arange(240) % 3]
    truth = 1 / (1 + np.exp(-(np.log(stated / (1 - stated)) + bend)))
    shape = forecast_of([story for p in (0.3, 0.6, 0.8) for story in stating(p, {"won": 80}, start=int(p * 1000))])
    order = np.argsort(shape.table["probability"].to_numpy(), kind="stable")
    for _ in range(20):
        won = np.empty(240, dtype=bool)
        won[order] = generator.random(240) < np.sort(truth)
        table = shape.table.assign(resolution=np.where(won, "won", "lost_unknown"))
        result = forecast_calibration(replace(shape, table=table))
        row = result.tables["scores"].first
        covered += bool(row["low"] <= truth.mean() <= row["high"])
        named += through_the_gate([result])[0].tables["tests"].first["named"] is True
    assert covered >= 17
    assert named >= 19 if bend else named <= 2
