"""The findings on the front page of an edition: only those whose answers are in it, in the words of these answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, any_missing
from postmortem.findings.evidence import TESTS
from postmortem.findings.told import Told, asked
from postmortem.report.pages.blocks import address
from postmortem.report.sharing.redact import Terms
from postmortem.result import Result, Table

TOLD_OF = ("findings", "worth_a_look")
FIGURES = ("estimate", "low", "high", "none", "amount")


@dataclass(frozen=True)
class Answered:
    """One answer of a report: its page, as it was made, and as the edition shows it; None where it does not."""

    page: str
    made: Result
    seen: Result | None


def findings_of(found: Result, answers: Sequence[Answered], terms: Terms) -> tuple[Result | None, int]:
    """Return the findings as an edition may tell them, and how many it does not.

    Parameters
    ----------
    found : Result
        Of `report_findings`.
    answers : sequence of Answered
        Every answer of the report.
    terms : Terms
        For whom.

    Notes
    -----
    Nothing is tested again. A finding leads to the section that tells it in this edition; where there is none, it is
    left out. For outsiders sentence and figures are those of the redacted answer, as the report's own sentence may
    hold what is withheld; whether it is new, and what answers it, stay.
    """
    if found.status == "refused":
        return (None if terms.audience == "outside" else found), 0
    tables, lost = dict(found.tables), 0
    for name in TOLD_OF:
        table = tables[name]
        rows = [_row(row, answers, terms) for row in table.records]
        kept = [row for row in rows if row is not None]
        lost += len(rows) - len(kept)
        tables[name] = _of(table, kept)
    counts = tables["tested"].rows
    if lost:
        # How many there are is not told where some are not: no number of those left is that of the report.
        unknown = pd.array([pd.NA], dtype="Int64")
        counts = counts.assign(named=unknown, worth_a_look=unknown)
    tables["tested"] = replace(tables["tested"], rows=counts)
    return found.replace(tables=tables), lost


def _row(row: dict[str, Any], answers: Sequence[Answered], terms: Terms) -> dict[str, Any] | None:
    """Return a finding as the edition tells it; None where it does not."""
    there = [each for each in answers if address(each.page, each.made) == row["link"]]
    same = [each for each in answers if there and asked(each.made) == asked(there[0].made)]
    shown = next((each for each in (*there, *same) if each.seen is not None), None)
    if shown is None or shown.seen is None:
        return None
    link = address(shown.page, shown.seen)
    if terms.audience != "outside":
        return row | {
            "link": link, "sentence": terms.plain(row["sentence"]), "hypothesis": terms.plain(row["hypothesis"])
        }  # fmt: skip
    told = _retold(row, shown, link)
    if told is None:
        return None
    figure, evidence = told.figure, told.evidence
    amount = told.row.get(evidence.amount) if evidence and evidence.amount else None
    figures = (figure.value, figure.low, figure.high, figure.none) if figure else (math.nan,) * 4
    new: dict[str, Any] = dict(
        zip(FIGURES, (*figures, math.nan if any_missing(amount) else float(amount or 0.0)), strict=True)
    )
    if isinstance(row.get("remedy"), str):
        new["remedy"] = terms.prose(row["remedy"])
    kept = {name: value for name, value in new.items() if name in row}
    return row | kept | {"link": link, "sentence": told.sentence, "hypothesis": told.hypothesis}


def _retold(row: dict[str, Any], shown: Answered, link: str) -> Told | None:
    """Return a hypothesis as the redacted answer tells it; None where the figures behind it are withheld."""
    if shown.seen is None or TESTS not in shown.seen.tables:
        return None
    at = [test["hypothesis"] for test in shown.made.tables[TESTS].records].index(row["hypothesis"])
    tests = shown.seen.tables[TESTS].records
    if at >= len(tests) or any_missing(tests[at]["hypothesis"]):
        return None
    told = Told(link, shown.seen, str(tests[at]["hypothesis"]), float(row["p"]), True)
    is_silent = told.evidence is not None and bool(told.evidence.sentence)
    if is_silent and told.evidence is not None and any_missing(told.row.get(told.evidence.sentence)):
        return None
    return None if told.sentence == WITHHELD else told


def _of(table: Table, rows: Sequence[dict[str, Any]]) -> Table:
    kinds = table.rows.dtypes
    made = {name: pd.Series([row[name] for row in rows], dtype=kinds[name]) for name in table.rows.columns}
    return replace(table, rows=pd.DataFrame(made))
