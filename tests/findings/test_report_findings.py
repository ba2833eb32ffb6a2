"""Which findings a report has and in which order, by results made by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from made_findings import POINTS, pushes

from postmortem.findings import evidence, find
from postmortem.findings.evidence import EVIDENCE
from postmortem.findings.report_findings import NEW, SEEN, report_findings
from postmortem.findings.told import WARNING, WITH_WINS, asked
from postmortem.ground.errors import UsageError
from postmortem.result import Column, Result, Table
from postmortem.signals import find as find_signal
from postmortem.taxonomies import load_taxonomy

THREE = ("close_date_pushes", "lost_long_before", "stage_at_loss")


@pytest.fixture
def with_amounts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: replace(EVIDENCE[name], amount="amount") for name in THREE}
    monkeypatch.setattr("postmortem.findings.told.EVIDENCE", told)


def of(*results: Result, before: frozenset[tuple[str, str]] | None = None) -> Result:
    placed = [(f"{number:02d}.html#{result.analysis}", result) for number, result in enumerate(results)]
    return report_findings(placed, taxonomy=load_taxonomy("red_zone"), before=before, currency="USD")


def order(found: Result) -> list[str]:
    return list(found.tables["findings"].rows["analysis"])


def named(name: str, p: float, amount: float = math.nan) -> Result:
    return pushes(p, analysis=name, amount=amount, named=True)


def key(result: Result) -> tuple[str, str]:
    return asked(result), f"{result.analysis} differs"


def test_without_amounts_and_a_quarter_before_the_surer_finding_stands_first() -> None:
    assert order(of(named(THREE[0], 0.01), named(THREE[1], 1e-9), named(THREE[2], 0.001))) == [
        THREE[1], THREE[2], THREE[0],
    ]  # fmt: skip


@pytest.mark.usefixtures("with_amounts")
def test_amount_and_novelty_move_a_finding_past_one_that_is_a_little_surer() -> None:
    # places by hand: p 1, 2, 3 twice; amounts 3, 2, 1; seen: the first two share 2.5, the third is new and stands at 1
    three = named(THREE[0], 1e-9, 100.0), named(THREE[1], 1e-8, 200.0), named(THREE[2], 1e-7, 300.0)
    before = frozenset({key(three[0]), key(three[1])})
    # 2 + 3 + 2.5 = 7.5; 4 + 2 + 2.5 = 8.5; 6 + 1 + 1 = 8
    assert order(of(*three, before=before)) == [THREE[0], THREE[2], THREE[1]]
    assert order(of(*three, before=frozenset())) == [THREE[0], THREE[1], THREE[2]]


@pytest.mark.usefixtures("with_amounts")
def test_of_two_findings_the_surer_one_is_first_whatever_the_other_has_for_it() -> None:
    sure, costly = named(THREE[0], 1e-9, 1.0), named(THREE[1], 1e-3, 1e9)
    assert order(of(costly, sure, before=frozenset({key(sure)})))[0] == THREE[0]


@pytest.mark.usefixtures("with_amounts")
def test_an_unknown_amount_is_neither_the_largest_nor_none() -> None:
    # equal p: places by amount alone, the unknown one in the middle
    three = named(THREE[0], 0.001, 5.0), named(THREE[1], 0.001), named(THREE[2], 0.001, 900.0)
    assert order(of(*three)) == [THREE[2], THREE[1], THREE[0]]


def test_what_asks_the_same_in_another_way_comes_after_all_other_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: replace(EVIDENCE[name], same_as="pushed_twice" if name != THREE[1] else "") for name in THREE}
    monkeypatch.setattr("postmortem.findings.told.EVIDENCE", told)
    three = named(THREE[0], 1e-9), named(THREE[1], 0.01), named(THREE[2], 1e-8)
    assert order(of(*three)) == [THREE[0], THREE[1], THREE[2]]
    assert order(of(named(THREE[0], 1e-8), three[1], named(THREE[2], 1e-9))) == [THREE[2], THREE[1], THREE[0]]


def sign(name: str, difference: float, p: float = 1e-6) -> Result:
    """Return the answer on warning signs with one sign, named, that stands on so many more of the lost deals."""
    made = pushes(p, figure=(difference, difference - 0.05, difference + 0.05), named=True)
    texts = {"name": name, "sentence": f"“{find_signal(name).label}” differs.", "remedy": "Do this."}
    rows = made.tables["comparison"].rows.rename(columns={"amount": "lost_amount"}).assign(**texts)
    columns = (*POINTS[:3], replace(POINTS[3], name="lost_amount"), *(Column(each, "text", each) for each in texts))
    tests = made.tables["tests"]
    rows_of = tests.rows.assign(name=name, hypothesis=f"{name} differs")
    asked_of = Table(rows_of, (*tests.columns, Column("name", "text", "Sign")), "Tests")
    tables = {"signals": Table(rows, columns, "Signs"), "tests": asked_of}
    return made.replace(analysis="warning_signals", params={"of": name}, tables=tables)


def test_a_sign_that_goes_with_winning_stands_last_and_is_given_no_remedy() -> None:
    found = of(sign("forecast_soon_after_creation", -0.07, 1e-12), sign("pushed_twice", 0.18, 1e-3))
    warns, does_not = found.tables["findings"].records
    assert (warns["goes_with"], warns["remedy"]) == (WARNING, "Do this.")
    assert warns["sentence"] == "“Close put off twice or more” differs."
    assert (does_not["goes_with"], does_not["remedy"]) == (WITH_WINS, "")
    assert does_not["sentence"] == (
        "“Forecast within a week of creation” differs. That is no warning on these deals, and no reason to do it more. "
        "Deals forecast so early are often short ones."
    )


def test_it_is_not_counted_as_a_finding() -> None:
    both = of(sign("forecast_soon_after_creation", -0.07), sign("pushed_twice", 0.18))
    assert both.headline == "1 finding and 1 sign that goes with winning, out of 2 comparisons tested together."
    alone = of(sign("forecast_soon_after_creation", -0.07), sign("single_contact", -0.1))
    assert alone.headline == "No finding, but 2 signs that go with winning, out of 2 comparisons tested together."
    again = find("report_findings").restore(json.loads(json.dumps(both.to_dict())))
    assert again.headline == both.headline


def test_so_is_what_asks_after_a_sign_in_another_way_and_nothing_that_is_no_lapse() -> None:
    less = pushes(1e-6, named=True, figure=(-0.1, -0.15, -0.05))
    row = of(less).tables["findings"].first
    assert (row["goes_with"], row["remedy"]) == (WITH_WINS, "")
    assert row["sentence"].endswith("is so. That is no warning on these deals, and no reason to do it more.")
    stage = pushes(1e-6, named=True, figure=(-0.1, -0.15, -0.05), analysis="stage_at_loss")
    row = of(stage).tables["findings"].first
    assert (row["goes_with"], row["sentence"]) == ("", "Stage_at_loss is so.")


def test_what_may_be_worth_a_look_does_not_say_so_further_on_either() -> None:
    found = of(pushes(0.04, named=False, said="Half of them do. Worth a look: not in every segment."))
    assert list(found.tables["worth_a_look"].rows["sentence"]) == ["Half of them do. Not in every segment."]


def test_a_finding_carries_its_sentence_interval_remedy_and_section() -> None:
    row = of(pushes(1e-6, named=True, said="Put off, and lost.")).tables["findings"].first
    assert row["sentence"] == "Put off, and lost."
    assert (row["estimate"], row["low"], row["high"], row["none"], row["unit"]) == (0.1, 0.05, 0.15, 0.0, "points")
    assert row["remedy"] == load_taxonomy("red_zone").reason("not_qualified_continuously").remedy
    assert row["link"] == "00.html#close_date_pushes"


def test_what_was_named_a_quarter_ago_is_not_new() -> None:
    result = pushes(1e-6, named=True)
    assert of(result, before=frozenset()).tables["findings"].first["seen"] == NEW
    assert of(result, before=frozenset({key(result)})).tables["findings"].first["seen"] == SEEN
    assert of(result).tables["findings"].rows["seen"].isna().all()


def test_the_same_question_with_other_parameters_is_another_finding_and_a_result_shown_twice_is_one() -> None:
    both = pushes(1e-6, named=True, by="segment"), pushes(1e-6, named=True, by="product")
    assert len(of(*both, both[0]).tables["findings"].rows) == 2


def test_below_the_bar_it_is_worth_a_look_without_saying_so_twice() -> None:
    found = of(named(THREE[1], 0.2).replace(tables=pushes(0.2, named=False).tables),
               pushes(0.04, named=False, said="Worth a look: these differ."))  # fmt: skip
    assert list(found.tables["worth_a_look"].rows["sentence"]) == ["These differ."]
    assert found.tables["findings"].rows.empty


def test_a_quarter_with_nothing_to_say_says_so() -> None:
    assert of(pushes(0.6, named=False), pushes(0.04, named=False, by="x")).headline == (
        "2 comparisons of this report were tested together and none can be told from chance: this quarter has no "
        "finding; 1 may be worth a look."
    )
    assert of(pushes(0.6, named=False)).headline == (
        "One comparison of this report was tested and it cannot be told from chance: this quarter has no finding."
    )


def test_where_nothing_could_be_tested_it_is_refused() -> None:
    for results in ((), (pushes(math.nan, named=False),)):
        found = of(*results)
        assert found.status == "refused"
        assert found.what_is_missing


def test_results_that_have_not_passed_the_gate_make_no_finding() -> None:
    with pytest.raises(UsageError, match="have not"):
        of(pushes(1e-9))


def test_with_its_figures_withheld_a_finding_is_its_sentence() -> None:
    hidden = pushes(1e-6, named=True, figure=(math.nan, math.nan, math.nan))
    row = of(hidden).tables["findings"].first
    assert math.isnan(row["estimate"]) and row["sentence"] == "Close_date_pushes is so."


def test_the_same_results_give_the_same_findings_in_any_order_and_after_json() -> None:
    three = named(THREE[0], 0.01), named(THREE[1], 0.01), named(THREE[2], 0.001)
    first, turned = of(*three), of(*three[::-1])
    assert order(first)[0] == order(turned)[0] == THREE[2]
    assert json.dumps(of(*three).to_dict()) == json.dumps(first.to_dict())
    again = find("report_findings").restore(json.loads(json.dumps(first.to_dict())))
    assert again.headline == first.headline


def test_every_analysis_named_in_the_list_exists_and_every_remedy_is_known() -> None:
    for name, entry in evidence.EVIDENCE.items():
        assert find(name).name == name
        if entry.signal:
            assert find_signal(entry.signal).remedy(load_taxonomy("red_zone"))
        if entry.same_as:
            assert find_signal(entry.same_as).name == entry.same_as
        if entry.code:
            assert load_taxonomy("follow_through").reason(entry.code).remedy
