"""Findings in an edition: those its own pages tell, outside in the words and figures of the redacted answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from made_findings import pushes

from postmortem.analyses.contract import WITHHELD
from postmortem.book.identities import Pseudonyms
from postmortem.findings.gate import through_the_gate
from postmortem.findings.report_findings import report_findings
from postmortem.report.pages.blocks import address
from postmortem.report.sharing.redact import Audience, Terms
from postmortem.report.sharing.shared_findings import Answered, findings_of
from postmortem.result import Result
from postmortem.taxonomies import load_taxonomy

PAGE = "04-forecast-and-timing"
NAMES = {"person": ("Greta Repkin",), "account": ("Halvor Accountkin",)}


def terms(audience: Audience) -> Terms:
    return Terms(audience, Pseudonyms(b"k" * 32), NAMES)


def report(*results: Result) -> tuple[Result, list[Result]]:
    through = list(through_the_gate(results))
    placed = [(address(PAGE, result), result) for result in through]
    return report_findings(placed, taxonomy=load_taxonomy("red_zone"), currency="USD"), through


def edition(audience: Audience, seen: Sequence[Result | None], *results: Result) -> tuple[Result | None, int]:
    found, through = report(*results)
    answers = [Answered(PAGE, made, after) for made, after in zip(through, seen or through, strict=True)]
    return findings_of(found, answers, terms(audience))


def rows(result: Result | None, table: str = "findings") -> list[dict[str, Any]]:
    assert result is not None
    return [*result.tables[table].records]


def test_the_team_reads_what_the_report_says() -> None:
    found, through = report(pushes(1e-6, said="Moved twice, lost more often."))
    told, lost = findings_of(found, [Answered(PAGE, through[0], through[0])], terms("team"))
    assert lost == 0
    assert told is not None
    pd.testing.assert_frame_equal(told.tables["findings"].rows, found.tables["findings"].rows)


def test_a_client_reads_no_hidden_name_in_a_finding() -> None:
    told, _ = edition("client", [], pushes(1e-6, said="Deals of Greta Repkin at Halvor Accountkin were moved."))
    (row,) = rows(told)
    assert "Greta Repkin" not in row["sentence"]
    assert "Halvor Accountkin" in row["sentence"]


@pytest.mark.parametrize("audience", ["client", "outside"])
def test_a_finding_of_a_page_that_is_kept_back_is_not_told_and_counted(audience: Audience) -> None:
    told, lost = edition(audience, [None], pushes(1e-6, said="Told on the claims page alone."))
    assert (rows(told), lost) == ([], 1)
    assert told is not None
    # Not "no finding", which would be false.
    assert told.headline == WITHHELD


def test_an_answer_told_on_another_page_of_the_edition_too_is_linked_there() -> None:
    found, (made,) = report(pushes(1e-6, said="Moved twice, lost more often."))
    elsewhere = Answered("05-loss-reasons", made, made)
    told, lost = findings_of(found, [Answered(PAGE, made, None), elsewhere], terms("client"))
    assert lost == 0
    assert rows(told)[0]["link"] == address("05-loss-reasons", made)


def test_outside_sentence_and_figures_are_those_of_the_redacted_answer() -> None:
    made = pushes(1e-6, said="Of 3 deals at Halvor Accountkin all were lost.", figure=(0.3, 0.2, 0.4), amount=1_234_567)
    coarse = pushes(1e-6, said="Of few deals all were lost.", figure=(0.3, 0.2, 0.4), amount=1_200_000)
    told, lost = edition("outside", [coarse], made)
    (row,) = rows(told)
    assert lost == 0
    assert row["sentence"] == "Of few deals all were lost."
    assert (row["estimate"], row["low"], row["high"], row["amount"]) == (0.3, 0.2, 0.4, 1_200_000)


def test_outside_a_finding_whose_figures_are_withheld_is_not_told() -> None:
    told, lost = edition("outside", [pushes(1e-6, said=WITHHELD)], pushes(1e-6, said="Of 3 deals all were lost."))
    assert (rows(told), lost) == ([], 1)


def test_outside_missing_figures_stay_missing() -> None:
    blank = pushes(1e-6, said="Moved deals are lost more often.", figure=(math.nan,) * 3)
    told, _ = edition("outside", [blank], pushes(1e-6, said="Moved deals: 3 of 4 lost.", figure=(0.3, 0.2, 0.4)))
    (row,) = rows(told)
    assert all(math.isnan(row[name]) for name in ("estimate", "low", "high", "amount"))


def test_what_is_worth_a_look_follows_the_same_rule() -> None:
    told, lost = edition("outside", [None], pushes(0.04, said="Worth a look: 3 deals."))
    assert (rows(told, "worth_a_look"), lost) == ([], 1)


def test_outsiders_are_not_told_why_there_is_nothing_to_find() -> None:
    told, lost = edition("outside", [], pushes(math.nan))
    assert (told, lost) == (None, 0)
