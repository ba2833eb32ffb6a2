"""What a report has found: what passed the gate, the foremost first, and what may be worth a look below it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.findings.evidence import TESTS
from postmortem.findings.gate import LOOK
from postmortem.findings.told import WITH_WINS, Asked, Told, counted_apart, hypotheses, number_found
from postmortem.ground.errors import UsageError
from postmortem.ground.formats import count
from postmortem.result import Column, Result, Table, Tables, refused
from postmortem.signals import find as find_signal
from postmortem.taxonomies import Taxonomy, load_taxonomy

WORTH = "Worth a look: "
FOLLOW_THROUGH = "follow_through"
NEW, SEEN = "new", "named a quarter ago too"
METHOD = (
    "A finding is a primary hypothesis that the gate named: false discovery rate .03 over all of the report together. "
    "Findings stand in the order of the sum of three places: by p-value, which counts twice, so that of two findings "
    "the surer one is first; by the amount they concern, unknown amounts in the middle; and by whether the same "
    "question, asked of the quarter before as it was known then, was named there already. One that asks in another way "
    "what one before it asked comes after all others. A warning sign that goes with winning is no warning: it is given "
    "no remedy, is not counted among the findings, and stands last. Named secondary comparisons are part of their "
    "finding. Below the bar: primary hypotheses with p < .05 that were not named."
)


def report_findings(
    placed: Sequence[tuple[str, Result]],
    *,
    taxonomy: Taxonomy,
    before: Collection[Asked] | None = None,
    currency: str = "",
) -> Result:
    """What has this quarter shown?

    Parameters
    ----------
    placed : sequence of (str, Result)
        Every result after the gate, and the address of its section.
    taxonomy : Taxonomy
        Whose remedies answer the signals.
    before : collection of (str, str), optional
        What the quarter before named, as in `Told.asked`; None where there is no quarter before.
    currency : str
        Of the amounts.

    Returns
    -------
    Result
        Table ``findings``, one row a finding, the foremost first: ``sentence``, ``estimate`` with ``low`` and
        ``high`` in ``unit`` and ``none`` (the value if nothing differed), ``amount`` (what it concerns), ``seen``
        (new, or named a quarter ago too; missing where there is no quarter before), ``remedy`` (none for a sign that
        goes with winning), ``goes_with`` (losing or winning; empty of what is no lapse), ``p``, ``link`` (address of
        its section), ``analysis`` and ``hypothesis``. Table ``worth_a_look``, one row a hypothesis
        below the bar: ``sentence``, ``p``, ``link``, ``analysis``, ``hypothesis``. Table ``tested``, one row:
        ``declared``, ``tested``, ``named`` (signs that go with winning among them, which the sentence counts apart from
        the findings) and ``worth_a_look``, counts of the gate.

    Raises
    ------
    UsageError
        When the results have not passed the gate.

    Notes
    -----
    Refused where nothing could be tested. Estimates keep their own units; a table of them cannot be summed.
    """
    told = list(hypotheses(placed))
    undecided = [each.hypothesis for each in told if each.result.tables[TESTS].rows["named"].isna().any()]
    if undecided:
        raise UsageError(
            "Findings are made of results that have passed the gate, and these have not.",
            do="send all results of the report through findings.gate.through_the_gate first",
            rows=undecided,
        )
    tested = sum(not math.isnan(each.p) for each in told)
    if not tested:
        missing = "deals enough for any comparison" if told else "a page that compares anything"
        return refused(ANALYSIS.name, ANALYSIS.question, missing, n_in=len(told), method=METHOD)
    named = _ranked([_row(each, taxonomy, before) for each in told if each.named])
    below = sorted((each for each in told if not each.named and each.p < LOOK), key=lambda each: each.p)
    counts = {"declared": len(told), "tested": tested, "named": len(named), "worth_a_look": len(below)}
    tables = {
        "findings": _table(named, _columns(currency), "What this quarter has shown"),
        "worth_a_look": _table([_place(each) for each in below], BELOW, "Worth a look"),
        "tested": _table([counts], COUNTS, "Comparisons tested together"),
    }
    return Result(
        ANALYSIS.name, ANALYSIS.question, tables, n_in=len(told), n_used=tested, method=METHOD, headline_of=headline
    )


def headline(tables: Tables) -> str:
    """Say how many findings there are, or in plain words that there is none."""
    row = tables["tested"].first
    if any_missing(row["tested"], row["named"], row["worth_a_look"]):
        return WITHHELD
    look = f"; {row['worth_a_look']:,} more may be worth a look" if row["worth_a_look"] else ""
    if row["named"]:
        findings, against = number_found(tables["findings"].records)
        told = counted_apart(findings, against)
        return f"{told}{',' if against else ''} out of {count(row['tested'], 'comparison')} tested together{look}."
    told = f"{row['tested']:,} comparisons of this report were tested together and none can be told from chance"
    if row["tested"] == 1:
        told = "One comparison of this report was tested and it cannot be told from chance"
    look = f"; {row['worth_a_look']:,} may be worth a look" if row["worth_a_look"] else ""
    return f"{told}: this quarter has no finding{look}."


def _place(told: Told) -> dict[str, Any]:
    # The heading above says that it is worth a look; the sentence need not, at its beginning or further on.
    parts = [part.removeprefix(WORTH) for part in told.sentence.split(". ")]
    return {
        "sentence": ". ".join(part[:1].upper() + part[1:] for part in parts), "p": told.p, "link": told.link,
        "analysis": told.result.analysis, "hypothesis": told.hypothesis,
    }  # fmt: skip


def _row(told: Told, taxonomy: Taxonomy, before: Collection[Asked] | None) -> dict[str, Any]:
    figure, evidence, row = told.figure, told.evidence, told.row
    amount = row.get(evidence.amount) if evidence and evidence.amount else None
    seen = None if before is None else SEEN if told.asked in before else NEW
    return _place(told) | {
        "estimate": figure.value if figure else math.nan,
        "low": figure.low if figure else math.nan,
        "high": figure.high if figure else math.nan,
        "none": figure.none if figure else math.nan,
        "unit": figure.unit if figure else "",
        "amount": math.nan if any_missing(amount) else float(amount or 0.0),
        "seen": seen,
        "remedy": remedy_of(told, taxonomy),
        "goes_with": told.goes_with,
        "sign": told.sign,
    }


def remedy_of(told: Told, taxonomy: Taxonomy) -> str:
    """Return the step of the process that answers a hypothesis; empty where none is known."""
    evidence = told.evidence
    if evidence is None or told.goes_with == WITH_WINS:
        return ""
    if evidence.remedy and not any_missing(told.row.get(evidence.remedy)):
        return str(told.row[evidence.remedy])
    if evidence.code:
        return load_taxonomy(FOLLOW_THROUGH).reason(evidence.code).remedy
    return find_signal(evidence.signal).remedy(taxonomy) if evidence.signal else ""


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return findings in order: by p twice, by amount once, new ones before those that were named already.

    What asks the same as one before it comes after all others, so that the first few are different things; signs that
    go with winning come last.
    """
    if not rows:
        return []
    amounts = np.array([row["amount"] for row in rows], dtype=np.float64)
    by_amount = np.full(len(rows), (len(rows) + 1) / 2)
    known = ~np.isnan(amounts)
    # an unknown amount is neither the largest nor none: it stands in the middle, and those known share the places
    by_amount[known] = rankdata(-amounts[known]) * (len(rows) + 1) / (known.sum() + 1)
    by_strength = rankdata([row["p"] for row in rows])
    by_novelty = rankdata([row["seen"] == SEEN for row in rows])
    places = 2 * by_strength + by_amount + by_novelty
    order = sorted(
        range(len(rows)), key=lambda at: (places[at], rows[at]["p"], rows[at]["link"], rows[at]["hypothesis"])
    )
    ranked = [rows[at] for at in order]
    first = {row["sign"]: at for at, row in reversed(list(enumerate(ranked)))}
    again = [bool(row["sign"]) and first[row["sign"]] != at for at, row in enumerate(ranked)]
    later = [(row["goes_with"] == WITH_WINS, its) for row, its in zip(ranked, again, strict=True)]
    return [ranked[at] for at in sorted(range(len(ranked)), key=lambda at: later[at])]


def _table(rows: list[dict[str, Any]], columns: tuple[Column, ...], title: str) -> Table:
    kinds = {"text": "str", "label": "str", "count": "int64", "estimate": "float64", "money": "float64"}
    series = {
        column.name: pd.Series([row[column.name] for row in rows], dtype=kinds[column.role]) for column in columns
    }
    return Table(pd.DataFrame(series), columns, title)


BELOW = (
    Column("sentence", "text", "Worth a look"),
    Column("p", "estimate", "Chance of it if alike", shown=False),
    Column("link", "label", "Where", shown=False),
    Column("analysis", "label", "Analysis", shown=False),
    Column("hypothesis", "text", "What was tested", shown=False),
)
COUNTS = (
    Column("declared", "count", "Declared"),
    Column("tested", "count", "Tested"),
    Column("named", "count", "Can be told from chance"),
    Column("worth_a_look", "count", "Worth a look"),
)


def _columns(currency: str) -> tuple[Column, ...]:
    return (
        Column("sentence", "text", "Finding"),
        Column("estimate", "estimate", "Figure (interval)", low="low", high="high"),
        Column("low", "estimate", "Low", shown=False),
        Column("high", "estimate", "High", shown=False),
        Column("none", "estimate", "If nothing differed", shown=False),
        Column("unit", "label", "Unit", shown=False),
        Column("amount", "money", "Amount it concerns", currency),
        Column("seen", "label", "New or not"),
        Column("remedy", "text", "What answers it"),
        Column("goes_with", "label", "Goes with", shown=False),
        *BELOW[1:],
    )


ANALYSIS = Analysis(report_findings, headline, None, family="comparison", method=METHOD)
