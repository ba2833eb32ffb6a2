"""What a file holds that the mapping does not know comes back with the line that would make it known."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmortem.analyses.not_understood import not_understood
from postmortem.frames import Cohort
from postmortem.frames.engagement import load_frame
from postmortem.ground.errors import PostmortemError
from postmortem.intake.wording import is_without_meaning

TOML = """
[company]
name = "Testing Ltd"
[data]
extracted_on = 2025-10-06
[process]
file = "process.toml"
[tables.deals]
file = "deals.csv"
"""
PROCESS = '[[stages]]\nstage = "Proposal"\n[[stages]]\nstage = "Closed"\nis_closed = true\n'
HEAD = "deal_id,outcome,closed_at,created_at,stage,forecast_category,loss_reason_raw,lost_to_raw,Favourite colour"
LINES = [f"W{n},won,2025-08-1{n},2025-01-10,Closed,commit,,,blue" for n in range(6)] + [
    'L1,lost,2025-08-01,2025-01-10,Closed,commit,Xyzzy,the neighbour,red',
    'L2,lost,2025-08-02,2025-01-10,Closed,Maybe,Xyzzy,the neighbour,red',
    'L3,lost,2025-08-03,2025-01-10,Parked,Maybe,"Say ""no""",competitor,red',
]  # fmt: skip


def cohort(folder: Path, more: str = "") -> Cohort:
    (folder / "postmortem.toml").write_text(TOML + more, encoding="utf-8")
    (folder / "process.toml").write_text(PROCESS, encoding="utf-8")
    (folder / "deals.csv").write_text("\n".join([HEAD, *LINES]), encoding="utf-8")
    return load_frame("2025Q3", folder=str(folder))


def values(frame: Cohort) -> dict[str, tuple[str, int, str]]:
    rows = not_understood(frame).tables["values"].records
    return {row["value"]: (row["section"], row["rows"], row["line"]) for row in rows}


def test_every_value_comes_with_its_section_its_rows_and_its_line(tmp_path: Path) -> None:
    assert values(cohort(tmp_path)) == {
        "Xyzzy": ("[taxonomy.reasons]", 2, '"Xyzzy" = "code"'),
        'Say "no"': ("[taxonomy.reasons]", 1, '"Say \\"no\\"" = "code"'),
        "the neighbour": (
            "[taxonomy.lost_to]", 2, '"the neighbour" = "unknown"  # or competitor, status_quo, disqualified',
        ),
        "Maybe": (
            "[tables.deals.values.forecast_category]", 2,
            '"Maybe" = "pipeline"  # or best_case, most_likely, commit, closed, omitted, unknown',
        ),
        "Parked": ("[[stages]] of the process", 1, 'stage = "Parked"'),
    }  # fmt: skip


def test_the_lines_added_make_the_values_known(tmp_path: Path) -> None:
    found = values(cohort(tmp_path))
    added = [
        "[taxonomy.reasons]", found["Xyzzy"][2].replace("code", "price_value"),
        found['Say "no"'][2].replace("code", "no_urgency"), "[taxonomy.lost_to]", found["the neighbour"][2],
        "[tables.deals.values.forecast_category]", found["Maybe"][2],
    ]  # fmt: skip
    again = values(cohort(tmp_path, "\n".join(added)))
    assert set(again) == {"Parked"}


def test_columns_that_were_not_read_are_listed_by_table(tmp_path: Path) -> None:
    result = not_understood(cohort(tmp_path))
    assert result.tables["columns"].records == [{"table": "deals", "column": '"Favourite colour"'}]
    assert result.headline == "1 column was not read and 5 values on 8 rows have no meaning yet."


def test_the_notes_of_intake_that_say_the_same_are_known(tmp_path: Path) -> None:
    notes = cohort(tmp_path).book.notes
    told = [note for note in notes if is_without_meaning(note.what)]
    assert {note.column for note in told} == {"", "loss_reason_raw", "lost_to_raw", "forecast_category"}


def test_a_value_that_is_no_toml_yet_is_refused_and_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(PostmortemError):
        cohort(tmp_path, '[taxonomy.reasons]\n"Xyzzy" = "code"\n')
