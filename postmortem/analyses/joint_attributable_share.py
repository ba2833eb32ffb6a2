"""What part of the losses would go with the six red-zone causes together, were the association entirely causal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.proposals import numbers_before
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.decided import decided
from postmortem.signals.six import SIX, number_showing
from postmortem.stats import share_attributable, wilson
from postmortem.stats.attributable_share import LEAST_GAPS, AttributableShare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ADJUSTED_FOR = ("segment", "deal_type")
MOST_TOLD = 4
ENOUGH = Need(
    "deals", ("created_at",), LEAST_GAPS, "won and lost deals with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    lambda cohort, rows: 0 if rows.empty or cohort.kind == "closed"
    else int(number_showing(decided(cohort, set(rows["quarter"])), cohort.book.taxonomy).notna().sum()),
)  # fmt: skip
METHOD = (
    "For each won or lost deal of the window, how many of the six red-zone causes showed by the day of the snapshot, "
    "as told where each is set beside won deals. Chance of a loss: logistic natural cubic spline of that number (a "
    "line where it has few values), with "
    "amount (log), segment and type of deal; the losses expected with none showing, set against those expected as it "
    "is (g-computation). The whole fit is redrawn 200 times by sales person for the interval. One joint figure: "
    "shares of single causes overlap, and their sum means nothing. It is what removing all of them would do only if "
    "the association were entirely causal, which such records cannot show; unrecorded signs pull it towards none, "
    "things that go with both signs and losses away from it."
)


def joint_attributable_share(cohort: Cohort) -> Result:
    """What part of the losses goes with the six red-zone reasons together?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled.

    Returns
    -------
    Result
        Table ``joint``, one row: ``share`` of all losses (below 0 where deals with signs are lost more rarely) with
        ``low`` and ``high``, ``lost`` (losses), ``expected`` (losses expected with none showing), ``deals``. Table
        ``showing``, one row a number of the six that show: ``number``, ``deals``, ``lost``, ``lost_share`` with
        ``lost_low``, ``lost_high``.

    Notes
    -----
    Refused below 60 deals, ten sales people, ten deals with or without any of the six showing, or too few losses for
    what is held alike.
    """
    if cohort.kind not in ANALYSIS.frames or not ENOUGH.met(cohort):
        return ANALYSIS.lack(cohort, ENOUGH)
    deals = decided(cohort)
    number = number_showing(deals, cohort.book.taxonomy)
    known = deals.of(number.index[number.notna()])
    shown = number[number.notna()]
    told = _attributable(known.rows, shown)
    if told.status == "refused":
        return ANALYSIS.refuse(cohort, f"a joint figure ({told.why})", unlock=ENOUGH.unlock, gap=ENOUGH.gap(cohort))
    tables = {"joint": _joint(told, known.rows), "showing": _showing(known.rows, shown)}
    caveats = (
        "The figure holds only if the association were entirely causal. Sales people who sell badly in other ways "
        "leave such signs as well, and a deal that is going wrong shows some of them for that reason alone.",
        _left_out(deals.still_open, len(deals.rows) - len(known.rows)),
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(known.rows), caveats=caveats)


def _left_out(still_open: int, unknown: int) -> str:
    told = f", and {unknown:,} of which no sign is on record," if unknown else ""
    return f"{count(still_open, 'deal')} still open{told} are left out."


def headline(tables: Tables) -> str:
    """Say the joint share with its interval and its condition."""
    row = tables["joint"].first
    if any_missing(row["share"], row["low"], row["high"], row["lost"], row["deals"]):
        return WITHHELD
    span = interval_text(row["low"], row["high"])
    base = f"{count(row['lost'], 'loss', 'losses')} among {row['deals']:,} deals"
    if row["low"] <= 0 <= row["high"]:
        return f"Whether losses go with the six together cannot be told: {per_cent(row['share'])} of {base} ({span})."
    return (
        f"If the association were entirely causal, the six together would stand for {per_cent(row['share'])} of "
        f"{base} ({span})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share lost by how many of the six showed."""
    interval_dots(
        tables["showing"].rows, axes, name="number", estimate="lost_share", low="lost_low", high="lost_high", n="deals"
    )


def _attributable(rows: pd.DataFrame, shown: pd.Series) -> AttributableShare:
    known = numbers_before(rows, (shown > 0).to_numpy(), groups=ADJUSTED_FOR, amount="amount")
    others = {f"known {place}": known[:, place] for place in range(known.shape[1])}
    lost = rows["is_lost"].to_numpy()
    told = share_attributable(lost, shown.to_numpy(), rows["owner"].to_numpy(), covariates=others)
    # Too few losses to hold all of it alike: an answer about the deals as they are is better than none.
    return told if told.status != "refused" else share_attributable(lost, shown.to_numpy(), rows["owner"].to_numpy())


def _joint(told: AttributableShare, rows: pd.DataFrame) -> Table:
    frame = pd.DataFrame(
        {
            "share": [told.share.estimate], "low": [told.share.low], "high": [told.share.high],
            "lost": [int(rows["is_lost"].sum())], "expected": [told.expected_losses], "deals": [len(rows)],
        }
    )  # fmt: skip
    columns = (
        Column("share", "estimate", "Of all losses, if entirely causal (95% interval)", "part", low="low", high="high"),
        Column("low", "estimate", "Low", "part", shown=False),
        Column("high", "estimate", "High", "part", shown=False),
        Column("lost", "count", "Losses"),
        Column("expected", "estimate", "Expected with none of the six showing"),
        Column("deals", "count", "Won and lost deals"),
    )
    return Table(frame, columns, "The six together")


def _showing(rows: pd.DataFrame, shown: pd.Series) -> Table:
    names = ["None of the six", "One", "Two", "Three", f"{MOST_TOLD} to {len(SIX)}"]
    place = np.minimum(shown.to_numpy(), MOST_TOLD).astype(int)
    lost = rows["is_lost"].to_numpy()
    told = []
    for number, name in enumerate(names):
        own = place == number
        share = wilson(int(lost[own].sum()), int(own.sum()))
        told.append(
            {"number": name, "deals": int(own.sum()), "lost": int(lost[own].sum()), "lost_share": share.estimate,
             "lost_low": share.low, "lost_high": share.high}
        )  # fmt: skip
    columns = (
        Column("number", "label", "How many of the six showed"),
        Column("deals", "count", "Deals"),
        Column("lost", "count", "Lost"),
        Column("lost_share", "estimate", "Share lost (95% interval)", "share", low="lost_low", high="lost_high"),
        Column("lost_low", "estimate", "Low", "share", shown=False),
        Column("lost_high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(told), columns, "Deals lost, by how many of the six showed")


ANALYSIS = Analysis(
    joint_attributable_share, headline, draw, family="rate", method=METHOD, needs=(ENOUGH,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
