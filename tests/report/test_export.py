"""A finished report for other programs: pictures that carry their sentence, pages bound in one, no machine."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from shared_reports import canaries, make_report

from postmortem.book.identities import Finder
from postmortem.cli.app import start
from postmortem.ground.errors import OutputBusy, SharingRefused, UsageError
from postmortem.report.editions.record import read_report
from postmortem.report.exports import browser
from postmortem.report.exports.bound import bound
from postmortem.report.exports.browser import VARIABLE, find_browser, timeless
from postmortem.report.exports.chart_files import HEADS, chart_files
from postmortem.report.exports.export import export
from postmortem.report.notebooks import pictures
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.sharing.leaks import Search, scan
from postmortem.report.sharing.share import Options, share

DRAWN = "02-competitor-losses"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_draw", lambda result, width: pictures.NO_PICTURE)
        return make_report(tmp_path_factory.mktemp("clients"), "Zantor")


@pytest.fixture(scope="module")
def charts(folder: Path) -> tuple[list[str], dict[str, bytes]]:
    """The sentences of one page's pictures, and the files made of them."""
    report = read_report(folder)
    pages = [(notebook, harvest) for notebook, harvest in report.pages if notebook.name == DRAWN]
    said = [result.headline for _, harvest in pages for result in harvest.results if result.has_picture]
    return said, chart_files(pages, report.about)


def test_every_picture_is_there_twice_and_listed_with_its_sentence(charts: tuple[list[str], dict[str, bytes]]) -> None:
    said, files = charts
    rows = list(csv.DictReader(io.StringIO(files["charts/index.csv"].decode("utf-8-sig"))))
    assert tuple(rows[0]) == HEADS
    assert [row["sentence"] for row in rows] == [text for text in said for _ in range(2)]
    assert {f"charts/{row['file']}" for row in rows} == set(files) - {"charts/index.csv", "charts/index.html"}
    page = files["charts/index.html"].decode()
    assert re.findall(r'src="([^"]*)"', page) == [row["file"] for row in rows[::2]]
    assert "<script" not in page


def test_a_picture_carries_its_sentence_wherever_it_goes(charts: tuple[list[str], dict[str, bytes]]) -> None:
    said, files = charts
    svgs = [ElementTree.fromstring(content) for name, content in files.items() if name.endswith(".svg")]
    assert [svg.findtext(f"{SVG}title") for svg in svgs] == said
    assert {svg.get("role") for svg in svgs} == {"img"}
    for (name, content), text in zip(((n, c) for n, c in files.items() if n.endswith(".png")), said, strict=True):
        with Image.open(io.BytesIO(content)) as image:
            assert image.info["Description"] == text, name
            assert set(image.info) <= {"Title", "Description", "dpi"}
            assert image.width > 2000


def test_pictures_are_the_same_every_time(folder: Path, charts: tuple[list[str], dict[str, bytes]]) -> None:
    report = read_report(folder)
    assert chart_files([page for page in report.pages if page[0].name == DRAWN], report.about) == charts[1]


def test_names_in_an_export_are_found(folder: Path, charts: tuple[list[str], dict[str, bytes]]) -> None:
    report = read_report(folder)
    search = Search((("a name of this book", Finder(report.names)),), {})
    export(folder, ["xlsx"], output=folder.parent / "found")
    book = {"a.xlsx": (folder.parent / "found" / "2025Q3.xlsx").read_bytes()}
    kinds = {leak.kind.rpartition(" ")[2] for leak in scan(book, search)}
    assert kinds >= {"account", "deal", "person", "competitor"}
    told = report.pages[0][1].results[0].replace(headline_of=lambda tables: "Zantor Söhnekin lost.", caveats=())
    files = chart_files([(report.pages[0][0], Harvest((told,), ()))], report.about)
    canary = Search((("a canary", Finder({"account": ["Söhnekin"]})),), {})
    assert {leak.artefact.rpartition(".")[2] for leak in scan(files, canary)} == {"svg", "png", "csv", "html"}
    assert scan(charts[1], canary) == ()


def test_pages_are_bound_with_links_that_lead_within(folder: Path) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    html = bound(pages, read_report(folder).about, "Letter")
    places = re.findall(r'\sid="([^"]*)"', html)
    assert len(set(places)) == len(places)
    links = re.findall(r'href="([^"]*)"', html)
    assert len(links) > len(pages)
    assert {link.removeprefix("#") for link in links} <= set(places)
    order = sorted(pages, key=lambda name: (name != "index.html", name))
    titles = [re.search(r"<h1>(.*?)</h1>", pages[name])[1] for name in order]
    assert re.findall(r"<h1>(.*?)</h1>", html) == titles
    assert "size:Letter" in html


def test_what_is_no_page_is_not_bound(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"other\.html"):
        bound({"other.html": "<p>x</p>"}, read_report(folder).about)


def test_without_a_browser_a_pdf_is_refused_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UsageError, match=VARIABLE):
        export(folder, ["xlsx", "pdf"], output=tmp_path / "out")
    with pytest.raises(UsageError, match="there is none"):
        share(folder, Options("client", "board", exports=("pdf",)), output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_browser_told_wins_over_the_environment_and_that_over_known_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("told", "environment", "known"):
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(browser, "NAMES", ("absent", str(tmp_path / "known")))
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_browser() == str(tmp_path / "known")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "environment"))
    assert find_browser() == str(tmp_path / "environment")
    assert find_browser(str(tmp_path / "told")) == str(tmp_path / "told")


def test_a_browser_that_prints_nothing_is_named_with_what_it_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mute").write_text("#!/bin/sh\necho no display >&2\nexit 3\n", encoding="utf-8")
    (tmp_path / "mute").chmod(0o755)
    with pytest.raises(UsageError, match="mute: no display"):
        export(folder, ["pdf"], output=tmp_path / "out", browser=str(tmp_path / "mute"))


PRINTS_ITS_SIZE = r"""#!/bin/sh
for word in "$@"; do
    case "$word" in
        --print-to-pdf=*) printed="${word#--print-to-pdf=}" ;;
        file://*) page="${word#file://}" ;;
    esac
done
printf '%%PDF-1.4' > "$printed"
grep -o 'size:Letter\|size:A4' "$page" > "$0.size"
"""


@pytest.mark.thorough
@pytest.mark.skipif(os.name != "posix", reason="the browser of this test is a shell script")
def test_an_edition_is_printed_by_the_browser_and_on_the_paper_told_and_must_be_readable(
    folder: Path, tmp_path: Path
) -> None:
    program = tmp_path / "prints"
    program.write_text(PRINTS_ITS_SIZE, encoding="utf-8")
    program.chmod(0o755)
    options = Options("client", "board", exports=("pdf",), browser=str(program), paper="Letter")
    with pytest.raises(SharingRefused, match=r"2025Q3\.pdf, objects: cannot be read"):
        share(folder, options, output=tmp_path / "out")
    assert (tmp_path / "prints.size").read_text(encoding="utf-8").split() == ["size:Letter"]
    assert not (tmp_path / "out").exists()


def test_a_pdf_loses_its_times_and_its_maker_and_nothing_moves() -> None:
    head = b"%PDF-1.4\n1 0 obj\n<</Creator (A \\(B\\) on this machine)\n"
    pdf = head + b"/CreationDate (D:20250101)\n/ModDate (D:2025)>>\nend"
    made = timeless(pdf)
    assert len(made) == len(pdf)
    assert b"D:2025" not in made and b"machine" not in made and b"/Creator (postmortem " in made
    assert made[-3:] == b"end"


def test_numbers_of_cells_are_those_of_any_other_printing() -> None:
    one, other = (b"%%PDF (node%08d) /Headers [(node%08d)] (node%08d)" % (at + 2, at, at + 9) for at in (101, 99_999))
    assert timeless(one) == timeless(other) == b"%PDF (node00000002) /Headers [(node00000001)] (node00000003)"


def test_an_export_leaves_the_report_as_it_is_and_clears_pictures_that_are_gone(
    folder: Path, tmp_path: Path, charts: tuple[list[str], dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postmortem.report.exports.export.chart_files", lambda pages, about: charts[1])
    place = tmp_path / "out"
    (place / "charts").mkdir(parents=True)
    (place / "charts" / "mine.txt").write_text("kept", encoding="utf-8")
    (place / "charts" / "old.svg").write_text("gone", encoding="utf-8")
    (place / "charts" / "index.csv").write_text("file\nold.svg\n../../x\n", encoding="utf-8")
    (tmp_path.parent / "x").write_text("kept", encoding="utf-8")
    made = export(folder, ["charts"], output=place)
    assert not (place / "charts" / "old.svg").exists()
    assert (place / "charts" / "mine.txt").exists() and (tmp_path.parent / "x").exists()
    assert all((place / name).is_file() for name in made.files)
    export(folder, ["xlsx"])
    assert read_report(folder).manifest["quarter"] == "2025Q3"


def test_a_folder_that_cannot_be_written_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputBusy, match=r"2025Q3\.xlsx"):
        export(folder, ["xlsx"], output=tmp_path / "out")


def test_the_command_says_what_it_wrote(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        start(["export", str(folder), "--xlsx", "-o", str(tmp_path / "out"), "--json"])
    assert not left.value.code
    assert json.loads(capsys.readouterr().out) == {"folder": str(tmp_path / "out"), "files": ["2025Q3.xlsx"]}
    with pytest.raises(SystemExit) as left:
        start(["export", str(tmp_path)])
    assert left.value.code == 2


def test_what_is_shared_is_exported_from_redacted_results(folder: Path, tmp_path: Path) -> None:
    made = share(folder, Options("outside", "rivals", exports=("xlsx",)), output=tmp_path)
    with zipfile.ZipFile(made.archive) as packed:
        book = packed.read("exports/2025Q3.xlsx")
        assert "exports/2025Q3.xlsx" in packed.read("share-manifest.json").decode()
    assert scan({"2025Q3.xlsx": book}, Search((("a canary", Finder(canaries("Zantor"))),), {})) == ()
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        said = " ".join(opened.read(name).decode() for name in opened.namelist())
    assert "Zantor" not in said and "Competitor " in said
