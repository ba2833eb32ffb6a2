"""CSV for spreadsheets: text that would be a formula is marked, and read back as it was."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from postmortem.ground.spreadsheets import as_written, harmless, write_sheet


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_is_marked_and_comes_back(text: str) -> None:
    assert harmless(text) == "'" + text
    assert as_written(harmless(text)) == text


@pytest.mark.parametrize(("cell", "text"), [("a=b", "a=b"), (-5, "-5"), (-0.5, "-0.5"), (None, ""), (pd.NA, ""),
                                            (float("nan"), ""), ("'quoted", "'quoted")])  # fmt: skip
def test_anything_else_stays(cell: object, text: str) -> None:
    assert harmless(cell) == text
    assert as_written(text) == text


def test_a_sheet_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sheet.csv"
    write_sheet(path, ["who", "n"], [["Grün, A", 1], ["=x", None]])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["who", "n"], ["Grün, A", "1"], ["'=x", ""]]
    assert [each.name for each in path.parent.iterdir()] == ["sheet.csv"]
