"""The gate: what is named out of all tests of a report, whatever their order, and what a page says of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_cases import answer_of, closed_of, counted, withhold
from builders import FOCUS
from by_hand import newcombe
from scipy import special

from postmortem.analyses.contract import tests_table as table_of_tests
from postmortem.analyses.loss_share import loss_share
from postmortem.findings import ANALYSES, find
from postmortem.findings.gate import BESIDE, LEVEL, MOST_SET_OUT, SET_OUT, sets_out, tally, through_the_gate
from postmortem.ground.errors import UsageError
from postmortem.report.notebooks.harvest import Harvest, gated
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.front import front_page
from postmortem.report.pages.pages import About, page
from postmortem.result import Column, Result, Table, refused
from postmortem.signals import SIGNALS
from postmortem.stats import stratified_association

SIX = (0.005, 0.009, 0.05, 0.1, 0.2, 0.3)


def asked(name: str, *p: float, secondary: Sequence[float] = (), **params: Any) -> Result:
    """Return a result with these primary p-values, and secondary ones where there is one primary."""
    rows = [{"hypothesis": f"{name} {place}", "primary": True, "p": value} for place, value in enumerate(p)]
    rows += [{"hypothesis": f"{name} in one group", "primary": False, "p": value} for value in secondary]
    return Result(name, f"{name}?", {"tests": table_of_tests("Tests", rows)}, params=params)


def named(results: Sequence[Result]) -> list[list[bool]]:
    return [list(result.tables["tests"].rows["named"]) for result in results if "tests" in result.tables]


# ---------------------------------------------------------------- what is named


def test_the_reference_values_are_adjusted_over_all_results_together() -> None:
    apart = [asked("one", 0.005, 0.1), asked("two", 0.009), asked("three", 0.3, 0.05, 0.2)]
    assert named(through_the_gate(apart)) == [[True, False], [True], [False, False, False]]
    # adjusted: .027, .027, .1, .15, .24, .3
    assert named(through_the_gate(apart, level=0.0269)) == [[False, False], [False], [False, False, False]]
    assert named(through_the_gate(apart, level=0.1)) == [[True, False], [True], [False, True, False]]


def test_a_p_value_that_would_do_alone_does_not_among_many() -> None:
    assert named(through_the_gate([asked("one", 0.01)])) == [[True]]
    crowd = [asked("one", 0.01), *(asked(f"n{number}", 0.5) for number in range(9))]
    assert named(through_the_gate(crowd))[0] == [False]


def test_what_could_not_be_tested_is_not_named_and_counts_as_no_test() -> None:
    results = through_the_gate([asked("one", math.nan, 0.02), asked("two", math.nan)])
    assert named(results) == [[False, True], [False]]


def test_a_result_shown_twice_counts_once_and_is_named_twice() -> None:
    once = [asked("one", 0.005, 0.02, by="segment"), asked("two", 0.9)]
    twice = [once[0], once[1], asked("one", 0.005, 0.02, by="segment")]
    assert named(through_the_gate(twice)) == [*named(through_the_gate(once)), [True, True]]
    assert tally(twice).declared == 3


def test_the_same_question_of_other_deals_counts_by_itself() -> None:
    assert tally([asked("one", 0.005), asked("one", 0.006), asked("one", 0.005, by="segment")]).declared == 3


def test_secondary_tests_are_named_inside_a_named_primary_only() -> None:
    results = [asked("stands", 0.001, secondary=(0.001, 0.5)), asked("falls", 0.4, secondary=(0.0001,))]
    assert named(through_the_gate(results)) == [[True, True, False], [False, False]]


def test_secondary_tests_are_judged_more_strictly_where_few_primaries_were_named() -> None:
    """One of ten primaries named: the level inside it is a tenth of .03, and two tests share it."""
    crowd = [asked(f"n{number}", 0.6) for number in range(9)]
    for p, stands in ((0.0014, True), (0.0016, False)):
        results = through_the_gate([asked("one", 0.0001, secondary=(p, 0.9)), *crowd])
        assert named(results)[0] == [True, stands, False]


def test_several_primaries_say_which_one_a_secondary_belongs_to() -> None:
    table = asked("one", 0.001, 0.9, secondary=(0.001, 0.001)).tables["tests"]
    within = pd.Series([None, None, "one 0", "one 1"], dtype="str")
    owned = Table(table.rows.assign(within=within), (*table.columns, Column("within", "text", "Within")), table.title)
    assert named(through_the_gate([Result("one", "One?", {"tests": owned})])) == [[True, False, True, False]]
    with pytest.raises(UsageError, match="belong to no primary one"):
        through_the_gate([asked("one", 0.001, 0.9, secondary=(0.001,))])


def test_what_the_report_sets_out_to_test_needs_a_tenth_of_the_evidence_of_what_it_looks_at_beside() -> None:
    """One of each kind: the weights are 20/11 and 2/11, so that .03 asks for p below .0273 and .00273 of the first."""
    for p, stands in ((0.027, True), (0.028, False)):
        assert named(through_the_gate([asked("rep_variation", p), asked("beside", 0.9)])) == [[stands], [False]]
    for p, stands in ((0.0027, True), (0.0028, False)):
        assert named(through_the_gate([asked("rep_variation", 0.9), asked("beside", p)])) == [[False], [stands]]
    assert BESIDE == 0.1


def test_a_split_is_set_out_only_as_it_was_declared() -> None:
    assert sets_out(asked("loss_share", 0.5, by="segment", measure="lost"))
    assert not sets_out(asked("loss_share", 0.5, by="product", measure="lost"))
    assert not sets_out(asked("loss_share", 0.5))


def test_a_report_sets_out_to_test_at_most_thirty_hypotheses_of_analyses_that_exist() -> None:
    assert set(SET_OUT) <= {entry.name for entry in ANALYSES}
    assert len(SIGNALS) + len(SET_OUT) - 1 <= MOST_SET_OUT == 30


def test_a_report_with_more_signs_than_that_says_that_each_is_harder_to_tell() -> None:
    """Signs of one's own come on top: the report is made, and the reader told."""
    crowd = asked("warning_signals", *[0.5] * (MOST_SET_OUT + 2))
    told = tally(through_the_gate([crowd, asked("beside", *[0.5] * 9)]))
    assert told.set_out == 32 and told.declared == 41
    assert "sets out to test 32, more than the 30" in told.sentence
    assert "sets out" not in tally(through_the_gate([asked("warning_signals", *[0.5] * 30)])).sentence


def test_a_table_of_tests_without_its_columns_is_an_error() -> None:
    frame = pd.DataFrame({"p": [0.5]})
    wrong = Result("one", "One?", {"tests": Table(frame, (Column("p", "estimate", "P"),), "Tests")})
    with pytest.raises(UsageError, match="cannot pass the gate"):
        through_the_gate([wrong])


# ---------------------------------------------------------------- what must hold


def report() -> list[Result]:
    """Return results as of a report: real ones of every analysis with tests, refusals and facts among them."""
    results = [asked("made up", *SIX, by="segment"), refused("forecast_waterfall", "Q?", "history")]
    return results + [answer_of(entry.name, "closed") for entry in ANALYSES]


def plain(results: Sequence[Result]) -> list[Mapping[str, Any]]:
    return [json.loads(json.dumps(result.to_dict(), allow_nan=False)) for result in results]


@pytest.mark.thorough
def test_the_results_given_are_not_changed_and_all_others_pass_as_they_are() -> None:
    results = report()
    before = plain(results)
    after = through_the_gate(results)
    assert plain(results) == before
    assert [each.analysis for each in after] == [each.analysis for each in results]
    for given, made in zip(results, after, strict=True):
        assert ("tests" in given.tables) or made is given


def test_twice_through_the_gate_is_once() -> None:
    once = through_the_gate(report())
    assert plain(through_the_gate(once)) == plain(once)


def test_the_order_of_the_results_decides_nothing() -> None:
    results = report()
    forward, backward = through_the_gate(results), through_the_gate(results[::-1])
    assert plain(backward[::-1]) == plain(forward)


def test_a_result_read_back_from_json_is_judged_alike_and_keeps_its_names() -> None:
    results = [answer_of(entry.name, "closed") for entry in ANALYSES]
    again = [find(result.analysis).restore(told) for result, told in zip(results, plain(results), strict=True)]
    after = through_the_gate(results)
    assert plain(through_the_gate(again)) == plain(after)
    kept = [find(result.analysis).restore(told) for result, told in zip(after, plain(after), strict=True)]
    assert [each.headline for each in kept] == [each.headline for each in after]
    assert named(kept) == named(after)


@pytest.mark.parametrize(
    "frame",
    [
        "closed",
        "forecast",
        *(pytest.param(each, marks=pytest.mark.thorough) for each in ("hostile", "no owners", "all lost")),
    ],
)
def test_every_analysis_with_tests_declares_them_for_the_gate_and_decides_nothing_itself(frame: str) -> None:
    for entry in ANALYSES:
        result = answer_of(entry.name, frame)
        if "tests" in result.tables:
            rows = result.tables["tests"].rows
            assert rows["named"].isna().all() and rows["named"].dtype == "boolean"
            assert rows["p"].dropna().between(0, 1).all()
            assert rows["primary"].any() and rows["primary"].dtype == "bool"
            (after,) = through_the_gate([result], level=0.5)
            assert after.headline.endswith(".") and len(after.headline) <= 300
            assert after.headline.isprintable()


@pytest.mark.parametrize("below", [25, np.inf])
def test_what_is_withheld_after_the_gate_is_not_said_by_name_or_figure(below: float) -> None:
    (after,) = through_the_gate([lopsided()])
    told = withhold(after, ("deal", "account", "person", "competitor", "quote"), below=below).headline
    assert told.endswith(".") and "25%" not in told and "nan" not in told


# ---------------------------------------------------------------- what a page says

NOTEBOOK = Notebook("01-quarter-overview", "The quarter at a glance", Path("01.ipynb"), ())
ABOUT = About("Acme", "2025Q3", "80 deals closed in 2025Q3", "2025-10-06", "80 rows read", "p", "", "")


def lopsided() -> Result:
    stories = [
        *counted({"won": 30, "lost_unknown": 10}, start=1, segment="Health", owner_id="A"),
        *counted({"won": 10, "lost_unknown": 30}, start=100, segment="Industry", owner_id="A"),
    ]
    return loss_share(closed_of(stories))


def test_a_page_states_the_direction_once_the_gate_has_named_it_and_not_before() -> None:
    alone = Harvest(("prose", lopsided()), ())
    (through,) = gated([alone])
    before, after = (page(NOTEBOOK, harvest, ABOUT, []) for harvest in (alone, through))
    assert "Worth a look: the share is not the same in every segment." in before
    assert "more often in" not in before
    assert "Worth a look" not in after.split("<details")[0]
    low, high = (round(100 * abs(bound)) for bound in newcombe(30, 40, 10, 40)[1:])
    assert f"less often in Health (25%, −50 points against all others, −{high} to −{low} points)" in after
    assert f"more often in Industry (75%, +50 points against all others, {low}–{high} points)." in after


def test_two_notebooks_share_one_gate() -> None:
    """Named when the report holds nothing else, but not among twenty-nine other tests that show nothing."""
    weak = Result("weak", "Q?", asked("weak", 0.004).tables, headline_of=lambda _: "Weak.")
    one = Harvest((weak,), ())
    others = Harvest(tuple(asked(f"n{number}", 0.7) for number in range(29)), ())
    assert named(gated([one])[0].results) == [[True]]
    both = gated([one, others])
    assert named(both[0].results) == [[False]]
    assert [len(harvest.results) for harvest in both] == [1, 29]


def test_the_front_page_counts_what_was_tested_together() -> None:
    cohort = closed_of(counted({"won": 12, "lost_unknown": 8}, FOCUS))
    (through,) = gated([Harvest((lopsided(), asked("made up", 0.04, 0.7)), ())])
    html = front_page([(NOTEBOOK, through)], ABOUT, cohort, [])
    assert (
        "3 comparisons of this report were tested together: 1 can be told from chance; 1 more may be worth a look."
        in html
    )
    nothing = front_page([(NOTEBOOK, Harvest((), ()))], ABOUT, cohort, [])
    assert "tested together" not in nothing


@pytest.mark.parametrize(
    ("p", "sentence"),
    [
        ((), ""),
        ((math.nan,), ""),
        ((0.001,), "One comparison of this report was tested: 1 can be told from chance."),
        ((0.6,), "One comparison of this report was tested: none can be told from chance."),
        ((0.04, 0.6, math.nan), "2 comparisons of this report were tested together: none can be told from chance; 1 "
                                "more may be worth a look."),
    ],
)  # fmt: skip
def test_the_tally_in_words(p: tuple[float, ...], sentence: str) -> None:
    assert tally(through_the_gate([asked("one", *p)] if p else [])).sentence == sentence


# ---------------------------------------------------------------- how often it is wrong


@pytest.mark.slow
def test_reports_on_nothing_name_nothing_in_95_of_100() -> None:
    """Thirty hypotheses a report, p-values discrete as a permutation's are, a third of them moving together."""
    rng = np.random.default_rng(17)
    silent, reports = 0, 2000
    for _ in range(reports):
        shared = rng.normal()
        z = rng.normal(size=30)
        z[:10] = math.sqrt(0.5) * (z[:10] + shared)
        p = np.array([math.erfc(abs(each) / math.sqrt(2)) for each in z])
        p = (1 + np.floor(p * 2000)) / 2001
        silent += not any(named(through_the_gate([asked("one", *p)]))[0])
    share = silent / reports
    assert share >= 1 - LEVEL - 3 * math.sqrt(LEVEL * (1 - LEVEL) / reports)
    assert share >= 0.95


@pytest.mark.slow
def test_books_on_which_nothing_differs_name_nothing_in_95_of_100() -> None:
    """Whole analyses of deals whose fates are dealt out by chance, sales people's habits aside."""
    rng = np.random.default_rng(23)
    silent, books = 0, 100
    for _ in range(books):
        habit = rng.beta(4, 6, size=12)
        stories = []
        for number in range(1, 241):
            rep = int(rng.integers(12))
            fate = ("lost_competitor", "lost_status_quo")[int(rng.random() < 0.5)]
            fate = fate if rng.random() < habit[rep] else "won"
            more = {
                "owner_id": f"Rep {rep}",
                "segment": "ABC"[int(rng.integers(3))],
                "region": "NS"[int(rng.integers(2))],
            }
            stories += counted({fate: 1}, FOCUS - int(rng.integers(4)), start=number, **more)
        cohort = closed_of(stories)
        results = [loss_share(cohort, measure=measure, by=by)
                   for measure in ("lost", "competitor") for by in ("segment", "region")]  # fmt: skip
        silent += not tally(through_the_gate(results)).named
    assert silent / books >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / books)


@pytest.mark.slow
def test_a_planted_signal_is_named_among_thirty_and_nothing_else_as_a_rule() -> None:
    """600 deals of 24 sales people, 78% of them decided; present on 25% of won and 45% of lost deals."""
    rng = np.random.default_rng(5)
    found, first, noise, books = 0, 0, 0, 100
    for _ in range(books):
        decided = rng.random(600) < 0.78
        rep = np.repeat(np.arange(24), 25)[decided]
        lost = rng.random(rep.size) < special.expit(-0.31 + rng.normal(0, 0.5, 24)[rep])
        signals = [rng.random(rep.size) < np.where(lost, 0.45, 0.25)]
        for _ in range(29):
            habit = special.logit(rng.uniform(0.15, 0.45)) + rng.normal(0, 0.5, 24)
            signals.append(rng.random(rep.size) < special.expit(habit[rep]))
        p = [stratified_association(signal, lost, rep).p for signal in signals]
        (rows,) = named(through_the_gate([asked("signals", *p)]))
        found += rows[0]
        first += rows[0] and int(np.argmin(p)) == 0
        noise += any(named(through_the_gate([asked("signals", *p[1:])]))[0])
    assert found / books >= 0.8 - 2 * math.sqrt(0.8 * 0.2 / books)
    assert first / found >= 0.9
    assert noise / books <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / books)
