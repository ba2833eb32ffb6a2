"""The sheet and the pages of a review are safe to open, the same every time, and say that the end is known."""

from __future__ import annotations

import zipfile

from openpyxl import load_workbook

from postmortem.fieldwork.deal_review import choose, write_review
from postmortem.fieldwork.review_form import CAUSES, read_form
from postmortem.frames.engagement import Engagement
from postmortem.taxonomies import load_taxonomy


def test_losses_and_their_won_twins_are_chosen_and_a_loss_without_one_is_named(made):
    cohort = Engagement.open(made).frame("2025Q3")
    chosen = choose(cohort, 10, matched_wins=True)
    assert chosen.twins == {"001": "004", "002": "005"}
    assert chosen.alone == ("003",)
    assert sorted(chosen.rows["deal_id"]) == ["001", "002", "003", "004", "005"]
    again = choose(cohort, 10, matched_wins=True)
    assert again.rows["deal_id"].tolist() == chosen.rows["deal_id"].tolist()
    losses = choose(cohort, 2, matched_wins=False)
    assert sorted(losses.rows["deal_id"]) == ["001", "002"] and losses.alone == ()


def test_text_of_a_crm_is_text_in_every_cell(made):
    file = made / "reviews" / "review-2025Q3.xlsx"
    book = load_workbook(file)
    cells = [cell for tab in book for row in tab.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    formulas = [cell for cell in cells if str(cell.value).startswith(("=", "@", "+", "-"))]
    assert formulas and all(cell.quotePrefix for cell in formulas)
    assert all(len(str(cell.value)) <= 2_000 for cell in cells)
    assert not any(ord(mark) < 32 and mark != "\n" for cell in cells for mark in str(cell.value))
    with zipfile.ZipFile(file) as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist() if "worksheets/sheet" in name)


def test_ids_stay_text_and_every_question_has_its_choices_and_its_meaning(made):
    book = load_workbook(made / "reviews" / "review-2025Q3.xlsx")
    tab, meanings = book["Review"], book["Definitions"]
    assert sorted(row[1].value for row in tab.iter_rows(min_row=2)) == ["001", "002", "003", "004", "005"]
    assert tab.freeze_panes == "D2" and tab.print_title_rows == "$1:$1"
    validated = {str(span) for rule in tab.data_validations.dataValidation for span in rule.sqref.ranges}
    answers = {f"{letter}2:{letter}6" for letter in "HJLNPR"}
    assert validated == answers | {"T2:T6", "U2:U6", "V2:V6"}
    taxonomy = load_taxonomy("red_zone")
    for code, letter in zip(CAUSES, "HJLNPR", strict=True):
        assert taxonomy.reason(code).definition in tab[f"{letter}1"].comment.text
    told = {row[0].value: row[1].value for row in meanings.iter_rows() if row[0].value}
    assert all(told[taxonomy.reason(code).label] == taxonomy.reason(code).definition for code in taxonomy.assignable)


def test_hindsight_is_stated_on_sheet_and_pages_and_no_page_runs_anything(made, tmp_path):
    engagement = Engagement.open(made)
    cohort = engagement.frame("2025Q3")
    form = read_form(made, cohort.book.taxonomy)
    about = load_workbook(made / "reviews" / "review-2025Q3.xlsx")["About"]
    assert form.words["hindsight"] in [cell.value for row in about.iter_rows() for cell in row]
    sheet = write_review(tmp_path, cohort, engagement.config, form, choose(cohort, 1, matched_wins=True))
    assert sheet == tmp_path / "review-2025Q3.xlsx"
    pages = sorted((tmp_path / "deals").glob("*"))
    assert [page.name for page in pages] == ["deal-01.html", "deal-02.html"]
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert "You know how these deals ended" in html
        assert "<script>alert" not in html and "according to whom" not in html
