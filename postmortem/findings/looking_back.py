"""What the quarter before had shown and what was decided then, held against this quarter's deals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from postmortem.analyses import find
from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.findings.earlier import Earlier
from postmortem.findings.evidence import Measured, figure_of, row_of
from postmortem.findings.scoring import OPEN, REACHED, Scored
from postmortem.findings.told import Told, counted_apart, number_found, signs_with_wins
from postmortem.ground.formats import UNKNOWN, count, interval_text, value_text
from postmortem.result import Column, Result, Table, Tables, refused

HELD, WRONG, FEW, PAST = "held", "did not hold", "too few to tell", "of its own quarter"
NO_FIGURE = "it has no single figure to hold it against"
RUNNING = "the quarter has not ended"
METHOD = (
    "The questions of this report were asked of the quarter before as it was known on its last day, and went through "
    "the same gate; no earlier report is read. What was named then is asked again of this quarter's deals alone. Held: "
    "the interval lies wholly on the side that was named. Did not hold: it lies wholly on the other side, or reaches "
    "no difference and leaves out the difference found then. Too few to tell: it allows for both, or cannot be taken. "
    "A target is reached, or not, where the whole interval of its measure in this quarter is on one side of it; "
    "counts have no interval and are compared as they are."
)


def looking_back(earlier: Earlier, actions: Sequence[Scored] = ()) -> Result:
    """What came of last quarter's findings and actions?

    Parameters
    ----------
    earlier : Earlier
        What the quarter before had shown, and the same questions asked of this quarter.
    actions : sequence of Scored
        What was decided, and what its measures say.

    Returns
    -------
    Result
        Table ``findings``, one row a finding of the quarter before: ``sentence`` (as it read then), ``verdict`` (held,
        did not hold, too few to tell, of its own quarter), ``then`` with ``then_low`` and ``then_high``, ``now`` with
        ``low`` and ``high`` (this quarter alone), ``none`` (the value if nothing differed), ``unit``, ``figures`` (both
        in words), ``note``, ``goes_with`` (losing or winning; empty of what is no lapse). Table ``actions``, one row an
        action: ``action``, ``owner``, ``finding`` (the question it answers), ``measure``, ``target``, ``verdict``
        (reached, not reached, not yet, cannot tell), ``before``, ``now`` with ``low`` and ``high``, ``unit``,
        ``figures`` (in words), ``due``, ``note``. Table ``quarter``, one row: ``quarter`` (looked back at), ``why``
        (nothing can be said of it).

    Notes
    -----
    Refused where there is neither a quarter before nor an action.
    """
    if earlier.why and not actions:
        return refused(ANALYSIS.name, ANALYSIS.question, f"a quarter before ({earlier.why})", method=METHOD)
    quarter = pd.DataFrame({"quarter": [earlier.quarter], "why": [earlier.why]}, dtype="str")
    tables = {
        "findings": _table([_finding(told, earlier) for told in earlier.named], FINDINGS, "Last quarter's findings"),
        "actions": _table([_action(scored) for scored in actions], ACTIONS, "Actions"),
        "quarter": Table(
            quarter, (Column("quarter", "label", "Quarter"), Column("why", "text", "Why not")), "Looked back at"
        ),
    }
    n = len(earlier.named) + len(actions)
    return Result(ANALYSIS.name, ANALYSIS.question, tables, n_in=n, n_used=n, method=METHOD, headline_of=headline)


def headline(tables: Tables) -> str:
    """Count what held and what did not, and which actions reached their targets."""
    quarter = tables["quarter"].first
    findings, actions = tables["findings"].records, tables["actions"].records
    verdicts = [row["verdict"] for row in (*findings, *actions)]
    if any_missing(quarter["quarter"], *verdicts):
        return WITHHELD
    if quarter["why"]:
        told = f"Nothing can be said of {quarter['quarter']}: {quarter['why']}"
    elif not findings:
        told = f"{quarter['quarter']} had no finding"
    elif len(findings) == 1:
        what = "finding" if number_found(findings)[0] else "sign that goes with winning"
        told = f"The one {what} of {quarter['quarter']}: {verdicts[0]}"
    else:
        own, against = number_found(findings)
        every = counted_apart(own, against) if own else signs_with_wins(against)
        parts = [
            f"{n} {verdict}"
            for verdict in (HELD, WRONG, FEW, PAST)
            if (n := sum(row["verdict"] == verdict for row in findings))
        ]
        told = f"Of {every} of {quarter['quarter']}, {', '.join(parts)}"
    reached = sum(row["verdict"] == REACHED for row in actions)
    return f"{told}; {reached} of {count(len(actions), 'action')} reached the target." if actions else f"{told}."


def held(then: Measured | None, now: Measured | None) -> str:
    """Say whether what was named holds on this quarter's deals alone.

    Parameters
    ----------
    then, now : Measured or None
        The figure as it was named, and as this quarter alone has it.
    """
    if then is None or now is None or not now.has_interval or math.isnan(then.none) or math.isnan(now.none):
        return FEW
    effect = then.value - then.none
    low, high = now.low - now.none, now.high - now.none
    if effect < 0:
        effect, low, high = -effect, -high, -low
    if low > 0:
        return HELD
    return WRONG if high < 0 or high < effect else FEW


def _finding(told: Told, earlier: Earlier) -> dict[str, Any]:
    evidence, answer = told.evidence, earlier.answer_to(told)
    now = None
    if evidence is not None and answer is not None:
        key = str(told.row.get(evidence.key, "")) if evidence.key else ""
        now = figure_of(answer, evidence, row_of(answer, evidence, told.hypothesis, key))
    verdict = PAST if evidence is not None and not evidence.repeats else held(told.figure, now)
    note = ""
    if verdict == FEW and now is None:
        lacking = "" if answer is None else "; ".join(answer.what_is_missing)
        note = lacking or (NO_FIGURE if answer is not None else RUNNING)
    then = told.figure
    words = [f"then {_written(then)}" if then else "", f"this quarter alone {_written(now)}" if now else ""]
    return {
        "sentence": told.sentence, "verdict": verdict, "note": note, "unit": then.unit if then else "",
        "then": then.value if then else math.nan, "then_low": then.low if then else math.nan,
        "then_high": then.high if then else math.nan, "none": now.none if now else math.nan, **_numbers(now),
        "figures": "; ".join(word for word in words if word), "goes_with": told.goes_with,
    }  # fmt: skip


def _action(scored: Scored) -> dict[str, Any]:
    action, now, before = scored.action, scored.now, scored.before
    unit = now.unit if now else before.unit if before else ""
    words = [f"now {_written(now)}" if now else "", f"a quarter ago {_written(before)}" if before else ""]
    return {
        "action": action.action, "owner": action.owner, "finding": find(action.finding).question,
        "measure": scored.label, "target": f"{action.bound.replace('_', ' ')} {value_text(action.target, unit)}",
        "verdict": scored.verdict, "before": before.value if before else math.nan, **_numbers(now), "unit": unit,
        "figures": "; ".join(word for word in words if word), "due": action.due.isoformat() if action.due else None,
        "note": scored.note if scored.verdict == OPEN else "",
    }  # fmt: skip


def _numbers(now: Measured | None) -> dict[str, float]:
    if now is None:
        return dict.fromkeys(("now", "low", "high"), math.nan)
    return {"now": now.value, "low": now.low, "high": now.high}


def _written(figure: Measured) -> str:
    told = value_text(figure.value, figure.unit)
    span = interval_text(figure.low, figure.high, figure.unit)
    return told if span == UNKNOWN else f"{told} ({span})"


def _table(rows: list[dict[str, Any]], columns: tuple[Column, ...], title: str) -> Table:
    kinds = {"estimate": "float64"}
    series = {
        column.name: pd.Series([row[column.name] for row in rows], dtype=kinds.get(column.role, "str"))
        for column in columns
    }
    return Table(pd.DataFrame(series), columns, title)


NOW = (
    Column("now", "estimate", "This quarter", low="low", high="high", shown=False),
    Column("low", "estimate", "Low", shown=False),
    Column("high", "estimate", "High", shown=False),
    Column("unit", "label", "Unit", shown=False),
    Column("figures", "text", "Figures"),
    Column("note", "text", "Remark"),
)
FINDINGS = (
    Column("sentence", "text", "Finding"),
    Column("verdict", "label", "On this quarter alone"),
    Column("then", "estimate", "Then", low="then_low", high="then_high", shown=False),
    Column("then_low", "estimate", "Low", shown=False),
    Column("then_high", "estimate", "High", shown=False),
    Column("none", "estimate", "If nothing differed", shown=False),
    *NOW,
    Column("goes_with", "label", "Goes with", shown=False),
)
ACTIONS = (
    Column("action", "text", "Action"),
    Column("owner", "person", "Owner"),
    Column("finding", "text", "It answers"),
    Column("measure", "text", "Measure"),
    Column("target", "label", "Target"),
    Column("verdict", "label", "Verdict"),
    Column("before", "estimate", "A quarter ago", shown=False),
    *NOW,
    Column("due", "label", "Due"),
)
ANALYSIS = Analysis(looking_back, headline, None, family="comparison", method=METHOD)
