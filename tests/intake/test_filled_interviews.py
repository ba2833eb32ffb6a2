"""A sheet of interviews comes back: what is taken, and which cell is wrong where it is not."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from builders import deal, frame_of

from postmortem.ground.errors import DataError, UsageError
from postmortem.intake.filled_interviews import Filled, read_filled
from postmortem.intake.interview_rules import COLUMNS, Known, Scale
from postmortem.taxonomies import load_taxonomy

NOW = dt.datetime(2025, 11, 20, 9, tzinfo=dt.UTC)
DEALS = [deal(1, "lost", "2025-08-01"), deal(2, "lost", "2025-08-02"), deal(3, "won", "2025-08-03")]
DRAWN = [
    {"interview_id": f"I{number}", "deal_id": f"D000{number}", "drawn_at": "2025-10-10", "status": "drawn",
     "stratum": "lost", "draw_order": number, "inclusion_probability": 0.5, "consent": "none"}
    for number in (1, 2, 3)
]  # fmt: skip
HELD = {"interview_id": "I1", "deal_id": "D0001", "status": "held", "invited_at": "2025-10-12",
        "held_at": "2025-10-20", "consent": "named"}  # fmt: skip


def sheet(tmp_path: Path, *rows: dict[str, str], more: tuple[str, ...] = ()) -> Path:
    path = tmp_path / "intake.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *more], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(path: Path, *, drawn: list[dict[str, Any]] = DRAWN, scale: str = "1-5", style: str | None = None) -> Filled:
    known = Known(
        frame_of("interviews", drawn), frame_of("deals", DEALS), load_taxonomy("red_zone"), Scale.parse(scale),
        dt.date(2025, 11, 20), style,
    )  # fmt: skip
    return read_filled(path, known, NOW)


def faults(tmp_path: Path, *rows: dict[str, str], **options: Any) -> list[str]:
    with pytest.raises(DataError) as refused:
        read(sheet(tmp_path, *rows), **options)
    return [row.removeprefix("intake.csv ") for row in refused.value.rows]


def test_an_interview_becomes_rows_of_three_tables(tmp_path: Path) -> None:
    row = HELD | {"primary": "price_value", "contributing": "terms; no_urgency", "lost_to": "competitor",
                  "words": "Too dear", "rating_price": "2", "rating_product": "4,5", "coder_id": "A"}  # fmt: skip
    found = read(sheet(tmp_path, row).parent)
    (told,) = found.interviews.to_dict("records")
    assert (told["status"], told["held_at"], told["consent"]) == ("held", dt.date(2025, 10, 20), "named")
    assert (told["stratum"], told["draw_order"], told["inclusion_probability"]) == ("lost", 1, 0.5)
    assert {(row["dimension"], row["score"]) for row in found.ratings.to_dict("records")} == {
        ("price", 2),
        ("product", 4.5),
    }
    reasons = found.reasons.to_dict("records")
    assert [(row["code"], row["rank"], row["text"]) for row in reasons] == [
        ("price_value", "primary", "Too dear"), ("terms", "contributing", ""), ("no_urgency", "contributing", "")
    ]  # fmt: skip
    assert {(r["rater_type"], r["interview_id"], r["coder_id"], r["lost_to"], r["recorded_at"]) for r in reasons} == {
        ("buyer", "I1", "A", "competitor", NOW)
    }
    assert found.statuses == {"drawn": 0, "invited": 0, "declined": 0, "no_answer": 0, "held": 1}


@pytest.mark.parametrize(("consent", "kept"), [("none", ""), ("anonymous", "Too dear"), ("named", "Too dear")])
def test_words_are_kept_only_under_consent(tmp_path: Path, consent: str, kept: str) -> None:
    found = read(sheet(tmp_path, HELD | {"consent": consent, "words": "Too dear", "primary": "price_value"}))
    assert found.reasons["text"].tolist() == [kept]
    assert found.reasons["code"].tolist() == ["price_value"]
    assert found.words_left_out == (consent == "none")


def test_a_second_coder_brings_codes_and_nothing_else(tmp_path: Path) -> None:
    second = {"interview_id": "I1", "deal_id": "D0001", "coder_id": "B", "primary": "terms"}
    first = HELD | {"coder_id": "A", "primary": "price_value", "rating_price": "1"}
    found = read(sheet(tmp_path, first, second))
    assert len(found.interviews) == len(found.ratings) == 1
    assert found.reasons[["coder_id", "code"]].to_numpy().tolist() == [["A", "price_value"], ["B", "terms"]]
    assert (found.coded, found.double_coded) == (1, 1)
    assert faults(tmp_path, first, second | {"coder_id": "A"}) == [
        "line 3, coder_id: got 'A', expected another coder on each row of one interview"
    ]
    assert faults(tmp_path, first, second | {"rating_price": "2"}) == [
        "line 3, rating_price: got '2', expected an empty cell or '1', as in line 2"
    ]


def test_a_won_deal_gives_words_and_ratings_but_no_codes(tmp_path: Path) -> None:
    won = HELD | {"interview_id": "I3", "deal_id": "D0003", "words": "You listened", "rating_product": "5"}
    found = read(sheet(tmp_path, won))
    assert found.reasons[["code", "text"]].to_numpy().tolist() == [["", "You listened"]]
    assert found.coded == 0
    assert "reasons are coded for lost deals only" in faults(tmp_path, won | {"primary": "price_value"})[0]


def test_every_fault_of_a_sheet_comes_at_once_in_its_order(tmp_path: Path) -> None:
    rows = [
        HELD | {"status": "hold", "held_at": "20.10.2025"},
        {"interview_id": "I2", "deal_id": "D0002", "status": "declined", "invited_at": "2025-10-01"},
        HELD | {"interview_id": "I9"},
        HELD | {"interview_id": "I3", "deal_id": "D0003", "rating_price": "6", "consent": ""},
    ]
    assert faults(tmp_path, *rows) == [
        "line 2, held_at: got '20.10.2025', expected a day as YYYY-MM-DD",
        "line 2, status: got 'hold', expected one of drawn, invited, declined, no_answer, held",
        "line 3, invited_at: got '2025-10-01', expected 2025-10-10 or later, the day it was drawn",
        "line 4, interview_id: got 'I9', expected one that was drawn, or an empty cell for a deal chosen by hand",
        "line 5, consent: got '', expected one of none, anonymous, named",
        "line 5, rating_price: got '6', expected a mark from 1 to 5 (--scale), or an empty cell",
    ]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"deal_id": "D0002"}, "deal_id: got 'D0002', expected D0001, the deal of this interview"),
        ({"deal_id": "D0404"}, "deal_id: got 'D0404', expected a deal of the data"),
        ({"invited_at": ""}, "invited_at: got '', expected a day, since the status is held"),
        ({"held_at": ""}, "held_at: got '', expected a day, since the status is held"),
        ({"held_at": "2025-10-11"}, "expected 2025-10-12 or later, the day of the invitation"),
        ({"held_at": "2026-01-01"}, "held_at: got '2026-01-01', expected 2025-11-20 at the latest, today"),
        ({"status": "declined"}, "held_at: got '2025-10-20', expected an empty cell, since the status is declined"),
        ({"status": "no answer", "held_at": ""}, "consent: got 'named', expected an empty cell"),
        ({"status": "declined", "held_at": "", "consent": "", "primary": "terms"}, "no interview was held"),
        ({"status": "declined", "held_at": "", "consent": "", "rating_price": "3"}, "no interview was held"),
        ({"status": "declined", "held_at": "", "consent": "", "words": "no"}, "no interview was held"),
        ({"primary": "price_valu"}, "expected a code: did you mean 'price_value'?"),
        ({"primary": "competitor_side"}, "expected a code:"),
        ({"primary": "terms", "contributing": "terms"}, "contributing: got 'terms', expected each code once"),
        ({"lost_to": "nobody"}, "lost_to: got 'nobody', expected one of competitor, status_quo"),
        ({"rating_price": "good"}, "rating_price: got 'good', expected a mark from 1 to 5"),
        ({"rating_price": "nan"}, "rating_price: got 'nan', expected a mark from 1 to 5"),
    ],
)
def test_what_an_interview_cannot_be(tmp_path: Path, changed: dict[str, str], fault: str) -> None:
    found = faults(tmp_path, HELD | changed)
    assert any(fault in each for each in found), found


def test_an_interview_never_goes_back_on_what_is_on_record(tmp_path: Path) -> None:
    drawn = [DRAWN[0] | {"status": "held", "held_at": "2025-10-20", "invited_at": "2025-10-12"}]
    row = {"interview_id": "I1", "deal_id": "D0001", "status": "invited", "invited_at": "2025-10-12"}
    assert faults(tmp_path, row, drawn=drawn) == [
        "line 2, status: got 'invited', expected held, as it is on record already"
    ]


def test_a_deal_chosen_by_hand_has_no_probability(tmp_path: Path) -> None:
    found = read(sheet(tmp_path, HELD | {"interview_id": "", "deal_id": "D0002"}))
    (row,) = found.interviews.to_dict("records")
    assert (row["interview_id"], row["inclusion_probability"], found.by_hand) == ("hand-D0002", None, 1)


def test_spellings_of_a_spreadsheet_are_read(tmp_path: Path) -> None:
    row = HELD | {"status": "Held", "invited_at": "2025-10-12 00:00:00", "held_at": "10/20/2025", "consent": "Named",
                  "words": "'=SUM(A1)", "rating_own": "9"}  # fmt: skip
    found = read(sheet(tmp_path, row, more=("rating_own",)), style="%m/%d/%Y", scale="0-10")
    assert found.interviews.loc[0, "held_at"] == dt.date(2025, 10, 20)
    assert found.reasons.loc[0, "text"] == "=SUM(A1)"
    assert found.ratings[["dimension", "score"]].to_numpy().tolist() == [["own", 9.0]]


def test_columns_that_moved_or_are_gone_are_named(tmp_path: Path) -> None:
    path = tmp_path / "intake.csv"
    path.write_text("interview_id,deal_id,status,invited_at,held at,konsent\n1,2,3,4,5,6\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read(path)
    assert refused.value.rows == ("consent: is missing", "konsent: is no column of it")


def test_rows_that_do_not_fit_the_header_are_named(tmp_path: Path) -> None:
    path = sheet(tmp_path, HELD)
    path.write_text(path.read_text(encoding="utf-8-sig") + "I2,D0002,x\n", encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read(path)
    assert "line 3: got 'I2 | D0002 | x', expected one row; it has 3 fields" in refused.value.rows[0]


@pytest.mark.parametrize("text", ["5", "5-1", "a-b", "1-1", ""])
def test_what_is_no_scale(text: str) -> None:
    with pytest.raises(UsageError, match="no scale"):
        Scale.parse(text)
