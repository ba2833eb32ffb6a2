"""Whether buyers rate the experience with the sales person as they rate the product, deals won included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, value_text
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats.mean_difference import mean_difference
from postmortem.stats.paired_mean import paired_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SALES, PRODUCT, MARGIN, CONFIDENCE = "sales_experience", "product", 0.5, 0.90
NOT_RECORDED = "not recorded"
SIDES = {"all": "All who rated both", "lost": "Lost deals", "won": "Won deals"}
DIMENSIONS = {SALES: "Experience with the sales person", PRODUCT: "Product"}
RATED = Need(
    "ratings", ("dimension", "score"), 20, "interviews that rate both the sales person and the product",
    "ask buyers of lost and won deals to rate the experience with the sales person and the product", "interviews",
    lambda cohort, rows: len(_pairs(cohort, rows)),
)  # fmt: skip
METHOD = (
    "Paired ratings of one buyer: experience with the sales person less product, mean over interviews of deals lost or "
    "won by the day of the data; 90% interval by a cluster sandwich (CR2) by sales person, t at Satterthwaite's "
    "degrees of freedom. 'Alike' needs that interval within half a point either way (two one-sided tests at .05), "
    "'unlike' needs it wholly beyond; everything else cannot be told: 'not significant' is never read as alike. "
    "Refused below 20 pairs. Second table: how much higher each is rated on won deals than on lost ones (95%, "
    "clustered likewise). Interviews are not weighted by their chance of being drawn; lost and won are shown apart for "
    "that reason."
)


def experience_and_product(cohort: Cohort) -> Result:
    """Do buyers rate the experience with the sales person as they rate the product?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the interviews of all deals of the window that were lost or won.

    Returns
    -------
    Result
        Table ``pairs``, one row for all and each end: ``side``, ``n`` (interviews that rate both), ``sales`` and
        ``product`` (mean ratings), ``difference`` (sales less product) with ``low`` and ``high`` (90%; missing where
        there are too few), ``verdict`` (alike, unlike, cannot tell), ``margin`` (points either way), ``lowest_mark``
        and ``highest_mark`` (on record). Table ``ends``, one row a thing rated: ``rated``, ``n_won``, ``n_lost``,
        ``won`` and ``lost`` (mean ratings), ``apart`` with ``apart_low`` and ``apart_high`` (95%).

    Notes
    -----
    Refused below 20 interviews that rate both.
    """
    if not RATED.met(cohort):
        return ANALYSIS.lack(cohort, RATED)
    pairs = _pairs(cohort, cohort.window_rows)
    tables = {"pairs": _pairs_table(pairs), "ends": _ends_table(pairs)}
    lowest, highest = tables["pairs"].first["lowest_mark"], tables["pairs"].first["highest_mark"]
    caveats = (
        "Like ratings say that buyers were as content with the one as with the other, not that either decided the "
        "deal; a buyer who lost interest, or bought, may rate everything alike.",
        f"Marks on record go from {value_text(lowest)} to {value_text(highest)}; half a point is what was decided on "
        "beforehand as near enough.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=pairs["deal_id"].nunique(), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say whether the two are rated alike within half a point, unlike, or that it cannot be told."""
    row = tables["pairs"].first
    if any_missing(row["n"], row["difference"], row["low"], row["high"]):
        return WITHHELD
    who = count(row["n"], "buyer")
    span = f"{_signed(row['difference'])}, {interval_text(row['low'], row['high'], '')}"
    if row["verdict"] == "alike":
        return f"{who} rate the sales person and the product alike, within half a point ({span})."
    if row["verdict"] == "unlike":
        higher, lower = ("sales person", "product") if row["difference"] > 0 else ("product", "sales person")
        return f"{who} rate the {higher} at least half a point higher than the {lower} ({span})."
    return f"Whether {who} rate sales person and product alike, within half a point, cannot be told ({span})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the difference of the two ratings, for all and by how the deal ended."""
    interval_dots(
        tables["pairs"].rows, axes, name="side", estimate="difference", low="low", high="high", n="n", unit="",
        reference=0.0, reference_label="rated alike", noun="interview",
    )  # fmt: skip


def verdict_of(low: float, high: float) -> str:
    """Return what an interval of the difference says: alike, unlike, or that it cannot be told."""
    if low > -MARGIN and high < MARGIN:
        return "alike"
    return "unlike" if low > MARGIN or high < -MARGIN else "cannot tell"


def _pairs(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row an interview of a lost or won deal in which both were rated."""
    ratings = cohort.book.table("ratings").dropna(subset=["score"])
    ratings = ratings[ratings["dimension"].isin(DIMENSIONS)]
    wide = ratings.pivot(index="interview_id", columns="dimension", values="score").reindex(columns=list(DIMENSIONS))
    interviews = cohort.book.table("interviews")[["interview_id", "deal_id"]]
    wide = wide.dropna().merge(interviews, left_index=True, right_on="interview_id")
    deals = rows.sort_values(["entered_at", "quarter", "deal_id"]).drop_duplicates("deal_id")
    pairs = wide.merge(deals[["deal_id", "ultimate", "owner_id"]], on="deal_id")
    pairs = pairs[(pairs["ultimate"] == "won") | pairs["ultimate"].str.startswith("lost_")]
    pairs = pairs.assign(is_won=pairs["ultimate"] == "won", owner=pairs["owner_id"].fillna(NOT_RECORDED))
    return pairs.sort_values("interview_id", ignore_index=True)


def _pairs_table(pairs: pd.DataFrame) -> Table:
    marks = pairs[[SALES, PRODUCT]].to_numpy(dtype=np.float64)
    made = []
    for side, label in SIDES.items():
        part = pairs if side == "all" else pairs[pairs["is_won"] == (side == "won")]
        found = (np.nan,) * 3
        if len(part):
            each = paired_mean(part[SALES] - part[PRODUCT], part["owner"], confidence=CONFIDENCE, least_n=20)
            found = (each.estimate, each.low, each.high)
        made.append(
            {
                "side": label, "n": len(part), "sales": part[SALES].mean(), "product": part[PRODUCT].mean(),
                "difference": found[0], "low": found[1], "high": found[2], "verdict": verdict_of(*found[1:]),
                "margin": MARGIN, "lowest_mark": float(marks.min()),
                "highest_mark": float(marks.max()),
            }
        )  # fmt: skip
    columns = (
        Column("side", "label", "Interviews"),
        Column("n", "count", "Rated both"),
        Column("sales", "estimate", "Sales person"),
        Column("product", "estimate", "Product"),
        Column("difference", "estimate", "Difference (90% interval)", low="low", high="high"),
        Column("low", "estimate", "Low", shown=False),
        Column("high", "estimate", "High", shown=False),
        Column("verdict", "label", "Within half a point"),
        Column("margin", "estimate", "Margin", shown=False),
        Column("lowest_mark", "estimate", "Lowest mark", shown=False),
        Column("highest_mark", "estimate", "Highest mark", shown=False),
    )
    frame = pd.DataFrame(made).astype({"side": "str", "verdict": "str"})
    return Table(frame, columns, "The sales person and the product in the same buyers' marks")


def _ends_table(pairs: pd.DataFrame) -> Table:
    made: list[dict[str, Any]] = []
    won = pairs["is_won"].to_numpy()
    for name, label in DIMENSIONS.items():
        found = (np.nan,) * 3
        if won.any() and not won.all():
            apart = mean_difference(pairs[name], won, pairs["owner"]).difference
            found = (apart.estimate, apart.low, apart.high)
        made.append(
            {
                "rated": label, "n_won": int(won.sum()), "won": pairs.loc[won, name].mean(),
                "n_lost": int((~won).sum()), "lost": pairs.loc[~won, name].mean(),
                "apart": found[0], "apart_low": found[1], "apart_high": found[2],
            }
        )  # fmt: skip
    columns = (
        Column("rated", "label", "Rated"),
        Column("n_won", "count", "Won deals"),
        Column("won", "estimate", "Mean mark"),
        Column("n_lost", "count", "Lost deals"),
        Column("lost", "estimate", "Mean mark"),
        Column("apart", "estimate", "Higher on won deals by (95% interval)", low="apart_low", high="apart_high"),
        Column("apart_low", "estimate", "Low", shown=False),
        Column("apart_high", "estimate", "High", shown=False),
    )
    return Table(pd.DataFrame(made).astype({"rated": "str"}), columns, "How much higher on won deals than on lost ones")


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{value_text(value)}"


ANALYSIS = Analysis(experience_and_product, headline, draw, family="rate", method=METHOD, needs=(RATED,))
