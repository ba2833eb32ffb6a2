"""One hash over everything a report depends on; and whether the report that stands is just that."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from shared_reports import make_report

from postmortem.frames import Engagement
from postmortem.frames.parts import Part
from postmortem.report.editions.made_from import is_fresh, made_from, standing
from postmortem.report.notebooks import pictures
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import plan

ASKED = Parameters("2025Q3", "auto", 4, "")
CSV = "deal_id,outcome,closed_at,amount\nD1,won,2025-08-01,100\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "postmortem.toml").write_text('[company]\nname = "Testing Ltd"\n[tables.deals]\nfile = "deals.csv"\n')
    (tmp_path / "deals.csv").write_text(CSV)
    return tmp_path


def made(folder: Path, asked: Parameters = ASKED, part: Part | None = None, pages: tuple[str, ...] = ()) -> str:
    return made_from(replace(Engagement.open(folder), part=part), plan(folder, pages), asked)


def test_the_same_inputs_give_the_same_hash_wherever_they_lie(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    assert made(folder) == made(folder) == made(other)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deals.csv", CSV + "D2,lost,2025-08-02,50\n"),
        ("postmortem.toml", '[company]\nname = "Testing Inc"\n[tables.deals]\nfile = "deals.csv"\n'),
        ("commentary/2025Q3.md", "A word."),
        ("actions.toml", ""),
        ("signals/mine.py", "x = 1\n"),
    ],
)
def test_any_change_of_what_goes_in_changes_it(folder: Path, name: str, text: str) -> None:
    before = made(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    changed = made(folder)
    assert (changed != before) == bool(text)


def test_what_is_asked_changes_it(folder: Path) -> None:
    asked = [ASKED, replace(ASKED, window=2), replace(ASKED, as_of="2025-10-01"), replace(ASKED, part="segment=A")]
    assert len({made(folder, each) for each in asked}) == 4
    assert made(folder, pages=("01",)) != made(folder)


def test_the_commentary_on_a_part_is_not_that_on_all_deals(folder: Path) -> None:
    part = Part("segment", "A")
    before = made(folder, part=part)
    (folder / "commentary").mkdir()
    (folder / "commentary" / "2025Q3.md").write_text("On all deals.")
    assert made(folder, part=part) == before
    (folder / "commentary" / "2025Q3.segment-A.md").write_text("On this part.")
    assert made(folder, part=part) != before


def test_other_files_of_the_folder_are_nothing_to_it(folder: Path) -> None:
    before = made(folder)
    (folder / "reports").mkdir()
    (folder / "notes.txt").write_text("seen")
    (folder / "commentary").mkdir()
    (folder / "commentary" / "2025Q2.md").write_text("Another quarter.")
    assert made(folder) == before


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_draw", lambda result, width: pictures.NO_PICTURE)
        folder = make_report(tmp_path_factory.mktemp("clients"), "Zantor")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(told | {"made_from": "abc"}), encoding="utf-8")
    return folder


def test_a_report_stands_as_long_as_it_is_whole_and_made_of_the_same(report: Path, tmp_path: Path) -> None:
    told = standing(report, "abc")
    assert told is not None and told["quarter"] == "2025Q3"
    assert standing(report, "abd") is None
    assert standing(tmp_path / "nothing", "abc") is None


@pytest.mark.parametrize("harm", ["page", "failed", "manifest", "table"])
def test_one_that_was_harmed_or_lacks_a_page_is_made_again(report: Path, harm: str) -> None:
    place = {"page": "index.html", "table": next((report / "tables").glob("*.csv")).relative_to(report)}
    path = report / place.get(harm, "manifest.json")
    before = path.read_bytes()
    try:
        if harm == "failed":
            told = json.loads(before)
            told["pages"]["01-quarter-overview"]["status"] = "failed"
            path.write_text(json.dumps(told), encoding="utf-8")
        else:
            path.write_bytes(before[:-9])
        assert standing(report, "abc") is None
    finally:
        path.write_bytes(before)
    assert standing(report, "abc") is not None


def test_unchanged_data_grow_old_all_the_same(folder: Path) -> None:
    told = {"book": {"newest": {"deals": "2025-10-01"}}}
    assert is_fresh(Engagement.open(folder), told, dt.date(2030, 1, 1))
    (folder / "postmortem.toml").write_text(
        '[company]\nname = "Testing Ltd"\n[tables.deals]\nfile = "deals.csv"\n[preflight]\nmax_age_days = 7\n'
    )
    strict = Engagement.open(folder)
    assert is_fresh(strict, told, dt.date(2025, 10, 8))
    assert not is_fresh(strict, told, dt.date(2025, 10, 9))
