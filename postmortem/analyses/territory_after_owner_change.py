"""Whether customers whose sales person left lose more of their next deals to competitors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort
from postmortem.frames.territories import AFTER, BEFORE, FOLLOWED, ORDER, OTHER, deals_around_leaving
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.ground.menus import source_of
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import Estimate, clustered_difference, newcombe, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {
    BEFORE: "180 days before leaving",
    AFTER: "180 days from leaving on",
    OTHER: "Sales person stayed",
}
LEFT = Need(
    "reps", ("rep_id", "left_at"), 10, "deals created within 180 days of a sales person's leaving",
    "export the sales people with their first and last days, former ones too", "reps",
    lambda cohort, _: _after(cohort), "record",
)  # fmt: skip
METHOD = (
    "Every deal of the record that could be followed for 180 days from its creation, of customers with an earlier "
    "deal. A customer's sales person is the owner of its latest deal created before. What group a deal belongs to is "
    "settled on the day of its creation (nobody has to survive to be counted as exposed), and all are followed equally "
    "long: lost to a competitor within 180 days of creation, or not. Wilson intervals; the difference between after "
    "and customers whose sales person stayed, clustered by customer (t, ten customers at least on both sides "
    "together), else Newcombe's. Not tested for the report as a whole: people who leave may leave weak territories "
    "behind, and a competitor may be why they left."
)


def territory_after_owner_change(cohort: Cohort) -> Result:
    """Do customers whose sales person left lose more of their next deals to competitors?

    Parameters
    ----------
    cohort : Cohort
        Any kind: it gives the day of the data. All deals of the record count, forecast or not.

    Returns
    -------
    Result
        Table ``periods``, one row a group of deals: ``when`` (code), ``label``, ``deals`` (created then),
        ``customers``, ``events`` (lost to a competitor within 180 days of creation), ``share`` (``low``, ``high``).
        Table ``difference``, one row: ``leavers`` (sales people who left and had such deals), ``difference`` of the
        share after against customers whose sales person stayed (``low``, ``high``).

    Notes
    -----
    Refused below ten deals created in the 180 days after a customer's sales person left.
    """
    have = LEFT.have(cohort)
    if have < LEFT.least:
        where = source_of(LEFT.source, cohort.book.meta.source_systems).where
        return ANALYSIS.refuse(
            cohort, LEFT.missing(have), unlock=LEFT.unlock, gap=Gap(AT_ONCE, where, have, LEFT.least)
        )
    rows = deals_around_leaving(cohort.book, cohort.as_of)
    frame = pd.DataFrame([_row(when, rows[rows["when"] == when]) for when in ORDER])
    apart = _apart(rows)
    columns = (
        Column("when", "label", "Code", shown=False),
        Column("label", "label", "Deals created"),
        Column("deals", "count", "Deals"),
        Column("customers", "count", "Customers"),
        Column("events", "count", "Lost to a competitor in 180 days"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    after = rows[rows["when"] == AFTER]
    row = {"leavers": after["leaver"].nunique(), "difference": apart.estimate, "low": apart.low, "high": apart.high}
    told = (
        Column("leavers", "count", "Sales people who left"),
        Column("difference", "estimate", "After, against where they stayed (95%)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )
    tables = {
        "periods": Table(frame, columns, "Lost to competitors, by what became of the customer's sales person"),
        "difference": Table(pd.DataFrame([row]), told, "How far apart"),
    }
    caveats = (
        "A sales person may leave a weak territory, or over the same trouble that brings competitors in: going "
        "together is all this can show.",
        f"All deals on record of customers with an earlier deal count, in the forecast or not, each followed for "
        f"{FOLLOWED} days.",
    )
    used = int(cohort.table["deal_id"].isin(rows["deal_id"]).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how often such deals went to competitors, beside customers whose sales person stayed."""
    rows, apart = tables["periods"].keyed("when"), tables["difference"].first
    after, other = rows.get(AFTER), rows.get(OTHER)
    if after is None or other is None or any_missing(after["events"], after["deals"], other["share"]):
        return WITHHELD
    share = f" ({per_cent(after['share'])})" if not any_missing(after["share"]) else ""
    told = (
        f"{after['events']:,} of {count(after['deals'], 'deal')}{share} created in the 180 days after a customer's "
        f"sales person left went to a competitor, {per_cent(other['share'])} where the sales person stayed"
    )
    if any_missing(apart["difference"], apart["low"], apart["high"]):
        return f"{told}; too few to set one against the other."
    span = interval_text(apart["low"], apart["high"], "points")
    unsure = ", so no difference can be told" if apart["low"] <= 0 <= apart["high"] else ""
    return f"{told} ({points(apart['difference'])}, {span}{unsure})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share lost to competitors before, after and where the sales person stayed."""
    interval_dots(tables["periods"].rows, axes, name="label", estimate="share", low="low", high="high", n="deals")


def _after(cohort: Cohort) -> int:
    """Return how many deals were created after a customer's sales person had left."""
    if cohort.book.table("reps")["left_at"].isna().all():
        return 0
    return int((deals_around_leaving(cohort.book, cohort.as_of)["when"] == AFTER).sum())


def _row(when: str, part: pd.DataFrame) -> dict[str, Any]:
    events = int(part["taken"].sum())
    share = wilson(events, len(part))
    return {
        "when": when, "label": LABELS[when], "deals": len(part), "customers": part["account"].nunique(),
        "events": events, "share": share.estimate, "low": share.low, "high": share.high,
    }  # fmt: skip


def _apart(rows: pd.DataFrame) -> Estimate:
    """Return after against stayed, clustered by customer where there are enough, else as if deals were unrelated."""
    both = rows[rows["when"].isin([AFTER, OTHER])]
    second = (both["when"] == AFTER).astype("int8")
    taken = both["taken"].astype("int8")
    after, other = taken[second == 1], taken[second == 0]
    alone = newcombe(int(after.sum()), len(after), int(other.sum()), len(other))
    if alone.status == "refused":
        return alone
    found = clustered_difference(taken, second, {"customer": both["account"]})
    return alone if found.status == "refused" else found


ANALYSIS = Analysis(territory_after_owner_change, headline, draw, family="rate", method=METHOD, needs=(LEFT,))
