"""What buyers said of the losses that sales people put down to price, and to everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.flow import flow
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import heard, spoken_on
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRICE = "price"
NO_MAIN = "No main reason written"
BUYERS = Need(
    "reasons", ("code", "interview_id"), 10, "losses with a main reason of the buyer",
    "interview buyers of lost deals", "interviews",
    lambda cohort, rows: len(spoken_on(cohort.book, lost_rows(rows)["deal_id"])["buyer"]),
)  # fmt: skip
METHOD = (
    "Losses of the window with a main reason of the buyer, by what the sales person wrote as the main reason; losses "
    "without one are kept as such. A reason given more closely counts as the broader one. Price is every reason of the "
    "taxonomy with price in its code. The share of price that buyers confirm has a Clopper–Pearson interval; the flow "
    "itself is counts. Which of the two is right is not decided here."
)


def price_and_its_other_names(cohort: Cohort) -> Result:
    """What did the buyers say of the losses that sales people put down to price?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``flow``, one row a pair of main reasons: ``said`` (by the sales person), ``heard`` (from the buyer),
        ``deals``, ``is_price`` (whether the sales person's is price). Table ``price``, one row: ``asked`` (losses with
        a main reason of the buyer), ``priced`` (those that the sales person put down to price), ``same`` (those of them
        for which the buyer says price too), ``share`` with ``low`` and ``high`` (of ``priced``; withheld below ten),
        ``next_name`` and ``next_deals`` (what the buyers said most often instead).

    Notes
    -----
    Refused below ten losses with a main reason of the buyer.
    """
    if not BUYERS.met(cohort):
        return ANALYSIS.lack(cohort, BUYERS)
    beside = heard(cohort.book, lost_rows(cohort.window_rows)["deal_id"])
    asked = beside[beside["buyer"].notna()]
    said = asked["rep"].fillna(NO_MAIN).astype("str")
    labels = [reason.label for reason in cohort.book.taxonomy.reasons if PRICE in reason.code]
    counted = pd.DataFrame({"said": said, "heard": asked["buyer"].astype("str")}).groupby(["said", "heard"]).size()
    frame = counted.reset_index(name="deals").astype({"deals": "int64"})
    frame["is_price"] = frame["said"].isin(labels)
    frame["total"] = frame.groupby("said")["deals"].transform("sum")
    frame = frame.sort_values(
        ["is_price", "total", "said", "deals", "heard"], ascending=[False, False, True, False, True], ignore_index=True
    )
    columns = (
        Column("said", "label", "The sales person wrote"),
        Column("heard", "label", "The buyer said"),
        Column("deals", "count", "Losses"),
        Column("is_price", "label", "Price", shown=False),
    )
    title = f"From what was written to what buyers said, {cohort.window_label}"
    tables = {
        "flow": Table(frame[[column.name for column in columns]], columns, title, detail=True),
        "price": _price(frame, labels),
    }
    caveats = ("The buyer's word is a report as well; some name price to be polite, others leave it out.",)
    return ANALYSIS.answer(tables, cohort, n_used=len(asked), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say for how many of the losses put down to price the buyers say price too, and what they say instead."""
    row = tables["price"].first
    if any_missing(row["asked"], row["priced"], row["same"]):
        return WITHHELD
    if not row["priced"]:
        asked = count(row["asked"], "loss", "losses")
        return f"Sales people put none of {asked} that buyers spoke on down to price."
    share = ""
    if not any_missing(row["share"], row["low"], row["high"]):
        share = f" ({per_cent(row['share'])}, {interval_text(row['low'], row['high'])})"
    told = (
        f"Of {count(row['priced'], 'loss', 'losses')} that sales people put down to price, buyers gave price as the "
        f"main reason for {row['same']}{share}"
    )
    if any_missing(row["next_deals"], row["next_name"]):
        return f"{told}."
    return f"{told}; most often they said “{row['next_name']}” instead ({row['next_deals']})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the flow from what sales people wrote to what buyers said, that of price standing out."""
    rows = tables["flow"].rows
    priced = rows.loc[rows["is_price"].fillna(False).astype(bool), "said"].dropna().unique()
    flow(
        rows, axes, left="said", right="heard", n="deals", left_label="Sales people wrote", right_label="Buyers said",
        followed=[str(name) for name in priced], last=[NO_MAIN], noun="loss",
    )  # fmt: skip


def _price(frame: pd.DataFrame, labels: list[str]) -> Table:
    priced = frame[frame["is_price"]]
    same = int(priced.loc[priced["heard"].isin(labels), "deals"].sum())
    n = int(priced["deals"].sum())
    found = clopper_pearson(same, n)
    instead = priced[~priced["heard"].isin(labels)].groupby("heard")["deals"].sum()
    # a reason that several share is not the most frequent one
    most = instead[instead == instead.max()]
    single = len(most) == 1
    made = pd.DataFrame(
        {
            "asked": [int(frame["deals"].sum())], "priced": [n], "same": [same], "share": [found.estimate],
            "low": [found.low], "high": [found.high],
            "next_name": pd.Series([str(most.index[0]) if single else None], dtype="str"),
            "next_deals": pd.Series([int(most.iloc[0]) if single else pd.NA], dtype="Int64"),
        }
    )  # fmt: skip
    columns = (
        Column("asked", "count", "Losses with the buyer's word"),
        Column("priced", "count", "Put down to price"),
        Column("same", "count", "Buyer says price too"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("next_name", "label", "Said most often instead"),
        Column("next_deals", "count", "Losses"),
    )
    return Table(made, columns, "Price, by sales people and buyers")


ANALYSIS = Analysis(price_and_its_other_names, headline, draw, family="fact", method=METHOD, needs=(BUYERS,))
