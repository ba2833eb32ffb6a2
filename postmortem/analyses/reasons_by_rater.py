"""Which reasons sales people, managers, analysts and buyers gave for the same losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATER_LABELS, RATERS_LABELS, main_words, side_by_side, spoken_on, words_on
from postmortem.ground.formats import count
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import paired_difference, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OTHERS = ("buyer", "manager", "analyst")
PRICE = "price"
SHOWN = 10
MAIN, ANY = "main", "any"
SEVERAL = Need(
    "reasons", ("code",), 1, "losses on which the sales person and someone else gave a main reason",
    "interview buyers of lost deals, or have losses reviewed", "interviews",
    lambda cohort, rows: _shared(cohort, lost_rows(rows)["deal_id"]),
)  # fmt: skip
METHOD = (
    "Losses of the window on which the sales person and another kind of rater both gave a main reason the taxonomy "
    "knows; each kind of rater is compared with the sales person on these same deals. A reason given more closely "
    "(“could not choose” for “could not decide”) counts as the broader one. Shares: Wilson intervals; differences of "
    "two shares of the same deals: Bonett and Price. Nothing is tested here."
)


def reasons_by_rater(cohort: Cohort) -> Result:
    """Which reasons do the sales person, the buyer and others give for the same lost deals?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled, as one quarter seldom holds enough of such deals.

    Returns
    -------
    Result
        Table ``reasons``, one row a rater beside the sales person, rank and reason: ``rater``, ``reason``, ``rank``
        (main, or any of those given), ``deals`` (losses on which both spoke), ``rep`` and ``other`` (those
        with this reason by the sales person and by the other one), ``rep_share`` with ``rep_low`` and ``rep_high``,
        ``other_share`` with ``other_low`` and ``other_high``, ``difference`` with ``low`` and ``high`` (sales person
        minus other); shares and differences are withheld below ten deals. Table ``price``, one row a rater beside the
        sales person and rank, the same columns for every reason with price in it. Table ``spoke``, one row a kind of
        rater: ``rater``, ``deals`` (losses it gave a main reason for), ``lost`` (all losses).

    Notes
    -----
    Refused where there is no such loss.
    """
    if not SEVERAL.met(cohort):
        return ANALYSIS.lack(cohort, SEVERAL)
    lost = lost_rows(cohort.window_rows)
    words = words_on(cohort.book, lost["deal_id"])
    beside = side_by_side(main_words(words))
    reasons, price = [], []
    for other in OTHERS:
        both = beside.index[beside[["rep", other]].notna().all(axis=1)]
        if len(both):
            said = words[words["deal_id"].isin(both) & words["rater_type"].isin(("rep", other))]
            pair = beside.loc[both, ["rep", other]].reset_index()
            main = pair.melt("deal_id", var_name="rater_type", value_name="reason")
            for rank, rows in ((MAIN, main), (ANY, said)):
                reasons += _compared(rows, other, rank, len(both))
                priced = rows[rows["reason"].isin(_price_labels(cohort))].assign(reason="Price")
                price += _compared(priced, other, rank, len(both), always="Price")
    spoke = pd.DataFrame(
        {
            "rater": list(RATER_LABELS.values()),
            "deals": [int(beside[rater].notna().sum()) for rater in RATER_LABELS],
            "lost": lost["deal_id"].nunique(),
        }
    )
    tables = {
        "reasons": _table(reasons, f"Reasons side by side, {cohort.window_label}", detail=True),
        "price": _table(price, f"Who says price, {cohort.window_label}", detail=False),
        "spoke": Table(spoke, _spoke_columns(), "On how many losses each gave a main reason", detail=True),
    }
    caveats = (
        "Only losses on which both spoke are compared; they need not be like the others.",
        "A buyer's word is a report as well, given after the fact to someone who sells.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=_shared(cohort, lost["deal_id"]), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say for how many of the same losses each of the two gave price as the main reason, and what the other said."""
    price, rows = tables["price"].first, tables["reasons"].rows
    if any_missing(price["deals"], price["rep"], price["other"]):
        return WITHHELD
    other = {label: RATERS_LABELS[rater] for rater, label in RATER_LABELS.items()}[price["rater"]].lower()
    told = (
        f"On {count(price['deals'], 'loss', 'losses')} with a main reason from both, sales people gave price for "
        f"{price['rep']} and {other} for {price['other']}"
    )
    main = rows[(rows["rater"] == price["rater"]) & (rows["rank"] == MAIN)].sort_values(
        ["other", "reason"], ascending=[False, True]
    )
    if main["other"].isna().any() or not len(main):
        return f"{told}."
    top = main.iloc[0]
    return f"{told}; {other} named “{top['reason']}” most often ({top['other']}, sales people {top['rep']})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw main reason by main reason the share of the same losses on which either gave it."""
    rows = tables["reasons"].rows
    rater = rows["rater"].iloc[0]
    main = rows[(rows["rater"] == rater) & (rows["rank"] == MAIN)].head(SHOWN)
    paired_intervals(
        main, axes, name="reason", left="rep_share", left_low="rep_low", left_high="rep_high", right="other_share",
        right_low="other_low", right_high="other_high", left_label=RATER_LABELS["rep"], right_label=str(rater),
        difference="difference", low="low", high="high", n="deals", noun="loss",
    )  # fmt: skip


def _shared(cohort: Cohort, deals: pd.Series) -> int:
    """Count the deals on which the sales person and anyone else gave a main reason."""
    spoke = spoken_on(cohort.book, deals)
    return len(spoke["rep"] & set().union(*(spoke[other] for other in OTHERS)))


def _price_labels(cohort: Cohort) -> list[str]:
    return [reason.label for reason in cohort.book.taxonomy.reasons if PRICE in reason.code]


def _compared(rows: pd.DataFrame, other: str, rank: str, n: int, *, always: str = "") -> list[dict[str, Any]]:
    """Return one row a reason that either gave on the `n` deals, the most frequent one first."""
    given = {
        rater: {str(name): set(own) for name, own in rows[rows["rater_type"] == rater].groupby("reason")["deal_id"]}
        for rater in ("rep", other)
    }
    nobody: set[str] = set()
    made = []
    for reason in sorted({*given["rep"], *given[other], *([always] if always else [])}):
        ours, theirs = given["rep"].get(reason, nobody), given[other].get(reason, nobody)
        shares = [wilson(len(deals), n) for deals in (ours, theirs)]
        apart = paired_difference(len(ours - theirs), len(theirs - ours), n)
        made.append(
            {
                "rater": RATER_LABELS[other], "reason": reason, "rank": rank, "deals": n, "rep": len(ours),
                "other": len(theirs), "rep_share": shares[0].estimate, "rep_low": shares[0].low,
                "rep_high": shares[0].high, "other_share": shares[1].estimate, "other_low": shares[1].low,
                "other_high": shares[1].high, "difference": apart.estimate, "low": apart.low, "high": apart.high,
            }
        )  # fmt: skip
    return sorted(made, key=lambda row: (-max(row["rep"], row["other"]), -row["rep"], row["reason"]))


def _table(made: list[dict[str, Any]], title: str, *, detail: bool) -> Table:
    columns = _columns()
    return Table(pd.DataFrame(made)[[column.name for column in columns]], columns, title, detail)


def _columns() -> tuple[Column, ...]:
    hidden = [
        Column(name, "estimate", "Limit", "share", shown=False)
        for name in ("rep_low", "rep_high", "other_low", "other_high")
    ]
    return (
        Column("rater", "label", "Compared with"),
        Column("reason", "label", "Reason"),
        Column("rank", "label", "Given"),
        Column("deals", "count", "Both spoke"),
        Column("rep", "count", "Sales person"),
        Column("other", "count", "Other"),
        Column("rep_share", "estimate", "Sales person (95%)", "share", low="rep_low", high="rep_high"),
        Column("other_share", "estimate", "Other (95%)", "share", low="other_low", high="other_high"),
        Column("difference", "estimate", "Difference (95%)", "points", low="low", high="high"),
        *hidden,
        *(Column(name, "estimate", "Limit", "points", shown=False) for name in ("low", "high")),
    )


def _spoke_columns() -> tuple[Column, ...]:
    return (
        Column("rater", "label", "Who"),
        Column("deals", "count", "Losses with a main reason"),
        Column("lost", "count", "Lost deals"),
    )


ANALYSIS = Analysis(reasons_by_rater, headline, draw, family="fact", method=METHOD, needs=(SEVERAL,))
