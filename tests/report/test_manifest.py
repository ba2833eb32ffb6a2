"""What stands beside the pages: tables as CSV, the manifest, the content hash."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from builders import closed, deal, make_book

from postmortem.report.editions.manifest import content_hash, findings, manifest, write_json, write_tables
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.result import Column, Result, Table

NOTEBOOK = Notebook("01-x", "X", Path("01.ipynb"), ())


def one_table(values: list[str | None]) -> Result:
    frame = pd.DataFrame({"who": pd.Series(values, dtype="str"), "amount": [-5.0] * len(values)})
    columns = (Column("who", "account", "Who"), Column("amount", "money", "Amount"))
    return Result("costliest_losses", "Q?", {"losses": Table(frame, columns, "T")})


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_a_spreadsheet_would_run_is_neutralised_and_numbers_are_not(tmp_path: Path, text: str) -> None:
    write_tables(tmp_path / "tables", [(NOTEBOOK, Harvest((one_table([text, "plain"]),), ()))])
    (path,) = (tmp_path / "tables").glob("*.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["who", "amount"], ["'" + text, "-5.0"], ["plain", "-5.0"]]


def test_a_missing_value_is_an_empty_cell(tmp_path: Path) -> None:
    write_tables(tmp_path / "tables", [(NOTEBOOK, Harvest((one_table([None]),), ()))])
    (path,) = (tmp_path / "tables").glob("*.csv")
    assert path.read_text(encoding="utf-8-sig").splitlines()[1] == ",-5.0"


def test_every_result_is_a_finding_with_its_page() -> None:
    (told,) = findings([(NOTEBOOK, Harvest(("prose", one_table(["a"])), ()))])
    assert (told["page"], told["analysis"]) == ("01-x", "costliest_losses")


def test_the_content_hash_follows_names_and_bytes_and_not_the_folder(tmp_path: Path) -> None:
    def folder(name: str, file: str, text: str) -> str:
        made = tmp_path / name
        made.mkdir()
        (made / file).write_text(text, encoding="utf-8")
        return content_hash(made, made.glob("*"))

    first = folder("a", "x.html", "one")
    assert folder("b", "x.html", "one") == first
    assert folder("c", "y.html", "one") != first
    assert folder("d", "x.html", "two") != first


def test_json_with_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("nan")})


def test_the_manifest_counts_rows_and_hashes_inputs(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(b"abc")
    cohort = closed(make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-05-01")]))
    told = manifest(cohort, [("data/deals.csv", path)], {"window": 4}, {"01-x": {"status": "done"}})
    assert told["rows"] == {"read": {"deals": 2}, "set_aside": {}, "deals_in_focus": 1}
    # sha256 of "abc", FIPS 180-2, appendix B.1
    assert told["inputs"][0]["sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert str(tmp_path) not in str(told)
