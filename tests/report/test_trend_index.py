"""The page over several reports: one line a quarter, its figures those of the reports, drawn on one axis a column."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from shared_reports import make_report

from postmortem.frames import Engagement
from postmortem.ground.config import Config
from postmortem.report.notebooks import pictures
from postmortem.report.trend_index import Share, _drawn, _share, _top, read_line, write_indexes


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two quarters of all deals; of one part a report, of another none for want of deals."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_draw", lambda result, width: pictures.NO_PICTURE)
        report = make_report(tmp_path_factory.mktemp("clients"), "Zantor")
    output = report.parent
    _copy(report, output / "2025Q2", quarter="2025Q2")
    _copy(report, output / "by-segment" / "Health" / "2025Q3", part="segment Health")
    _copy(report, output / "by-segment" / "Rare" / "2025Q3", part="segment Rare", status="refused", lacking=["2 of 5"])
    shutil.copytree(report, output / ".writing-abc")
    return output


def _copy(report: Path, place: Path, **changes: object) -> None:
    shutil.copytree(report, place)
    told = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    (place / "manifest.json").write_text(json.dumps(told | changes), encoding="utf-8")


@pytest.fixture(scope="module")
def pages(output: Path) -> dict[str, str]:
    made = write_indexes(output, Engagement.open(output.parent).config)
    return {path.relative_to(output).as_posix(): path.read_text(encoding="utf-8") for path in made}


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<main>")[1]))


def test_a_line_holds_the_figures_of_the_report(output: Path) -> None:
    line = read_line(output / "2025Q3", "2025Q3/index.html")
    # 20 of 40 deals won: Wilson by hand is (20 + 1.9208 ± 1.96·√(10 + 0.9604)) / (40 + 3.8416).
    won = line.shares[0]
    assert won is not None
    assert (won.events, won.n, round(won.low, 3), round(won.high, 3)) == (20, 40, 0.352, 0.648)
    assert line.deals == "40"
    # Closed deals do not move past their quarter.
    assert line.shares[1] is None


def test_the_interval_of_a_share_of_losses_holds_what_is_not_recorded() -> None:
    share = _share(10, 40, unknown=10)
    known, most = _share(10, 40), _share(20, 40)
    assert share is not None and known is not None and most is not None
    assert (share.events, share.low, share.high) == (10, known.low, most.high)
    assert _share(0, 40, unknown=40) is None and _share(0, 0) is None


def test_every_line_of_a_column_stands_on_one_axis_that_holds_all() -> None:
    assert _drawn(None, 0.4) is None
    drawn = _drawn(Share(10, 50, 0.1, 0.35), 0.4)
    assert drawn is not None
    assert (drawn.point, drawn.low, drawn.width, drawn.text, drawn.bounds) == (50.0, 25.0, 62.5, "20%", "10–35%")


def test_too_few_for_an_interval_are_a_count_without_a_picture() -> None:
    share = _share(1, 5)
    assert share is not None
    drawn = _drawn(share, 0.4)
    assert drawn is not None
    assert (drawn.text, drawn.bounds, drawn.point) == ("1 of 5", "", None)


def test_the_axis_ends_at_the_next_ten_per_cent(output: Path) -> None:
    line = read_line(output / "2025Q3", "x")
    assert _top([line], 0) == pytest.approx(0.7)
    assert _top([], 0) == 1.0


def test_the_page_has_a_line_a_quarter_the_latest_first(pages: dict[str, str]) -> None:
    html = pages["index.html"]
    assert re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)', html) == [
        ("2025Q3/index.html", "2025Q3"), ("2025Q2/index.html", "2025Q2"),
    ]  # fmt: skip
    assert words(html).count("50% 35–65%") == 2
    assert 'href="by-segment/index.html"' in html


def test_parts_have_a_page_together_and_one_each(pages: dict[str, str]) -> None:
    together = pages["by-segment/index.html"]
    assert re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)', together) == [
        ("Health/2025Q3/index.html", "Health"), ("Rare/2025Q3/index.html", "Rare"),
    ]  # fmt: skip
    assert "Too few deals for a report: 2 of 5." in words(together)
    assert 'href="2025Q3/index.html">2025Q3' in pages["by-segment/Health/index.html"]
    assert set(pages) == {
        "index.html", "by-segment/index.html", "by-segment/Health/index.html", "by-segment/Rare/index.html",
    }  # fmt: skip


def test_every_link_leads_to_a_page_that_is_there(output: Path, pages: dict[str, str]) -> None:
    for name, html in pages.items():
        for href in re.findall(r'href="([^"]+)"', html):
            assert ((output / name).parent / href).is_file(), (name, href)


def test_pages_hold_no_path_clock_or_half_written_report(output: Path, pages: dict[str, str]) -> None:
    for html in pages.values():
        assert str(output) not in html and ".writing" not in html and "written_at" not in html
        assert "<script" not in html


def test_the_same_reports_give_the_same_bytes(output: Path, pages: dict[str, str]) -> None:
    write_indexes(output, Engagement.open(output.parent).config)
    for name, html in pages.items():
        assert (output / name).read_text(encoding="utf-8") == html


def test_a_report_that_cannot_be_read_has_a_line_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "2025Q1").mkdir()
    (tmp_path / "2025Q1" / "manifest.json").write_text("{", encoding="utf-8")
    (index,) = write_indexes(tmp_path, Config())
    assert "make it again" in words(index.read_text(encoding="utf-8"))


def test_without_a_report_there_is_no_page(tmp_path: Path) -> None:
    assert write_indexes(tmp_path, Config()) == ()
