"""Reports on parts of the deals: notebooks that can be told, a floor below which there is a page that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import closed, deal, make_book
from hostile import HOSTILE

from postmortem.frames import Cohort
from postmortem.frames.parts import Part, cut
from postmortem.ground.config import Config
from postmortem.ground.errors import ConfigError, DataError
from postmortem.report.notebooks.plan import Notebook, plan
from postmortem.report.parts import FLOOR, PartTooSmall, enough, of_parts, refusals, write_refusal

PART = Part("segment", "Rare")


def cohort(focus: int, before: int, segment: str = "Rare") -> Cohort:
    """Return a cohort of so many deals of a segment in the focus quarter and in the one before, among many others."""
    deals = [deal(n, "lost" if n % 2 else "won", "2025-08-01", segment="Common") for n in range(60)]
    deals += [deal(100 + n, "lost", "2025-08-02", segment=segment) for n in range(focus)]
    deals += [deal(200 + n, "won", "2025-05-02", segment=segment) for n in range(before)]
    return closed(make_book(deals))


@pytest.mark.parametrize(("focus", "before"), [(5, 15), (30, 0)])
def test_a_part_at_the_floor_is_enough(focus: int, before: int) -> None:
    enough(cut(cohort(focus, before), PART), PART)


@pytest.mark.parametrize(
    ("focus", "before", "lacking"),
    [
        (4, 40, "4 of the 5 deals of this part needed in 2025Q3"),
        (6, 13, "19 of the 20 deals of this part needed in 2024Q4 to 2025Q3"),
    ],
)
def test_below_it_the_report_is_refused_with_what_is_lacking(focus: int, before: int, lacking: str) -> None:
    with pytest.raises(PartTooSmall, match=lacking) as refused:
        enough(cut(cohort(focus, before), PART), PART)
    assert isinstance(refused.value, DataError)
    assert [result.what_is_missing for result in refusals(refused.value.cohort)] == [(lacking,)]


def test_all_deals_have_no_floor() -> None:
    enough(cohort(1, 0), None)


def test_the_builtin_notebooks_can_all_be_told_a_part(tmp_path: Path) -> None:
    of_parts(plan(tmp_path), PART)


def test_a_notebook_that_cannot_be_told_is_named_and_only_then() -> None:
    deaf = Notebook("90-own", "Own", Path("90-own.ipynb"), ("quarter",))
    of_parts([deaf], None)
    with pytest.raises(ConfigError, match="90-own"):
        of_parts([deaf], PART)


@pytest.mark.parametrize("segment", ["Rare", *HOSTILE])
def test_the_page_says_why_and_by_when_and_runs_nothing(tmp_path: Path, segment: str) -> None:
    mine = cut(cohort(2, 8, segment), Part("segment", segment))
    told = write_refusal(tmp_path, mine, Config(), {"made_from": "x"})
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "There are too few deals of segment" in html
    assert "10 of the 20 deals of this part needed in 2024Q4 to 2025Q3" in html
    assert "2 of the 5 deals of this part needed in 2025Q3" in html
    assert "By when:" in html and "at once by an export" not in html
    assert "<script" not in html and "onerror=alert" not in html.replace("&lt;img src=x onerror=alert(1)&gt;", "")
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest == told
    assert (manifest["status"], manifest["rows"]["deals_in_focus"], len(manifest["lacking"])) == ("refused", 2, 2)


def test_the_floor_is_what_the_page_says() -> None:
    assert [(need.least, need.over) for need in FLOOR] == [(5, "focus"), (20, "window")]
