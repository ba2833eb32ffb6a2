"""Parts of the deals: read from text, told in words, safe as the name of a folder, cut from a cohort."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import closed, deal, make_book
from report.hostile import HOSTILE

from postmortem.frames.parts import Part, cut, parts_by
from postmortem.ground.errors import EmptyFrame, UsageError

REGIONS = ("North", "South", None)
COHORT = closed(
    make_book(
        [deal(n, "won", "2025-08-01", region=REGIONS[n % 3]) for n in range(1, 10)]
        + [deal(20 + n, "lost", "2025-05-01", region="Before") for n in range(3)]
    )
)


def test_a_part_is_read_from_text_and_told_in_words() -> None:
    part = Part.read("deal_type=New = or old")
    assert (part.column, part.value, part.text) == ("deal_type", "New = or old", "deal_type=New = or old")
    assert part.label == "deal type New = or old"
    assert Part.read("segment=").label == "segment not recorded"


@pytest.mark.parametrize("text", ["segment", "owner_id=Ann", "stage=Proposal", "=Enterprise", ""])
def test_what_names_no_part_is_an_error(text: str) -> None:
    with pytest.raises(UsageError):
        Part.read(text)


def test_plain_values_keep_their_names_and_others_never_meet() -> None:
    assert Part("segment", "Enterprise").folder == "by-segment/Enterprise"
    assert Part("deal_type", "Mid-Market").name == "deal-type-Mid-Market"
    assert Part("segment", "").folder == "by-segment/not-recorded"
    values = ["EMEA/APAC", "EMEA APAC", "EMEA-APAC", "EMEA.APAC", "", "not-recorded", "Ärzte", "rzte", "..", "."]
    assert len({Part("region", value).folder for value in values}) == len(values)


@pytest.mark.parametrize("value", [*HOSTILE, "../../etc", "a/b", "\x00", "con", "-rf"])
def test_no_value_leads_anywhere_else(value: str) -> None:
    folder = Part("segment", value).folder
    assert re.fullmatch(r"by-segment/[A-Za-z0-9][A-Za-z0-9-]{0,60}", folder)


def test_parts_are_those_of_focus_and_window_those_not_recorded_last() -> None:
    assert [part.value for part in parts_by(COHORT, "region")] == ["Before", "North", "South", ""]
    alone = replace(COHORT, window=(COHORT.focus,))
    assert [part.value for part in parts_by(alone, "region")] == ["North", "South", ""]
    with pytest.raises(UsageError, match="did you mean 'region'"):
        parts_by(COHORT, "regio")


@pytest.mark.parametrize(("value", "deals"), [("North", 3), ("", 3)])
def test_a_cut_holds_the_deals_of_the_part(value: str, deals: int) -> None:
    mine = cut(COHORT, Part("region", value))
    assert len(mine.focus_rows) == deals
    assert set(mine.focus_rows["region"].dropna()) == ({value} if value else set())
    assert mine.part == Part("region", value).label


@pytest.mark.parametrize("value", ["Before", "Nowhere"])
def test_a_quarter_without_a_deal_of_the_part_is_an_empty_frame(value: str) -> None:
    with pytest.raises(EmptyFrame, match="No deal of 2025Q3"):
        cut(COHORT, Part("region", value))


def test_an_open_forecast_may_be_empty_and_says_of_what() -> None:
    mine = cut(replace(COHORT, kind="open_forecast"), Part("region", "Nowhere"))
    assert mine.table.empty
    assert mine.remarks[-1] == "Only deals of region Nowhere."


def test_the_book_of_a_part_holds_nothing_of_other_deals() -> None:
    rows = [deal(n, "lost", "2025-08-01", region=("North", "South", None)[n % 3]) for n in range(30)]
    book = make_book(
        rows,
        reasons=[{"deal_id": row["deal_id"], "rater_type": "rep", "code": "terms"} for row in rows],
        interviews=[{"interview_id": f"I{n}", "deal_id": row["deal_id"]} for n, row in enumerate(rows)],
        ratings=[{"interview_id": f"I{n}", "dimension": "price", "score": 3.0} for n in range(30)],
        reps=[{"rep_id": "Rep 1"}], guesses=[{"quarter": "2025Q3", "rater_id": "Boss", "question": "won"}],
    )  # fmt: skip
    whole = closed(book)
    mine = cut(whole, Part("region", "North")).book
    ids = {row["deal_id"] for row in rows if row["region"] == "North"}
    assert set(mine.deals["deal_id"]) == set(mine.table("reasons")["deal_id"]) == ids
    assert set(mine.table("ratings")["interview_id"]) == {f"I{n}" for n in range(0, 30, 3)}
    assert (len(mine.table("reps")), len(mine.table("guesses"))) == (1, 0)
    assert mine.rows_in == whole.book.rows_in and mine.fingerprint != whole.book.fingerprint
    assert set(cut(whole, Part("region", "")).book.deals["region"].isna()) == {True}
    assert len(whole.book.deals) == 30
