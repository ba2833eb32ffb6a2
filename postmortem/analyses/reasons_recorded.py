"""The reasons that were written down for the quarter's losses, by who said so and by who took the deal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATER_LABELS
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, per_cent
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NO_REASON = "No reason recorded"
ONLY_TAKER = "Only who took it, no reason"
NO_CODE = "A reason the taxonomy does not know"
NAMED_TOGETHER = 2
SILENT = (NO_REASON, ONLY_TAKER, NO_CODE)
WRITTEN = Need(
    "deals", ("loss_reason_raw",), 1, "lost deals with a reason on record",
    "add the loss reason to the export, or have losses reviewed", "reason",
    lambda cohort, rows: _labelled(cohort, lost_rows(rows))["deal_id"].nunique(), "focus",
)  # fmt: skip
METHOD = (
    "Counts of the focus quarter over all its lost deals; nothing is estimated. A deal with several reasons "
    "counts under each as contributing and under none as primary. A reason is what the rater says, not why the "
    "deal was lost: raters are shown apart and never merged."
)


def reasons_recorded(cohort: Cohort) -> Result:
    """Which reasons were written down for the lost deals, and by whom?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``reasons``, one row per rater and reason: ``rater``, ``reason``, ``rank`` (primary or
        contributing), ``deals``, ``share`` of all lost deals. Table ``by_taker``, one row per reason and
        party, the rep's primary reason only: ``reason``, ``fate`` (code), ``taker``, ``deals``. Table ``silent``,
        one row: ``lost`` (deals), ``coded`` (with a primary or contributing reason of the rep that the taxonomy
        knows), ``none`` (nothing written by the rep).

    Notes
    -----
    Refused when no lost deal of the quarter carries a reason of any rater.
    """
    lost = lost_rows(cohort.focus_rows)
    reasons = _labelled(cohort, lost)
    if not WRITTEN.met(cohort):
        missing = f"{WRITTEN.missing(0)}; {count(len(lost), 'deal')} lost in {cohort.focus.label}"
        return ANALYSIS.refuse(cohort, missing, unlock=WRITTEN.unlock, gap=WRITTEN.gap(cohort))
    counted = reasons.groupby(["rater_type", "rank", "reason"], sort=False)["deal_id"].nunique()
    frame = counted.reset_index(name="deals")
    silent = len(lost) - reasons.loc[reasons["rater_type"] == "rep", "deal_id"].nunique()
    if silent:
        blank = pd.DataFrame({"rater_type": ["rep"], "rank": ["primary"], "reason": [NO_REASON], "deals": [silent]})
        frame = pd.concat([frame, blank], ignore_index=True)
    frame = frame.sort_values(["rater_type", "rank", "deals", "reason"], ascending=[False, False, False, True])
    frame = pd.DataFrame(
        {
            "rater": frame["rater_type"].map(RATER_LABELS),
            "reason": frame["reason"],
            "rank": frame["rank"],
            "deals": frame["deals"].astype("int64"),
            "share": frame["deals"] / len(lost),
        }
    ).reset_index(drop=True)
    columns = (
        Column("rater", "label", "Who says so"),
        Column("reason", "label", "Reason"),
        Column("rank", "label", "Rank"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", f"Share of {len(lost)} lost", "share"),
    )
    tables = {
        "reasons": Table(frame, columns, f"Reasons on record for the lost deals of {cohort.focus.label}", detail=True),
        "by_taker": _by_taker(lost, reasons),
        "silent": _silent(lost, reasons, silent),
    }
    caveats = ("A reason on record is one person's word. The buyer may see it differently.",)
    return ANALYSIS.answer(tables, cohort, n_used=reasons["deal_id"].nunique(), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say which reason the reps wrote most often and how many losses carry none."""
    rows = tables["reasons"].rows
    lost, none = (tables["silent"].first[name] for name in ("lost", "none"))
    told = rows[(rows["rater"] == RATER_LABELS["rep"]) & (rows["rank"] == "primary") & ~rows["reason"].isin(SILENT)]
    if any_missing(lost, none, *told["deals"]):
        return WITHHELD
    blank = f"for {none} they wrote nothing" if none else "every loss carries an entry of theirs"
    if told.empty:
        return f"Sales people gave no main reason that can be counted for any of {count(lost, 'lost deal')}; {blank}."
    most = told["deals"].max()
    top = sorted(told.loc[told["deals"] == most, "reason"])
    if len(top) > NAMED_TOGETHER:
        return f"No main reason of the sales people stands out among {count(lost, 'lost deal')}; {blank}."
    named, each = " and ".join(f"“{reason}”" for reason in top), " each" if len(top) > 1 else ""
    return (
        f"Sales people gave {named} as the main reason most often, for {most} of "
        f"{count(lost, 'lost deal')}{each} ({per_cent(most / lost)}); {blank}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how many losses carry each main reason, in the sales people's words."""
    rows = tables["reasons"].rows
    main = rows[(rows["rater"] == RATER_LABELS["rep"]) & (rows["rank"] == "primary")]
    ranked_bars(main, axes, name="reason", value="deals")


def _labelled(cohort: Cohort, lost: pd.DataFrame) -> pd.DataFrame:
    """Return the raters' words on these losses, one row a reason, with its label."""
    reasons = cohort.book.table("reasons")
    reasons = reasons[reasons["deal_id"].isin(lost["deal_id"])]
    labels = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
    only_taker = reasons["code"].isna() & reasons["lost_to"].notna()
    label = reasons["code"].map(labels).fillna(NO_CODE).mask(only_taker, ONLY_TAKER)
    return reasons.assign(reason=label.astype("str"))


def _by_taker(lost: pd.DataFrame, reasons: pd.DataFrame) -> Table:
    main = reasons[(reasons["rater_type"] == "rep") & (reasons["rank"] == "primary")]
    main = main.drop_duplicates("deal_id", keep="last")
    several = reasons.loc[reasons["rater_type"] == "rep", "deal_id"]
    label = lost["deal_id"].map(main.set_index("deal_id")["reason"]).astype("str")
    label = label.fillna("Several, none of them main").where(lost["deal_id"].isin(several), NO_REASON)
    pairs = pd.DataFrame({"reason": label, "lost_to": lost["lost_to"]})
    frame = pairs.groupby(["reason", "lost_to"]).size().reset_index(name="deals")
    totals = frame.groupby("reason")["deals"].transform("sum")
    frame = frame.assign(total=totals).sort_values(["total", "reason", "lost_to"], ascending=[False, True, True])
    frame = pd.DataFrame(
        {
            "reason": frame["reason"].astype("str"),
            "fate": ("lost_" + frame["lost_to"]).astype("str"),
            "taker": frame["lost_to"].map(LOST_TO_LABELS).astype("str"),
            "deals": frame["deals"].astype("int64"),
        }
    ).reset_index(drop=True)
    columns = (
        Column("reason", "label", "Main reason (sales person)"),
        Column("fate", "label", "Code", shown=False),
        Column("taker", "label", "Who took it"),
        Column("deals", "count", "Deals"),
    )
    return Table(frame, columns, "The same, by who took the deal", detail=True)


def _silent(lost: pd.DataFrame, reasons: pd.DataFrame, none: int) -> Table:
    known = ~reasons["reason"].isin(SILENT)
    coded = reasons[(reasons["rater_type"] == "rep") & known]["deal_id"].nunique()
    frame = pd.DataFrame({"lost": [len(lost)], "coded": [coded], "none": [none]})
    columns = (
        Column("lost", "count", "Lost deals"),
        Column("coded", "count", "With a reason the taxonomy knows"),
        Column("none", "count", "With nothing written by the sales person"),
    )
    return Table(frame, columns, "How much is on record", detail=True)


ANALYSIS = Analysis(reasons_recorded, headline, draw, family="fact", method=METHOD, needs=(WRITTEN,))
