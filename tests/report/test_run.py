"""One run of the bundled plain sample, looked at from outside; and what a run does when something is wrong."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from postmortem.frames import Engagement
from postmortem.ground import resources
from postmortem.ground.errors import DataError, EmptyFrame, OutputBusy
from postmortem.report.notebooks.plan import plan
from postmortem.report.run import Run, run_quarter
from postmortem.result import MIME

FIRST_PAGES = ("00", "01", "02", "03")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(FIRST_PAGES, id="first pages"),
        pytest.param(None, id="every page", marks=pytest.mark.thorough),
    ],
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return one report for all tests below: of the first pages every day, of every page in the thorough suite."""
    plain = Engagement.open(resources.sample("plain"))
    return run_quarter(plain, notebooks=request.param, output=tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def findings(made: Run) -> list[dict[str, object]]:
    told = json.loads((made.folder / "findings.json").read_text(encoding="utf-8"))
    assert isinstance(told, list)
    return told


def test_it_reports_the_last_quarter_that_had_ended(made: Run) -> None:
    assert made.quarter == "2025Q3"
    assert made.folder.name == "2025Q3"
    assert not made.failed


def test_every_notebook_has_a_page_and_the_front_page_links_it(made: Run) -> None:
    index = (made.folder / "index.html").read_text(encoding="utf-8")
    for name in ("00-data-readiness", "01-quarter-overview", "02-competitor-losses", "03-status-quo-losses"):
        assert (made.folder / f"{name}.html").is_file()
        assert f'href="{name}.html"' in index


def test_every_link_of_every_page_leads_somewhere(made: Run) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in made.folder.glob("*.html")}
    for name, html in pages.items():
        for href in re.findall(r'href="([^"]+)"', html):
            file, _, anchor = href.partition("#")
            target = pages[file or name]
            assert not anchor or f'id="{anchor}"' in target, (name, href)


def test_the_front_page_answers_enough_and_shows_it(made: Run, findings: list[dict[str, object]]) -> None:
    index = (made.folder / "index.html").read_text(encoding="utf-8")
    answered = {finding["analysis"] for finding in findings if finding["status"] != "refused"}
    assert len(answered - {"readiness", "rows_used"}) >= 8
    assert index.count('src="data:image/svg+xml;base64,') >= 4
    assert index.count("What we cannot say yet, and what unlocks it") == 1
    assert '<p class="quiet">Each competitor against all other deals, 2024Q4 to 2025Q3</p>' in index


def test_the_front_page_says_that_these_are_no_forecast_deals(made: Run) -> None:
    index = (made.folder / "index.html").read_text(encoding="utf-8")
    assert "not the deals that were forecast" in index


def test_no_page_holds_a_missing_number_or_an_engine_message(made: Run) -> None:
    for path in made.folder.glob("*.html"):
        text = re.sub(r'src="data:[^"]*"', "", path.read_text(encoding="utf-8"))
        text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert not re.search(r"\b(nan|NaN|NaT|None(?! of)|inf|Traceback|\w+Warning|stderr)\b|<NA>", text), path.name


def test_pages_are_small_enough_to_send(made: Run) -> None:
    assert all(path.stat().st_size < 1_500_000 for path in made.folder.glob("*.html"))


def test_the_counts_are_those_of_the_export(made: Run, findings: list[dict[str, object]]) -> None:
    import csv

    path = resources.sample("plain") / "opportunities.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Stage"]]
    ended = Counter(
        row["Stage"]
        for row in rows
        if row["Stage"] in ("Closed Won", "Closed Lost")
        and re.match(r"0[789]/\d\d/2025", row["Last Stage Change Date"] or row["Close Date"])
    )
    outcome = next(finding for finding in findings if finding["analysis"] == "quarter_outcome")
    fates = outcome["tables"]["fates"]["rows"]  # type: ignore[index]
    counted = dict(zip(fates["fate"], fates["deals"], strict=True))
    assert counted["won"] == ended["Closed Won"]
    assert sum(n for fate, n in counted.items() if fate.startswith("lost_")) == ended["Closed Lost"]


def test_the_gate_has_decided_every_test_on_the_pages_and_none_in_the_notebooks(
    made: Run, findings: list[dict[str, object]]
) -> None:
    decided = [named for finding in findings for named in _named(finding)]
    assert decided and set(decided) <= {True, False}
    alone = [
        named
        for path in (made.folder / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        for named in _named(output.get("data", {}).get(MIME, {}))
    ]
    assert alone and set(alone) == {None}
    manifest = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    primary = {
        (str(finding["analysis"]), json.dumps(finding["params"], sort_keys=True))
        for finding in findings
        if list(_named(finding))
    }
    assert manifest["gate"]["declared"] == len(primary)
    assert "comparisons of this report were tested together" in (made.folder / "index.html").read_text("utf-8")


def _named(result: Mapping[str, Any]) -> list[bool | None]:
    """Return the gate's word on every test of a result as it stands in JSON."""
    tests = result.get("tables", {}).get("tests")
    return list(tests["rows"]["named"]) if tests else []


def test_executed_notebooks_hold_no_path_of_this_machine(made: Run, tmp_path: Path) -> None:
    root = str(resources.root())
    for path in made.folder.rglob("*"):
        if path.is_file() and path.suffix in (".ipynb", ".json", ".html", ".csv"):
            text = path.read_text(encoding="utf-8-sig")
            assert root not in text, path.name
            assert str(made.folder.parent) not in text, path.name


def test_nothing_but_reports_and_the_cache_is_left_in_the_output_folder(made: Run) -> None:
    assert sorted(path.name for path in made.folder.parent.iterdir()) == [".cache", "2025Q3"]


BROKEN = "raise ValueError('the file /srv/secret/plan.csv holds <b>')"


@pytest.fixture
def small(tmp_path: Path) -> Engagement:
    """An engagement of canonical files with one broken and one sound notebook of its own."""
    (tmp_path / "postmortem.toml").write_text('[tables.deals]\nfile = "deals.csv"\n', encoding="utf-8")
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id"]
    lines += [f"D{n},{'lost' if n % 3 else 'won'},2025-08-{n % 28 + 1:02d},2025-02-01,100,R{n % 4}" for n in range(30)]
    (tmp_path / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    own = tmp_path / "notebooks"
    own.mkdir()
    tag = {"tags": ["parameters"]}
    for name, source in (("90-broken", BROKEN), ("91-sound", "print('a stray line')")):
        cells = [new_markdown_cell(f"# {name}"), new_code_cell('quarter = "last"', metadata=tag), new_code_cell(source)]
        nbformat.write(new_notebook(cells=cells), own / f"{name}.ipynb")
    return Engagement.open(tmp_path)


def test_a_failed_notebook_is_named_and_the_others_finish(small: Engagement, tmp_path: Path) -> None:
    made = run_quarter(small, "2025Q3", notebooks=["90", "91"], output=tmp_path / "out")
    assert (made.failed, made.pages, made.exit_code) == (("90-broken",), ("91-sound",), 1)
    index = (made.folder / "index.html").read_text(encoding="utf-8")
    assert "90-broken: cell 3: ValueError<" in index
    inside = (made.folder / "internal" / "90-broken.html").read_text(encoding="utf-8")
    assert "ValueError: the file /srv/secret/plan.csv holds &lt;b&gt;" in inside
    assert "raise ValueError" in inside and "\x1b" not in inside
    said = [path.name for path in made.folder.rglob("*") if path.is_file() and b"secret" in path.read_bytes()]
    assert said == ["90-broken.html"]
    assert not (made.folder / "90-broken.html").exists()
    manifest = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["pages"]["91-sound"]["left_out"] == ["cell 4: stdout"]
    assert "a stray line" not in (made.folder / "91-sound.html").read_text(encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize("first", ["92", pytest.param("01", marks=pytest.mark.slow)])
def test_equal_inputs_give_equal_content_whatever_is_cached_and_however_kernels_start(
    small: Engagement, tmp_path: Path, first: str
) -> None:
    # The head of 01, which asks ten questions; that all of it is read back as it was written is a long test.
    (overview,) = (path for path in resources.notebooks() if path.name.startswith("01"))
    built_in = nbformat.read(overview, as_version=4)
    head = [cell for cell in built_in.cells[:7] if cell.cell_type == "code"]
    nbformat.write(new_notebook(cells=head), tmp_path / "notebooks" / "92-outcome.ipynb")
    pages, told = [first, "91"], []
    cold = run_quarter(small, "2025Q3", notebooks=pages, output=tmp_path / "first")
    warm = run_quarter(small, "2025Q3", notebooks=pages, output=tmp_path / "first", fresh=True)
    taken = run_quarter(small, "2025Q3", notebooks=pages, output=tmp_path / "first", progress=told.append)
    elsewhere = run_quarter(small, "2025Q3", notebooks=pages, output=tmp_path / "second", engine="local")
    assert cold.content == warm.content == taken.content == elsewhere.content
    assert "2 of 2 pages taken from an earlier run on the same data" in told
    assert not any("done" in line for line in told)


def test_suspicious_data_stop_a_run_and_the_last_good_report_stays(small: Engagement, tmp_path: Path) -> None:
    out, export = tmp_path / "out", tmp_path / "deals.csv"
    good = run_quarter(small, "2025Q3", notebooks=["91"], output=out)
    there = {path: path.read_bytes() for path in good.folder.rglob("*") if path.is_file()}
    lines = export.read_text(encoding="utf-8").splitlines()
    export.write_text("\n".join(lines[:12]) + "\n", encoding="utf-8")
    said: list[str] = []
    with pytest.raises(DataError, match="unlike those of the last report") as refused:
        run_quarter(small, "2025Q3", notebooks=["91"], output=out, progress=said.append)
    assert "Rows of deals: 11; the last report had 30." in refused.value.rows
    assert "pre-flight: Rows of deals: 11; the last report had 30." in said
    assert {path: path.read_bytes() for path in good.folder.rglob("*") if path.is_file()} == there
    assert not list(out.glob(".writing-*"))
    with pytest.raises(DataError):  # whatever quarter is asked for: that it holds no deal is not what is wrong
        run_quarter(small, "2025Q1", notebooks=["91"], output=out)
    accepted = run_quarter(small, "2025Q3", notebooks=["91"], output=out, accept_changes=True)
    manifest = json.loads((accepted.folder / "manifest.json").read_text(encoding="utf-8"))
    assert [each["what"] for each in manifest["preflight"]] == [each.what for each in accepted.preflight]
    assert manifest["book"]["rows"]["deals"] == 11
    assert set(manifest["settings"]) >= {"taxonomy", "tables", "frame"}
    assert (manifest["tier"], manifest["taxonomy"]) == ("current", small.book().taxonomy.stamp)
    assert (out / ".previous" / "2025Q3" / "manifest.json").is_file()


def test_data_older_than_allowed_stop_a_run_unless_it_is_as_of_then(small: Engagement, tmp_path: Path) -> None:
    with (tmp_path / "postmortem.toml").open("a", encoding="utf-8") as file:
        file.write("[preflight]\nmax_age_days = 7\n[data]\nextracted_on = 2025-10-01\n")
    strict = Engagement.open(tmp_path)
    with pytest.raises(DataError, match="not what this run demands"):
        run_quarter(strict, "2025Q3", notebooks=["91"], output=tmp_path / "out")
    with pytest.raises(DataError, match="2025-08-28, 8 days before 2025-09-05"):
        run_quarter(strict, "2025Q3", notebooks=["91"], output=tmp_path / "out", as_of=dt.date(2025, 9, 5))
    assert not (tmp_path / "out" / "2025Q3").exists()
    made = run_quarter(strict, "2025Q3", notebooks=["91"], output=tmp_path / "out", as_of=dt.date(2025, 9, 4))
    assert (made.deals, made.preflight) == (30, ())


@pytest.mark.slow
def test_the_whole_plain_sample_gives_equal_content_twice(tmp_path: Path) -> None:
    plain = Engagement.open(resources.sample("plain"))
    first, second = (run_quarter(plain, "2025Q3", output=tmp_path / name) for name in ("first", "second"))
    assert first.content == second.content
    assert len(first.pages) == len(second.pages) == len(plan(plain.folder))


def test_a_quarter_without_deals_leaves_no_report(small: Engagement, tmp_path: Path) -> None:
    with pytest.raises(EmptyFrame, match="No deal closed in 2025Q1"):
        run_quarter(small, "2025Q1", output=tmp_path / "out")
    assert not (tmp_path / "out" / "2025Q1").exists()
    assert not list((tmp_path / "out").glob(".writing-*"))


def test_an_output_that_is_a_file_is_refused(small: Engagement, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputBusy, match="cannot be written"):
        run_quarter(small, "2025Q3", output=tmp_path / "out")
