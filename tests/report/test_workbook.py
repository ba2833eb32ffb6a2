"""A report as a workbook: every figure typed, every text text, the same bytes for the same results."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hostile import HOSTILE
from shared_reports import make_report

from postmortem.ground.spreadsheets import FORMULA_STARTS
from postmortem.report.disk.bundle import EARLIEST
from postmortem.report.editions.record import Report, read_report
from postmortem.report.exports.sheets import CONTENTS
from postmortem.report.exports.workbook import LONGEST_NAME, workbook
from postmortem.report.notebooks import pictures
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.pages import About
from postmortem.result import Result, refused
from postmortem.table import Column, Table

ABOUT = About(
    "Acme & Söhne", "2025Q3", "40 deals closed in 2025Q3", "2025-10-06", "40 rows read", "", "Okonjo", "Secret"
)
PAGE = Notebook("02-made-by-hand", "Made by hand", Path("x"), ())
CONTROL = "bell\x07 and \x00 nothing"
COLUMNS = (
    Column("deal", "deal", "Deal"), Column("lost", "count", "Lost"),
    Column("share", "estimate", "Share lost (95% interval)", "share", low="low", high="high"),
    Column("low", "estimate", "Low", "share", shown=False), Column("high", "estimate", "High", "share", shown=False),
    Column("more", "estimate", "More", "points"), Column("amount", "money", "Amount", "EUR"),
    Column("closed", "date", "Closed"), Column("named", "label", "Named"), Column("note", "text", "Note"),
    Column("rank", "count", "Rank", shown=False), Column("suppressed", "label", "Withheld", shown=False),
)  # fmt: skip


def made_table(texts: tuple[str, ...]) -> Table:
    n = len(texts)
    rows = pd.DataFrame(
        {
            "deal": pd.Series(texts, dtype="str"), "lost": pd.Series(range(n), dtype="Int64"),
            "share": 0.12345, "low": 0.1, "high": 0.2, "more": -0.05, "amount": 1234.5,
            "closed": pd.Series([pd.Timestamp("2025-08-01")] * n), "named": pd.Series([True] * n, dtype="boolean"),
            "note": pd.Series(["x"] * n, dtype="str"), "rank": 1, "suppressed": False,
        }
    )  # fmt: skip
    rows.loc[n - 1, ["lost", "share", "low", "high", "more", "amount", "closed"]] = pd.NA
    rows.loc[n - 1, "suppressed"] = True
    return Table(rows, COLUMNS, "Every kind of column")


def opened(*results: Result, notebook: Notebook = PAGE) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook([(notebook, Harvest(results, ()))], ABOUT)))


def answer(*texts: str, analysis: str = "quarter_outcome") -> Result:
    return Result(
        analysis, "What became of them?", {"made": made_table(texts)}, caveats=("Two things.",), n_in=9, n_used=7,
        method="By hand.", headline_of=lambda tables: "Seven of nine.",
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_draw", lambda result, width: pictures.NO_PICTURE)
        return read_report(make_report(tmp_path_factory.mktemp("clients"), "Zantor"))


def test_every_value_keeps_its_kind_and_stands_below_its_head() -> None:
    sheet = opened(answer("A", "B", "C")).worksheets[1]
    heads = [cell.value for cell in sheet[4]]
    assert heads == [
        "Deal", "Lost", "Share lost (95% interval)", "Share lost: from", "Share lost: to", "More, points",
        "Amount, EUR", "Closed", "Named", "Note",
    ]  # fmt: skip
    first = {head: sheet.cell(5, at) for at, head in enumerate(heads, start=1)}
    assert [first[head].value for head in heads] == [
        "A", 0, 0.12345, 0.1, 0.2, -0.05, 1234.5, dt.datetime(2025, 8, 1), True, "x"
    ]  # fmt: skip
    forms = ("Lost", "#,##0"), ("Share lost: to", "0.0%"), ("Amount, EUR", "#,##0"), ("Closed", "yyyy-mm-dd")
    assert [(head, first[head].number_format) for head, _ in forms] == list(forms)
    assert [cell.value for cell in sheet[7]] == ["C", *["withheld"] * 6, None, True, "x"]


def test_heads_stay_in_sight_and_the_sentence_its_caveats_and_its_method_are_there() -> None:
    sheet = opened(answer("A", "B")).worksheets[1]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert sheet.freeze_panes == "A5"
    assert sheet["A1"].value == "Seven of nine."
    assert sheet["B2"].value == "Made by hand: What became of them?"
    assert {"Two things.", "By hand.", "7 of 9 deals of all quarters at hand were used."} <= set(texts)


def test_no_text_is_a_formula_or_begins_like_one() -> None:
    content = workbook([(PAGE, Harvest((answer(*HOSTILE, CONTROL, "_x003D_1+1"),), ()))], ABOUT)
    read = openpyxl.load_workbook(io.BytesIO(content))
    cells = [cell for sheet in read for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert len(cells) > 3 * len(HOSTILE)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if cell.value.startswith(FORMULA_STARTS)]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert not [name for name in packed.namelist() if b"<f>" in packed.read(name) or b"<f " in packed.read(name)]
    told = [cell.value for cell in read.worksheets[1]["A"][4:]]
    assert '\'=HYPERLINK("http://example.invalid","x")' in told
    assert "bell\N{REPLACEMENT CHARACTER} and \N{REPLACEMENT CHARACTER} nothing" in told
    assert "_x005F_x003D_1+1" in told


def test_a_refusal_stands_in_the_contents_alone_with_what_unlocks_it() -> None:
    said = refused("loss_share", "Who?", "interviews", unlock="hold ten interviews")
    book = opened(answer("A"), said)
    assert book.sheetnames == [CONTENTS, "02.1 quarter outcome"]
    rows = [[cell.value for cell in row] for row in book[CONTENTS].iter_rows(min_row=5, max_row=6)]
    entry = ["02.1 quarter outcome", "Made by hand", "Seven of nine.", "What became of them?", "answered", 7, 9, None]
    assert rows[0] == entry
    assert rows[1][2:] == ["Not answered yet: interviews.", "Who?", "not answered yet", 0, 0, "Hold ten interviews."]
    assert book[CONTENTS]["A5"].hyperlink.location == "'02.1 quarter outcome'!A1"


def test_names_of_sheets_fit_and_are_taken_once() -> None:
    own = replace(PAGE, name="It's [my] own: page/*?")
    names = opened(*[answer("A", analysis="a_" * 40)] * 3, notebook=own).sheetnames
    twice = workbook([(own, Harvest((answer("A"),), ())), (own, Harvest((answer("A"),), ()))], ABOUT)
    names += openpyxl.load_workbook(io.BytesIO(twice)).sheetnames[1:]
    assert all(len(name) <= LONGEST_NAME and not set(name) & set("[]:*?/\\'") for name in names)
    assert len({name.casefold() for name in names}) == len(names) == 6


def test_it_holds_no_clock_and_is_the_same_every_time(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [(FRONT, report.closing), *report.pages]
    first = workbook(pages, report.about)
    monkeypatch.setattr("time.localtime", lambda *_: dt.datetime(2031, 5, 7).timetuple())
    assert workbook(pages, report.about) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {member.date_time for member in packed.infolist()} == {EARLIEST}
        core = packed.read("docProps/core.xml").decode()
    assert "Okonjo Partners" in core
    assert "created" not in core and "modified" not in core


def test_every_answer_of_a_report_is_in_its_contents_with_its_sentence(report: Report) -> None:
    pages = [(FRONT, report.closing), *report.pages]
    book = openpyxl.load_workbook(io.BytesIO(workbook(pages, report.about)))
    told = [row[2].value for row in book[CONTENTS].iter_rows(min_row=5) if row[2].value]
    assert told == [result.headline for _, harvest in pages for result in harvest.results]
    assert set(book.sheetnames[1:]) == {row[0].value for row in book[CONTENTS].iter_rows(min_row=5) if row[0].hyperlink}
    assert all(sheet.freeze_panes for sheet in book)
