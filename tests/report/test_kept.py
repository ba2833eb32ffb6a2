"""What was executed once is found again by all that it could see, and by nothing less."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from builders import closed, deal, make_book
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from postmortem.frames import Engagement
from postmortem.ground import resources
from postmortem.report.notebooks import kept as keeping
from postmortem.report.notebooks.kept import Kept, prune
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook, plan

TOLD = Parameters("2025Q3", "closed", 4, "2025-10-06")
BUILT_IN = resources.notebooks()[1]


@pytest.fixture
def engagement(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "postmortem.toml").write_text('[tables.deals]\nfile = "deals.csv"\n', encoding="utf-8")
    (folder / "deals.csv").write_text("deal_id\nD1\n", encoding="utf-8")
    shutil.copyfile(BUILT_IN, folder / "notebooks" / "90-own.ipynb")
    return folder


def kept_of(engagement: Path, told: Parameters = TOLD, *, amount: float = 100.0, fresh: bool = False) -> Kept:
    cohort = closed(make_book([deal(1, "won", "2025-08-01", amount=amount), deal(2, "lost", "2025-05-01")]))
    output = engagement / "reports"
    return Kept.of(output / ".cache", Engagement.open(engagement), cohort, told, output, fresh=fresh, cut_off=False)


def built_in() -> Notebook:
    return Notebook(BUILT_IN.stem, "", BUILT_IN, ("quarter", "window"))


def own(engagement: Path) -> Notebook:
    return Notebook("90-own", "", engagement / "notebooks" / "90-own.ipynb", ("quarter",))


def executed(folder: Path) -> Path:
    """Return a notebook as a run leaves it: a text, and an output that is no result."""
    cells = [
        new_markdown_cell("# What was asked"),
        new_code_cell("1", outputs=[new_output("stream", name="stdout", text="1")]),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "done.ipynb")
    return folder / "done.ipynb"


def test_what_was_kept_is_taken_as_it_was(engagement: Path, tmp_path: Path) -> None:
    done = executed(tmp_path)
    for notebook in (built_in(), own(engagement)):
        assert kept_of(engagement).take(notebook, tmp_path / "again.ipynb") is None
        kept_of(engagement).keep(notebook, done)
        taken = kept_of(engagement).take(notebook, tmp_path / "again.ipynb")
        assert taken is not None
        assert (taken.blocks, taken.dropped) == (("# What was asked",), ("cell 2: stdout",))
        assert (tmp_path / "again.ipynb").read_bytes() == done.read_bytes()
        assert kept_of(engagement, fresh=True).take(notebook, tmp_path / "again.ipynb") is None


def _other_book(engagement: Path) -> Kept:
    return kept_of(engagement, amount=101.0)


def _other_quarter(engagement: Path) -> Kept:
    return kept_of(engagement, replace(TOLD, quarter="2025Q2"))


def _other_settings(engagement: Path) -> Kept:
    with (engagement / "postmortem.toml").open("a", encoding="utf-8") as file:
        file.write("[frame]\nsnapshot_day = 9\n")
    return kept_of(engagement)


@pytest.mark.parametrize("change", [_other_book, _other_quarter, _other_settings])
def test_other_data_parameters_or_settings_are_executed(
    change: Callable[[Path], Kept], engagement: Path, tmp_path: Path
) -> None:
    kept_of(engagement).keep(built_in(), executed(tmp_path))
    assert change(engagement).take(built_in(), tmp_path / "again.ipynb") is None


@pytest.mark.parametrize("what", ["code_hash", "versions"])
def test_other_code_or_libraries_are_executed(
    what: str, engagement: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_of(engagement).keep(built_in(), executed(tmp_path))
    monkeypatch.setattr(keeping, what, lambda: "another")
    assert kept_of(engagement).take(built_in(), tmp_path / "again.ipynb") is None


def test_a_parameter_that_a_notebook_does_not_declare_is_nothing_to_it(engagement: Path, tmp_path: Path) -> None:
    kept_of(engagement).keep(built_in(), executed(tmp_path))
    other = kept_of(engagement, replace(TOLD, deal_id="D2"))
    assert other.take(built_in(), tmp_path / "again.ipynb") is not None


def test_an_own_notebook_may_read_any_file_beside_it_and_a_built_in_one_does_not(
    engagement: Path, tmp_path: Path
) -> None:
    for notebook in (built_in(), own(engagement)):
        kept_of(engagement).keep(notebook, executed(tmp_path))
    for harmless in (engagement / "reports" / "2025Q3.html", engagement / ".hidden" / "x"):
        harmless.parent.mkdir(exist_ok=True)
        harmless.write_text("x", encoding="utf-8")
    assert kept_of(engagement).take(own(engagement), tmp_path / "again.ipynb") is not None
    (engagement / "targets.csv").write_text("team,target\n", encoding="utf-8")
    assert kept_of(engagement).take(own(engagement), tmp_path / "again.ipynb") is None
    assert kept_of(engagement).take(built_in(), tmp_path / "again.ipynb") is not None


def test_another_text_of_the_same_notebook_is_executed(engagement: Path, tmp_path: Path) -> None:
    copy = tmp_path / BUILT_IN.name
    shutil.copyfile(BUILT_IN, copy)
    kept_of(engagement).keep(replace(built_in(), path=copy), executed(tmp_path))
    copy.write_bytes(BUILT_IN.read_bytes() + b"\n")
    assert kept_of(engagement).take(replace(built_in(), path=copy), tmp_path / "again.ipynb") is None


@pytest.mark.parametrize("left", ["", "{", '{"cells": 1}', "[]"])
def test_a_damaged_file_is_executed_again(left: str, engagement: Path, tmp_path: Path) -> None:
    kept = kept_of(engagement)
    kept.keep(built_in(), executed(tmp_path))
    (file,) = kept.folder.iterdir()
    file.write_text(left, encoding="utf-8")
    assert kept.take(built_in(), tmp_path / "again.ipynb") is None
    assert not (tmp_path / "again.ipynb").exists()


def test_a_full_disk_keeps_nothing_and_stops_nothing(
    engagement: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = kept_of(engagement)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        kept.keep(built_in(), executed(tmp_path))
    assert not list(kept.folder.iterdir())


def test_a_cache_forgets_what_was_not_used_for_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", {"pages": 2, "books": 1, "signals": 3})
    for kind, names in {"pages": "abc", "books": "de", "signals": "fg"}.items():
        for age, name in enumerate(names):
            place = tmp_path / kind / name
            place.mkdir(parents=True) if kind == "books" else place.parent.mkdir(exist_ok=True)
            (place / "book.json" if kind == "books" else place).write_text(name, encoding="utf-8")
            os.utime(place, (1000 + age, 1000 + age))
    prune(tmp_path)
    left = {kind.name: sorted(path.name for path in kind.iterdir()) for kind in tmp_path.iterdir()}
    assert left == {"pages": ["b", "c"], "books": ["e"], "signals": ["f", "g"]}


def test_every_built_in_notebook_counts_as_one(engagement: Path) -> None:
    """Else they would be executed again whenever any file of the engagement changes."""
    assert {notebook.path for notebook in plan(engagement)} - set(resources.notebooks()) == {own(engagement).path}
