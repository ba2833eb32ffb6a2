"""To whom deals were lost by the CRM's record and in the words of buyers, managers and analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.transition_grid import transition_grid
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATER_LABELS, heard, tally
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.schema import LOST_TO, UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clopper_pearson, paired_difference, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OTHERS = ("buyer", "manager", "analyst")
TOLD = Need(
    "reasons", ("lost_to",), 10, "losses of which the buyer says to whom they went",
    "ask buyers in interviews to whom the deal went, and write it down", "interviews",
    lambda cohort, rows: int(heard(cohort.book, lost_rows(rows)["deal_id"], "to", ("buyer",))["buyer"].notna().sum()),
)  # fmt: skip
METHOD = (
    "Losses of the window of which the buyer says to whom they went (or the code of whose main reason says it), set "
    "against the CRM's word: its lost-to field, else the reason, else the competitor marked as winner. Row shares in "
    "the grid: Clopper–Pearson intervals. Shares by rater on the same deals: Wilson; differences of two shares of the "
    "same deals: Bonett and Price. Losses without a record are kept as such on the CRM's side."
)


def lost_to_by_rater(cohort: Cohort) -> Result:
    """To whom were the deals lost by the record, and to whom in the buyers' words?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``grid``, one row a pair of answers, the record's and the buyer's: ``crm``, ``buyer`` (codes), ``record``,
        ``word`` (the same in plain words), ``deals``, ``n`` (losses with this record), ``share`` of them with ``low``
        and ``high`` (withheld below ten). Table ``alike``, one row a rater: ``rater``, ``recorded`` (losses with a
        recorded taker of which the rater spoke), ``same``, ``same_share`` with ``same_low`` and ``same_high``,
        ``silent`` (losses without a recorded taker of which the rater spoke). Table ``takers``, one row a rater and
        party: ``rater``, ``taker``, ``spoken`` (losses of which the rater spoke), ``crm_deals``, ``rater_deals``,
        ``crm_share``, ``rater_share``, and ``difference`` (record minus rater) with ``diff_low`` and ``diff_high``.

    Notes
    -----
    Refused below ten losses of which the buyer spoke.
    """
    if not TOLD.met(cohort):
        return ANALYSIS.lack(cohort, TOLD)
    lost = lost_rows(cohort.window_rows).drop_duplicates("deal_id")
    words = heard(cohort.book, lost["deal_id"], "to")
    words.insert(0, "crm", lost.set_index("deal_id")["lost_to"].reindex(words.index))
    spoken = words[words["buyer"].notna()]
    tables = {
        "grid": _grid(spoken, cohort),
        "alike": Table(pd.DataFrame(_alike(words)), _alike_columns(), "How often the record says the same"),
        "takers": Table(pd.DataFrame(_takers(words)), _taker_columns(), "The same losses by either", detail=True),
    }
    caveats = ("Only losses of which the buyer spoke are compared; they need not be like the others.",)
    return ANALYSIS.answer(tables, cohort, n_used=len(spoken), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how often buyers confirm the record, and how many of the silent losses they place."""
    row = tables["alike"].first
    if any_missing(row["recorded"], row["same"], row["silent"]):
        return WITHHELD
    silent = (
        f"; of {count(row['silent'], 'loss', 'losses')} more without a record they said it" if row["silent"] else ""
    )
    if not row["recorded"]:
        said = count(row["silent"], "loss", "losses")
        return f"Buyers said of {said} to whom they went, for none of which the record does."
    share = ""
    if not any_missing(row["same_share"], row["same_low"], row["same_high"]):
        share = f" ({per_cent(row['same_share'])}, {interval_text(row['same_low'], row['same_high'])})"
    return (
        f"Buyers confirmed to whom the deal was lost for {row['same']} of "
        f"{count(row['recorded'], 'loss', 'losses')} with a record{share}{silent}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the record's word against the buyer's, losses and shares of each row."""
    transition_grid(
        tables["grid"].rows, axes, before="crm", after="buyer", n="deals", order=LOST_TO, labels=LOST_TO_LABELS,
        before_label="the record", after_label="the buyer says", noun="loss",
    )  # fmt: skip


def _grid(spoken: pd.DataFrame, cohort: Cohort) -> Table:
    made = []
    for record in [each for each in LOST_TO if (spoken["crm"] == each).any()]:
        of_record = spoken.loc[spoken["crm"] == record, "buyer"]
        for word, deals in zip(LOST_TO, tally(of_record, LOST_TO), strict=True):
            if word != UNKNOWN:
                found = clopper_pearson(deals, len(of_record))
                made.append({"crm": record, "buyer": word, "record": LOST_TO_LABELS[record],
                             "word": LOST_TO_LABELS[word], "deals": deals, "n": len(of_record),
                             "share": found.estimate, "low": found.low, "high": found.high})  # fmt: skip
    columns = (
        Column("crm", "label", "Code", shown=False),
        Column("buyer", "label", "Code", shown=False),
        Column("record", "label", "The record says"),
        Column("word", "label", "The buyer says"),
        Column("deals", "count", "Losses"),
        Column("n", "count", "With this record"),
        Column("share", "estimate", "Share of the record's (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(made), columns, f"The record against the buyer's word, {cohort.window_label}")


def _alike(words: pd.DataFrame) -> list[dict[str, Any]]:
    made = []
    for rater in OTHERS:
        spoken = words[words[rater].notna()]
        recorded = spoken[spoken["crm"] != UNKNOWN]
        if len(spoken):
            same = int((recorded["crm"] == recorded[rater]).sum())
            found = clopper_pearson(same, len(recorded))
            made.append({"rater": RATER_LABELS[rater], "recorded": len(recorded), "same": same,
                         "same_share": found.estimate, "same_low": found.low, "same_high": found.high,
                         "silent": len(spoken) - len(recorded)})  # fmt: skip
    return made


def _takers(words: pd.DataFrame) -> list[dict[str, Any]]:
    made = []
    for rater in OTHERS:
        spoken = words[words[rater].notna()]
        for taker in LOST_TO if len(spoken) else ():
            record, word = spoken["crm"] == taker, spoken[rater] == taker
            shares = [wilson(int(side.sum()), len(spoken)) for side in (record, word)]
            apart = paired_difference(int((record & ~word).sum()), int((word & ~record).sum()), len(spoken))
            made.append({"rater": RATER_LABELS[rater], "taker": LOST_TO_LABELS[taker], "spoken": len(spoken),
                         "crm_deals": int(record.sum()), "rater_deals": int(word.sum()),
                         "crm_share": shares[0].estimate, "rater_share": shares[1].estimate,
                         "difference": apart.estimate, "diff_low": apart.low, "diff_high": apart.high})  # fmt: skip
    return made


def _alike_columns() -> tuple[Column, ...]:
    return (
        Column("rater", "label", "Who"),
        Column("recorded", "count", "Spoke of losses with a record"),
        Column("same", "count", "Said the same"),
        Column("same_share", "estimate", "Share (95% interval)", "share", low="same_low", high="same_high"),
        Column("same_low", "estimate", "Low", "share", shown=False),
        Column("same_high", "estimate", "High", "share", shown=False),
        Column("silent", "count", "Spoke of losses without a record"),
    )


def _taker_columns() -> tuple[Column, ...]:
    return (
        Column("rater", "label", "Who"),
        Column("taker", "label", "Lost to"),
        Column("spoken", "count", "Losses spoken of"),
        Column("crm_deals", "count", "By the record"),
        Column("rater_deals", "count", "In the rater's words"),
        Column("crm_share", "estimate", "Share by the record", "share"),
        Column("rater_share", "estimate", "Share in the rater's words", "share"),
        Column("difference", "estimate", "Difference (95% interval)", "points", low="diff_low", high="diff_high"),
        Column("diff_low", "estimate", "Low", "points", shown=False),
        Column("diff_high", "estimate", "High", "points", shown=False),
    )


ANALYSIS = Analysis(lost_to_by_rater, headline, draw, family="fact", method=METHOD, needs=(TOLD,))
