"""`postmortem snapshot`: run after every export, it keeps what the CRM will overwrite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement

HEADER = "deal_id,outcome,closed_at,created_at,amount,stage,forecast_category,expected_close_date\n"
MONDAY = (
    HEADER
    + """D1,open,,2025-02-01,100,Proposal,commit,2025-09-12
D2,open,,2025-02-01,200,Demo,best_case,2025-09-20
D3,lost,2025-07-04,2025-02-01,300,Closed Lost,omitted,2025-07-04
"""
)
LATER = (
    HEADER
    + """D1,lost,2025-08-20,2025-02-01,100,Closed Lost,omitted,2025-08-20
D2,open,,2025-02-01,250,Demo,best_case,2025-12-20
D3,lost,2025-07-04,2025-02-01,300,Closed Lost,omitted,2025-07-04
D4,open,,2025-08-01,400,Demo,pipeline,2026-01-20
"""
)


def call(capsys: pytest.CaptureFixture[str], acme: Path, *words: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as left:
        start(["snapshot", "-e", str(acme), "--json", *words])
    told = capsys.readouterr()
    assert "Traceback" not in told.err, told.err
    return int(left.value.code or 0), json.loads(told.out)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Make an engagement whose export is of 4 July 2025."""
    (tmp_path / "postmortem.toml").write_text('[tables.deals]\nfile = "deals.csv"\n', encoding="utf-8")
    (tmp_path / "deals.csv").write_text(MONDAY, encoding="utf-8")
    return tmp_path


def test_two_exports_make_a_forecast_that_neither_of_them_tells(capsys, acme):
    code, told = call(capsys, acme)
    assert (code, told["as_of"], told["deals"], told["outcome"]) == (0, "2025-07-04", 3, "added")
    (acme / "deals.csv").write_text(LATER, encoding="utf-8")
    code, told = call(capsys, acme, "--as-of", "2025-10-02")
    assert (code, told["deals"], told["before"]) == (0, 3, "2025-07-04")
    moved = {name: number for name, number in told["moved"].items() if number}
    assert moved == {
        "new": 1, "gone": 1, "stage": 1, "forecast_category": 1, "expected_close_date": 2, "amount": 1,
    }  # fmt: skip
    cohort = Engagement.open(acme).frame("2025Q3", kind="forecast")
    assert cohort.focus_rows[["deal_id", "resolution", "amount"]].values.tolist() == [
        ["D1", "lost_unknown", 100.0], ["D2", "slipped", 200.0],
    ]  # fmt: skip


def test_the_same_export_again_writes_nothing_and_another_one_of_that_day_is_refused(capsys, acme):
    call(capsys, acme)
    assert call(capsys, acme)[1]["outcome"] == "unchanged"
    (acme / "deals.csv").write_text(MONDAY.replace("D1,open,,2025-02-01,100", "D1,open,,2025-02-01,999"), "utf-8")
    code, told = call(capsys, acme)
    assert code == 3
    assert "amount of 1 deal: D1 100.0, now 999.0" in told["message"]
    assert call(capsys, acme, "--replace")[1]["outcome"] == "replaced"


@pytest.mark.parametrize(
    ("export", "settings", "words", "code", "says"),
    [
        (MONDAY, "", ["--as-of", "2025-07-01"], 2, "no evidence of an earlier day"),
        (MONDAY, "[data]\nextracted_on = 2025-07-04\n", ["--as-of", "2025-07-05"], 2, "later than the data"),
        (MONDAY, "", ["--as-of", "Monday"], 2, "not a day"),
        (HEADER + "D3,lost,2025-07-04,2025-02-01,300,Lost,omitted,\n", "", [], 3, "No deal is open"),
    ],
)
def test_what_is_no_snapshot_leaves_no_store(capsys, acme, export, settings, words, code, says):
    (acme / "deals.csv").write_text(export, encoding="utf-8")
    with (acme / "postmortem.toml").open("a", encoding="utf-8") as file:
        file.write(settings)
    left, told = call(capsys, acme, *words)
    assert (left, told["exit_code"]) == (code, code)
    assert says in told["message"]
    assert not (acme / "snapshots").exists()


def test_today_is_the_day_on_the_clock(capsys, acme):
    code, told = call(capsys, acme, "--as-of", "today")
    assert code == 0
    assert told["as_of"] >= "2025-07-04"
    assert Path(told["written"]).stem == told["as_of"]


def test_a_new_proposal_does_not_take_the_store_for_an_export(capsys, acme):
    call(capsys, acme)
    with pytest.raises(SystemExit) as left:
        start(["init", str(acme), "--force", "--json"])
    assert int(left.value.code or 0) == 0
    assert "snapshots" not in (acme / "postmortem.toml").read_text(encoding="utf-8")


def test_half_an_export_is_no_snapshot_unless_it_is_meant(capsys, acme):
    many = HEADER + "".join(f"D{n},open,,2025-02-01,100,Demo,commit,2025-09-12\n" for n in range(30))
    (acme / "deals.csv").write_text(many, encoding="utf-8")
    assert call(capsys, acme, "--as-of", "2025-07-04")[1]["deals"] == 30
    (acme / "deals.csv").write_text("".join(many.splitlines(keepends=True)[:15]), encoding="utf-8")
    code, told = call(capsys, acme, "--as-of", "2025-07-05")
    assert (code, "14 deals, 30 on 2025-07-04" in told["message"]) == (3, True)
    assert call(capsys, acme, "--as-of", "2025-07-05", "--accept-changes")[1]["outcome"] == "added"
