"""What is said about lost forecast deals, put to the test on these: verdicts, published figures, what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses import ANALYSES, Analysis
from postmortem.analyses.cache import cached
from postmortem.analyses.contract import WITHHELD
from postmortem.charts.judged_intervals import judged_intervals
from postmortem.findings.benchmarks import benchmarks_table
from postmortem.findings.claims import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTABLE,
    SUPPORTED,
    Claim,
    Judged,
    claims,
    judge,
)
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, value_text
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORDER = (SUPPORTED, CONTRADICTED, INCONCLUSIVE)
METHOD = (
    "Every claim has an analysis, a margin and a least number of cases, fixed in the list of claims before any data "
    "are looked at. Supported: the whole interval lies beyond the margin on the claimed side (within both margins for "
    "claims that two things are alike, by 90% intervals, two one-sided tests at .05). Contradicted: it lies wholly on "
    "the other side. Inconclusive: everything else. A difference that can be told from none but not from the margin is "
    "inconclusive, and 'cannot be told from none' is never read as equal. A claim about one kind of loss is supported "
    "only where another kind shows less. Claims without an analysis, and those whose analysis refuses, are not "
    "testable with these fields. Each verdict stands for itself: a claim that is false by its margin is called "
    "supported by chance at most once in forty (95% intervals) or twenty (90%). The gate over the report's tests is "
    "not applied here, as no direction is named that the margin does not decide. Associations in records are at most "
    "consistent with what is claimed. Own figures beside the published ones: each deal of the window once, fate by the "
    "day of the data, Wilson intervals."
)


def claims_scoreboard(cohort: Cohort) -> Result:
    """What is said about lost forecast deals, and does it hold on these?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``claims``, one row a claim that could be tested, by verdict: ``number``, ``short`` (its name),
        ``claim`` (number and statement), ``verdict`` (supported, contradicted, inconclusive), ``figure`` (estimate
        and interval as text), ``what`` (what the figure is, where the claim holds, why no more is said), ``n`` (cases),
        ``margin`` and ``why`` (alone), ``source``, ``estimate``, ``low``, ``high``, ``at_least`` and ``at_most``
        (missing where open), ``unit``, ``analysis``. Table ``benchmarks``, one row a published figure: ``benchmark``,
        ``published`` (as printed there), ``denominator``, ``source``, ``own`` (``own_low``, ``own_high``), ``n``,
        ``own_denominator``, ``warning``. Table ``not_testable``, one row a claim that could not: ``number``, ``claim``,
        ``missing``, ``fields`` (to have on record), ``source``.

    Notes
    -----
    Never refused: on a record of deals alone it says what each claim would take.
    """
    asked: dict[str, Result] = {}
    known = {analysis.name for analysis in ANALYSES}
    for name in dict.fromkeys(claim.analysis for claim in claims()):
        if name in known:
            asked[name] = cached(name)(cohort)
    judged = [judge(claim, asked.get(claim.analysis)) for claim in claims()]
    tested = [each for verdict in ORDER for each in judged if each.verdict == verdict]
    untested = [each for each in judged if each.verdict == NOT_TESTABLE]
    tables = {}
    if tested:
        tables["claims"] = _claims_table(tested)
    tables["benchmarks"] = benchmarks_table(cohort, asked.get("rater_agreement"))
    if untested:
        tables["not_testable"] = _not_testable(untested)
    caveats = [
        "What is claimed is quoted; names in the picture say what is looked at.",
        "Records show what goes together. Supported means consistent with the claim on these deals, not that one thing "
        "brought the other about, nor that it holds elsewhere.",
    ]
    if len(tested) > 1:
        caveats.append(
            f"{len(tested)} claims are looked at side by side: one verdict in twenty to forty may be chance."
        )
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.window_rows), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how many claims could be tested, and what became of them."""
    rows = tables["claims"].rows if "claims" in tables else None
    waiting = len(tables["not_testable"].rows) if "not_testable" in tables else 0
    if rows is None:
        told = "none can be tested with what is on record; what each would take stands below"
        return f"Of {count(waiting, 'claim')} {told}."
    if rows["n"].isna().all():
        return WITHHELD
    number = {verdict: int((rows["verdict"] == verdict).sum()) for verdict in ORDER}
    every, tested = len(rows) + waiting, len(rows)
    verdicts = (
        (number[SUPPORTED], "hold here", "holds here"),
        (number[CONTRADICTED], "do not", "does not"),
        (number[INCONCLUSIVE], "cannot be told yet", "cannot be told yet"),
    )
    says = ", ".join(f"{some} {one if some == 1 else several}" for some, several, one in verdicts if some)
    return f"Of {count(every, 'claim')} {tested} could be tested: {says}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each figure with its interval against the margin of its claim."""
    empty = pd.DataFrame(columns=list(COLUMNS.values()))
    rows = tables["claims"].rows if "claims" in tables else empty
    judged_intervals(rows, axes, claimed_label="where what is claimed holds", **COLUMNS)


COLUMNS = {
    "name": "short", "estimate": "estimate", "low": "low", "high": "high", "at_least": "at_least",
    "at_most": "at_most", "verdict": "verdict", "unit": "unit", "margin": "margin",
}  # fmt: skip


def margin_text(claim: Claim) -> str:
    """Return in words where the claim holds."""
    low, high = value_text(claim.at_least, claim.unit), value_text(claim.at_most, claim.unit)
    if math.isfinite(claim.at_least) and math.isfinite(claim.at_most):
        return f"between {low} and {high}"
    return f"above {low}" if math.isfinite(claim.at_least) else f"below {high}"


def _claims_table(tested: Sequence[Judged]) -> Table:
    made = []
    for each in tested:
        claim = each.claim
        # Written only where there are enough cases, so that no text holds a figure that sharing would take out.
        told = ""
        if math.isfinite(each.estimate):
            span = interval_text(each.low, each.high, claim.unit).removesuffix(" points")
            told = f"{value_text(each.estimate, claim.unit)} ({span})"
        made.append(
            {
                "number": claim.number, "short": claim.short, "claim": f"{claim.number}. {claim.statement}",
                "verdict": each.verdict,
                "figure": told, "what": _what(each), "n": each.n, "margin": margin_text(claim), "why": each.why,
                "source": claim.source, "estimate": each.estimate, "low": each.low, "high": each.high,
                "at_least": _known(claim.at_least), "at_most": _known(claim.at_most), "unit": claim.unit,
                "analysis": claim.analysis,
            }
        )  # fmt: skip
    columns = (
        Column("number", "label", "No.", shown=False),
        Column("short", "label", "Claim", shown=False),
        Column("claim", "text", "Claimed"),
        Column("verdict", "label", "On these deals"),
        Column("figure", "text", "Figure (interval)"),
        Column("what", "text", "What it is, and where the claim holds"),
        Column("n", "count", "Cases"),
        Column("margin", "label", "Holds", shown=False),
        Column("why", "text", "Mind", shown=False),
        Column("source", "label", "Said by", shown=False),
        Column("estimate", "estimate", "Figure", shown=False),
        Column("low", "estimate", "Low", shown=False),
        Column("high", "estimate", "High", shown=False),
        Column("at_least", "estimate", "Holds from", shown=False),
        Column("at_most", "estimate", "Holds to", shown=False),
        Column("unit", "label", "Unit", shown=False),
        Column("analysis", "label", "Answered by", shown=False),
    )
    text = ("short", "claim", "verdict", "figure", "what", "margin", "why", "source", "unit", "analysis")
    frame = pd.DataFrame(made).astype({**dict.fromkeys(text, "str"), "number": "int64", "n": "int64"})
    frame = frame.astype(dict.fromkeys(("estimate", "low", "high", "at_least", "at_most"), "float64"))
    return Table(frame, columns, "Claims that could be tested, each against a margin fixed beforehand")


def _what(each: Judged) -> str:
    """Return what the figure is, where the claim holds, and why no more is said."""
    told = f"{each.claim.figure[:1].upper()}{each.claim.figure[1:]}; holds {margin_text(each.claim)}."
    return f"{told} Mind: {each.why}." if each.why else told


def _not_testable(untested: Sequence[Judged]) -> Table:
    made = [
        {
            "number": each.claim.number, "claim": f"{each.claim.number}. {each.claim.statement}", "missing": each.why,
            "fields": each.claim.fields, "source": each.claim.source,
        }
        for each in untested
    ]  # fmt: skip
    columns = (
        Column("number", "label", "No.", shown=False),
        Column("claim", "text", "Not testable with these fields"),
        Column("missing", "text", "What is missing"),
        Column("fields", "text", "To have on record"),
        Column("source", "label", "Said by", shown=False),
    )
    frame = pd.DataFrame(made).astype(dict.fromkeys(("claim", "missing", "fields", "source"), "str"))
    return Table(frame.astype({"number": "int64"}), columns, "Claims that could not be tested, and what it would take")


def _known(value: float) -> float:
    return value if math.isfinite(value) else math.nan


ANALYSIS = Analysis(claims_scoreboard, headline, draw, family="rate", method=METHOD)
