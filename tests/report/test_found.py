"""Findings on the front page: how many, in which words, and that text from a CRM stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from builders import closed, deal, make_book
from hostile import HOSTILE
from made_findings import pushes
from nbformat.v4 import new_notebook
from test_pages import ABOUT, ALLOWED_TAGS, NOTEBOOK, Seen

from postmortem.analyses.contract import tests_table as table_of_tests
from postmortem.cli.batching import _line
from postmortem.findings.actions import Action, Measure
from postmortem.findings.earlier import Earlier
from postmortem.findings.evidence import Measured
from postmortem.findings.gate import through_the_gate
from postmortem.findings.looking_back import looking_back
from postmortem.findings.report_findings import report_findings
from postmortem.findings.scoring import Scored
from postmortem.findings.told import hypotheses
from postmortem.frames import Engagement
from postmortem.report.notebooks.execute import EXECUTED
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.pages.blocks import address
from postmortem.report.pages.closing import FRONT, named_in
from postmortem.report.pages.commentary import Placed
from postmortem.report.pages.found import back_of, found_of
from postmortem.report.pages.front import front_page
from postmortem.report.run import _write
from postmortem.report.trend_index import read_line
from postmortem.result import Result
from postmortem.taxonomies import load_taxonomy


def result_of(name: str, p: float, said: str) -> Result:
    tests = table_of_tests("Tests", [{"hypothesis": f"{name} differs", "primary": True, "p": p}])
    return Result(name, f"{name}?", {"tests": tests}, headline_of=lambda _: said)


def closing_of(results: list[Result], actions: tuple[Scored, ...] = ()) -> tuple[Harvest, Harvest]:
    """Return the harvest of a page with these results, and what the report makes of them."""
    through = through_the_gate(results)
    placed = [(address(NOTEBOOK.name, result), result) for result in through]
    found = report_findings(placed, taxonomy=load_taxonomy("red_zone"))
    back = looking_back(Earlier("2025Q2", tuple(told for told in hypotheses(placed) if told.named)), actions)
    return Harvest(through, ()), Harvest((found, back), ())


def html_of(results: list[Result], actions: tuple[Scored, ...] = ()) -> str:
    page, closing = closing_of(results, actions)
    cohort = closed(make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-08-02")]))
    return front_page([(NOTEBOOK, page)], ABOUT, cohort, [], (), closing)


def text_of(html: str) -> str:
    body = html.split("<main>")[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_at_most_seven_stand_there_and_the_others_are_counted() -> None:
    html = html_of([result_of(f"question_{n}", 1e-6 * (n + 1), f"Sentence {n}.") for n in range(9)])
    assert len(re.findall(r'<p class="say"><a ', html)) == 7
    assert "2 more findings stand on the pages." in html
    assert "9 comparisons of this report were tested together: 9 can be told from chance." in html


def test_signs_that_go_with_winning_are_counted_apart_from_the_findings_that_stand_on_the_pages() -> None:
    less = [pushes(1e-6, figure=(-0.2, -0.3, -0.1), of=n) for n in range(2)]
    html = html_of([*(result_of(f"question_{n}", 1e-6, f"Sentence {n}.") for n in range(8)), *less])
    assert "1 more finding and 2 signs that go with winning stand on the pages." in html
    assert "Of 8 findings and 2 signs that go with winning of 2025Q2, " in html


@pytest.mark.parametrize(("warn", "against"), [(2, 1), (0, 2), (1, 0)])
def test_front_page_manifest_last_line_and_page_over_all_quarters_count_alike(
    tmp_path: Path, warn: int, against: int
) -> None:
    signs = [pushes(1e-6, figure=(0.2, 0.1, 0.3), of=n) for n in range(warn)]
    signs += [pushes(1e-6, figure=(-0.2, -0.3, -0.1), of=-n) for n in range(1, against + 1)]
    page, closing = closing_of([*signs, pushes(0.04, of=99)])
    (tmp_path / "postmortem.toml").write_text('[company]\nname = "Acme"\n', encoding="utf-8")
    report = tmp_path / "2025Q3"
    (report / EXECUTED).mkdir(parents=True)
    nbformat.write(new_notebook(), report / EXECUTED / f"{NOTEBOOK.name}.ipynb")
    cohort = closed(make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-08-02")]))
    asked = Parameters("2025Q3", "closed", 4, "2025-10-06")
    _write(report, Engagement.open(tmp_path), cohort, asked, [(NOTEBOOK, page)], {}, closing, Placed(), {})
    told = re.findall(r'<p class="say"><a [^>]*>(.*?)</a>', (report / "index.html").read_text(encoding="utf-8"))
    assert ["no warning" in sentence for sentence in told] == [False] * warn + [True] * against
    apart = {1: "1 sign that goes with winning", 2: "2 signs that go with winning"}.get(against, "")
    manifest = json.loads((report / "manifest.json").read_text(encoding="utf-8"))
    # What the gate named is more than the findings by the signs that warn of nothing.
    assert (manifest["gate"]["findings"], len(manifest["gate"]["named"])) == (warn, warn + against)
    line = {"index": "index.html", "status": "done", "findings": manifest["gate"]["findings"], "failed": []}
    assert _line(line).endswith(f"({warn} finding{'' if warn == 1 else 's'})")
    beside = f"{apart}; 1 worth a look" if apart else "1 worth a look"
    assert read_line(report, "").findings == (str(warn), beside)


def test_a_quarter_without_a_finding_says_so_and_names_nothing() -> None:
    html = html_of([result_of("one", 0.5, "One."), result_of("two", 0.04, "Worth a look: two.")])
    assert "this quarter has no finding" in html
    assert "Worth a look, though it may be chance" in html
    assert 'class="findings"' not in html


def test_a_finding_is_not_told_a_second_time_among_the_other_answers() -> None:
    text = text_of(html_of([result_of("one", 1e-6, "One is so."), result_of("two", 0.5, "Two cannot be told.")]))
    findings, others = text.split("What else the record says")
    assert "One is so." in findings and "One is so." not in others
    assert "Two cannot be told." in others


def test_every_finding_leads_to_its_section() -> None:
    closing = closing_of([result_of("one", 1e-6, "One is so.")])[1]
    (item,) = found_of(closing.results[0]).items
    assert item.href == f"{NOTEBOOK.name}.html#one"
    assert (named_in(closing), FRONT.name) == (1, "index")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_findings_and_actions_is_only_text(text: str) -> None:
    action = Action("loss_share", text, text, Measure(name=text), "at_most", 0.3)
    scored = Scored(action, text, Measured(0.2, 0.1, 0.25, "share"), None, "reached", text)
    seen = Seen(html_of([result_of("one", 1e-6, text), result_of("two", 0.04, text)], (scored,)))
    assert set(seen.tags) <= ALLOWED_TAGS
    assert not [entry for entry in seen.attributes if entry[1].startswith("on")]
    styles = [value for _, name, value in seen.attributes if name == "style"]
    assert all(re.fullmatch(r"left:-?[\d.]+%(;width:[\d.]+%)?", value) for value in styles)


def test_an_interval_lies_on_its_axis_with_what_nothing_would_be() -> None:
    through = through_the_gate([pushes(1e-6)])
    drawn = found_of(report_findings([("x.html#a", through[0])], taxonomy=load_taxonomy("red_zone"))).items[0].range
    assert drawn is not None
    # none 0, interval .05 to .15: the axis runs from -.018 to .168
    assert (drawn.none, drawn.low, drawn.width, drawn.point) == (9.7, 36.6, 53.7, 63.4)
    assert drawn.text == "+10 points (5–15 points); dashed: no difference"


def test_verdicts_stand_beside_what_was_decided() -> None:
    action = Action("loss_share", "Review", "Dana", Measure("Deals lost"), "at_most", 0.3)
    scored = Scored(action, "Deals lost", Measured(0.4, 0.35, 0.45, "share"), None, "not reached")
    back = back_of(looking_back(Earlier("2025Q2"), (scored,)))
    assert back is not None
    (row,) = back.actions
    assert (row.verdict, row.standing, row.figures) == ("not reached", "bad", "Now 40% (35–45%)")
    assert row.beside == ("Dana", "Deals lost: at most 30%")
    assert back_of(looking_back(Earlier("2025Q2", why="no deals"))) is None


def test_of_the_last_findings_as_many_stand_there_and_the_others_are_counted() -> None:
    results = [result_of(f"question_{number}", 1e-9 * (number + 1), f"Sentence {number}.") for number in range(9)]
    back = back_of(closing_of(results)[1].results[1])
    assert back is not None
    assert len(back.findings) == 7
    assert back.more == "2 more stand in the table beside this report."
    few = back_of(closing_of(results[:7])[1].results[1])
    assert few is not None
    assert (len(few.findings), few.more) == (7, "")
