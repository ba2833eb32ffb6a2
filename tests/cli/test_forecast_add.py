"""`postmortem forecast add`: the spreadsheet of a forecast call becomes rows the forecast can be frozen from."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement

DEALS = """deal_id,account_name,deal_name,outcome,closed_at,created_at,amount
D1,Acme Ltd,Renewal,lost,2025-08-20,2025-02-01,100
D2,Acme Ltd,Expansion,won,2025-08-21,2025-02-01,200
D3,Birch AG,Platform,open,,2025-02-01,300
D4,Twin plc,Same,open,,2025-02-01,400
D5,Twin plc,same,open,,2025-02-01,500
"""
TOML = """# Our notes stay.
[company]
name = "Testing"   # the client

[data]
folder = "exports"

[tables.deals]
file = "deals.csv"
"""
SHEET = """Opp ID,Customer,Deal,Call,Forecast Amount,Close Date
D1,,,Commit,110,2025-09-12
,ACME  ltd, expansion,Upside,,2025-09-20
,Twin plc,Same,Commit,1,2025-09-12
D9,Nobody,Unheard of,Commit,1,2025-09-12
D3,,,Maybe,1,2025-09-12
D1,,,Commit,1,2025-09-13
"""
CANONICAL = ["as_of", "deal_id", "category", "amount", "expected_close_date"]


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        start(words)
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Make an engagement of five deals."""
    folder = tmp_path / "acme"
    (folder / "exports").mkdir(parents=True)
    (folder / "exports" / "deals.csv").write_text(DEALS, encoding="utf-8")
    (folder / "postmortem.toml").write_text(TOML, encoding="utf-8")
    return folder


def add(capsys: Any, acme: Path, text: str = SHEET, day: str = "2025-07-04") -> tuple[int, dict[str, Any]]:
    sheet = acme.parent / "call.csv"
    sheet.write_text(text, encoding="utf-8")
    code, out, err = call(capsys, "forecast", "add", str(sheet), "--as-of", day, "-e", str(acme), "--json")
    assert "Traceback" not in err, err
    return code, json.loads(out)


def rows_of(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_rows_are_matched_by_id_else_by_account_and_name(capsys, acme):
    code, told = add(capsys, acme)
    assert (code, told["rows"], told["replaced"], told["configured"]) == (0, 2, 0, True)
    assert rows_of(acme / "forecast_sheet.csv") == [
        CANONICAL,
        ["2025-07-04", "D1", "commit", "110", "2025-09-12"],
        ["2025-07-04", "D2", "best_case", "", "2025-09-20"],
    ]


def test_what_cannot_be_matched_is_listed_and_kept_in_a_file(capsys, acme):
    _, told = add(capsys, acme)
    reasons = dict(zip([4, 5, 6, 7], told["not_added"], strict=True))
    assert "line 4" in reasons[4] and "matches 2 deals" in reasons[4]
    assert "'D9'" in reasons[5] and "matches no deal" in reasons[5]
    assert "'Maybe'" in reasons[6] and "is none of pipeline" in reasons[6]
    assert "more than once" in reasons[7]
    header, *rows = rows_of(Path(told["not_added_file"]))
    assert header[:2] == ["line", "why"]
    assert [row[0] for row in rows] == ["4", "5", "6", "7"]
    assert "Unheard of" in rows[1]


def test_the_configuration_gains_one_table_and_keeps_its_comments(capsys, acme):
    add(capsys, acme)
    text = (acme / "postmortem.toml").read_text(encoding="utf-8")
    assert text.startswith("# Our notes stay.\n")
    assert "# the client" in text
    assert '[tables.forecast_sheet]\nfile = "../forecast_sheet.csv"' in text
    assert add(capsys, acme)[1]["configured"] is False
    assert (acme / "postmortem.toml").read_text(encoding="utf-8") == text


def test_the_same_day_replaces_itself_and_another_day_is_added(capsys, acme):
    add(capsys, acme)
    add(capsys, acme, "Deal ID,Category\nD3,Commit\n", "2025-07-11")
    _, told = add(capsys, acme, "Deal ID,Category,Amount\nD1,Best Case,90\n")
    assert told["replaced"] == 2
    assert [row[:4] for row in rows_of(acme / "forecast_sheet.csv")[1:]] == [
        ["2025-07-11", "D3", "commit", ""], ["2025-07-04", "D1", "best_case", "90"],
    ]  # fmt: skip
    assert told["without_expected_close"] == 1


def test_the_forecast_can_be_frozen_from_what_was_added(capsys, acme):
    add(capsys, acme)
    cohort = Engagement.open(acme).frame("2025Q3", kind="forecast")
    told = cohort.focus_rows[["deal_id", "resolution", "amount"]].values.tolist()
    assert told == [["D1", "lost_unknown", 110.0], ["D2", "won", 200.0]]
    assert cohort.provenance["forecast category"] == "sheet of 2025-07-04"
    assert cohort.provenance["amount"] == "current value (1 deal), sheet of 2025-07-04 (1 deal)"


def test_a_workbook_is_read_like_a_text_file(capsys, acme):
    book = Workbook()
    book.active.append(["Forecast call of July"])
    book.active.append(["Deal ID", "Forecast Category", "Amount", "Expected Close"])
    book.active.append(["D3", "Most Likely", 250.5, "2025-09-30"])
    book.save(acme.parent / "call.xlsx")
    code, out, _ = call(
        capsys, "forecast", "add", str(acme.parent / "call.xlsx"), "--as-of", "2025-07-04", "-e", str(acme)
    )
    assert code == 0 and "1 rows of 2025-07-04" in out
    assert rows_of(acme / "forecast_sheet.csv")[1] == ["2025-07-04", "D3", "most_likely", "250.5", "2025-09-30"]


def test_days_and_amounts_are_written_the_way_the_engagement_reads_them(capsys, acme):
    stated = TOML.replace('folder = "exports"', 'folder = "exports"\ndate_format = "%d.%m.%Y"\ndecimal = ","')
    (acme / "postmortem.toml").write_text(stated, encoding="utf-8")
    add(capsys, acme, 'Deal ID,Category,Amount,Close Date\nD1,Commit,"1.250,50",12.09.2025\n')
    assert rows_of(acme / "forecast_sheet.csv")[1] == ["04.07.2025", "D1", "commit", "1250,5", "12.09.2025"]
    sheet = Engagement.open(acme).book().table("forecast_sheet")
    assert sheet["amount"].tolist() == [1250.5]


def test_a_formula_in_a_row_left_out_is_defused(capsys, acme):
    _, told = add(capsys, acme, 'Deal ID,Account,Deal,Category\nD1,,,Commit\n,=1+1,"=HYPERLINK(1)",Commit\n')
    assert "'=1+1" in rows_of(Path(told["not_added_file"]))[1]


@pytest.mark.parametrize(
    ("text", "day", "code", "says"),
    [
        ("Deal ID,Amount\nD1,1\n", "2025-07-04", 3, "lacks columns"),
        ("Account,Category\nAcme Ltd,Commit\n", "2025-07-04", 3, "lacks columns"),
        ("Deal ID,Category\nD8,Commit\n", "2025-07-04", 3, "matches no deal"),
        ("Deal ID,Category,Close Date\nD1,Commit,01/02/2025\n", "2025-07-04", 3, "12 or less"),
        (SHEET, "July", 2, "not a day"),
    ],
)
def test_a_sheet_that_cannot_be_used_leaves_everything_as_it_was(capsys, acme, text, day, code, says):
    left, told = add(capsys, acme, text, day)
    assert (left, told["exit_code"]) == (code, code)
    assert says in told["message"]
    assert not (acme / "forecast_sheet.csv").exists()
    assert (acme / "postmortem.toml").read_text(encoding="utf-8") == TOML


def test_a_call_later_than_the_stated_day_of_the_data_is_refused(capsys, acme):
    stated = TOML.replace('folder = "exports"', 'folder = "exports"\nextracted_on = 2025-09-30')
    (acme / "postmortem.toml").write_text(stated, encoding="utf-8")
    assert add(capsys, acme, day="2025-10-01")[0] == 2
    assert add(capsys, acme, day="2025-09-30")[0] == 0


def test_a_file_of_ones_own_is_not_written_over(capsys, acme):
    (acme / "forecast_sheet.csv").write_text("id,call\nD1,Commit\n", encoding="utf-8")
    code, told = add(capsys, acme)
    assert code == 2
    assert "was not written by this command" in told["message"]
    assert (acme / "forecast_sheet.csv").read_text(encoding="utf-8") == "id,call\nD1,Commit\n"
