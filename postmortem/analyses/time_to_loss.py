"""How many days after being forecast deals are won and lost, and to whom, those still open counted as open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.incidence_stack import incidence_stack
from postmortem.frames.cohort import Cohort
from postmortem.frames.first_forecast import newly_forecast
from postmortem.frames.followed import Followed, followed
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fates import FATE_LABELS, LOST, OPEN, WON
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import CumulativeIncidence, Estimate, cumulative_incidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Deals = Literal["cohort", "first_forecast"]
HORIZONS = (30, 60, 90, 120, 180)
ENDS = (WON, *LOST)
SAID = {
    WON: "won",
    "lost_competitor": "lost to competitors", "lost_status_quo": "lost to the status quo",
    "lost_disqualified": "dropped as never an opportunity", "lost_unknown": "lost to a taker not recorded",
}  # fmt: skip
ENDED = Need(
    "deals", ("outcome", "closed_at"), 10, "deals that have been won or lost by now", "export more past quarters",
    "deals", lambda _, rows: int(rows.loc[rows["ultimate"].ne(OPEN) & rows["closed_at"].notna(), "deal_id"].nunique()),
)  # fmt: skip
UNDATED = "the day from which each deal was forecast, or stood in a late stage; closed deals alone do not tell it"
FIRST_UNKNOWN = "the day on which each deal was first forecast, which a history of forecast categories tells"
UNLOCK = "export the CRM's field history of stages and forecast categories"
FROM_ENTRY = (
    "Too few deals were followed from the first days on, so days count from the day each deal came into these data, "
    "not from its first day in the forecast or in a late stage."
)
METHOD = (
    "Each deal of the window once, from its start to its close; deals still open leave on the last day known, as open. "
    "Shares are Aalen-Johansen cumulative incidences with pointwise 95% intervals on the log-log scale, which take "
    "deals as independent; one minus Kaplan-Meier per end would overstate every one of them. Deals of the forecast or "
    "of a late stage are at risk only from the day they came into it (delayed entry). Curves end before fewer than ten "
    "deals are followed."
)


def time_to_loss(cohort: Cohort, *, horizon: int = 90, deals: Deals = "cohort") -> Result:
    """How long after being forecast are deals won, lost or still open?

    Parameters
    ----------
    cohort : Cohort
        Of kind first_forecast, forecast or late_stage; the window is pooled.
    horizon : int
        Day the sentence is about.
    deals : {"cohort", "first_forecast"}
        Deals followed: those of the cohort, or, whatever its kind, those first forecast in the quarters of its window,
        which are followed from their first day on and so need no allowance for having come in late.

    Returns
    -------
    Result
        Table ``horizons``, one row a day asked for and fate (the open ones included): ``day``, ``fate`` (code),
        ``label``, ``deals`` (ended so by then, or open and followed beyond), ``share`` with ``low`` and ``high`` (95%;
        missing past the end of the curves and below five deals). Table ``curve``, one row a day and fate whose share
        moves: ``day``, ``fate``, ``share``, ``low``, ``high``, ``at_risk`` (deals followed just before). Table
        ``asked``, one row: ``which`` (deals these are), ``since`` (what days count from), ``horizon``, ``until`` (last
        day with ten deals followed), ``followed`` (deals), ``ended`` (of them).

    Notes
    -----
    Refused for closed deals and below ten deals that have ended; and, asked for the deals first forecast, where no
    history of forecast categories tells them.
    """
    asked: dict[str, Any] = {"horizon": horizon, "deals": deals}
    if deals == "first_forecast":
        try:
            cohort = newly_forecast(cohort)
        except FrameRefused:
            return ANALYSIS.refuse(cohort, FIRST_UNKNOWN, unlock=UNLOCK, gap=Gap(AT_ONCE), **asked)
        except EmptyFrame:
            return ANALYSIS.refuse(cohort, f"no deal first forecast in {cohort.focus.label}", **asked)
    if cohort.kind not in ANALYSIS.frames:
        return ANALYSIS.refuse(cohort, UNDATED, unlock=UNLOCK, gap=Gap(AT_ONCE), **asked)
    if not ENDED.met(cohort):
        return ANALYSIS.lack(cohort, ENDED, **asked)
    course = followed(cohort)
    curve = _curve(course)
    late_only = course.entered_late and curve.status == "refused"
    if late_only:
        course = followed(cohort, from_entry=True)
        curve = _curve(course)
    tables = {
        "horizons": _horizons(curve, course, horizon),
        "curve": _moves(curve),
        "asked": _asked(course, curve, horizon, f"deals {cohort.chosen} {cohort.window_label}"),
    }
    caveats = (*_left_out(course), *((FROM_ENTRY,) if late_only else ()))
    return ANALYSIS.answer(tables, cohort, n_used=len(course.rows), caveats=caveats, fallback=late_only, **asked)


def headline(tables: Tables) -> str:
    """Say what had become of the deals by the horizon, those still open included."""
    asked = tables["asked"].first
    if any_missing(asked["horizon"], asked["until"], asked["followed"]):
        return WITHHELD
    day = min(int(asked["horizon"]), int(asked["until"]))
    rows = {row["fate"]: row for row in tables["horizons"].records if row["day"] == day}
    # Where rows are withheld their day is missing as well.
    if OPEN not in rows or any_missing(*(row["deals"] for row in rows.values())):
        return WITHHELD
    told = [
        f"{per_cent(row['share'])} ({interval_text(row['low'], row['high'])}) were {SAID[fate]}"
        for fate, row in rows.items()
        if fate != OPEN and not any_missing(row["share"], row["low"], row["high"])
    ]
    told = [told[0], *(each.replace(" were", "") for each in told[1:])] if told else []
    few = sum(int(row["deals"]) for fate, row in rows.items() if fate != OPEN and any_missing(row["share"]))
    if not any_missing(rows[OPEN]["share"]):
        told.append(
            f"{per_cent(rows[OPEN]['share'])} ({interval_text(rows[OPEN]['low'], rows[OPEN]['high'])}) still open"
        )
    rest = f"; {count(few, 'deal')} ended in ways too rare to give a share" if few else ""
    return f"Of {asked['which']}, by day {day} after {asked['since']}, {', '.join(told)}{rest}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the fates stacked over the days, what is still open on top."""
    asked = tables["asked"].first
    incidence_stack(
        tables["curve"].rows, axes, day="day", fate="fate", share="share", at_risk="at_risk", order=ENDS,
        horizon=None if any_missing(asked["horizon"]) else float(asked["horizon"]),
        since=spoken(asked["since"], "the start"),
    )  # fmt: skip


SHARE = (
    Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
    Column("low", "estimate", "Low", "share", shown=False),
    Column("high", "estimate", "High", "share", shown=False),
)


def _curve(deals: Followed) -> CumulativeIncidence:
    """Return the curves of all deals, one cause a fate in the order of `ENDS`."""
    cause = deals.rows["ultimate"].map({fate: place for place, fate in enumerate(ENDS, start=1)}).fillna(0)
    entry = deals.rows["entry"].to_numpy() if deals.entered_late else None
    every = tuple(range(1, len(ENDS) + 1))
    return cumulative_incidence(
        deals.rows["days"].to_numpy(), cause.astype("int64").to_numpy(), entry=entry, causes=every
    )


def _horizons(curve: CumulativeIncidence, deals: Followed, horizon: int) -> Table:
    days = sorted({*HORIZONS, horizon, *([int(curve.until)] if horizon > curve.until else [])})
    rows: list[dict[str, object]] = []
    for day in days:
        for cause, fate in enumerate(ENDS, start=1):
            events = int((deals.rows["ultimate"].eq(fate) & (deals.rows["days"] <= day)).sum())
            rows.append(
                {"day": day, "fate": fate, "label": FATE_LABELS[fate], "deals": events, **_shown(curve.at(day, cause))}
            )
        beyond = int((deals.rows["days"] > day).sum())
        rows.append(
            {"day": day, "fate": OPEN, "label": FATE_LABELS[OPEN], "deals": beyond, **_shown(curve.open_at(day))}
        )
    columns = (
        Column("day", "count", "Day"), Column("fate", "label", "Code", shown=False),
        Column("label", "label", "What became of them"),
        Column("deals", "count", "Deals"), *SHARE,
    )  # fmt: skip
    return Table(pd.DataFrame(rows), columns, f"What had become of them, days after {deals.since}", detail=True)


def _shown(share: Estimate) -> dict[str, float]:
    return {"share": share.estimate, "low": share.low, "high": share.high}


def _moves(curve: CumulativeIncidence) -> Table:
    """Return the steps of every fate's curve, and where each of them ends."""
    parts = []
    for place, fate in enumerate(ENDS):
        steps = curve.events[:, place] > 0
        steps[-1] = True
        told = {"share": curve.incidence, "low": curve.low, "high": curve.high}
        part = pd.DataFrame({name: values[steps, place] for name, values in told.items()})
        part.insert(0, "day", curve.times[steps].astype("int64"))
        parts.append(part.assign(fate=fate, at_risk=curve.at_risk[steps].astype("int64")))
    frame = pd.concat(parts, ignore_index=True)[["day", "fate", "share", "low", "high", "at_risk"]]
    columns = (
        Column("day", "count", "Day"), Column("fate", "label", "What became of them"), *SHARE,
        Column("at_risk", "count", "Still followed"),
    )  # fmt: skip
    return Table(frame, columns, "What became of them, day by day", detail=True)


def _asked(deals: Followed, curve: CumulativeIncidence, horizon: int, which: str) -> Table:
    ended = int(deals.rows["ultimate"].ne(OPEN).sum())
    frame = pd.DataFrame(
        {"which": [which], "since": [deals.since], "horizon": [horizon], "until": [int(curve.until)],
         "followed": [len(deals.rows)], "ended": [ended]}
    )  # fmt: skip
    columns = (
        Column("which", "label", "Deals"), Column("since", "label", "Days count from"),
        Column("horizon", "count", "Day asked for"),
        Column("until", "count", "Last day with ten deals followed"), Column("followed", "count", "Deals followed"),
        Column("ended", "count", "Of these ended"),
    )  # fmt: skip
    return Table(frame, columns, "What was followed", detail=True)


def _left_out(deals: Followed) -> tuple[str, ...]:
    if not deals.left_out:
        return ()
    return (
        f"{count(deals.left_out, 'deal')} left out: closed without a day or on the day they would have come in, or "
        "older than the record.",
    )


ANALYSIS = Analysis(
    time_to_loss, headline, draw, family="rate", method=METHOD, needs=(ENDED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
