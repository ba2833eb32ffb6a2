"""One deal from its creation to its close, and from when on its buyer was not heard any more."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.timeline import timeline
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.deal_life import deal_life, end_of_life, heard
from postmortem.frames.one_deal import one_deal
from postmortem.frames.silence import EVERYWHERE, silence
from postmortem.ground.fates import FATE_LABELS
from postmortem.ground.formats import count, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import change_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK, DRAWS, WEEK = 0.05, 999, 7
LOST = Need(
    "deals", ("outcome",), 1, "lost deals in the quarter", "name a deal, or choose another quarter", "deals",
    lambda _, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
HINDSIGHT = "This is told from the end backwards: what looks like a sign now may have looked like nothing then."
METHOD = (
    "Spans are those of the field history up to the day before the close; moments are events, people and competitors "
    "by the day they were recorded for. The buyer was last heard on the last day with an event of side buyer or both. "
    "The limit is the 95th percentile of the gaps between such days in won deals of the window, of the deal's segment "
    "where it has 72 gaps, else of all segments. A break is one change of a Poisson rate of the buyer's weekly "
    "contacts from creation to close by profile likelihood, told where the Monte-Carlo p-value (999 draws) is below "
    ".05 and contacts became fewer; one deal in about forty shows one by chance."
)


def deal_timeline(cohort: Cohort, *, deal_id: str = "") -> Result:
    """What happened on this deal, and when was its buyer last heard?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    deal_id : str
        A deal of its book; the costliest lost deal of the focus quarter unless told.

    Returns
    -------
    Result
        Table ``deal``, one row: ``account``, ``name``, ``id``, ``owner``, ``segment``, ``amount``, ``fate`` (code),
        ``became`` (what became of it), ``created``, ``closed`` (missing while open). Table ``silence``, one row:
        ``contacts`` (days with the buyer), ``last_heard`` (day), ``silent`` (days from then to the close, or to the
        last day known), ``limit`` (days a live buyer stays silent at most), ``too_long`` (day the limit was passed),
        ``broke`` (day from which on the buyer did less; missing where no break is told from chance). Table
        ``timeline``, one row a span or moment:
        ``lane``, ``start``, ``end``, ``what``, ``side``, ``competitor``, ``amount``, ``expected``.

    Raises
    ------
    UsageError
        When the book has no such deal, with the nearest ids.

    Notes
    -----
    Refused when no deal is named and none was lost in the focus quarter.
    """
    deal = one_deal(cohort, deal_id)
    if deal is None:
        return ANALYSIS.lack(cohort, LOST, deal_id=deal_id)
    life = deal_life(cohort, deal)
    tables = {
        "deal": _one_row(_deal(deal), _columns(cohort.currency, deal), "The deal"),
        "silence": _one_row(_silence(cohort, deal), _silence_columns(), "When its buyer was last heard"),
        "timeline": Table(life, _life_columns(cohort.currency), "Everything on record, in order", detail=True),
    }
    n_used = int(deal["deal_id"] in set(cohort.table["deal_id"]))
    return ANALYSIS.answer(tables, cohort, n_used=n_used, caveats=(HINDSIGHT,), deal_id=deal_id)


def headline(tables: Tables) -> str:
    """Say what became of the deal, and how long its buyer had been silent."""
    row, money = {**tables["deal"].first, **tables["silence"].first}, tables["deal"].column("amount").unit
    if any_missing(row["contacts"]):
        return WITHHELD
    became = spoken(row["became"], "It is not told what became of the deal")
    worth = "" if any_missing(row["amount"]) else f" ({short_money(row['amount'], money)})"
    when = f" on {row['closed']:%Y-%m-%d}" if not any_missing(row["closed"]) else ""
    told = f"{became}{when}{worth}"
    if any_missing(row["last_heard"], row["silent"]):
        return f"{told}; no contact by its buyer is on record."
    told += f"; its buyer was last heard {count(row['silent'], 'day')} before that, on {row['last_heard']:%Y-%m-%d}"
    if any_missing(row["closed"]):
        told = f"{became}{worth}; its buyer was last heard {count(row['silent'], 'day')} ago"
    if any_missing(row["limit"]):
        return f"{told}."
    longer = "longer than" if row["silent"] > row["limit"] else "no longer than"
    return f"{told}, {longer} live deals stay silent ({row['limit']:.0f} days at most in 95 of 100 silences)."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the deal's life from left to right, a lane a kind of record."""
    table = tables["timeline"]
    rows, unit = table.rows, table.column("amount").unit
    money = rows["amount"].map(lambda amount: short_money(amount, unit), na_action="ignore")
    words = rows["what"].fillna(rows["competitor"]).fillna(money.astype("str"))
    words = words.fillna(rows["expected"].dt.strftime("%Y-%m-%d").astype("str"))
    frame = rows.assign(words=words.astype("str"))
    timeline(
        frame, axes, lane="lane", start="start", end="end", label="words", side="side",
        labels={fate: label for fate, label in FATE_LABELS.items() if fate not in ("open",)},
    )  # fmt: skip


def _deal(deal: Mapping[Hashable, Any]) -> dict[str, Any]:
    fate = deal["ultimate"] if pd.notna(deal.get("ultimate")) else deal["resolution"]
    return {
        "account": deal["account_name"], "name": deal["deal_name"], "id": deal["deal_id"], "owner": deal["owner_id"],
        "segment": deal["segment"], "amount": deal["amount"], "fate": fate, "became": FATE_LABELS.get(fate, fate),
        "created": deal["created_at"], "closed": deal["closed_at"],
    }  # fmt: skip


def _silence(cohort: Cohort, deal: Mapping[Hashable, Any]) -> dict[str, Any]:
    last, days = end_of_life(cohort, deal), heard(cohort, deal)
    limits = silence(cohort).limits
    known = limits.get(str(deal["segment"]), limits.get(EVERYWHERE))
    limit = np.nan if known is None else known.estimate
    silent = (last - days[-1]).days if days else None
    beyond = silent is not None and silent > limit
    too_long = days[-1] + pd.Timedelta(days=int(limit) + 1) if days and beyond else pd.NaT
    return {
        "contacts": len(days), "last_heard": days[-1] if days else pd.NaT, "silent": silent, "limit": limit,
        "too_long": too_long, "broke": _break(deal, days, last),
    }  # fmt: skip


def _break(deal: Mapping[Hashable, Any], days: Sequence[pd.Timestamp], last: pd.Timestamp) -> Any:
    """Return the day from which on the buyer did less, where that is told from chance."""
    created = deal.get("created_at")
    weeks = 0 if pd.isna(created) else (last - created).days // WEEK
    if not weeks:
        return pd.NaT
    left = np.asarray([(last - day).days // WEEK for day in days], dtype="int64")
    series = np.bincount(weeks - 1 - left[left < weeks], minlength=weeks)
    (found,) = change_points([series], draws=DRAWS)
    if found.week is None or not (found.p < LOOK and found.after < found.before):
        return pd.NaT
    return last - pd.Timedelta(days=WEEK * (weeks - found.week))


def _one_row(values: Mapping[str, Any], columns: tuple[Column, ...], title: str) -> Table:
    dtypes = {"count": "Int64", "money": "float64", "estimate": "float64", "date": "datetime64[us]"}
    frame = {each.name: pd.Series([values[each.name]], dtype=dtypes.get(each.role, "str")) for each in columns}
    return Table(pd.DataFrame(frame), columns, title)


def _columns(currency: str, deal: Mapping[Hashable, Any]) -> tuple[Column, ...]:
    account, name = deal["account_name"], deal["deal_name"]
    # CRMs suggest names of deals that say the customer already.
    is_said = pd.notna(account) and pd.notna(name) and account in name
    return (
        Column("account", "account", "Account", shown=not is_said),
        Column("name", "deal", "Deal"), Column("id", "deal", "Deal id"),
        Column("owner", "person", "Owner"), Column("segment", "label", "Segment", shown=False),
        Column("amount", "money", "Amount", currency), Column("fate", "label", "Code", shown=False),
        Column("became", "label", "What became of it"), Column("created", "date", "Created"),
        Column("closed", "date", "Closed"),
    )  # fmt: skip


def _silence_columns() -> tuple[Column, ...]:
    return (
        Column("contacts", "count", "Days with the buyer"), Column("last_heard", "date", "Last heard"),
        Column("silent", "count", "Days silent since"),
        Column("limit", "estimate", "Longest silence of live deals", "days"),
        Column("too_long", "date", "Silent for longer from"), Column("broke", "date", "Did less from"),
    )  # fmt: skip


def _life_columns(currency: str) -> tuple[Column, ...]:
    return (
        Column("lane", "label", "Record"), Column("start", "date", "From"), Column("end", "date", "To"),
        Column("what", "label", "What"), Column("side", "label", "By"),
        Column("competitor", "competitor", "Competitor"),
        Column("amount", "money", "Amount", currency), Column("expected", "date", "Expected close"),
    )  # fmt: skip


ANALYSIS = Analysis(deal_timeline, headline, draw, family="fact", method=METHOD, needs=(LOST,))
