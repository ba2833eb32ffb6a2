"""Reports are put in place whole, and the edition before stays where it can be compared."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from postmortem.ground.errors import UsageError
from postmortem.report.disk import folders as editions
from postmortem.report.disk.folders import put_in_place, read_edition, sweep

KEPT = ["findings.json", "internal/cohort.parquet", "manifest.json"]


def make_report(folder: Path, content: str) -> Path:
    (folder / "internal").mkdir(parents=True)
    (folder / "index.html").write_text(content, encoding="utf-8")
    (folder / "findings.json").write_text("[]", encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"content": content}), encoding="utf-8")
    pd.DataFrame({"deal_id": ["D1"], "quarter": ["2025Q3"]}).to_parquet(folder / "internal" / "cohort.parquet")
    return folder


def place(output: Path, content: str) -> None:
    put_in_place(make_report(output / f".writing-{content}", content), output / "2025Q3")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=["in one step", "in two steps"])
def way(request, monkeypatch):
    """Both ways to put a report in place, since not every file system knows the first."""
    if request.param == "in two steps":
        monkeypatch.setattr(editions, "exchange", lambda one, other: False)


@pytest.mark.usefixtures("way")
def test_the_edition_before_is_kept_where_the_content_differs(tmp_path):
    place(tmp_path, "first")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025Q3"]
    place(tmp_path, "second")
    kept = tmp_path / ".previous" / "2025Q3"
    assert files(kept) == KEPT
    assert read_edition(kept).manifest == {"content": "first"}
    assert read_edition(tmp_path / "2025Q3").manifest == {"content": "second"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".previous", "2025Q3"]
    place(tmp_path, "third")
    assert read_edition(kept).manifest == {"content": "second"}
    assert sorted(path.name for path in kept.parent.iterdir()) == ["2025Q3"]


def test_a_run_that_changes_nothing_leaves_the_edition_before_as_it_was(tmp_path):
    for content in ("first", "second", "second"):
        place(tmp_path, content)
    assert read_edition(tmp_path / ".previous" / "2025Q3").manifest == {"content": "first"}


def test_a_damaged_report_is_replaced_and_not_kept(tmp_path):
    place(tmp_path, "first")
    (tmp_path / "2025Q3" / "manifest.json").write_text("{", encoding="utf-8")
    place(tmp_path, "second")
    assert not (tmp_path / ".previous").exists()
    assert read_edition(tmp_path / "2025Q3").manifest == {"content": "second"}


def test_a_report_that_cannot_be_put_in_place_leaves_the_old_one_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(editions, "exchange", lambda one, other: False)
    place(tmp_path, "first")
    replace = os.replace

    def fails_for_the_new(source: Path, target: Path) -> None:
        if Path(source).name.startswith(".writing-"):
            raise OSError("no space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fails_for_the_new)
    with pytest.raises(OSError, match="no space"):
        place(tmp_path, "second")
    assert read_edition(tmp_path / "2025Q3").manifest == {"content": "first"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="folders change places on Linux only")
def test_at_no_moment_is_there_no_report(tmp_path, monkeypatch):
    place(tmp_path, "first")
    monkeypatch.setattr(os, "replace", None)  # nothing is moved away
    put_in_place(make_report(tmp_path / ".writing-2025Q3-x", "first"), tmp_path / "2025Q3")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2025Q3"]


def test_what_killed_runs_left_of_one_report_is_swept_and_an_old_one_comes_back(tmp_path):
    place(tmp_path, "first")
    (tmp_path / "2025Q3").rename(tmp_path / ".replaced-2025Q3-00000000000000000007")
    make_report(tmp_path / ".replaced-2025Q3-00000000000000000006", "older")
    make_report(tmp_path / ".writing-2025Q3-half", "half")
    make_report(tmp_path / ".previous" / ".writing-2025Q3-half", "half")
    other = make_report(tmp_path / ".writing-2025Q2-busy", "of another run")
    sweep(tmp_path, "2025Q3")
    assert read_edition(tmp_path / "2025Q3").manifest == {"content": "first"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".previous", other.name, "2025Q3"]
    assert not list((tmp_path / ".previous").iterdir())


def test_a_folder_that_is_no_report_says_what_one_is(tmp_path):
    with pytest.raises(UsageError, match="no report that can be compared") as refused:
        read_edition(tmp_path / "nowhere")
    assert "reports/2025Q3" in refused.value.message
    other = make_report(tmp_path / "other", "first")
    (other / "findings.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="not those of a report"):
        read_edition(other)
    broken = make_report(tmp_path / "broken", "first")
    (broken / "internal" / "cohort.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="no report that can be compared"):
        read_edition(broken)
