"""The reasons given for won deals beside those given for lost ones, by the same kind of rater."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.raters import RATER_LABELS, RATERS_LABELS, heard, spoken_on
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import newcombe, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The buyer's word first: it is the one that was not written by the seller.
ORDER = ("buyer", "rep", "manager", "analyst")
SHOWN, LEAST = 10, 10
WON = Need(
    "reasons", ("code",), LEAST, "won deals with a main reason, and as many lost ones by the same kind of rater",
    "ask buyers of won deals the same questions, or export the CRM's win reason", "interviews",
    lambda cohort, rows: max(min(pair) for pair in _told(cohort, rows).values()),
)  # fmt: skip
METHOD = (
    "Won and lost deals of the window on which one kind of rater gave a main reason the taxonomy knows; the CRM's loss "
    "and win reasons are the sales people's, read by one map, unless their word is on record otherwise. A reason given "
    "more closely counts as the broader one. On a won deal a code names what the decision turned on, on a lost one "
    "what it failed on. Shares: Wilson; differences: Newcombe, withheld below ten deals on a side or five with the "
    "reason. Nothing is tested here: the same words need not mean the same on both sides."
)


def why_we_win(cohort: Cohort) -> Result:
    """Which reasons are given for won deals, and which for lost ones?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``reasons``, one row a kind of rater with enough of both and a reason, the buyers first: ``rater``,
        ``reason``, ``won`` and ``won_n`` (won deals with this reason, and with any), ``won_share`` with ``won_low`` and
        ``won_high``, ``lost``, ``lost_n``, ``lost_share`` with ``lost_low`` and ``lost_high``, ``n`` (both together),
        ``difference`` (won minus lost) with ``low`` and ``high``.

    Notes
    -----
    Refused unless one kind of rater gave a main reason for ten won and ten lost deals.
    """
    told = _told(cohort, cohort.window_rows)
    enough = [rater for rater in ORDER if min(told[rater]) >= WON.least]
    if not enough:
        return ANALYSIS.lack(cohort, WON)
    words = {side: _heard(cohort, rows) for side, rows in _sides(cohort.window_rows).items()}
    made = [
        row for rater in enough for row in _compared(words["won"][rater].dropna(), words["lost"][rater].dropna(), rater)
    ]
    columns = _columns()
    frame = pd.DataFrame(made)[[column.name for column in columns]]
    tables = {"reasons": Table(frame, columns, f"Won and lost, {cohort.window_label}")}
    caveats = (
        "Who gives a reason for a win is chosen otherwise than who gives one for a loss; compare the two with care.",
    )
    used = sum(int(side[enough].notna().any(axis=1).sum()) for side in words.values())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=caveats)


def headline(tables: Tables) -> str:
    """Say which reason is given most often for won deals, and how often the same is given for lost ones."""
    rows = tables["reasons"].rows
    first = rows[rows["rater"] == rows["rater"].iloc[0]]
    if first[["won", "won_n", "won_low", "lost", "lost_n", "lost_low"]].isna().any(axis=None):
        return WITHHELD
    row = first.sort_values(["won", "reason"], ascending=[False, True]).iloc[0]
    if any_missing(row["reason"], row["rater"]):
        return WITHHELD
    who = {label: RATERS_LABELS[rater] for rater, label in RATER_LABELS.items()}[row["rater"]]
    return (
        f"{who} named “{row['reason']}” most often for won deals: {row['won']} of {count(row['won_n'], 'win')} "
        f"({per_cent(row['won_share'])}, {interval_text(row['won_low'], row['won_high'])}), beside {row['lost']} of "
        f"{count(row['lost_n'], 'loss', 'losses')} ({per_cent(row['lost_share'])}, "
        f"{interval_text(row['lost_low'], row['lost_high'])})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw reason by reason its share of won deals and of lost ones, in the words of the first kind of rater."""
    rows = tables["reasons"].rows
    paired_intervals(
        rows[rows["rater"] == rows["rater"].iloc[0]].head(SHOWN), axes, name="reason", left="won_share",
        left_low="won_low", left_high="won_high", right="lost_share", right_low="lost_low", right_high="lost_high",
        left_label="won deals", right_label="lost deals", difference="difference", low="low", high="high", n="n",
    )  # fmt: skip


def _sides(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"won": won_rows(rows), "lost": lost_rows(rows)}


def _heard(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    return heard(cohort.book, rows["deal_id"])


def _told(cohort: Cohort, rows: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return by kind of rater how many won and how many lost deals it gave a main reason for."""
    won, lost = (spoken_on(cohort.book, side["deal_id"]) for side in _sides(rows).values())
    return {rater: (len(won[rater]), len(lost[rater])) for rater in ORDER}


def _compared(won: pd.Series, lost: pd.Series, rater: str) -> list[dict[str, Any]]:
    made = []
    for reason in sorted({*won, *lost}):
        counts = [int((side == reason).sum()) for side in (won, lost)]
        shares = [wilson(counts[0], len(won)), wilson(counts[1], len(lost))]
        apart = newcombe(counts[0], len(won), counts[1], len(lost))
        made.append(
            {
                "rater": RATER_LABELS[rater], "reason": reason, "won": counts[0], "won_n": len(won),
                "won_share": shares[0].estimate, "won_low": shares[0].low, "won_high": shares[0].high,
                "lost": counts[1], "lost_n": len(lost), "lost_share": shares[1].estimate, "lost_low": shares[1].low,
                "lost_high": shares[1].high, "n": len(won) + len(lost), "difference": apart.estimate,
                "low": apart.low, "high": apart.high,
            }
        )  # fmt: skip
    return sorted(made, key=lambda row: (-max(row["won_share"], row["lost_share"]), row["reason"]))


def _columns() -> tuple[Column, ...]:
    hidden = [Column(name, "estimate", "Limit", "share", shown=False)
              for name in ("won_low", "won_high", "lost_low", "lost_high")]  # fmt: skip
    return (
        Column("rater", "label", "Who says so"),
        Column("reason", "label", "Reason"),
        Column("won", "count", "Won deals"),
        Column("won_n", "count", "Of"),
        Column("won_share", "estimate", "Share of wins (95% interval)", "share", low="won_low", high="won_high"),
        Column("lost", "count", "Lost deals"),
        Column("lost_n", "count", "Of"),
        Column("lost_share", "estimate", "Share of losses (95%)", "share", low="lost_low", high="lost_high"),
        Column("n", "count", "Both", shown=False),
        Column("difference", "estimate", "Difference (95%)", "points", low="low", high="high"),
        *hidden,
        *(Column(name, "estimate", "Limit", "points", shown=False) for name in ("low", "high")),
    )


ANALYSIS = Analysis(why_we_win, headline, draw, family="rate", method=METHOD, needs=(WON,))
