"""A commentary in an edition names no figure and no person that the edition does not show."""

from __future__ import annotations

import pandas as pd
import pytest
from test_commentary import FIRST, LATER, OUTCOME, PAGES
from test_pages import ABOUT

from postmortem.book.identities import Pseudonyms
from postmortem.report.editions.record import Report
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.commentary import Placed
from postmortem.report.pages.front import Described
from postmortem.report.sharing.redact import Audience, Terms
from postmortem.report.sharing.shared_commentary import placed_in

NAMES = {"person": ("Greta Repkin",), "account": ("Halvor Accountkin",)}
TEXT = """Greta Repkin fought for Halvor Accountkin: 66% were won, {{quarter_outcome.fates.won.deals}} deals.
We asked 12 buyers and 179 deals.

# 02
A word below the second page.
"""
# An edition without the first page: its 66%, its 119 and its 179 are not in it.
WITHOUT = [(LATER, Harvest(("## Open",), ()))]


def told(
    audience: Audience, pages: list[tuple[Notebook, Harvest]], text: str = TEXT
) -> tuple[Placed, list[dict[str, str]]]:
    report = Report({}, ABOUT, Described("deals", ()), tuple(PAGES), NAMES, Harvest((), ()), text)
    return placed_in(report, pages, Terms(audience, Pseudonyms(b"k" * 32), NAMES))


def test_the_team_reads_every_word_and_figure() -> None:
    placed, left = told("team", list(PAGES))
    assert left == []
    assert "Greta Repkin fought for Halvor Accountkin: 66% were won, 119 deals." in str(placed.summary)
    assert "A word below the second page." in str(placed.notes[LATER.name].of_page)


def test_a_client_reads_it_without_its_people() -> None:
    placed, left = told("client", list(PAGES))
    assert "Greta" not in str(placed.summary)
    assert "Halvor Accountkin: 66% were won, 119 deals" in str(placed.summary)
    assert left == []


def test_figures_of_an_answer_that_is_not_in_the_edition_are_withheld_and_the_authors_own_stay() -> None:
    placed, left = told("client", WITHOUT)
    summary = str(placed.summary)
    assert "66%" not in summary and "119" not in summary and "179" not in summary
    assert summary.count("withheld") == 3
    assert "We asked 12 buyers" in summary
    assert [each["what"] for each in left] == ["commentary, line 1", "commentary, line 2"]
    assert not [each for each in left if "Greta" in str(each) or "66" in str(each)]


def test_notes_on_a_page_that_is_kept_back_are_left_out_with_it() -> None:
    placed, left = told("client", [(FIRST, Harvest((OUTCOME,), ()))])
    assert placed.notes == {}
    assert {"what": "commentary, line 4", "why": left[0]["why"]} in left


def test_a_figure_withheld_in_the_edition_reads_so_by_its_key() -> None:
    rows = OUTCOME.tables["fates"].rows.assign(deals=pd.Series([pd.NA] * 3, dtype="Int64"), suppressed=True)
    table = OUTCOME.tables["fates"]
    seen = OUTCOME.replace(tables={"fates": type(table)(rows, table.columns, table.title)})
    placed, _ = told("client", [(FIRST, Harvest((seen,), ()))], "{{quarter_outcome.fates.won.deals}} were won.")
    assert "119" not in str(placed.summary)
    assert "withheld were won." in str(placed.summary)


def test_outsiders_get_no_free_words() -> None:
    placed, left = told("outside", list(PAGES))
    assert (placed.summary, placed.notes) == (None, {})
    assert left == [{"what": "commentary", "why": "not for this audience: outside"}]


@pytest.mark.parametrize("audience", ["team", "client", "outside"])
def test_without_a_commentary_nothing_is_said_of_it(audience: Audience) -> None:
    assert told(audience, list(PAGES), "") == (Placed(), [])
