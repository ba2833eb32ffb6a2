"""Whether competitors are met more or less often than they used to be, and whether more or fewer deals are won then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.ground.fiscal import Quarter
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import trend_of_share, wilson
from postmortem.stats.trend import LEAST_IN_ALL, LEAST_PERIODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = 0.05
NOT_RECORDED = "not recorded"
LONG = Need(
    "competitors", ("competitor",), LEAST_PERIODS, "quarters in which one and the same competitor was met",
    "export more past quarters, lost deals as well as won ones", "competitors",
    lambda cohort, rows: max(_met(cohort, rows).groupby("competitor")["quarter"].nunique(), default=0), "record",
)  # fmt: skip
OFTEN = Need(
    "competitors", ("competitor",), LEAST_IN_ALL, "won or lost deals with one and the same competitor",
    "record who else is bidding while the deal is open", "competitors",
    lambda cohort, rows: max(_met(cohort, rows)["competitor"].value_counts(), default=0), "record",
)  # fmt: skip
METHOD = (
    "All quarters of the frame that have ended, up to twelve. For each competitor met in six quarters and on forty "
    "decided deals: a logistic regression of the outcome (won or lost) on the quarter, errors clustered by sales "
    "person, told as fitted shares of its first and last quarter, and their difference with its interval (delta "
    "method). The same for being met: decided deals with the competitor over all decided deals. One test is declared: "
    "the share won against the competitor met on most deals, which is chosen by deals and not by outcome. Changes of "
    "how diligently competitors are written down show as changes of how often they are met."
)


def competitor_trend(cohort: Cohort) -> Result:
    """Are deals won more or less often against a competitor than they used to be?

    Parameters
    ----------
    cohort : Cohort
        Any kind; all its quarters that have ended are used, not only the window.

    Returns
    -------
    Result
        Table ``trends``, one row a competitor with enough deals, most met first: ``competitor``, ``deals`` (won and
        lost ones), ``quarters``, ``won_first`` and ``won_last`` (fitted shares won in its first and last quarter),
        ``change`` with ``low`` and ``high``, ``met_first`` and ``met_last`` (fitted shares of all decided deals on
        which it was met), ``met_change`` with ``met_low`` and ``met_high``. Table ``quarters``, one row a quarter,
        for the first of these competitors: ``quarter``, ``n`` (decided deals with it), ``won``, ``share``,
        ``share_low``, ``share_high`` (withheld below ten). Table ``tests``, one row, its change of the share won:
        ``hypothesis``, ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused where no competitor was met in six quarters and on forty decided deals.
    """
    for need in (LONG, OFTEN):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    decided = _decided(cohort, cohort.table).sort_values(["quarter", "deal_id"], ignore_index=True)
    met = _met(cohort, cohort.table)
    sizes = met.groupby("competitor").agg(deals=("deal_id", "size"), quarters=("quarter", "nunique")).reset_index()
    long = sizes[(sizes["quarters"] >= LONG.least) & (sizes["deals"] >= OFTEN.least)]
    if long.empty:
        return ANALYSIS.refuse(
            cohort, f"no competitor met in {LONG.least} quarters and on {OFTEN.least} decided deals", unlock=LONG.unlock
        )
    names = list(long.sort_values(["deals", "competitor"], ascending=[False, True])["competitor"])
    present = {name: decided["deal_id"].isin(met.loc[met["competitor"] == name, "deal_id"]) for name in names}
    rows = [_trend(name, decided, present[name]) for name in names]
    frame = pd.DataFrame(rows)[[column.name for column in _trend_columns()]]
    tables = {
        "trends": Table(frame, _trend_columns(), f"From the first quarter to the last, {_span(cohort)}"),
        "quarters": _quarters(cohort, decided[present[names[0]]]),
        "tests": tests_table(
            "Whether the share won has changed",
            [{"hypothesis": "the share won against the competitor met most often has changed over the quarters",
              "primary": True, "p": rows[0]["p"]}],
        ),
    }  # fmt: skip
    caveats = ("Whether a competitor is met more often, or only written down more often, the record does not say.",)
    return ANALYSIS.answer(tables, cohort, n_used=len(decided), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say whether the share won against the competitor met most often has changed."""
    row, test = tables["trends"].first, tables["tests"].first
    if any_missing(row["deals"], row["quarters"]):
        return WITHHELD
    name = spoken(row["competitor"], "the competitor met most often")
    base = f"{count(row['deals'], 'decided deal')} in {count(row['quarters'], 'quarter')}"
    if any_missing(row["won_first"], row["won_last"], row["low"], row["high"]):
        return f"Whether deals against {name} are won more or less often than they used to be cannot be told: {base}."
    told = f"from {per_cent(row['won_first'])} to {per_cent(row['won_last'])} along a fitted line"
    span = f"{points(row['change'])}, {interval_text(row['low'], row['high'], 'points')}"
    if test["named"] is True:
        way = "fell" if row["change"] < 0 else "rose"
        return f"The share of deals won against {name} {way} {told} ({span}; {base})."
    if not any_missing(test["p"]) and test["p"] < LOOK:
        return f"Worth a look: the share of deals won against {name} has moved {told} ({span}; {base})."
    return f"No change of the share of deals won against {name} can be told from chance ({span}; {base})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share won against the competitor met most often, quarter by quarter."""
    rows = tables["quarters"].rows
    interval_dots(rows, axes, name="quarter", estimate="share", low="share_low", high="share_high", n="n")


def _ended(cohort: Cohort) -> list[Quarter]:
    labels = set(cohort.table["quarter"])
    last = cohort.window[-1]
    return [quarter for quarter in last.trailing(12) if quarter.label in labels]


def _span(cohort: Cohort) -> str:
    quarters = _ended(cohort)
    return f"{quarters[0].label} to {quarters[-1].label}"


def _decided(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    ended = rows["quarter"].isin([quarter.label for quarter in _ended(cohort)])
    return rows[ended & ((rows["resolution"] == "won") | rows["resolution"].str.startswith("lost_"))]


def _met(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    rivals = cohort.book.table("competitors")[["deal_id", "competitor"]].drop_duplicates()
    return rivals.merge(_decided(cohort, rows)[["deal_id", "quarter"]], on="deal_id", how="inner")


def _trend(name: str, decided: pd.DataFrame, here: pd.Series) -> dict[str, Any]:
    number = {label: place for place, label in enumerate(sorted(decided["quarter"].unique()))}
    period, owners = decided["quarter"].map(number), decided["owner_id"].fillna(NOT_RECORDED)
    won = trend_of_share((decided["resolution"] == "won")[here], period[here], owners[here])
    met = trend_of_share(here, period, owners)
    return {
        "competitor": name, "deals": int(here.sum()), "quarters": won.periods, "p": won.p,
        "won_first": won.first, "won_last": won.last,
        "change": won.change.estimate, "low": won.change.low, "high": won.change.high,
        "met_first": met.first, "met_last": met.last,
        "met_change": met.change.estimate, "met_low": met.change.low, "met_high": met.change.high,
    }  # fmt: skip


def _trend_columns() -> tuple[Column, ...]:
    return (
        Column("competitor", "competitor", "Competitor"),
        Column("deals", "count", "Decided deals"),
        Column("quarters", "count", "Quarters"),
        Column("won_first", "estimate", "Share won, first quarter", "share"),
        Column("won_last", "estimate", "Share won, last quarter", "share"),
        Column("change", "estimate", "Change (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("met_first", "estimate", "Met on, first quarter", "share"),
        Column("met_last", "estimate", "Met on, last quarter", "share"),
        Column("met_change", "estimate", "Change (95% interval)", "points", low="met_low", high="met_high"),
        Column("met_low", "estimate", "Low", "points", shown=False),
        Column("met_high", "estimate", "High", "points", shown=False),
    )


def _quarters(cohort: Cohort, met: pd.DataFrame) -> Table:
    rows = []
    for quarter in _ended(cohort):
        own = met[met["quarter"] == quarter.label]
        won = int((own["resolution"] == "won").sum())
        share = wilson(won, len(own))
        rows.append({"quarter": quarter.label, "n": len(own), "won": won, "share": share.estimate,
                     "share_low": share.low, "share_high": share.high})  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("n", "count", "Decided deals"),
        Column("won", "count", "Won"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="share_low", high="share_high"),
        Column("share_low", "estimate", "Low", "share", shown=False),
        Column("share_high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "The competitor met most often, quarter by quarter")


ANALYSIS = Analysis(competitor_trend, headline, draw, family="comparison", method=METHOD, needs=(LONG, OFTEN))
