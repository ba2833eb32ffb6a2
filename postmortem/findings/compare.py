"""Whether two cohorts differ: this quarter and an earlier one, two regions, the forecast and the late stages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from postmortem.analyses import ANALYSES, Analysis
from postmortem.analyses.contract import WITHHELD, Need, any_missing, spoken
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.findings.compared import Told, cohorts_table, figures_table, gap_of, tests_of, worth_telling
from postmortem.frames.cohort import Cohort, against_before
from postmortem.ground.errors import UsageError
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Result, Tables
from postmortem.stats import LEAST_N

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Over = Literal["focus", "window"]
LOOK = 0.05
ENOUGH = Need(
    "deals", ("outcome",), LEAST_N, "deals", "take a longer window, or a part that holds more deals", "deals",
    lambda _, rows: len(rows),
)  # fmt: skip
METHOD = (
    "The shares that analyses declare as comparable are taken from both cohorts, with Wilson intervals (amounts: "
    "ratio estimator). The interval of a difference is the wider of Newcombe's and the cluster-robust one by sales "
    "person or by customer (CR2, Satterthwaite's degrees of freedom), which is refused where one side is a few "
    "people's alone; below ten sales people Newcombe's stands alone. Deals that are in both cohorts count on both "
    "sides, and the clustered interval alone is used, which knows that they are the same. 'Equivalent': the 90% "
    "interval of the difference lies within the margin (two one-sided tests at .05). 'Different': it does not, and "
    "the p-value, adjusted over all figures by Benjamini and Hochberg, is at most .05. Everything else cannot be "
    "told. Like for like is the part by rate of Kitagawa's decomposition over segment and third of deal size: the "
    "difference at the mix both cohorts have on average. Deals needed are for power .8 at .05, times the design "
    "effect. A direction is said only where the gate over all tests of the report lets it pass: one primary "
    "hypothesis, that some figure differs (Simes), the figures secondary inside it."
)


def compare(first: Cohort, second: Cohort | None = None, *, over: Over | None = None, margin: float = 0.1) -> Result:
    """Do these two groups of deals end differently?

    Parameters
    ----------
    first, second : Cohort
        Any two; differences are the first less the second. Of one alone, the focus quarter is set against the quarters
        before it, as many as its window has.
    over : {"window", "focus"}, optional
        Rows compared: the pooled quarters or the focus quarters. Unless told, the windows; where these share
        deals, the focus quarters, if they are two.
    margin : float
        Largest difference that counts as none, in shares.

    Returns
    -------
    Result
        Table ``figures``, one row a share that some deal counts for: ``figure``, ``first`` and ``second`` with
        ``first_low``, ``first_high``, ``second_low``, ``second_high`` (95%), ``difference`` with ``low`` and
        ``high``, ``verdict`` (different, equivalent, cannot tell), ``like_for_like`` with ``like_low`` and
        ``like_high`` (difference at equal mix), ``first_n``, ``second_n`` (deals), ``first_events``,
        ``second_events`` (those that count), ``to_differ`` (deals each cohort would need to show a difference
        as large as this one), ``to_equal`` (to show equal shares within the margin), ``note``. Table
        ``cohorts``, one row: ``first_is``, ``second_is`` (which deals they are), ``first_deals``,
        ``second_deals``, ``shared`` (deals in both), ``margin``. Table ``tests``, for two cohorts: ``hypothesis``,
        ``figure``, ``primary``, ``p``, ``named``.

    Raises
    ------
    UsageError
        When the margin lies outside 0 to 1.

    Notes
    -----
    Refused where both cohorts are the same deals, below ten deals in either, and for a focus quarter that has not
    ended. Facts of the focus quarter are compared as if they were to repeat: that is what a difference means.

    Of one cohort alone nothing is tested: what may be named of a quarter against those before it, `mix_shift` and
    `quarter_run` declare, and the same deals are not tested twice. The sentence then counts figures and says no
    direction.
    """
    if not 0 < margin < 1:
        raise UsageError("The margin is no difference of shares.", got=margin, expected="above 0 and below 1")
    alone = second is None
    if second is None:
        first, second = against_before(first)
    over = over or ("window" if alone else _span(first, second))
    rows = tuple(_rows(cohort, over) for cohort in (first, second))
    asked: dict[str, Any] = {
        "over": over,
        "margin": margin,
        "first": first.fingerprint[:12],
        "second": second.fingerprint[:12],
    }
    names = _names(first, second, over)
    shared = len(_keys(rows[0]) & _keys(rows[1]))
    missing = _missing((first, second), rows, names, over, shared)
    if missing:
        return ANALYSIS.refuse(first, *missing, unlock=ENOUGH.unlock, **asked)
    both = _in_both(rows)
    figures = [figure for analysis in ANALYSES for figure in analysis.comparable]
    told = worth_telling([(figure, *gap_of(figure, (first, second), rows, margin, bool(both))) for figure in figures])
    called = ("Now", "Before") if alone else ("First", "Second")
    tables = {
        "figures": figures_table(told, margin, called),
        "cohorts": cohorts_table(names, rows, both, margin, called),
    }
    if not alone:
        tables["tests"] = tests_of(told)
    result = ANALYSIS.answer(tables, first, n_used=sum(map(len, rows)), caveats=_caveats(both, told), **asked)
    return replace(result, n_in=len(first.table) + len(second.table))


def headline(tables: Tables) -> str:
    """Say what differs where that may be named, else how many figures are alike and how many cannot be told."""
    cohorts, rows = tables["cohorts"].first, tables["figures"].records
    first, second = (spoken(cohorts[name], "one cohort") for name in ("first_is", "second_is"))
    if any_missing(*(row["first_n"] for row in rows), cohorts["margin"]):
        return WITHHELD
    if "tests" not in tables:
        return f"{first} against {second}: {_counted(rows, cohorts['margin'])}."
    tests = tables["tests"].records
    named = [test["figure"] for test in tests if not test["primary"] and test["named"] is True]
    apart = [
        _apart(row)
        for row in rows
        if row["figure"] in named and not any_missing(row["first"], row["second"], row["low"], row["high"])
    ]
    if apart:
        return f"{first} against {second}: {'; '.join(apart[:2])}."
    if not any_missing(tests[0]["p"]) and tests[0]["p"] < LOOK:
        differ = [row["figure"].lower() for row in rows if row["verdict"] == "different"]
        which = f": {' and '.join(differ[:2])}" if differ else ""
        return f"Worth a look: {first} and {second} are not alike{which}."
    return f"No difference between {first} and {second} can be told from chance; {_counted(rows, cohorts['margin'])}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw every figure of both cohorts with its interval, and the difference with its own."""
    cohorts = tables["cohorts"].first
    labels = [spoken(cohorts[name], which) for name, which in (("first_is", "first"), ("second_is", "second"))]
    paired_intervals(
        tables["figures"].rows, axes, name="figure", left="first", left_low="first_low", left_high="first_high",
        right="second", right_low="second_low", right_high="second_high", left_label=labels[0],
        right_label=labels[1], difference="difference", low="low", high="high", verdict="verdict", n="first_n",
    )  # fmt: skip


def _span(first: Cohort, second: Cohort) -> Over:
    """Windows, unless they share deals and the focus quarters are two: a quarter is in its own trailing window."""
    overlap = _keys(first.window_rows) & _keys(second.window_rows)
    return "focus" if overlap and first.focus != second.focus else "window"


def _rows(cohort: Cohort, over: Over) -> pd.DataFrame:
    return cohort.focus_rows if over == "focus" else cohort.window_rows


def _keys(rows: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(rows["deal_id"], rows["quarter"], strict=True))


def _in_both(rows: tuple[pd.DataFrame, ...]) -> int:
    """Deals of both cohorts, those included that moved on from the quarter of one to the quarter of the other."""
    return len(set(rows[0]["deal_id"]) & set(rows[1]["deal_id"]))


def _names(first: Cohort, second: Cohort, over: Over) -> tuple[str, str]:
    """Say of each cohort what tells it from the other."""
    parts = [
        (each.noun, each.focus.label if over == "focus" else each.window_label, each.part) for each in (first, second)
    ]
    differing = [place for place in range(3) if parts[0][place] != parts[1][place]] or [0, 1]
    told = [", ".join(part[place] or "all deals" for place in differing) for part in parts]
    return told[0], told[1]


def _missing(
    cohorts: tuple[Cohort, Cohort], rows: tuple[pd.DataFrame, ...], names: tuple[str, str], over: Over, shared: int
) -> list[str]:
    if shared == len(rows[0]) == len(rows[1]) and shared:
        return [f"two different groups of deals: both hold the same {count(shared, 'deal')}"]
    asked = [each for each in cohorts if over == "focus" or each.window[-1] == each.focus]
    running = {each.focus.label: each.as_of for each in asked if not each.is_complete}
    few = [
        f"{ENOUGH.missing(len(part))} in {name}" for part, name in zip(rows, names, strict=True) if len(part) < LEAST_N
    ]
    return [f"the end of {quarter} (the data end on {day})" for quarter, day in running.items()] + few


def _caveats(both: int, told: list[Told]) -> tuple[str, ...]:
    caveats = []
    if both:
        caveats.append(
            f"{count(both, 'deal')} {'is' if both == 1 else 'are'} in both and count on both sides; the intervals "
            "allow for that."
        )
    if any(gap.estimate.status == "fallback" for _, gap, _, _ in told):
        caveats.append(
            "Too few sales people to see how far deals of one person are alike: intervals may be too narrow."
        )
    caveats.append("A difference between two groups of deals does not say where it comes from.")
    return tuple(caveats)


def _counted(rows: list[dict[str, Any]], margin: float) -> str:
    """Say how many figures are alike within the margin, how many are not, and what it takes to tell the others."""
    alike, apart, unknown = (
        sum(row["verdict"] == verdict for row in rows) for verdict in ("equivalent", "different", "cannot tell")
    )
    within = points(margin).lstrip("+")
    told = f"{alike} of {count(len(rows), 'figure')} {'is' if alike == 1 else 'are'} alike within {within}"
    if apart:
        told += f", {apart} {'is' if apart == 1 else 'are'} not"
    if unknown:
        told += f", for {unknown} it cannot be told yet"
    enough = [row["to_equal"] for row in rows if row["verdict"] == "cannot tell" and not any_missing(row["to_equal"])]
    return told + (f": that would take some {max(enough):,} deals on either side" if enough else "")


def _apart(row: dict[str, Any]) -> str:
    gap = f"{points(row['difference'])}, {interval_text(row['low'], row['high'], 'points')}"
    return f"{row['figure'].lower()} {per_cent(row['first'])} against {per_cent(row['second'])} ({gap})"


ANALYSIS = Analysis(compare, headline, draw, family="comparison", method=METHOD)
