"""Whether the reasons on record are still the same ones: this quarter against those before, under one taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.correction import spanned
from postmortem.frames.raters import main_words, words_on
from postmortem.ground.errors import DataError
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import compared_shares, homogeneity_of, wilson
from postmortem.stats.estimate import p_beside
from postmortem.taxonomies import comparable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Split = Literal["focus", "halves"]
LOOK, SHOWN, LEAST = 0.05, 12, 10
LEAST_QUARTERS, WIDER = 2, "pool more quarters ([frame] window)"
CROSSWALK = 'give the code that carries its meaning replaces = ["old_code"], or code these losses again'
WRITTEN = Need(
    "deals", ("loss_reason_raw",), 2 * LEAST, "losses with a main reason of the sales person",
    "add the loss reason to the export, or have losses reviewed", "reason",
    lambda cohort, rows: len(_told(cohort, rows)),
)  # fmt: skip
METHOD = (
    "The sales people's main reasons on losses of the focus quarter against those of the other quarters of the window "
    "(or its second half against its first), over the losses that have one. Codes of an earlier version of the "
    "taxonomy are read in the codes that replace them; with a code that nothing replaces nothing is compared. Whether "
    "the mix of reasons moved at all is the declared test: chi-squared of homogeneity, by permutation where an "
    "expected count is below five. Each reason's difference has Newcombe's interval, its score test is adjusted "
    "among the reasons (Benjamini and Hochberg). A direction is said only of reasons that pass the gate over all "
    "tests of the report (false discovery rate .03). What moved is what was written down, by whomever it was written."
)


def reasons_over_time(cohort: Cohort, *, split: Split = "focus") -> Result:
    """Are the reasons on record still the ones of the quarters before?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the focus quarter must have ended.
    split : str
        ``focus`` sets the focus quarter against the rest of the window, ``halves`` the second half of the window
        against the first.

    Returns
    -------
    Result
        Table ``reasons``, one row a main reason, most frequent first: ``reason``, ``before`` and ``now`` (losses),
        ``before_share`` with ``before_low`` and ``before_high``, ``now_share`` with ``now_low`` and ``now_high``
        (95%), ``difference`` (now minus before) with ``low`` and ``high`` (95%; withheld for rare reasons),
        ``adjusted`` (its p-value among all reasons). Table ``sides``, one row: ``period`` and ``earlier`` (quarters),
        ``now`` and ``before`` (losses with a reason), ``now_lost`` and ``before_lost`` (all losses). Table ``tests``,
        one row for all reasons at once (primary) and one a reason: ``hypothesis``, ``reason``, ``primary``, ``p``,
        ``named``.

    Notes
    -----
    Refused while the quarter runs, below ten losses with a main reason on either side, and where a code of another
    version of the taxonomy has no successor in this one.
    """
    if split == "focus" and not cohort.is_complete:
        ends = f"the end of {cohort.focus.label}, as its losses to the status quo close last"
        return ANALYSIS.refuse(cohort, ends, unlock="ask again once it has ended", split=split)
    strange = _without_successor(cohort)
    if strange:
        return ANALYSIS.refuse(cohort, strange, unlock=CROSSWALK, split=split)
    if not WRITTEN.met(cohort):
        return ANALYSIS.lack(cohort, WRITTEN, split=split)
    told = _told(cohort, cohort.window_rows)
    if len(cohort.window) < LEAST_QUARTERS:
        return ANALYSIS.refuse(cohort, "quarters before, to compare with", unlock=WIDER, split=split)
    late = _late(cohort, split)
    now = told["quarter"].isin(late)
    sides = _sides(cohort, now, late)
    for side, where in ((int(now.sum()), sides.first["period"]), (int((~now).sum()), sides.first["earlier"])):
        if side < LEAST:
            few = f"{side} of the {LEAST} losses with a main reason of the sales person needed in {where}"
            return ANALYSIS.refuse(cohort, few, unlock=WRITTEN.unlock, split=split)
    reasons, p = _reasons(told["reason"], now)
    tables = {"reasons": reasons, "sides": sides, "tests": _tests(told["reason"], now, p)}
    row = sides.first
    written = [row["now"] / row["now_lost"], row["before"] / row["before_lost"]]
    caveats = (
        "These are the sales people's words: a change of habit looks like a change of reasons.",
        f"A main reason is on record for {per_cent(written[0])} of the losses now, {per_cent(written[1])} before.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(told), caveats=caveats, split=split)


def headline(tables: Tables) -> str:
    """Say whether the mix of reasons moved, and which moved where that may be named."""
    side, test, rows = tables["sides"].first, tables["tests"].first, tables["reasons"].rows
    if any_missing(side["now"], side["before"], *rows["now"], *rows["before"]):
        return WITHHELD
    losses = count(side["now"], "loss", "losses")
    told = f"Main reasons of {losses} in {side['period']} against {side['before']:,} in {side['earlier']}"
    shown = rows.dropna(subset=["difference", "low", "high"])
    if any_missing(test["p"]) or shown.empty:
        return f"{told}: too few of a kind, or too few kinds, to compare."
    if test["named"] is True:
        secondary = tables["tests"].rows.iloc[1:]
        named = shown[shown["reason"].isin(secondary.loc[secondary["named"].fillna(False), "reason"])]
        apart = "; ".join(_moved(row) for row in named.head(2).to_dict("records"))
        return f"{told}: another mix, by more than chance{f': {apart}' if apart else ''}."
    if test["p"] < LOOK:
        return f"{told}. Worth a look: the mix is another one."
    most = max(shown.to_dict("records"), key=lambda row: abs(row["difference"]))
    widest = f"largest move: “{spoken(most['reason'], 'one reason')}”, {points(most['difference'])}"
    return f"{told}: no move can be told from chance ({widest}, {interval_text(most['low'], most['high'], 'points')})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw every reason's share before and now with intervals, and how far the two are apart."""
    side = tables["sides"].first
    paired_intervals(
        tables["reasons"].rows.head(SHOWN), axes, name="reason", left="before_share", left_low="before_low",
        left_high="before_high", right="now_share", right_low="now_low", right_high="now_high",
        left_label=str(side["earlier"]), right_label=str(side["period"]), difference="difference", low="low",
        high="high", n="now", noun="loss",
    )  # fmt: skip


def _moved(row: dict[Any, Any]) -> str:
    span = interval_text(row["low"], row["high"], "points")
    shares = f"{per_cent(row['now_share'])} after {per_cent(row['before_share'])}"
    return f"“{spoken(row['reason'], 'one reason')}” {shares} ({points(row['difference'])}, {span})"


def _told(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the losses with a main reason of the sales person: its label, and the quarter."""
    lost = lost_rows(rows).sort_values(["quarter", "deal_id"], kind="stable", ignore_index=True)
    words = main_words(words_on(cohort.book, lost["deal_id"]))
    own = words[words["rater_type"] == "rep"].set_index("deal_id")["reason"]
    made = pd.DataFrame({"quarter": lost["quarter"], "reason": lost["deal_id"].map(own)})
    known: pd.DataFrame = made.dropna(subset=["reason"]).reset_index(drop=True)
    return known


def _without_successor(cohort: Cohort) -> str:
    """Say which codes of another version have no meaning in this one; empty where all have."""
    reasons, taxonomy = cohort.book.table("reasons"), cohort.book.taxonomy
    lost = lost_rows(cohort.window_rows)["deal_id"]
    own = reasons[
        reasons["deal_id"].isin(lost)
        & (reasons["rater_type"] == "rep")
        & reasons["code"].notna()
        & reasons["taxonomy_version"].notna()
        & (reasons["taxonomy_version"] != taxonomy.stamp)
    ]
    try:
        comparable(sorted(own["code"].unique()), taxonomy)
    except DataError as error:
        return f"a successor in {taxonomy.stamp} for codes of an earlier version ({len(error.rows)} have none)"
    return ""


def _late(cohort: Cohort, split: str) -> list[str]:
    quarters = [quarter.label for quarter in cohort.window]
    return [cohort.focus.label] if split == "focus" else quarters[(len(quarters) + 1) // 2 :]


def _sides(cohort: Cohort, now: pd.Series, late: list[str]) -> Table:
    lost = lost_rows(cohort.window_rows)["quarter"]
    early = [quarter.label for quarter in cohort.window if quarter.label not in late]
    span = [" to ".join(dict.fromkeys((names[0], names[-1]))) if names else "no quarter" for names in (late, early)]
    frame = pd.DataFrame(
        {
            "period": span[:1], "earlier": span[1:], "now": [int(now.sum())], "before": [int((~now).sum())],
            "now_lost": [int(lost.isin(late).sum())], "before_lost": [int((~lost.isin(late)).sum())],
        }
    )  # fmt: skip
    columns = (
        Column("period", "label", "Now"),
        Column("earlier", "label", "Before"),
        Column("now", "count", "Losses with a main reason, now"),
        Column("before", "count", "The same before"),
        Column("now_lost", "count", "Losses now"),
        Column("before_lost", "count", "Losses before"),
    )
    return Table(frame, columns, "What is set against what", detail=True)


def _reasons(reason: pd.Series, now: pd.Series) -> tuple[Table, dict[str, float]]:
    """Return the reasons side by side, and the p-value of each one that can be compared."""
    sizes = reason.value_counts()
    ordered = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    after, before = (np.array([int((reason[side] == name).sum()) for name in ordered]) for side in (now, ~now))
    n_after, n_before = int(now.sum()), int((~now).sum())
    compared = compared_shares(after, np.full(len(ordered), n_after), before, np.full(len(ordered), n_before))
    made = []
    for name, k, j, found in zip(ordered, after, before, compared, strict=True):
        gap, later, earlier = found.difference, wilson(int(k), n_after), wilson(int(j), n_before)
        made.append(
            {
                "reason": name, "before": int(j), "before_share": earlier.estimate, "before_low": earlier.low,
                "before_high": earlier.high, "now": int(k), "now_share": later.estimate, "now_low": later.low,
                "now_high": later.high, "difference": gap.estimate, "low": gap.low, "high": gap.high,
                "adjusted": found.adjusted,
            }
        )  # fmt: skip
    columns = (
        Column("reason", "label", "Main reason on record"),
        Column("before", "count", f"Before, of {n_before:,}"),
        *spanned("before_share", "Share before", "before_low", "before_high"),
        Column("now", "count", f"Now, of {n_after:,}"),
        *spanned("now_share", "Share now", "now_low", "now_high"),
        *spanned("difference", "Now minus before (95% interval)", "low", "high", "points"),
        Column("adjusted", "estimate", "Chance of it if alike, among all reasons"),
    )
    table = Table(pd.DataFrame(made), columns, "Main reasons on record, before and now")
    return table, {
        name: p_beside(found.p, found.difference.low, found.difference.high)
        for name, found in zip(ordered, compared, strict=True)
        if found.difference.status != "refused"
    }


def _tests(reason: pd.Series, now: pd.Series, p: dict[str, float]) -> Table:
    whole = homogeneity_of(list(reason), list(now))
    rows: list[dict[str, Any]] = [
        {"hypothesis": "the mix of main reasons on record is another one than before", "primary": True, "p": whole.p}
    ]
    rows += [
        {"hypothesis": "one reason's share differs from before", "primary": False, "reason": name, "p": chance}
        for name, chance in p.items()
    ]
    return tests_table("Whether the reasons moved", rows, group=Column("reason", "label", "Reason"))


ANALYSIS = Analysis(reasons_over_time, headline, draw, family="comparison", method=METHOD, needs=(WRITTEN,))
