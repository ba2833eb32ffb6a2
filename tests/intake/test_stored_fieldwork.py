"""What people filled in is kept once, read with the rest, and never lost between the two."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from builders import frame_of

from postmortem.frames.engagement import Engagement
from postmortem.ground.errors import DataError
from postmortem.intake.opening import tables_in
from postmortem.intake.stored_fieldwork import add_fieldwork

DEALS = """deal_id,outcome,closed_at,created_at,amount,currency,stage,owner_id,loss_reason_raw
D1,lost,2025-08-20,2025-02-01,100,EUR,Closed Lost,Kim,Price
D2,won,2025-08-21,2025-02-01,200,EUR,Closed Won,Kim,
"""
TOML = '[company]\ncurrency = "EUR"\n[data]\nextracted_on = 2025-10-05\n[tables.deals]\nfile = "deals.csv"\n'
EXPORTED = '[tables.reviews]\nfile = "answers.csv"\n'
ANSWERS = "deal_id,rater_id,question,answer\nD1,Lee,no_trust_in_delivery,no\nD1,Lee,risk_not_understood,no\n"
SAID = '=1+1, she said,\n\ttwice:\x07 "no, no, no, no, no, no" <script>\nand n/a'
KEPT_AS = '=1+1, she said, twice: "no, no, no, no, no, no" <script> and n/a'
REVIEW = {"deal_id": "D1", "rater_id": "Lee", "question": "no_trust_in_delivery", "answer": "yes", "evidence": SAID,
          "recorded_at": "2025-10-20T08:00Z"}  # fmt: skip
WORD = {"deal_id": "D1", "rater_type": "manager", "rater_id": "Lee", "lost_to": "competitor",
        "taxonomy_version": "red_zone@1.0", "recorded_at": "2025-10-20T08:00Z"}  # fmt: skip
PRIMARY = {**WORD, "code": "terms", "rank": "primary"}
BESIDE = {**WORD, "code": "slow_response", "rank": "contributing"}


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Make an engagement of two closed deals."""
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "postmortem.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


def add(acme: Path, table: str, *rows: dict[str, str]) -> tuple[int, int, int]:
    kept = add_fieldwork(table, frame_of(table, rows), Engagement.open(acme).config)
    return kept.added, kept.replaced, kept.unchanged


def test_what_was_added_is_read_with_the_book_beside_the_reps_word(acme):
    before = Engagement.open(acme).book()
    assert add(acme, "reviews", REVIEW) == (1, 0, 0)
    assert add(acme, "reasons", PRIMARY, BESIDE) == (1, 0, 0)
    book = Engagement.open(acme).book()
    expected = frame_of("reviews", [{**REVIEW, "evidence": KEPT_AS}])
    pd.testing.assert_frame_equal(book.table("reviews"), expected)
    reasons = book.table("reasons")
    assert reasons.groupby("rater_type")["code"].agg(set).to_dict() == {
        "manager": {"terms", "slow_response"}, "rep": {"price_value"},
    }  # fmt: skip
    assert book.fingerprint != before.fingerprint
    assert book.rows_used == sum(len(book.table(name)) for name in ("deals", "reviews")) + 2
    assert book.meta.extracted_on == dt.date(2025, 10, 5)


@pytest.mark.parametrize("table, rows", [("reviews", [REVIEW]), ("reasons", [PRIMARY, BESIDE])])
def test_adding_the_same_again_changes_nothing_and_another_word_replaces_the_raters_own(acme, table, rows):
    add(acme, table, *rows)
    file = acme / "fieldwork" / f"{table}.csv"
    bytes_before, written_at = file.read_bytes(), file.stat().st_mtime_ns
    later = [{**row, "recorded_at": "2025-11-11T08:00Z"} for row in rows]
    assert add(acme, table, *reversed(later)) == (0, 0, 1)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (bytes_before, written_at)
    assert add(acme, table, {**later[0], "rater_id": "Ada"}) == (1, 0, 0)
    changed = {"answer": "no"} if table == "reviews" else {"code": "not_recorded"}
    assert add(acme, table, {**later[0], **changed}) == (0, 1, 0)
    lee = pd.read_csv(file).query("rater_id == 'Lee'")
    assert len(lee) == 1 and lee["recorded_at"].item() == "2025-11-11T08:00:00Z"


def test_a_stored_word_counts_more_than_the_exports_and_the_rows_still_add_up(acme):
    (acme / "postmortem.toml").write_text(TOML + EXPORTED, encoding="utf-8")
    (acme / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    add(acme, "reviews", REVIEW)
    book = Engagement.open(acme).book()
    assert dict(zip(book.table("reviews")["question"], book.table("reviews")["answer"], strict=True)) == {
        "risk_not_understood": "no", "no_trust_in_delivery": "yes",
    }  # fmt: skip
    assert book.rows_in["reviews"] == 2 and book.quarantine.empty
    assert any(
        note.table == "reviews" and "fieldwork/reviews.csv" in note.what and note.rows == 1 for note in book.notes
    )


def test_rows_spoilt_by_hand_go_to_quarantine_with_file_line_and_reason(acme):
    add(acme, "reviews", REVIEW)
    file = acme / "fieldwork" / "reviews.csv"
    file.write_text(file.read_text() + "D2,Lee\n,Lee,risk_not_understood,no,,\n", encoding="utf-8")
    book = Engagement.open(acme).book()
    told = book.quarantine[["file", "line", "reason"]].values.tolist()
    assert sorted(told) == [
        ["fieldwork/reviews.csv", 3, "has 2 fields, the header has 6"],
        ["fieldwork/reviews.csv", 4, "is missing"],
    ]
    with pytest.raises(DataError, match="nothing was written") as caught:
        add(acme, "reviews", {**REVIEW, "deal_id": "D2"})
    assert len(caught.value.rows) == 2


def test_rows_that_cannot_be_kept_are_refused_all_at_once_and_nothing_is_written(acme):
    frame = pd.DataFrame([
        {**REVIEW, "answer": "perhaps"}, {**REVIEW, "deal_id": None}, {**REVIEW, "question": "a"},
        {**REVIEW, "question": "a", "answer": "no"},
    ])  # fmt: skip
    with pytest.raises(DataError) as caught:
        add_fieldwork("reviews", frame, Engagement.open(acme).config)
    said = " | ".join(caught.value.rows)
    assert "perhaps" in said and "is missing" in said and "occurs again" in said
    assert not (acme / "fieldwork").exists()


def test_a_file_with_other_columns_is_refused_by_name(acme):
    (acme / "fieldwork").mkdir()
    (acme / "fieldwork" / "ratings.csv").write_text("interview,dimension,score\nI1,price,3\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"fieldwork/ratings\.csv does not have the columns"):
        Engagement.open(acme).book()


def test_the_store_survives_a_spreadsheet_that_writes_semicolons(acme):
    add(acme, "reviews", REVIEW)
    file = acme / "fieldwork" / "reviews.csv"
    pd.read_csv(file, dtype="str").to_csv(file, sep=";", index=False)
    assert Engagement.open(acme).book().table("reviews")["evidence"].tolist() == [KEPT_AS]
    assert add(acme, "reviews", REVIEW) == (0, 0, 1)


def test_an_earlier_day_does_not_know_what_was_filled_in_later(acme):
    (acme / "postmortem.toml").write_text(TOML.replace("2025-10-05", "2025-11-30"), encoding="utf-8")
    add(acme, "reviews", REVIEW)
    book = Engagement.open(acme).book()
    assert [len(book.at(dt.date(2025, 10, day)).table("reviews")) for day in (19, 20)] == [0, 1]


def test_a_new_engagement_does_not_take_the_store_for_an_export(acme):
    add(acme, "reviews", REVIEW)
    assert set(tables_in(acme)) == {"deals.csv"}
