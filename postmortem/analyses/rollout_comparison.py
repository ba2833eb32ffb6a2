"""Whether teams that introduced a process came to win more of their deals than teams that had not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort
from postmortem.frames.rollouts import FOLLOWED, LEAST_A_SIDE, NEVER, Rollout, followed_deals, largest_rollout
from postmortem.ground.formats import count, interval_text, points, value_text
from postmortem.ground.menus import source_of
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import RolloutEffect, rollout_effect

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = 0.05
WITH, WITHOUT = "Teams that started", "Teams that did not"
STARTED = Need(
    "rollouts", ("name", "team", "started_at"), 2, "teams whose start with a new process is on record",
    "write a table of roll-outs: what was introduced, in which team, from which day", "rollouts",
    lambda cohort, _: cohort.book.table("rollouts").dropna(subset=["started_at"])["team"].nunique(), "record",
)  # fmt: skip
METHOD = (
    "Deals by the day of their creation, up to a year before and as long after each start of the roll-out that most "
    "teams took part in; won within 180 days of creation, so that every deal is followed equally long. Collapsed to "
    "one share before and one after a team, teams of fewer than 10 deals on either side left out; difference-in- "
    "differences of unweighted team means, starts on different days one by one against teams that had not started by "
    "the end of that window. Test: randomisation inference over the ways to deal the starts out to the teams (all of "
    "them up to 20,000); interval by inverting it. The smallest p-value so many teams can show is printed. The course "
    "by quarter is shown to look at and not tested: at such lengths tests of a break in one series are wrong 13 to 29 "
    "times in a hundred. Deals created shortly before a start were partly worked under the new process, which pulls "
    "the difference towards none. Consistent with an effect is the most it can be: teams were not drawn by lot."
)


def rollout_comparison(cohort: Cohort) -> Result:
    """Did teams that introduced a process come to win more of their deals than teams that had not?

    Parameters
    ----------
    cohort : Cohort
        Any kind: it gives the day of the data. All deals created around the roll-out count, forecast or not.

    Returns
    -------
    Result
        Table ``sides``, one row for the teams that started and one for those that did not: ``side``, ``teams``,
        ``before`` and ``after`` (deals created), ``before_share`` and ``after_share`` (won within 180 days, mean over
        teams), ``change``. Table ``effect``, one row: ``process`` (what was introduced), ``difference`` of the two
        changes (``low``, ``high``; missing where so few teams allow no interval), ``floor`` (the smallest chance so
        few teams can show), ``ways`` (to deal the starts out), ``days`` (looked at on either side). Table ``by_start``,
        one row a day of starting: ``started``, ``teams``, ``others`` (that had not started), ``difference``, ``low``,
        ``high``. Table ``by_quarter``, one row a side and quarter of creation: ``side``, ``quarter``, ``deals``,
        ``share`` won. Table ``tests``, one row: ``hypothesis``, ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused without a table of roll-outs, under four teams with enough deals, and under two on either side.
    """
    have = STARTED.have(cohort)
    if have < STARTED.least:
        where = source_of(STARTED.source).where
        gap = Gap("as soon as that table is written", where, have, STARTED.least)
        return ANALYSIS.refuse(cohort, STARTED.missing(have), unlock=STARTED.unlock, gap=gap)
    rollout = largest_rollout(cohort.book, cohort.as_of)
    if rollout is None:
        missing = f"{LEAST_A_SIDE} deals before and after the start that could be followed for {FOLLOWED} days"
        return ANALYSIS.refuse(cohort, missing, unlock="export deals of more quarters", gap=Gap("as time goes on"))
    found = rollout_effect(rollout.changes, rollout.start, exposure=rollout.exposure, later=rollout.later)
    if found.why:
        unlock = "compare more teams: some that introduced it and some that did not"
        return ANALYSIS.refuse(cohort, found.why, unlock=unlock, gap=Gap("as more teams start"))
    deals = followed_deals(cohort.book, cohort.as_of)
    hypothesis = "the share won changed differently in teams that introduced a process"
    tables = {
        "sides": _sides(rollout),
        "effect": _effect(rollout, found),
        "by_start": _by_start(rollout),
        "by_quarter": _by_quarter(rollout, deals, cohort),
        "tests": tests_table(
            "Whether the share won changed differently", [{"hypothesis": hypothesis, "primary": True, "p": found.p}]
        ),
    }
    caveats = [
        "The teams were not drawn by lot: those about to improve may have been chosen to start. Such a difference is "
        "consistent with the process helping, and no more.",
        f"All deals created up to {count(max(rollout.spans), 'day')} before and after the start are looked at, in the "
        f"forecast or not, each followed for {FOLLOWED} days.",
    ]
    if rollout.dropped:
        caveats.append(f"{count(rollout.dropped, 'team')} with fewer than {LEAST_A_SIDE} deals on a side left out.")
    used = int(cohort.table["deal_id"].isin(deals["deal_id"]).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say how the change in teams that started compares, as far as it may be said."""
    row, test = tables["effect"].first, tables["tests"].first
    sides = tables["sides"].rows
    if any_missing(row["difference"], row["floor"], *sides["teams"]):
        return WITHHELD
    teams = f"{sides['teams'].iloc[0]} teams that started, {sides['teams'].iloc[1]} that did not"
    apart = points(row["difference"])
    bounded = not any_missing(row["low"], row["high"])
    sure = interval_text(row["low"], row["high"], "points") if bounded else "too few teams for an interval"
    if test["named"] is True and bounded:
        way = "better" if row["difference"] > 0 else "worse"
        size = points(abs(row["difference"])).removeprefix("+")
        low, high = (row["low"], row["high"]) if row["difference"] > 0 else (-row["high"], -row["low"])
        return (
            f"After the roll-out the share won developed {size} {way} in teams that started than in the others "
            f"({interval_text(low, high, 'points')}; {teams}), which is consistent with an effect and no proof of one."
        )
    if not any_missing(test["p"]) and test["p"] < LOOK:
        return (
            f"Worth a look: after the roll-out the share won developed unequally in teams that started and in the "
            f"others ({sure}; {teams})."
        )
    least = value_text(row["floor"])
    reach = f"; so few teams can show no chance below {least}" if row["floor"] > LOOK else ""
    return f"Whether the roll-out went with more wins cannot be told ({apart}, {sure}; {teams}{reach})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share won before and after, for teams that started and for those that did not."""
    paired_bars(
        tables["sides"].rows, axes, name="side", left="before_share", right="after_share", left_label="created before",
        right_label="created after", difference="change", n="after",
    )  # fmt: skip


def _sides(rollout: Rollout) -> Table:
    rows = []
    for side, chosen in ((WITH, rollout.start != NEVER), (WITHOUT, rollout.start == NEVER)):
        # Teams that started stand at their own start, the others at the first one.
        place = np.where(rollout.start[chosen] == NEVER, 0, rollout.start[chosen])
        column = np.flatnonzero(chosen)
        before, after = rollout.before[place, column], rollout.after[place, column]
        shares = [float((won[place, column] / n).mean()) for won, n in
                  ((rollout.before_won, before), (rollout.after_won, after))]  # fmt: skip
        rows.append(
            {
                "side": side, "teams": int(chosen.sum()), "before": int(before.sum()), "after": int(after.sum()),
                "before_share": shares[0], "after_share": shares[1], "change": shares[1] - shares[0],
            }
        )  # fmt: skip
    columns = (
        Column("side", "label", "Teams"),
        Column("teams", "count", "Number"),
        Column("before", "count", "Deals created before"),
        Column("before_share", "estimate", "Won in 180 days", "share"),
        Column("after", "count", "Deals created after"),
        Column("after_share", "estimate", "Won in 180 days", "share"),
        Column("change", "estimate", "Change", "points"),
    )
    frame = pd.DataFrame(rows)[[column.name for column in columns]]
    return Table(frame, columns, "Share won before and after the roll-out, mean over teams")


def _effect(rollout: Rollout, found: RolloutEffect) -> Table:
    apart = found.effect
    row = {
        "process": rollout.name, "difference": found.difference, "low": apart.low, "high": apart.high,
        "floor": found.floor, "ways": found.ways, "days": max(rollout.spans),
    }  # fmt: skip
    columns = (
        Column("process", "text", "What was introduced"),
        *_difference(),
        Column("floor", "estimate", "Smallest chance so few teams can show"),
        Column("ways", "count", "Ways to deal the starts out"),
        Column("days", "count", "Days on either side"),
    )
    return Table(pd.DataFrame([row]), columns, "How much more the share won changed in teams that started")


def _difference() -> tuple[Column, ...]:
    return (
        Column("difference", "estimate", "Difference of the changes (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )


def _by_start(rollout: Rollout) -> Table:
    rows: list[dict[str, Any]] = []
    for place, day in enumerate(rollout.starts):
        chosen = np.isin(rollout.start, (place, NEVER, *rollout.later[place]))
        start = np.where(rollout.start[chosen] == place, 0, NEVER)
        changes = rollout.changes[[place]][:, chosen]
        found = rollout_effect(changes, start)
        rows.append(
            {
                "started": pd.Timestamp(day), "teams": int((start == 0).sum()), "others": int((start == NEVER).sum()),
                "difference": found.difference, "low": found.effect.low, "high": found.effect.high,
            }
        )  # fmt: skip
    columns = (
        Column("started", "date", "Started"),
        Column("teams", "count", "Teams"),
        Column("others", "count", "Teams that had not started"),
        *_difference(),
    )
    return Table(pd.DataFrame(rows), columns, "The same by day of starting", detail=True)


def _by_quarter(rollout: Rollout, deals: pd.DataFrame, cohort: Cohort) -> Table:
    side = dict(zip(rollout.teams, np.where(rollout.start == NEVER, WITHOUT, WITH), strict=True))
    span = pd.Timedelta(days=max(rollout.spans))
    first, last = pd.Timestamp(rollout.starts[0]) - span, pd.Timestamp(rollout.starts[-1]) + span
    rows = deals[deals["team"].isin(rollout.teams) & deals["created"].between(first, last)]
    labels = {day: cohort.focus.calendar.quarter_of(day.date()).label for day in rows["created"].unique()}
    by = [rows["team"].map(side).astype("str").rename("side"), rows["created"].map(labels).rename("quarter")]
    frame = rows["won"].astype("int64").groupby(by).agg(["size", "mean"]).reset_index()
    frame = frame.set_axis(["side", "quarter", "deals", "share"], axis=1).astype({"quarter": "str", "share": "float64"})
    columns = (
        Column("side", "label", "Teams"),
        Column("quarter", "label", "Created in"),
        Column("deals", "count", "Deals"),
        Column("share", "estimate", "Won in 180 days", "share"),
    )
    return Table(frame, columns, "By quarter of creation, to look at", detail=True)


ANALYSIS = Analysis(rollout_comparison, headline, draw, family="comparison", method=METHOD, needs=(STARTED,))
