"""How many sales people win a share outside the range that chance leaves deals of their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.funnel import funnel
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats.funnel import INNER, OUTER, funnel_line, funnel_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_DEALS = 8
POINTS = 40
BY_CHANCE = 0.05
PEOPLE = Need(
    "deals", ("owner_id",), 15, f"sales people with {LEAST_DEALS} deals",
    "export more past quarters, and the owner of every deal", "deals", lambda _, rows: len(_people(rows)),
)  # fmt: skip
METHOD = (
    "Funnel of the share won by the end of the quarter over the number of deals, one dot a sales person with eight "
    "deals or more, in order of deals. Distance z = 2 sqrt(n) (arcsin sqrt(p) - arcsin sqrt(P)), P the share of all; "
    "lines at 1.96 and 3.09, beyond which chance leaves 5% and .2%. Where the z, their outer tenths drawn in, vary by "
    "more than chance over all people (chi-squared, 95%), the lines are widened by the root of that overdispersion: "
    "deals of one person hang together. Nothing is held equal here. Nobody is named, and a place in a list of shares "
    "would say nothing: most such places are luck."
)


def rep_funnel(cohort: Cohort) -> Result:
    """How many sales people win a share outside the range expected for their number of deals?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``overall``, one row: ``people``, ``deals``, ``won``, ``share`` (of all), ``outside`` (people beyond the
        range that chance leaves in 95%), ``far`` (beyond that of 99.8%), ``by_chance`` (people expected outside),
        ``dispersion`` (how many times the spread of independent deals is seen; the range is widened by it). Table
        ``dots``, one row a sales person without a name, most deals first: ``deals``, ``share``, ``outside``. Table
        ``lines``, one row a number of deals: ``at``, ``low``, ``high``, ``far_low``, ``far_high``.

    Notes
    -----
    Refused below 15 sales people with 8 deals. Manager, segment and quarter are not held equal: `rep_variation` does.
    """
    if not PEOPLE.met(cohort):
        return ANALYSIS.lack(cohort, PEOPLE)
    people = _people(cohort.window_rows)
    deals, won = people["deals"].to_numpy(), people["won"].to_numpy()
    found = funnel_of(won, deals)
    if not 0 < found.share < 1:
        missing = "deals both won and not won"
        return ANALYSIS.refuse(cohort, missing, unlock=PEOPLE.unlock, gap=Gap("once deals of either kind are there"))
    far = np.abs(found.z) > OUTER
    outside = np.abs(found.z) > INNER
    overall: dict[str, Any] = {
        "people": len(people), "deals": int(deals.sum()), "won": int(won.sum()), "share": found.share,
        "outside": int(outside.sum()), "far": int(far.sum()), "by_chance": BY_CHANCE * len(people),
        "dispersion": found.dispersion,
    }  # fmt: skip
    dots = pd.DataFrame({"deals": deals, "share": won / deals, "outside": outside})
    tables = {
        "overall": Table(pd.DataFrame([overall]), _overall_columns(), f"All sales people, {cohort.window_label}"),
        "dots": Table(dots, _dot_columns(), "One row a sales person, by number of deals", detail=True),
        "lines": _lines(found.share, found.dispersion, float(deals.max())),
    }
    caveats = (
        "Manager, segment and quarter are not held equal here, so a dot outside says that something differs, not that "
        "the person does.",
        f"About {count(round(BY_CHANCE * len(people)), 'dot')} in {len(people)} would lie outside by chance.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=int(deals.sum()), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how many lie outside the expected range; name and rank nobody."""
    row = tables["overall"].first
    if any_missing(row["people"], row["outside"], row["share"], row["by_chance"]):
        return WITHHELD
    people = count(row["people"], "sales person", "sales people")
    chance = round(row["by_chance"])
    return (
        f"Outside the expected range: {row['outside']:,} of {people}, where chance alone would put about {chance}; all "
        f"together won {per_cent(row['share'])} of their deals."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw every sales person as a dot without a name, between the lines that chance leaves."""
    share = tables["overall"].first["share"]
    funnel(
        tables["dots"].rows, tables["lines"].rows, axes, n="deals", share="share", outside="outside", at="at",
        inner=("low", "high"), outer=("far_low", "far_high"), centre=np.nan if any_missing(share) else float(share),
    )  # fmt: skip


def _people(rows: pd.DataFrame) -> pd.DataFrame:
    """Return deals and wins of the sales people with enough deals, most deals first and then by share, unnamed."""
    known = rows[rows["owner_id"].notna()]
    won = (known["resolution"] == "won").astype("int64")
    people = won.groupby(known["owner_id"]).agg(["size", "sum"]).set_axis(["deals", "won"], axis=1)
    people = people[people["deals"] >= LEAST_DEALS]
    return people.sort_index().sort_values("deals", ascending=False, kind="stable").reset_index(drop=True)


def _lines(share: float, dispersion: float, most: float) -> Table:
    at = np.unique(np.round(np.geomspace(LEAST_DEALS, max(most, LEAST_DEALS + 1), POINTS))).astype(np.int64)
    sizes = at.astype(np.float64)
    limits = {"low": -INNER, "high": INNER, "far_low": -OUTER, "far_high": OUTER}
    frame = pd.DataFrame({"at": at, **{name: funnel_line(share, sizes, z, dispersion) for name, z in limits.items()}})
    labels = ("From, 95%", "To, 95%", "From, 99.8%", "To, 99.8%")
    columns = (
        Column("at", "count", "Deals"),
        *(Column(name, "estimate", label, "share") for name, label in zip(limits, labels, strict=True)),
    )
    return Table(frame, columns, "Range of shares that chance leaves", detail=True)


def _overall_columns() -> tuple[Column, ...]:
    return (
        Column("people", "count", "Sales people"),
        Column("deals", "count", "Deals"),
        Column("won", "count", "Won"),
        Column("share", "estimate", "Share won", "share"),
        Column("outside", "count", "Outside the expected range"),
        Column("far", "count", "Far outside it"),
        Column("by_chance", "estimate", "Outside by chance alone"),
        Column("dispersion", "estimate", "Range widened, times"),
    )


def _dot_columns() -> tuple[Column, ...]:
    return (
        Column("deals", "count", "Deals"),
        Column("share", "estimate", "Share won", "share"),
        Column("outside", "label", "Outside the expected range"),
    )


ANALYSIS = Analysis(rep_funnel, headline, draw, family="rate", method=METHOD, needs=(PEOPLE,))
