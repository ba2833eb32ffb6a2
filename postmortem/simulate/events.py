"""Contacts and happenings: both sides' while the buyer is there, and the seller's own for a while after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, STAGES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.practice import Activity
from postmortem.simulate.randomness import Flags, Ints, Texts, pick_same
from postmortem.simulate.signs import Signs
from postmortem.simulate.stages import Paths

LATEST_HOUR = days.OFFICE_OPENS + days.OFFICE_SECONDS
WEEK = 7 * days.SECONDS
SILENT_LEADS = 0.5
KINDS = {
    "buyer": ("email", "call", "meeting"),
    "both": ("meeting", "call", "demo"),
    "seller": ("email", "call", "other"),
}
KIND_SHARES = {"buyer": (0.55, 0.35, 0.1), "both": (0.55, 0.3, 0.15), "seller": (0.6, 0.3, 0.1)}
REVIEWS = ("security_review", "legal_review", "procurement")
PROOFS = ("reference", "pilot")


@dataclass(frozen=True)
class Timeline:
    """Until when each side acts, in Unix seconds, and when the proposal was sent (-1: never); one entry a deal."""

    buyer_until: Ints
    seller_until: Ints
    proposal: Ints
    left_alone: Flags


def build_timeline(parameters: Parameters, activity: Activity, ends: Ends, paths: Paths) -> Timeline:
    """Decide how long both sides act, and which proposals are left alone."""
    rng = parameters.stream("timeline")
    won = ends.fate == FATES.index("won")
    last = ends.died * days.SECONDS + LATEST_HOUR
    buyer_until = np.where(won, paths.closed_at, np.minimum(paths.closed_at, last))
    low, high = activity.seller_after_death
    longer = np.floor((low + (high - low) * rng.random(len(won))) * days.SECONDS).astype(np.int64)
    seller_until = np.where(won, paths.closed_at, np.minimum(paths.closed_at, last + longer))
    proposal = _proposals(paths, len(won))
    left_alone = rng.random(len(won)) < np.where(won, *activity.left_alone)
    return Timeline(buyer_until, seller_until, proposal, (proposal >= 0) & left_alone)


def build_events(
    parameters: Parameters, activity: Activity, deals: Deals, paths: Paths, signs: Signs, timeline: Timeline
) -> pd.DataFrame:
    """Let both sides act.

    Returns
    -------
    DataFrame
        One row an event, by deal and moment: deal (row), kind, side, occurred_at and recorded_at (Unix
        seconds), next_step (True, False or missing), person (position among the deal's contacts, to be taken
        as far as they are known).
    """
    rng = parameters.stream("events")
    parts = [_special(parameters, deals, paths, signs, timeline), *_regular(rng, activity, paths, signs, timeline)]
    frame = pd.concat(parts, ignore_index=True)
    frame = _left_alone(_followed_up(rng, frame, timeline), timeline)
    until = np.where(
        frame["side"] == "seller", timeline.seller_until[frame["deal"]], timeline.buyer_until[frame["deal"]]
    )
    inside = (frame["occurred_at"] <= until) & (frame["occurred_at"] >= paths.created_at[frame["deal"]])
    frame = frame[inside].sort_values(["deal", "occurred_at"], kind="stable", ignore_index=True)
    return _logged(rng, activity, frame, signs)


def _regular(
    rng: np.random.Generator, activity: Activity, paths: Paths, signs: Signs, timeline: Timeline
) -> list[pd.DataFrame]:
    rates = {"buyer": activity.buyer_rate, "both": activity.two_way_rate, "seller": activity.seller_rate}
    silent = signs.shows("not_an_opportunity") & (rng.random(len(paths.created_at)) < SILENT_LEADS)
    parts = []
    for side, rate in rates.items():
        until = timeline.seller_until if side == "seller" else timeline.buyer_until
        life = np.maximum(until - paths.created_at, 0)
        number = rng.poisson(rate * life / days.SECONDS)
        if side == "buyer":
            number[silent] = 0
        deal = np.repeat(np.arange(len(life)), number)
        at = paths.created_at[deal] + np.floor(rng.random(len(deal)) * life[deal]).astype(np.int64)
        moment = days.moments(rng, days.workday_before(at // days.SECONDS))
        moment = np.minimum(np.maximum(moment, paths.created_at[deal]), until[deal])
        kind = np.asarray(KINDS[side], dtype=object)[pick_same(rng, KIND_SHARES[side], len(deal))]
        parts.append(_rows(deal, moment, kind, side))
    return parts


def _special(parameters: Parameters, deals: Deals, paths: Paths, signs: Signs, timeline: Timeline) -> pd.DataFrame:
    """Return proposals, discovery, proof and reviews: early, whatever becomes of the deal, unless a mark shows.

    Where the buyer's risk is not understood, the review falls into the last fifth of the deal, by which
    time a lost buyer may be gone.
    """
    rng = parameters.stream("proof and reviews")
    count = len(deals)
    sent, proposal = timeline.proposal >= 0, timeline.proposal // days.SECONDS
    found = deals.created + rng.integers(1, 16, count)
    found = np.where(sent, np.minimum(found, proposal - 1), found)
    missed = signs.shows("needs_not_uncovered")
    found = np.where(missed, days.workday_after(proposal + rng.integers(2, 15, count)), found)
    discovers = (~missed | (sent & (rng.random(count) < 0.5))) & (found >= deals.created)
    proves, proof = ~signs.shows("no_trust_in_delivery"), deals.created + rng.integers(8, 36, count)
    late = signs.shows("risk_not_understood")
    span = paths.closed_at // days.SECONDS - deals.created
    at_last = deals.created + np.floor((0.82 + 0.16 * rng.random(count)) * span).astype(np.int64)
    review = np.where(late, at_last, deals.created + rng.integers(10, 41, count))
    reviews = np.asarray(REVIEWS, dtype=object)[rng.integers(0, len(REVIEWS), count)]
    proofs = np.asarray(PROOFS, dtype=object)[rng.integers(0, len(PROOFS), count)]
    every = np.arange(count)
    parts = [_rows(every[sent], timeline.proposal[sent], "proposal_sent", "seller")]
    for rows, day, kind, side in (
        (every[discovers], found[discovers], "discovery", "both"),
        (every[proves], proof[proves], proofs[proves], "both"),
        (every, review, reviews, "both"),
    ):
        on = days.workday_before(day)
        moment = np.maximum(days.moments(rng, on), paths.created_at[rows])
        parts.append(_rows(rows, moment, kind, side))
    return pd.concat(parts, ignore_index=True)


def _followed_up(rng: np.random.Generator, frame: pd.DataFrame, timeline: Timeline) -> pd.DataFrame:
    """Follow up every proposal that is not left alone with a call within the week."""
    deal = np.flatnonzero((timeline.proposal >= 0) & ~timeline.left_alone)
    moment = timeline.proposal[deal] + rng.integers(1, 6, len(deal)) * days.SECONDS
    return pd.concat([frame, _rows(deal, moment, "call", "both")], ignore_index=True)


def _left_alone(frame: pd.DataFrame, timeline: Timeline) -> pd.DataFrame:
    """Move what the buyer did in the week after a proposal left alone to the week after that."""
    deal = frame["deal"].to_numpy()
    since = frame["occurred_at"].to_numpy() - timeline.proposal[deal]
    moved = timeline.left_alone[deal] & (frame["side"] != "seller").to_numpy() & (since > 0) & (since <= WEEK)
    return frame.assign(occurred_at=frame["occurred_at"] + WEEK * moved)


def _logged(rng: np.random.Generator, activity: Activity, frame: pd.DataFrame, signs: Signs) -> pd.DataFrame:
    count = len(frame)
    late = rng.random(count) < activity.logged_late
    low, high = activity.late_days
    delay = days.SECONDS * np.floor(low + (high - low) * rng.random(count)).astype(np.int64)
    agreed = (rng.random(count) < activity.next_step_share) & ~signs.shows("not_qualified_continuously")[frame["deal"]]
    known = (frame["side"] == "both").to_numpy() & (rng.random(count) >= activity.next_step_blank)
    step = pd.Series(agreed, dtype="boolean").where(known)
    return frame.assign(
        recorded_at=frame["occurred_at"] + delay * late, next_step=step, person=rng.integers(0, 12, count)
    )


def _proposals(paths: Paths, count: int) -> Ints:
    """Return when each proposal was sent: on entering its stage, or the negotiation where that was skipped."""
    sent = np.full(count, -1, dtype=np.int64)
    at = np.flatnonzero(np.isin(paths.stage, (STAGES.index("Proposal"), STAGES.index("Negotiation"))))[::-1]
    sent[paths.deal[at]] = paths.entered_at[at]
    return sent


def _rows(deal: Ints, moment: Ints, kind: Texts | str, side: str) -> pd.DataFrame:
    return pd.DataFrame({"deal": deal, "occurred_at": moment, "kind": kind, "side": side})
