"""What a plan writes: harmless in a spreadsheet and as Markdown, and never over what people have filled in."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from builders import closed, deal, make_book

from postmortem.fieldwork.interview_files import write_plan
from postmortem.fieldwork.interview_plan import plan_interviews
from postmortem.frames import Cohort
from postmortem.ground.errors import ConfigError, DataError
from postmortem.intake.interview_rules import COLUMNS, Scale

HOSTILE = ('=HYPERLINK("http://example.invalid","x")', "<script>alert(1)</script>", "A|B\n# heading", "{{ 7 * 7 }}",
           "\u202eevil.exe", "@SUM(A1)")  # fmt: skip


def cohort(lost: int = 6) -> Cohort:
    deals = [
        deal(number, "lost", "2025-08-10", account_name=HOSTILE[number % 6], deal_name=HOSTILE[(number + 1) % 6],
             owner_id=HOSTILE[(number + 2) % 6], lost_to_recorded="competitor")
        for number in range(1, lost + 1)
    ]  # fmt: skip
    deals.append(deal(50, "won", "2025-08-11", amount=None))
    reasons = [{"deal_id": "D0001", "rater_type": "rep", "rank": "primary", "code": "price_value"}]
    return closed(make_book(deals, reasons=reasons))


def write(folder: Path, made: Cohort, **options: int) -> dict[str, int]:
    return write_plan(plan_interviews(made, **options), made, folder / "out", folder, Scale(1, 5))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_no_cell_is_a_formula_and_no_text_is_markup(tmp_path: Path) -> None:
    write(tmp_path, cohort())
    for name in ("list.csv", "intake.csv"):
        cells = [cell for row in rows(tmp_path / "out" / name) for cell in row.values()]
        assert cells and not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    guides = [path.read_text(encoding="utf-8") for path in (tmp_path / "out/guides").iterdir()]
    assert len(guides) == 7
    for text in guides:
        assert "<script" not in text.replace("\\<script", "") and "\n# heading" not in text
        assert "49" not in text and "\u202e" not in text
    assert any("\\<script\\>alert(1)" in text for text in guides) and any("{{ 7 \\* 7 }}" in text for text in guides)


def test_guides_ask_open_questions_before_that_of_the_recorded_reason(tmp_path: Path) -> None:
    made = cohort()
    write(tmp_path, made)
    text = next(text for path in (tmp_path / "out/guides").iterdir() if "(D0001)" in (text := path.read_text("utf-8")))
    question = made.book.taxonomy.reason("price_value").interview_question
    assert text.index("What decided it?") < text.index(question) < text.index("The CRM says: Price against value")
    assert made.book.taxonomy.reason("status_quo_side").interview_question not in text
    won = next(text for path in (tmp_path / "out/guides").iterdir() if "(D0050)" in (text := path.read_text("utf-8")))
    assert "why it chose" in won and "amount not recorded" in won and "CRM says" not in won


def test_the_list_says_who_stands_by(tmp_path: Path) -> None:
    write(tmp_path, cohort(lost=20), budget=2, wins=1)
    listed = rows(tmp_path / "out/list.csv")
    drawn = [row for row in listed if row["interview_id"]]
    assert [row["order"] for row in drawn] == [str(place) for place in range(1, len(drawn) + 1)]
    assert listed[: len(drawn)] == drawn and len(listed) == 21
    assert all(row["stands_by"].startswith("number ") and not row["guide"] for row in listed[len(drawn) :])
    assert {row["guide"] for row in drawn} == {f"guides/{path.name}" for path in (tmp_path / "out/guides").iterdir()}
    assert tuple(rows(tmp_path / "out/intake.csv")[0]) == COLUMNS


def test_what_was_filled_in_stays_and_new_deals_are_added(tmp_path: Path) -> None:
    made = cohort(lost=20)
    write(tmp_path, made, budget=2, wins=0)
    sheet, guide = tmp_path / "out/intake.csv", next((tmp_path / "out/guides").iterdir())
    filled = sheet.read_text(encoding="utf-8-sig").replace(",drawn,", ",held,", 1)
    sheet.write_text(filled, encoding="utf-8")
    guide.write_text("my notes", encoding="utf-8")
    again = write(tmp_path, made, budget=4, wins=0)
    assert (again["intake.csv"], again["guides/"]) == (8, 8)
    assert [row["status"] for row in rows(sheet)].count("held") == 1 and len(rows(sheet)) == 16
    assert guide.read_text(encoding="utf-8") == "my notes"


def test_a_sheet_with_rows_that_do_not_fit_is_left_alone(tmp_path: Path) -> None:
    made = cohort()
    write(tmp_path, made)
    sheet = tmp_path / "out/intake.csv"
    broken = sheet.read_text(encoding="utf-8-sig") + "one,cell\n"
    sheet.write_text(broken, encoding="utf-8")
    with pytest.raises(DataError, match="do not fit"):
        write(tmp_path, made)
    assert sheet.read_text(encoding="utf-8") == broken


def test_templates_of_the_engagement_win_and_their_faults_are_named(tmp_path: Path) -> None:
    own = tmp_path / "templates/fieldwork"
    own.mkdir(parents=True)
    (own / "interview-guide-lost.md.j2").write_text("Ours for {{ account }}", encoding="utf-8")
    write(tmp_path, cohort())
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out/guides").iterdir()]
    assert sum(text.startswith("Ours for ") for text in texts) == 6
    for fault in ("{{ acount }}", "{% if %}", "{{ account.__class__.__mro__ }}"):
        (own / "interview-guide-lost.md.j2").write_text(fault, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"interview-guide-lost\.md\.j2 cannot be used"):
            write(tmp_path, cohort())
