"""Two cohorts side by side: nothing found where nothing is, what was planted found, and shared deals told."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from analysis_cases import HOSTILE, Told, closed_of, cohort_of, counted, forecast_of, withhold
from builders import FOCUS, closed, make_book
from statsmodels.stats.proportion import confint_proportions_2indep

import postmortem as pm
from postmortem.analyses import ANALYSES
from postmortem.analyses.competitor_or_status_quo import competitor_or_status_quo
from postmortem.analyses.loss_share import loss_share
from postmortem.analyses.quarter_outcome import quarter_outcome
from postmortem.findings import find
from postmortem.findings.compare import compare
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort
from postmortem.frames.cohort import part_of
from postmortem.ground.errors import UsageError
from postmortem.result import Result

matplotlib.use("Agg")

BEFORE = FOCUS - 1


def two(now: dict[str, int], before: dict[str, int], **more: object) -> tuple[Cohort, Cohort]:
    """Return the closed deals of the focus quarter and of the one before it, from one book."""
    stories = counted(now, **more) + counted(before, BEFORE, start=2000, **more)
    book = make_book([story.deal for story in stories])
    return closed(book, window=1), closed(book, focus=BEFORE, window=1)


def figure(result: Result, name: str) -> dict[str, object]:
    return result.tables["figures"].keyed("figure")[name]


def test_cohorts_that_are_alike_differ_in_nothing() -> None:
    fates = {"won": 300, "lost_competitor": 150, "lost_status_quo": 150}
    result = compare(*two(fates, fates))
    assert result.status == "ok"
    assert set(result.tables["figures"].rows["verdict"]) <= {"equivalent", "cannot tell"}
    won = figure(result, "Deals won")
    assert (won["difference"], won["verdict"]) == (0.0, "equivalent")
    assert result.tables["tests"].first["p"] == pytest.approx(1.0)
    assert "No difference between 2025Q3 and 2025Q2 can be told from chance" in through_the_gate([result])[0].headline


def test_a_planted_difference_is_found_and_named_only_after_the_gate() -> None:
    result = compare(*two({"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70}))
    won = figure(result, "Deals won")
    assert (won["first"], won["second"], won["verdict"]) == (0.6, 0.3, "different")
    assert won["difference"] == pytest.approx(0.3)
    low, high = confint_proportions_2indep(60, 100, 30, 100, method="newcomb", compare="diff")
    assert won["low"] <= low + 1e-9 and won["high"] >= high - 1e-9
    assert result.headline == "Worth a look: 2025Q3 and 2025Q2 are not alike: deals won and amount won."
    assert "deals won 60% against 30% (+30 points" in through_the_gate([result])[0].headline


def test_one_cohort_alone_sets_its_quarter_against_those_before_and_tests_nothing() -> None:
    now, before = {"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70}
    stories = counted(now) + counted(before, BEFORE, start=2000) + counted(before, FOCUS - 3, start=4000)
    book = make_book([story.deal for story in stories])
    result = compare(closed(book, window=3))
    pair = compare(closed(book, window=1), closed(book, focus=BEFORE, window=3), over="window")
    assert figure(result, "Deals won") == figure(pair, "Deals won")
    assert figure(result, "Deals won")["second_n"] == 200
    assert "tests" not in result.tables and through_the_gate([result])[0].headline == result.headline
    different = [row["figure"] for row in result.tables["figures"].records if row["verdict"] == "different"]
    assert "Deals won" in different
    assert (
        result.headline.startswith("2025Q3 against 2024Q4 to 2025Q2: ")
        and f"{len(different)} are not" in result.headline
    )


def test_a_quarter_alone_is_refused_while_it_runs_and_without_quarters_before() -> None:
    assert "the end of 2025Q3" in compare(cohort_of("still running, closed")).headline
    assert "0 of the 10 deals needed in 2024Q3 to 2025Q2" in compare(closed_of(counted({"won": 20}))).headline


def test_intervals_widen_where_deals_of_one_person_hang_together() -> None:
    first, second = two({"won": 60, "lost_competitor": 60}, {"won": 50, "lost_competitor": 70})
    alike = compare(first, second)

    # every rep wins all deals or none of them, so that 120 deals are worth twelve
    def own(cohort: Cohort) -> Cohort:
        table = cohort.focus_rows
        ends = np.where(table["resolution"] == "won", "Winner", "Loser")
        named = [f"{end} {number % 6}" for number, end in enumerate(ends)]
        return replace(cohort, table=table.assign(owner_id=named))

    together = compare(own(first), own(second))
    spans = [figure(each, "Deals won")["high"] - figure(each, "Deals won")["low"] for each in (alike, together)]
    values = np.concatenate([(own(c).table["resolution"] == "won").to_numpy(float) for c in (second, first)])
    arm = np.repeat([0.0, 1.0], [120, 120])
    owners = np.concatenate([own(c).table["owner_id"].to_numpy() for c in (second, first)])
    fit = sm.OLS(values, sm.add_constant(arm)).fit(
        cov_type="cluster", cov_kwds={"groups": np.unique(owners, return_inverse=True)[1]}, use_t=True
    )
    by_rep = float(np.diff(fit.conf_int()[1])[0])
    assert spans[1] == pytest.approx(max(by_rep, spans[0]), rel=1e-6)


def test_the_gap_of_amounts_is_that_of_two_ratios() -> None:
    first, second = two({"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70})
    shares = []
    for cohort in (first, second):
        table = cohort.focus_rows
        shares.append(table.loc[table["resolution"] == "won", "amount"].sum() / table["amount"].sum())
    money = figure(compare(first, second), "Amount won")
    assert money["difference"] == pytest.approx(shares[0] - shares[1])
    assert money["low"] < money["difference"] < money["high"]


def test_an_amount_that_is_not_known_refuses_its_figure_alone() -> None:
    result = compare(*two({"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70}, amount=None))
    money = figure(result, "Amount won")
    assert np.isnan(money["difference"]) and money["note"] == "amounts are not known for all deals"
    assert figure(result, "Deals won")["verdict"] == "different"


def test_the_same_deals_twice_are_no_comparison() -> None:
    cohort = cohort_of("closed")
    result = compare(cohort, cohort)
    assert result.status == "refused"
    assert "two different groups of deals" in result.headline


def test_shared_deals_count_on_both_sides_and_are_told() -> None:
    cohort = cohort_of("closed")
    industry = part_of(cohort, "segment", "Industry")
    result = compare(industry, cohort)
    both = int(result.tables["cohorts"].first["shared"])
    assert both == len(industry.window_rows)
    assert f"{both} deals are in both and count on both sides" in " ".join(result.caveats)
    # the part against the whole: as far as half the gap to the rest, so never further than the gap itself
    rest = compare(industry, part_of(cohort, "segment", "Health"))
    spans = [figure(each, "Deals won") for each in (result, rest)]
    assert abs(spans[0]["difference"]) <= abs(spans[1]["difference"])
    assert spans[0]["high"] - spans[0]["low"] < spans[1]["high"] - spans[1]["low"]


def test_below_ten_sales_people_deals_are_taken_as_unrelated_and_that_is_said() -> None:
    pair = two({"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70}, owner_id="Rep 1")
    result = compare(*pair)
    low, high = confint_proportions_2indep(60, 100, 30, 100, method="newcomb", compare="diff")
    won = figure(result, "Deals won")
    assert (won["low"], won["high"]) == (pytest.approx(low), pytest.approx(high))
    assert "deals are taken as unrelated" in won["note"]
    assert any("intervals may be too narrow" in caveat for caveat in result.caveats)


def test_a_cohort_of_two_sales_people_among_many_cannot_be_told() -> None:
    """Nobody knows how far two people stray from the rest; taking their deals as unrelated would say too much."""
    whole = closed_of(counted({"won": 120, "lost_competitor": 120}), window=1)
    owner = np.where(np.arange(240) % 6 == 0, np.arange(240) // 6 % 2, 2 + np.arange(240) % 24)
    table = whole.table.assign(owner_id=pd.Series([f"Rep {each}" for each in owner], index=whole.table.index))
    few = np.isin(owner, (0, 1))
    result = compare(replace(whole, table=table[few]), replace(whole, table=table[~few]))
    won = figure(result, "Deals won")
    assert won["verdict"] == "cannot tell" and np.isnan(won["difference"])
    assert "too few groups carry the comparison" in won["note"]


def test_shared_deals_of_few_sales_people_cannot_be_told() -> None:
    stories = counted({"won": 40, "lost_competitor": 40}, owner_id="Rep 1")
    cohort = closed_of(stories, window=1)
    result = compare(part_of(cohort, "segment", "Industry"), cohort)
    assert set(result.tables["figures"].rows["verdict"]) == {"cannot tell"}
    assert result.tables["figures"].rows["difference"].isna().all()
    assert "cannot be told" in result.headline


def test_another_mix_is_taken_out_like_for_like() -> None:
    """Industry loses 2 of 10 and Health 6 of 10 in both quarters; only how many of each there are differs."""

    def quarter(when: object, industry: int, health: int, start: int) -> list[Told]:
        made = []
        for segment, n, lost in (("Industry", industry, 0.2), ("Health", health, 0.6)):
            fates = {"won": round(n * (1 - lost)), "lost_competitor": round(n * lost)}
            made += counted(fates, when, start=start, segment=segment, amount=1000.0)
            start += 500
        return made

    stories = quarter(FOCUS, 50, 150, 0) + quarter(BEFORE, 150, 50, 3000)
    book = make_book([story.deal for story in stories])
    won = figure(compare(closed(book, window=1), closed(book, focus=BEFORE, window=1)), "Deals won")
    assert won["difference"] == pytest.approx(-0.2)
    assert won["like_for_like"] == pytest.approx(0.0, abs=1e-12)


def test_what_a_verdict_would_take_is_said() -> None:
    result = compare(*two({"won": 30, "lost_competitor": 30}, {"won": 27, "lost_competitor": 33}))
    won = figure(result, "Deals won")
    assert won["verdict"] == "cannot tell"
    # .50 against .45 at power .8: (z √(2 p̄ q̄) + z' √(p q + p' q'))² / .05², at least
    assert won["to_differ"] >= 1565 and won["to_equal"] >= 428
    assert "that would take some" in result.headline


def test_quarters_in_each_others_window_are_compared_by_themselves() -> None:
    cohort = cohort_of("closed")
    earlier = closed(cohort.book, focus=BEFORE)
    assert compare(cohort, earlier).params["over"] == "focus"
    assert compare(cohort, closed(cohort.book, focus=FOCUS - 4)).params["over"] == "window"
    parts = [part_of(cohort, "segment", segment) for segment in ("Industry", "Health")]
    assert compare(*parts).params["over"] == "window"


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [({"won": 4, "lost_competitor": 5}, {"won": 20, "lost_competitor": 20}, "9 of the 10 deals needed in 2025Q3")],
)
def test_too_few_deals_are_refused(now: dict[str, int], before: dict[str, int], said: str) -> None:
    result = compare(*two(now, before))
    assert result.status == "refused" and said in result.headline


def test_a_quarter_still_running_is_not_compared() -> None:
    running = cohort_of("still running, closed")
    result = compare(running, closed(running.book, focus=BEFORE), over="focus")
    assert result.status == "refused" and "the end of 2025Q3" in result.headline


@pytest.mark.parametrize("margin", [0, 1, -0.1])
def test_a_margin_that_is_none_is_an_error(margin: float) -> None:
    with pytest.raises(UsageError, match="margin"):
        compare(cohort_of("closed"), cohort_of("forecast"), margin=margin)


def test_forecast_against_closed_deals() -> None:
    stories = counted({"won": 60, "lost_competitor": 60, "slipped": 20})
    result = compare(forecast_of(stories, window=1), closed_of(stories, window=1))
    assert result.tables["cohorts"].first["first_is"] == "forecast deals"
    moved = figure(result, "Deals moved past the quarter")
    assert (moved["first_n"], moved["second_n"]) == (140, 120)


@pytest.mark.parametrize(("alone", "words"), [(True, ("now", "before")), (False, ("first", "second"))])
def test_both_tables_call_the_two_by_the_same_words(alone: bool, words: tuple[str, str]) -> None:
    fates = {"won": 30, "lost_competitor": 30}
    stories = counted(fates) + counted(fates, BEFORE, start=500)
    result = compare(closed_of(stories)) if alone else compare(*two(fates, fates))
    assert result.status == "ok"
    labels = {name: [c.label.lower() for c in result.tables[name].columns] for name in ("figures", "cohorts")}
    said = {name: [word for word in ("now", "before", "first", "second") if any(word in label.split() or
            f"{word}," in label.split() for label in told)] for name, told in labels.items()}  # fmt: skip
    assert said == {"figures": list(words), "cohorts": list(words)}


def test_figures_are_those_the_analyses_tell() -> None:
    cohort = cohort_of("forecast")
    rows = cohort.window_rows
    told = {figure.label: figure.counted(cohort, rows) for entry in ANALYSES for figure in entry.comparable}
    shares = {label: float(counted.happened.mean()) for label, counted in told.items()}
    assert shares["Deals lost"] == loss_share(cohort).tables["groups"].first["share"]
    assert shares["Deals won"] == quarter_outcome(cohort).tables["rate"].first["share"]
    verdict = competitor_or_status_quo(cohort).tables["verdict"].first
    [either] = [label for label in shares if label.startswith("Competitor")]
    assert shares[either] == verdict["share"]


def test_it_is_public_survives_json_and_takes_its_names_along() -> None:
    cohort = cohort_of("hostile")
    parts = [part_of(cohort, "segment", HOSTILE[place]) for place in (5, 6)]
    result = pm.compare(*parts, over="window")
    again = find("compare").restore(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again.headline == result.headline
    if result.status == "ok":
        result.plot()
        assert withhold(result, ("label",), below=np.inf).headline


def test_the_docstring_names_every_column() -> None:
    result = compare(*two({"won": 60, "lost_competitor": 40}, {"won": 30, "lost_competitor": 70}))
    written = set(re.findall(r"``(\w+)``", compare.__doc__ or ""))
    seen = {word for key, table in result.tables.items() for word in (key, *table.rows.columns)}
    assert seen <= written
