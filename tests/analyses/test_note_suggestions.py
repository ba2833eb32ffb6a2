"""What notes suggest, deal by deal, and what stays out: reasons that are there, other quarters, competitors' names."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from analysis_cases import Told, closed_of, forecast_of, reason, told, withhold
from builders import FOCUS

from postmortem.analyses.note_suggestions import note_suggestions
from postmortem.result import Result


def noted(*notes: str | None, reasons: list[dict[str, Any]] | None = None, **more: Any) -> Result:
    stories = [
        told(number, "lost_unknown", loss_notes=note, amount=100.0, **more)
        for number, note in enumerate(notes, start=1)
    ]
    return note_suggestions(closed_of(stories, reasons=reasons or [], competitors=RIVALS))


RIVALS = [{"deal_id": "D0001", "competitor": name, "status": "present"} for name in ("Osprey Cloud", "Apex Industrial")]


def suggested(result: Result) -> list[tuple[str, str]]:
    return [(row["deal_id"], row["suggested"]) for row in result.tables["notes"].records]


def test_every_note_is_listed_with_what_it_suggests() -> None:
    result = noted("Too expensive & no budget left", "went with Osprey Cloud, cheaper", "call Thursday")
    assert suggested(result) == [
        ("D0001", "Price against value; Budget withdrawn"), ("D0002", "Price against value"),
        ("D0003", "Nothing suggested"),
    ]  # fmt: skip
    rows = result.tables["notes"].records
    assert [row["words"] for row in rows][:2] == ["Too expensive; no budget left", "cheaper"]
    assert (rows[1]["to_whom"], rows[1]["competitor"]) == ("A competitor", "Osprey Cloud")
    assert pd.isna(rows[2]["words"]) and pd.isna(rows[2]["score"])
    assert [(row["reason"], row["deals"]) for row in result.tables["by_reason"].records] == [
        ("Price against value", 2), ("Budget withdrawn", 1)
    ]  # fmt: skip
    assert result.tables["counts"].first == {"lost": 3, "unexplained": 3, "read": 3, "suggested": 2, "abstained": 1}
    assert result.headline == (
        "3 lost deals without a usable reason carry a note; the words of 2 suggest a reason, most often “Price against "
        "value” (2). Read them before taking one over."
    )


def test_losses_whose_reason_says_something_are_left_alone() -> None:
    words = [
        reason("D0001", "no_urgency"), reason("D0002", "other"), reason("D0003", None, text="long story"),
        reason("D0004", "no_urgency", rater="buyer"), reason("D0005", "no_urgency", rank="contributing"),
    ]  # fmt: skip
    result = noted(*["too expensive"] * 5, reasons=words)
    assert [deal for deal, _ in suggested(result)] == ["D0002", "D0003", "D0004"]
    assert result.tables["counts"].first["unexplained"] == 3


def test_suggestions_are_nobodys_rating() -> None:
    cohort = closed_of([told(1, "lost_unknown", loss_notes="lost to Osprey Cloud on price")], competitors=RIVALS)
    before = {name: frame.copy() for name, frame in cohort.book.tables.items()}
    assert note_suggestions(cohort).status == "ok"
    for name, frame in before.items():
        pd.testing.assert_frame_equal(cohort.book.tables[name], frame)


def test_a_customer_that_shares_a_name_with_a_competitor() -> None:
    result = noted("Apex won time, they say", "lost to Apex Industrial", account_name="Apex Manufacturing")
    assert [row["competitor"] for row in result.tables["notes"].records][1:] == ["Apex Industrial"]
    assert pd.isna(result.tables["notes"].records[0]["competitor"])


@pytest.mark.parametrize(
    ("notes", "sentence"),
    [
        (["too expensive"], "1 lost deal without a usable reason carries a note; the words of 1 suggest a reason."),
        (["call me"], "1 lost deal without a usable reason carries a note; it suggests no reason."),
        (["call me", "?"], "2 lost deals without a usable reason carry a note; none of them suggests a reason."),
        (["too expensive", "no budget left"], "the words of 2 suggest a reason. Read them before taking one over."),
    ],
)
def test_headlines(notes: list[str], sentence: str) -> None:
    assert sentence in noted(*notes).headline


def test_only_losses_of_the_quarter_count_and_blank_notes_are_none() -> None:
    stories: list[Told] = [
        told(1, "won", loss_notes="too expensive"), told(2, "slipped", loss_notes="too expensive"),
        told(3, "lost_unknown", FOCUS - 1, loss_notes="too expensive"), told(4, "lost_unknown", loss_notes="   "),
    ]  # fmt: skip
    result = note_suggestions(forecast_of(stories))
    assert result.status == "refused"
    assert result.headline.startswith("Not answered yet: no lost deals without a usable reason that carry a note")


def test_the_caveat_says_that_the_measured_notes_were_invented() -> None:
    caveat = noted("too expensive").caveats[0]
    assert "84 invented notes" in caveat and "32 of 34 suggested reasons were right (94%" in caveat


def test_notes_and_their_words_go_with_the_quotes() -> None:
    result = withhold(noted("too expensive, said Ms Secret"), ("quote",))
    assert "Secret" not in str(result.to_dict()) and "too expensive" not in str(result.to_dict()["tables"])


def test_a_long_note_is_cut() -> None:
    (row,) = noted("too expensive " + "x" * 500).tables["notes"].records
    assert len(row["note"]) == 300 and row["note"].endswith("…")
