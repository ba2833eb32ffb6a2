"""Dates that cannot be, planted in a file and found again with what was done about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmortem.analyses.impossible_dates import impossible_dates
from postmortem.frames import Cohort
from postmortem.frames.engagement import load_frame
from postmortem.result import Result

TOML = """
[company]
name = "Testing Ltd"
[data]
extracted_on = 2025-10-06
max_quarantined_share = 0.9
[tables.deals]
file = "deals.csv"
"""
SOUND = [f"S{n},{'lost' if n % 2 else 'won'},2025-0{n % 3 + 7}-15,2025-01-10" for n in range(20)]
ODD = [
    "A1,lost,2025-08-01,2025-09-01",  # closed before it was created
    "A2,won,2025-08-01,2025-09-01",
    "B1,won,2025-11-20,2025-01-10",  # closed after the export
    "C1,open,,2025-10-20",  # created after the export
    "C2,open,,2025-10-21",
    "C3,open,,2025-10-22",
    "D1,lost,,2025-01-10",  # closed without a close date
    "E1,lost,2205-08-01,2025-01-10",  # in an unlikely year
    "F1,lost,2025-08-04,2025-08-04",  # on the day it was created
    "F2,lost,2025-08-05,2025-08-05",
    "F3,won,2025-08-05,2025-08-05",
]


def cohort(folder: Path, lines: list[str]) -> Cohort:
    (folder / "postmortem.toml").write_text(TOML, encoding="utf-8")
    (folder / "deals.csv").write_text("\n".join(["deal_id,outcome,closed_at,created_at", *lines]), encoding="utf-8")
    return load_frame("2025Q3", folder=str(folder))


@pytest.fixture
def planted(tmp_path: Path) -> Result:
    return impossible_dates(cohort(tmp_path, SOUND + ODD))


def test_every_planted_fault_is_counted_once_with_its_denominator(planted: Result) -> None:
    rows = planted.tables["dates"].keyed("what")
    assert {what: row["deals"] for what, row in rows.items()} == {
        "Closed before it was created": 2, "Closed after the export": 1, "Created after the export": 3,
        "Closed without a close date": 1, "Closed in an unlikely year": 1, "Created in an unlikely year": 0,
        "Lost, its close date still ahead": 0, "Lost on the day it was created": 2, "Won on the day it was created": 1,
    }  # fmt: skip
    assert rows["Created after the export"]["of"] == len(SOUND + ODD)
    assert rows["Lost on the day it was created"]["of"] == 10 + 2
    assert rows["Closed before it was created"]["share"] == pytest.approx(2 / len(SOUND + ODD))


def test_the_table_says_what_was_done(planted: Result) -> None:
    rows = planted.tables["dates"].keyed("what")
    assert rows["Closed before it was created"]["done"] == "creation date emptied"
    assert rows["Created after the export"]["done"] == "set aside"
    assert rows["Won on the day it was created"]["done"] == "kept as it is"


def test_the_headline_names_the_commonest(planted: Result) -> None:
    assert planted.headline == (
        "8 dates cannot be right, most often “created after the export” (3 of 31 deals, 10%); "
        "3 of 23 closed deals were won or lost on the day they were created."
    )


def test_a_sound_record_says_so(tmp_path: Path) -> None:
    result = impossible_dates(cohort(tmp_path, SOUND))
    assert result.headline.startswith("No date in the record is impossible; 0 of 20 closed deals")
    assert [text.get_text() for text in result.plot().texts] == ["None of the faults below occurs"]
