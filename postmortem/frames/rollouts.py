"""Deals around process roll-outs: which were created before and after a start, in teams with and without it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.book import Book

FOLLOWED, SPAN, SHORTEST = 180, 365, 90
LEAST_A_SIDE = 10
NEVER = -1


@dataclass(frozen=True)
class Rollout:
    """One roll-out, its starts, and what each team's deals came to before and after each of them.

    Attributes
    ----------
    name : str
        What was introduced.
    starts : tuple of datetime.date
        Days on which teams started, in order; those without a full window of deals left out.
    spans : tuple of int
        Days looked at before and after each start.
    teams : tuple of str
        Teams with enough deals on either side of every start.
    start : ndarray of int, shape (teams,)
        Index of each team's start, `NEVER` for those without.
    before, after, before_won, after_won : ndarray of int, shape (starts, teams)
        Deals created in the days before and after the start, and those of them won within 180 days.
    exposure : ndarray of float, shape (starts, teams)
        Part of the later deals created after the team's own start, less that of the earlier ones.
    later : tuple of tuple of int
        For each start those that begin only after its window.
    dropped : int
        Teams left out for too few deals.
    """

    name: str
    starts: tuple[dt.date, ...]
    spans: tuple[int, ...]
    teams: tuple[str, ...]
    start: np.ndarray
    before: np.ndarray
    after: np.ndarray
    before_won: np.ndarray
    after_won: np.ndarray
    exposure: np.ndarray
    later: tuple[tuple[int, ...], ...]
    dropped: int

    @property
    def changes(self) -> np.ndarray:
        """Share won after minus share won before, shape (starts, teams)."""
        return np.asarray(self.after_won / self.after - self.before_won / self.before, dtype=np.float64)


def followed_deals(book: Book, as_of: dt.date) -> pd.DataFrame:
    """Return the deals that could be followed for 180 days from their creation.

    Returns
    -------
    DataFrame
        One row a deal: ``deal_id``, ``created`` (day), ``team`` (its own, else its owner's in the table of sales
        people), ``won`` (within 180 days of its creation). Deals without a day of creation or a team are left out.
    """
    deals = book.deals[["deal_id", "created_at", "closed_at", "outcome", "owner_id", "team"]]
    teams = book.table("reps").dropna(subset=["team"]).drop_duplicates("rep_id").set_index("rep_id")["team"]
    team = deals["team"].astype("str").fillna(deals["owner_id"].map(teams.to_dict()).astype("str"))
    created = deals["created_at"].dt.normalize()
    last = pd.Timestamp(as_of - dt.timedelta(days=FOLLOWED))
    won = (deals["outcome"] == "won") & ((deals["closed_at"] - created).dt.days <= FOLLOWED)
    frame = pd.DataFrame({"deal_id": deals["deal_id"], "created": created, "team": team, "won": won})
    kept: pd.DataFrame = frame[created.notna() & (created <= last) & team.notna()].reset_index(drop=True)
    return kept


def largest_rollout(book: Book, as_of: dt.date) -> Rollout | None:
    """Return the roll-out that most teams with enough deals took part in; None where there is none to follow.

    Parameters
    ----------
    book : Book
        With `rollouts`, cut at `as_of`.
    as_of : datetime.date
        Last day known.

    Returns
    -------
    Rollout or None
        Up to 365 days either side of each start, the same number before and after, as far as deals are on record
        and could be followed for 180 days; at least 90.
    """
    rollouts, deals = book.table("rollouts").dropna(subset=["started_at"]), followed_deals(book, as_of)
    found = [_rollout(str(name), rows, deals) for name, rows in rollouts.groupby("name")]
    told = [each for each in found if each is not None]
    return max(told, key=lambda each: (int((each.start != NEVER).sum()), each.name)) if told else None


def _rollout(name: str, rows: pd.DataFrame, deals: pd.DataFrame) -> Rollout | None:
    if deals.empty:
        return None
    first, last = deals["created"].min(), deals["created"].max()
    own = rows.groupby("team")["started_at"].min().dt.normalize()
    spans = {
        day: int(min(SPAN, (day - first).days, (last - day).days + 1)) for day in sorted(own.unique())
    }  # fmt: skip
    starts = [pd.Timestamp(day) for day, span in spans.items() if span >= SHORTEST]
    # A team that started where nothing can be followed is neither with nor without.
    unfollowed = set(own[~own.isin(starts)].index)
    teams = sorted(set(deals["team"]) - unfollowed)
    if not starts or not teams:
        return None
    counted = np.array([[_counts(deals, team, day, spans[day], own.get(team)) for team in teams] for day in starts])
    enough = np.asarray((counted[:, :, :2] >= LEAST_A_SIDE).all(axis=(0, 2)))
    kept = [team for team, there in zip(teams, enough, strict=True) if there]
    place = {day: number for number, day in enumerate(starts)}
    start = np.array([place[own[team]] if team in own.index else NEVER for team in kept], dtype=np.int64)
    if any((start == number).sum() == 0 for number in place.values()):
        return None
    numbers = counted[:, enough]
    return Rollout(
        name=name,
        starts=tuple(day.date() for day in starts),
        spans=tuple(spans[day] for day in starts),
        teams=tuple(kept),
        start=start,
        before=numbers[:, :, 0].astype(np.int64),
        after=numbers[:, :, 1].astype(np.int64),
        before_won=numbers[:, :, 2].astype(np.int64),
        after_won=numbers[:, :, 3].astype(np.int64),
        exposure=numbers[:, :, 4],
        later=tuple(tuple(n for n, other in enumerate(starts) if (other - day).days >= spans[day]) for day in starts),
        dropped=len(teams) - len(kept),
    )


def _counts(
    deals: pd.DataFrame, team: str, day: pd.Timestamp, span: int, own: pd.Timestamp | None
) -> tuple[float, float, float, float, float]:
    """Return deals before and after a day, those won, and the part of the change that lies after the own start."""
    of_team = deals[deals["team"] == team]
    since = (of_team["created"] - day).dt.days
    before, after = of_team[(since >= -span) & (since < 0)], of_team[(since >= 0) & (since < span)]
    exposed = [0.0 if own is None or part.empty else float((part["created"] >= own).mean()) for part in (before, after)]
    return len(before), len(after), int(before["won"].sum()), int(after["won"].sum()), max(exposed[1] - exposed[0], 0)
