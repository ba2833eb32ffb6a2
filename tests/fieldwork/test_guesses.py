"""Guesses are sealed once: read as they were meant, dated, and never written over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from builders import deal, make_book

from postmortem.fieldwork.guesses import read_answers, seal
from postmortem.ground.config import Config, build_config
from postmortem.ground.errors import DataError, UsageError
from postmortem.ground.guesses import share_of

NOW = dt.datetime(2025, 9, 20, 8, tzinfo=dt.UTC)
KNOWN = [{"quarter": "2025Q3", "rater_id": "Head of Sales", "question": "share_lost_to_status_quo", "value": "0.4",
          "sealed_at": "2025-09-01T08:00:00Z"}]  # fmt: skip
BOOK = make_book([deal(1, "lost", "2025-08-01")], guesses=KNOWN)


def config(tmp_path: Path) -> Config:
    return build_config({}, tmp_path)


def stored(tmp_path: Path) -> pd.DataFrame:
    return pd.read_csv(tmp_path / "fieldwork/guesses.csv", dtype="str")


@pytest.mark.parametrize(
    ("text", "share"),
    [("40%", 0.4), ("0.4", 0.4), ("40", 0.4), ("0,4", 0.4), (" 12.5 % ", None), ("1", 1.0), ("0", 0.0), ("100", 1.0),
     ("101", None), ("-1", None), ("many", None), ("nan", None), ("inf", None), ("", None)],
)  # fmt: skip
def test_how_a_share_is_read(text: str, share: float | None) -> None:
    if text.strip().endswith("%") and share is None:
        share = 0.125
    assert share_of(text) == (None if share is None else pytest.approx(share))


def test_a_guess_is_kept_as_it_was_meant(tmp_path: Path) -> None:
    answers = {"share_lost_to_competitor": "45%", "top_reason": "Price against value", "worst_competitor": " Kestrel\n"}
    kept = seal(config(tmp_path), BOOK, "2025Q3", "CEO", answers, NOW)
    rows = stored(tmp_path)
    assert kept.added == 3
    assert dict(zip(rows["question"], rows["value"], strict=True)) == {
        "share_lost_to_competitor": "0.45", "top_reason": "price_value", "worst_competitor": "Kestrel"
    }  # fmt: skip
    assert set(rows["sealed_at"]) == {"2025-09-20T08:00:00Z"} and set(rows["rater_id"]) == {"CEO"}


def test_a_second_guess_is_refused_and_names_the_first(tmp_path: Path) -> None:
    answers = {"share_lost_to_status_quo": "50%", "share_lost_to_competitor": "30%"}
    with pytest.raises(UsageError) as refused:
        seal(config(tmp_path), BOOK, "2025Q3", "head of sales", answers, NOW)
    assert refused.value.rows == ("share_lost_to_status_quo: Head of Sales sealed 0.4 on 2025-09-01",)
    assert not (tmp_path / "fieldwork").exists()
    assert seal(config(tmp_path), BOOK, "2025Q4", "head of sales", answers, NOW).added == 2


def test_all_that_cannot_be_meant_comes_at_once(tmp_path: Path) -> None:
    answers = {"share_lost_to_status_quo": "half", "top_reason": "competitor_side", "top_reson": "price_value"}
    with pytest.raises(UsageError) as refused:
        seal(config(tmp_path), BOOK, "2025Q3", "CEO", answers, NOW)
    told = " / ".join(refused.value.rows)
    assert "got 'half', expected a share" in told and "got 'competitor_side', expected a code" in told
    assert "did you mean 'top_reason'?" in told


@pytest.mark.parametrize(
    ("person", "answers"), [("", {"top_reason": "terms"}), ("CEO", {}), ("CEO", {"top_reason": " "})]
)
def test_nobody_or_nothing_is_no_guess(tmp_path: Path, person: str, answers: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="needs a person and an answer"):
        seal(config(tmp_path), BOOK, "2025Q3", person, answers, NOW)


def test_a_sheet_of_guesses(tmp_path: Path) -> None:
    path = tmp_path / "guesses.csv"
    path.write_text("question,value\nshare_lost_to_competitor,40%\ntop_reason,\n", encoding="utf-8")
    assert read_answers(path) == {"share_lost_to_competitor": "40%"}
    path.write_text("question,value\ntop_reason,terms\ntop_reason,other\n", encoding="utf-8")
    with pytest.raises(DataError, match="twice"):
        read_answers(path)
    path.write_text("q,v\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no sheet of guesses"):
        read_answers(path)
