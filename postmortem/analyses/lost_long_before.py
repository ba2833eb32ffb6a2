"""How many lost deals had been silent long before they were closed, beside won ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.day_strips import day_strips
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.frames.month_ends import losses_bunch
from postmortem.frames.silence import EVERYWHERE, LEAST_GAPS, Silence, buyer_days, silence
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_N, Estimate, change_points, mean_difference, silence_probability, wilson
from postmortem.stats.change_point import LEAST_EVENTS, LEAST_WEEKS
from postmortem.stats.estimate import p_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK, COVERED, DRAWS = 0.05, 0.7, 199
NOBODY = "nobody"
OUTCOMES = ("lost", "won")
SILENCES = (14, 30, 60)
BUYERS = "export meetings, calls and mails with who acted, ours or the buyer's"
LOST = Need(
    "events", ("side", "occurred_at"), 10, "lost deals with a contact by the buyer on record", BUYERS, "activities",
    lambda cohort, rows: buyer_days(cohort, lost_rows(rows))["deal_id"].nunique(),
)  # fmt: skip
WON = Need(
    "events", ("side", "occurred_at"), LOST.least, "won deals with a contact by the buyer on record", BUYERS,
    "activities", lambda cohort, rows: buyer_days(cohort, won_rows(rows))["deal_id"].nunique(),
)  # fmt: skip
TIDIED = (
    "The close dates of lost deals bunch at the ends of months, more than those of won ones: they may say when the "
    "record was tidied up, and part of the silence before them would be waiting for that day."
)
METHOD = (
    "Dead days are the days from the last day the buyer did something (events of side buyer or both) to the recorded "
    "close. The limit is the 95th percentile of the gaps between such days in won deals of the same segment, of all "
    "segments where it has fewer than 72 gaps; its interval comes from order statistics and is too narrow, since gaps "
    "of one deal hang together. Shares above it have Wilson intervals; lost minus won is a difference of means with an "
    "interval clustered by sales person (CR2, Satterthwaite's degrees of freedom); its two-sided test compares deals "
    "of one sales person with each other (score test stratified by sales person; under twenty, labels permuted), and "
    "it is named only where it passes the gate over all tests of the report (Benjamini and Hochberg, false discovery "
    "rate .03). Close dates bunch where more lost deals than even working days would have it, and than won ones, were "
    "closed on the last two working days of a month, by 95% intervals taken by sales person and month. Silence of a "
    "live deal is e^(-rate x days) at the rate of won deals. Breaks: weekly contacts from creation to close, one break "
    "in a Poisson rate by profile likelihood, Monte-Carlo null of 199 draws, p below .05 and fewer contacts after it, "
    "in deals of at least 8 weeks and 8 contacts; one deal in about forty shows one by chance. Deals without any "
    "contact by the buyer are counted apart, not taken for dead. Refused where under 70% of won deals have one."
)


def lost_long_before(cohort: Cohort) -> Result:
    """How many deals had gone silent long before they were recorded as lost?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``outcomes``, two rows: ``outcome`` (lost, won), ``deals`` (buyer on record), ``unheard`` (no buyer on
        record, left out), ``dead`` (silent beyond the limit of their segment), ``share`` with ``low`` and ``high``
        (95%), ``days`` (median from the last contact to the close). Table ``difference``, one row: ``difference``
        (lost minus won) with ``low`` and ``high`` (95%), ``amount`` (known amounts of lost deals silent beyond the
        limit). Table ``segments``, one row a segment: ``segment``, ``limit``
        (days; 95 of 100 silences within won deals are no longer) with ``limit_low`` and ``limit_high``, ``gaps``
        behind it, ``lost`` and ``won`` (deals), ``lost_dead`` and ``won_dead``, ``lost_share`` with ``lost_low`` and
        ``lost_high``, ``won_share`` with ``won_low`` and ``won_high``. Table ``live``, one row a length of silence:
        ``silent`` (days), ``rate`` (contacts a day of won deals), ``chance`` (of such a silence while the buyer is
        there). Table ``breaks``, two rows: ``outcome``, ``tested`` (deals long and busy enough), ``broken`` (contacts
        became fewer), ``share``, ``low``, ``high``, ``before`` (median days from the break to the close). Table
        ``strips``, one row a deal: ``outcome``, ``dead_days``. Table ``tests``, one row: ``hypothesis``, ``primary``,
        ``p``, ``named``. Table ``limits``, one row: ``limit`` (of all segments together).

    Notes
    -----
    Refused below ten lost or ten won deals with a contact by the buyer, where under 70% of won deals have one, and
    below 72 gaps between contacts of won deals. That close dates of lost deals bunch at month ends is said where they
    do so more than those of won ones.
    """
    for need in (LOST, WON):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need)
    found = silence(cohort)
    won = int((found.deals["outcome"] == "won").sum())
    if won < COVERED * found.closed["won"]:
        missing = f"the buyer's contacts in most won deals: on record for {won} of {found.closed['won']}, 70% needed"
        return ANALYSIS.refuse(cohort, missing, unlock=BUYERS, gap=WON.gap(cohort))
    if not found.limits:
        missing = f"{LEAST_GAPS} silences between two contacts of won deals, to know how long a live one can be"
        return ANALYSIS.refuse(cohort, missing, unlock=BUYERS, gap=WON.gap(cohort))
    difference, tests = _apart(found, cohort.currency)
    tables = {
        "outcomes": _outcomes(found, cohort.window_label), "difference": difference, "segments": _segments(found),
        "live": _live(found), "breaks": _breaks(found), "strips": _strips(found), "tests": tests,
        "limits": _limit(found),
    }  # fmt: skip
    return ANALYSIS.answer(tables, cohort, n_used=len(found.deals), caveats=(TIDIED,) if losses_bunch(cohort) else ())


def headline(tables: Tables) -> str:
    """Say how many lost deals had been silent for longer than live ones are, and how many won ones."""
    rows, apart, test = tables["outcomes"].keyed("outcome"), tables["difference"].first, tables["tests"].first
    lost, won, limit = rows["lost"], rows["won"], tables["limits"].first["limit"]
    if any_missing(limit, *(row[name] for row in (lost, won) for name in ("deals", "share", "low", "high", "days"))):
        return WITHHELD
    deals, half = count(lost["deals"], "lost deal"), count(round(lost["days"]), "day")
    told = (
        f"{per_cent(lost['share'])} ({interval_text(lost['low'], lost['high'])}) of {deals} had been silent for longer "
        f"than live deals are (about {limit:.0f} days), half of all lost ones for {half} or more; of "
        f"{count(won['deals'], 'won deal')} it was {per_cent(won['share'])} ({interval_text(won['low'], won['high'])})"
    )
    if any_missing(apart["difference"], apart["low"], apart["high"]):
        return f"{told}."
    gap = f"{points(apart['difference'])}, {interval_text(apart['low'], apart['high'], 'points')}"
    if test["named"] is True:
        return f"{told}: {gap}."
    if any_missing(test["p"]) or test["p"] >= LOOK:
        return f"{told}: {gap}, which cannot be told from chance."
    return f"Worth a look: {told}: {gap}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the days without the buyer before the close, one dot a deal, lost above won."""
    limit = tables["limits"].first["limit"]
    day_strips(
        tables["strips"].rows, axes, group="outcome", days="dead_days", order=OUTCOMES,
        limit=None if any_missing(limit) else float(limit), limit_label="95 of 100 silences in won deals are shorter",
    )  # fmt: skip


def _outcomes(found: Silence, label: str) -> Table:
    rows = []
    for outcome in OUTCOMES:
        own = found.deals[found.deals["outcome"] == outcome]
        row = {"outcome": outcome, "deals": len(own), "unheard": found.closed[outcome] - len(own)}
        rows.append({**row, **_dead(own), "days": float(own["dead_days"].median())})
    columns = (
        Column("outcome", "label", "Outcome"), Column("deals", "count", "Deals with the buyer on record"),
        Column("unheard", "count", "Without, left out"), Column("dead", "count", "Silent for longer than live deals"),
        *_share_columns(), Column("days", "estimate", "Days of silence before the close (median)", "days"),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, f"Silent long before the close, {label}")


def _dead(own: pd.DataFrame) -> dict[str, object]:
    dead = int(own["is_dead"].sum())
    return {"dead": dead, **_limits_of(wilson(dead, len(own)) if len(own) >= LEAST_N else None)}


def _limits_of(found: Estimate | None, prefix: str = "") -> dict[str, float]:
    values = (np.nan,) * 3 if found is None else (found.estimate, found.low, found.high)
    return dict(zip((prefix + "share", prefix + "low", prefix + "high"), values, strict=True))


def _share_columns(prefix: str = "", label: str = "Share") -> tuple[Column, ...]:
    low, high = prefix + "low", prefix + "high"
    return (
        Column(prefix + "share", "estimate", f"{label} (95% interval)", "share", low=low, high=high),
        Column(low, "estimate", "Low", "share", shown=False), Column(high, "estimate", "High", "share", shown=False),
    )  # fmt: skip


def _apart(found: Silence, currency: str) -> tuple[Table, Table]:
    """Return the difference lost minus won, clustered by sales person, and its test."""
    deals = found.deals
    owners = deals["owner_id"].fillna(NOBODY).astype("str").to_numpy()
    lost = (deals["outcome"] == "lost").to_numpy(dtype="int64")
    gap = mean_difference(deals["is_dead"].to_numpy(dtype="int64"), lost, owners)
    amount = float(deals.loc[deals["is_dead"] & (lost == 1), "amount"].sum(min_count=1))
    apart = {"difference": gap.difference.estimate, "low": gap.difference.low, "high": gap.difference.high}
    frame = pd.DataFrame([apart | {"amount": amount}])
    columns = (
        Column("difference", "estimate", "Lost minus won (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("amount", "money", "Amount of those lost", currency),
    )  # fmt: skip
    tested = [{"hypothesis": "lost deals are silent before the close more or less often than won ones", "primary": True,
               "p": p_beside(gap.p, gap.difference.low, gap.difference.high)}]  # fmt: skip
    return Table(frame, columns, "Lost beside won"), tests_table("Whether lost and won deals differ", tested)


def _segments(found: Silence) -> Table:
    deals, rows = found.deals, []
    names = sorted(str(name) for name in deals["segment"].dropna().unique())
    for name in [EVERYWHERE, *names]:
        limit = found.limits.get(name, found.limits[EVERYWHERE])
        own = deals if name == EVERYWHERE else deals[deals["segment"] == name]
        row: dict[str, object] = {"segment": name, "limit": limit.estimate, "limit_low": limit.low,
                                  "limit_high": limit.high, "gaps": limit.n}  # fmt: skip
        for outcome in OUTCOMES:
            part = own[own["outcome"] == outcome]
            dead = int(part["is_dead"].sum())
            row |= {outcome: len(part), f"{outcome}_dead": dead}
            row |= _limits_of(wilson(dead, len(part)) if len(part) >= LEAST_N else None, f"{outcome}_")
        rows.append(row)
    columns = (
        Column("segment", "label", "Segment"),
        Column("limit", "estimate", "Longest silence of live deals (95% interval)", "days", low="limit_low",
               high="limit_high"),
        Column("limit_low", "estimate", "Low", "days", shown=False),
        Column("limit_high", "estimate", "High", "days", shown=False), Column("gaps", "count", "Silences behind it"),
        Column("lost", "count", "Lost deals"), Column("lost_dead", "count", "Silent for longer"),
        *_share_columns("lost_", "Share of the lost"),
        Column("won", "count", "Won deals"), Column("won_dead", "count", "Won, silent for longer"),
        *_share_columns("won_", "Share of the won"),
    )  # fmt: skip
    return Table(pd.DataFrame(rows)[[column.name for column in columns]], columns, "By segment")


def _live(found: Silence) -> Table:
    """Say how often a buyer who is still there stays silent for so long, contacts coming as in won deals."""
    won = found.deals[found.deals["outcome"] == "won"]
    span = (won["closed_at"] - won["created_at"]).dt.days
    days = float(span.sum())
    rate = float(won["contacts"].where(span.notna()).sum()) / days if days > 0 else np.nan
    chances = [np.nan if np.isnan(rate) else silence_probability(rate, silent) for silent in SILENCES]
    frame = pd.DataFrame({"silent": list(SILENCES), "rate": rate, "chance": chances})
    columns = (
        Column("silent", "count", "Days of silence"), Column("rate", "estimate", "Contacts a day in won deals"),
        Column("chance", "estimate", "Chance of it while the buyer is there", "share"),
    )  # fmt: skip
    return Table(frame, columns, "How often a live deal is silent for so long", detail=True)


def _breaks(found: Silence) -> Table:
    """Look in each deal for the week from which on its buyer did less."""
    deals = found.deals.dropna(subset=["created_at"]).set_index("deal_id")
    weeks = (deals["closed_at"] - deals["created_at"]).dt.days // 7
    days = found.days[found.days["deal_id"].isin(deals.index)]
    left = (days["deal_id"].map(deals["closed_at"]) - days["day"]).dt.days // 7
    left = left[left < days["deal_id"].map(weeks)]
    events = left.groupby(days["deal_id"]).size().reindex(deals.index, fill_value=0)
    fit = deals.index[(weeks >= LEAST_WEEKS) & (events >= LEAST_EVENTS)]
    by_deal = {str(name): own.to_numpy(dtype="int64") for name, own in left.groupby(days["deal_id"])}
    series = [np.bincount(weeks[name] - 1 - by_deal[str(name)], minlength=weeks[name]) for name in fit]
    breaks = change_points(series, draws=DRAWS)
    ago = [7 * (each.weeks - (each.week or 0)) if each.p < LOOK and each.after < each.before else -1 for each in breaks]
    tested = pd.DataFrame({"outcome": deals.loc[fit, "outcome"].to_numpy(), "ago": ago})
    rows = []
    for outcome in OUTCOMES:
        own = tested.loc[tested["outcome"] == outcome, "ago"]
        broken = own[own > 0]
        share = _limits_of(wilson(len(broken), len(own)) if len(own) >= LEAST_N else None)
        before = float(broken.median()) if len(broken) else np.nan
        rows.append({"outcome": outcome, "tested": len(own), "broken": len(broken), **share, "before": before})
    columns = (
        Column("outcome", "label", "Outcome"), Column("tested", "count", "Deals of 8 weeks and 8 contacts or more"),
        Column("broken", "count", "Contacts became fewer"), *_share_columns(),
        Column("before", "estimate", "Days from then to the close (median)", "days"),
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, "Deals in which the buyer did less from some week on")


def _strips(found: Silence) -> Table:
    frame = found.deals.sort_values(["outcome", "dead_days"], ignore_index=True)[["outcome", "dead_days"]]
    columns = (Column("outcome", "label", "Outcome"), Column("dead_days", "count", "Days of silence before the close"))
    return Table(frame.astype({"dead_days": "int64"}), columns, "Deal by deal", detail=True)


def _limit(found: Silence) -> Table:
    columns = (Column("limit", "estimate", "Longest silence of live deals", "days"),)
    return Table(pd.DataFrame({"limit": [found.limits[EVERYWHERE].estimate]}), columns, "The limit", detail=True)


ANALYSIS = Analysis(lost_long_before, headline, draw, family="comparison", method=METHOD, needs=(LOST, WON))
