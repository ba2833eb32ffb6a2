"""Batches: what is to be made of what was asked, what is left alone, and what becomes of each report."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from postmortem.ground.errors import DataError, PostmortemError, UsageError
from postmortem.report import batch as batching
from postmortem.report import run as running
from postmortem.report.batch import batch, jobs_of, make
from postmortem.report.disk.folders import WRITING
from postmortem.report.lanes import Trouble
from postmortem.report.wanted import Job, Outcome, Wanted

BARE = 'quarter = "last"\npart = ""'
SEGMENTS = {"Enterprise": 30, "Food & Drink": 24, "Rare": 3, "": 22}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engagement with one quiet page, whose deals closed in 2025Q3 in four segments, one of them rare."""
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id,segment"]
    for name, deals in SEGMENTS.items():
        lines += [
            f"{name[:1]}{n},{'lost' if n % 3 else 'won'},2025-08-{n % 28 + 1:02d},2025-02-01,100,R{n % 4},{name}"
            for n in range(deals)
        ]
    (tmp_path / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "postmortem.toml").write_text(
        '[company]\nname = "Testing Ltd"\ncurrency = "USD"\n[data]\nextracted_on = 2025-10-06\n'
        '[tables.deals]\nfile = "deals.csv"\n[report]\npages = ["90"]\n',
        encoding="utf-8",
    )
    (tmp_path / "notebooks").mkdir()
    notebook = new_notebook(cells=[new_code_cell(BARE, metadata={"tags": ["parameters"]})])
    nbformat.write(notebook, tmp_path / "notebooks" / "90-bare.ipynb")
    return tmp_path


def wanted(folder: Path, **more: Any) -> Wanted:
    return Wanted(folder, **{"quarters": "2025Q3", "options": {"engine": "local"}, **more})


def told(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str, int]]:
    return [(each.told["part"], each.told["status"], each.code) for each in outcomes]


def test_a_range_is_a_report_a_quarter_and_each_one_a_part(folder: Path) -> None:
    jobs = jobs_of(wanted(folder, quarters="2025Q2..2025Q3"))
    assert [(job.quarter, job.part) for job in jobs if isinstance(job, Job)] == [("2025Q2", ""), ("2025Q3", "")]
    parts = [job.part for job in jobs_of(wanted(folder, each="segment")) if isinstance(job, Job)]
    assert parts == ["segment=Enterprise", "segment=Food & Drink", "segment=Rare", "segment="]


def test_a_quarter_without_deals_stops_no_other(folder: Path) -> None:
    first, *others = jobs_of(wanted(folder, quarters="2025Q2..2025Q3", each="segment"))
    assert isinstance(first, Outcome)
    assert (first.code, first.told["quarter"], first.told["status"]) == (4, "2025Q2", "not made")
    assert len(others) == 4
    with pytest.raises(PostmortemError):
        jobs_of(wanted(folder, quarters="2025Q2", each="segment"))


def test_a_part_that_no_deal_is_of_is_an_error_with_the_nearest(folder: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'Enterprise'"):
        jobs_of(wanted(folder, part="segment=Entreprise"))


def test_a_report_on_a_part_lies_below_those_on_all_deals_and_says_so(folder: Path) -> None:
    (made,) = batch([wanted(folder, part="segment=Food & Drink")])
    assert (made.code, made.told["status"], made.told["deals"]) == (0, "done", 24)
    index = Path(made.told["index"])
    assert index.parts[-4] == "by-segment" and index.parts[-2] == "2025Q3"
    html = index.read_text(encoding="utf-8")
    assert "<h1>Closed deals of 2025Q3: segment Food &amp; Drink</h1>" in html
    assert "Only deals of segment Food &amp; Drink." in html
    manifest = json.loads(index.with_name("manifest.json").read_text(encoding="utf-8"))
    assert (manifest["part"], manifest["parameters"]["part"]) == ("segment Food & Drink", "segment=Food & Drink")
    assert (folder / "reports" / "index.html").is_file() and (
        folder / "reports" / "by-segment" / "index.html"
    ).is_file()
    assert not list(index.parent.parent.glob(".cache"))


def test_too_few_deals_of_a_part_are_a_page_and_no_failure(folder: Path) -> None:
    (made,) = batch([wanted(folder, part="segment=Rare")])
    assert (made.code, made.told["status"]) == (0, "refused")
    assert made.told["lacking"] == [
        "3 of the 5 deals of this part needed in 2025Q3", "3 of the 20 deals of this part needed in 2024Q4 to 2025Q3",
    ]  # fmt: skip
    assert "too few deals of segment Rare" in Path(made.told["index"]).read_text(encoding="utf-8")
    (again,) = batch([wanted(folder, part="segment=Rare", if_changed=True)])
    assert (again.told["status"], again.told["content"]) == ("unchanged", made.told["content"])
    (small,) = batch([wanted(folder, part="segment=Rare", fail_if_small=True)])
    assert small.code == 4


def test_what_has_not_changed_is_left_alone_and_what_has_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = wanted(folder, if_changed=True)
    (first,) = batch([asked])
    assert json.loads(json.dumps(dict(first.told))) == dict(first.told)
    before = Path(first.told["index"]).stat().st_mtime_ns
    lines: list[str] = []
    (second,) = batch([asked], say=lines.append)
    assert (first.told["status"], second.told["status"]) == ("done", "unchanged")
    assert Path(first.told["index"]).stat().st_mtime_ns == before
    assert {**second.told, "status": "done"} == dict(first.told)
    assert lines[-1] == "  unchanged"

    def called(*args: Any, **options: Any) -> None:
        raise DataError("made anew")

    monkeypatch.setattr(batching, "run_quarter", called)
    batch([asked])
    with (folder / "deals.csv").open("a", encoding="utf-8") as file:
        file.write("X,won,2025-08-30,2025-02-01,100,R1,Enterprise\n")
    with pytest.raises(DataError, match="made anew"):
        batch([asked])


def test_unchanged_data_that_grew_too_old_are_not_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = wanted(folder, part="segment=Rare", if_changed=True)
    toml = folder / "postmortem.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "[preflight]\nmax_age_days = 9\n", encoding="utf-8")
    days = iter((dt.date(2025, 9, 1), dt.date(2025, 9, 1), dt.date(2025, 9, 1), dt.date(2026, 1, 1)))
    monkeypatch.setattr(batching, "local_day", lambda zone: next(days))
    monkeypatch.setattr(running, "local_day", lambda zone: next(days))
    assert [batch([asked])[0].told["status"] for _ in range(2)] == ["refused", "unchanged"]
    monkeypatch.setattr(running, "local_day", lambda zone: dt.date(2026, 1, 1))
    with pytest.raises(DataError, match="newest record"):
        batch([asked])


def test_an_error_of_one_report_is_told_with_its_code_and_rows(folder: Path) -> None:
    trouble = Trouble("Not good.", 3, ("deals.csv line 3",))
    outcome = Outcome.of(trouble, wanted(folder, name="acme"), Job(wanted(folder), "2025Q1", "segment=A"))
    assert outcome.code == 3
    assert outcome.told == {
        "engagement": "acme", "quarter": "2025Q1", "part": "segment=A", "status": "not made", "exit_code": 3,
        "message": "Not good.", "rows": ["deals.csv line 3"],
    }  # fmt: skip


@pytest.mark.slow
def test_lanes_of_one_engagement_give_each_report_its_outcome_in_order(folder: Path) -> None:
    lines: list[str] = []
    outcomes = batch([wanted(folder, each="segment")], workers=2, say=lines.append)
    assert told(outcomes) == [
        ("segment=Enterprise", "done", 0), ("segment=Food & Drink", "done", 0), ("segment=Rare", "refused", 0),
        ("segment=", "done", 0),
    ]  # fmt: skip
    assert "2025Q3: segment Rare: Too few deals of segment Rare for a report of their own." in lines
    html = (folder / "reports" / "by-segment" / "index.html").read_text(encoding="utf-8")
    assert html.count('<th scope="row">') == 4


def test_a_job_in_this_process_raises_what_a_user_can_act_on(folder: Path) -> None:
    with pytest.raises(PostmortemError):
        make(Job(wanted(folder), "2024Q1"))


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_batch_that_is_stopped_leaves_no_process_and_no_half_report(folder: Path, stop: signal.Signals) -> None:
    sleeper = new_notebook(cells=[
        new_code_cell(BARE, metadata={"tags": ["parameters"]}),
        new_code_cell("from pathlib import Path\nPath('asleep').touch()\nimport time\ntime.sleep(300)"),
    ])  # fmt: skip
    nbformat.write(sleeper, folder / "notebooks" / "90-bare.ipynb")
    words = ["run", "-e", str(folder), "-q", "2025Q3", "--each", "segment", "--workers", "2", "--engine", "local"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "FBATCH_MARK": str(folder)}
    driver = subprocess.Popen(
        [sys.executable, "-m", "postmortem", *words], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    with driver:
        until = time.monotonic() + 120
        while not (folder / "asleep").exists() and time.monotonic() < until and driver.poll() is None:
            time.sleep(0.1)
        assert (folder / "asleep").exists()
        driver.send_signal(stop)
        assert driver.wait(120) == (130 if stop == signal.SIGINT else -signal.SIGKILL)
    until = time.monotonic() + 60
    while _marked(str(folder)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not _marked(str(folder))
    assert not list((folder / "reports").rglob("index.html"))
    if stop == signal.SIGINT:  # what a kill leaves is swept by the next run on that report
        assert not list((folder / "reports").rglob(f"{WRITING}*"))


def _marked(mark: str) -> list[str]:
    """Return the processes that still carry the mark of a test in their environment, kernels included."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.name != str(os.getpid()) and f"FBATCH_MARK={mark}\0".encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_bytes().decode())
        except OSError:  # gone, or not ours to read
            continue
    return found
