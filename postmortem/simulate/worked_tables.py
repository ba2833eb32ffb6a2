"""The canonical tables of how deals were worked and looked into, as they stand on the day of the extraction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from postmortem.simulate import days
from postmortem.simulate.influences import rollout_day
from postmortem.simulate.interviews import MISSING
from postmortem.simulate.parameters import STAGES
from postmortem.simulate.practice import Practice
from postmortem.simulate.quotas import build_guesses, build_quotas
from postmortem.simulate.randomness import Dates, Ints, Texts
from postmortem.simulate.tables import Made, canonical, interview_ids, labels, stamps
from postmortem.simulate.work import Work

Frames = dict[str, pd.DataFrame]
QUOTAS = ("rep_id", "quarter", "quota", "attained")
GUESSES = ("quarter", "rater_id", "question", "value")


def make_events(made: Made, work: Work) -> pd.DataFrame:
    """Return the events written down by the extraction, each with a person known by then."""
    frame = work.events
    frame = frame[np.isin(frame["deal"], made.kept) & (frame["recorded_at"] <= made.until)]
    return canonical(
        "events",
        {
            "deal_id": made.ids[frame["deal"]],
            "kind": frame["kind"].to_numpy(),
            "side": frame["side"].to_numpy(),
            "occurred_at": stamps(frame["occurred_at"]),
            "contact_id": _people(work.contacts, frame),
            "next_step_agreed": frame["next_step"].reset_index(drop=True),
            "recorded_at": stamps(frame["recorded_at"]),
        },
    )


def make_milestones(made: Made, work: Work) -> pd.DataFrame:
    """Return the commitments met and written down by the extraction."""
    frame = work.commitments
    frame = frame[np.isin(frame["deal"], made.kept) & (frame["recorded_at"] <= made.until)]
    return canonical(
        "milestones",
        {
            "deal_id": made.ids[frame["deal"]],
            "milestone": frame["milestone"].to_numpy(),
            "stage": labels(STAGES, frame["stage"].to_numpy()),
            "met_at": days.dates(frame["met_on"].to_numpy()),
            "recorded_at": stamps(frame["recorded_at"]),
        },
    )


def make_contacts(made: Made, work: Work) -> pd.DataFrame:
    """Return the people known by the extraction."""
    frame = work.contacts
    known = np.isin(frame["deal"], made.kept) & (frame["first_seen"] <= days.number(made.parameters.as_of))
    frame = frame[known]
    return canonical(
        "contacts",
        {
            "deal_id": made.ids[frame["deal"]],
            "contact_id": frame["contact_id"].to_numpy(),
            "role": frame["role"].to_numpy(),
            "first_seen_at": days.dates(frame["first_seen"].to_numpy()),
        },
    )


def make_interviews(made: Made, work: Work) -> pd.DataFrame:
    """Return the deals drawn for an interview."""
    frame = work.interviews
    return canonical(
        "interviews",
        {
            "interview_id": interview_ids(made, frame.index.to_series()),
            "deal_id": made.ids[frame["deal"]],
            "drawn_at": days.dates(frame["drawn_on"].to_numpy()),
            "stratum": frame["stratum"].to_numpy(),
            "draw_order": frame["draw_order"].to_numpy(),
            "inclusion_probability": frame["inclusion_probability"].to_numpy(),
            "invited_at": _dates(frame["invited_on"].to_numpy()),
            "status": frame["status"].to_numpy(),
            "held_at": _dates(frame["held_on"].to_numpy()),
            "respondent_role": _filled(frame["respondent_role"].to_numpy(dtype=object)),
            "consent": frame["consent"].to_numpy(),
        },
    )


def make_ratings(made: Made, work: Work) -> pd.DataFrame:
    """Return the scores buyers gave."""
    frame = work.ratings
    return canonical(
        "ratings",
        {
            "interview_id": interview_ids(made, frame["interview"]),
            "dimension": frame["dimension"].to_numpy(),
            "score": frame["score"].to_numpy(),
        },
    )


def make_reviews(made: Made, work: Work) -> pd.DataFrame:
    """Return the managers' answers."""
    frame = work.reviews
    return canonical(
        "reviews",
        {
            "deal_id": made.ids[frame["deal"]],
            "rater_id": labels(made.reps.manager, made.deals.rep[frame["deal"]]),
            "question": frame["question"].to_numpy(),
            "answer": frame["answer"].to_numpy(),
            "evidence": _filled(frame["evidence"].to_numpy(dtype=object)),
        },
    )


def make_rollouts(made: Made, practice: Practice) -> pd.DataFrame:
    """Return in which teams the process was rolled out, as far as that is over by the extraction."""
    plan, started = practice.influences, rollout_day(made.parameters)
    teams = plan.rollout_teams if started <= days.number(made.parameters.as_of) else ()
    return canonical(
        "rollouts",
        {
            "name": np.full(len(teams), plan.rollout_name, dtype=object),
            "team": labels(made.reps.teams, np.asarray(teams, dtype=np.int64)),
            "started_at": days.dates(np.full(len(teams), started, dtype=np.int64)),
        },
    )


MAKERS: tuple[tuple[str, Callable[[Made, Work], pd.DataFrame]], ...] = (
    ("events", make_events),
    ("milestones", make_milestones),
    ("contacts", make_contacts),
    ("interviews", make_interviews),
    ("ratings", make_ratings),
    ("reviews", make_reviews),
)


def make_worked(made: Made, practice: Practice, deals: pd.DataFrame, shares: dict[str, float | None]) -> Frames:
    """Return all tables of this module.

    Parameters
    ----------
    deals : DataFrame
        Canonical deals, for what reps reached.
    shares : dict
        True shares by `lost_to`, which leaders guess at.
    """
    if made.work is None:
        return {}
    frames = {name: maker(made, made.work) for name, maker in MAKERS}
    quotas = build_quotas(made.parameters, practice, made.reps, deals)
    guesses = build_guesses(made.parameters, practice, shares)
    sealed = stamps(guesses["sealed_at"])
    return {
        **frames,
        "rollouts": make_rollouts(made, practice),
        "quotas": canonical("quotas", {name: quotas[name] for name in QUOTAS}),
        "guesses": canonical("guesses", {**{name: guesses[name] for name in GUESSES}, "sealed_at": sealed}),
    }


def _people(contacts: pd.DataFrame, events: pd.DataFrame) -> Texts:
    """Return with whom each event was: one of the people known by its day, else nobody."""
    deals = int(max(contacts["deal"].to_numpy().max(initial=0), events["deal"].to_numpy().max(initial=0))) + 1
    first = np.searchsorted(contacts["deal"].to_numpy(), np.arange(deals))
    key = contacts["deal"].to_numpy() * days.FAR + contacts["first_seen"].to_numpy()
    day = events["occurred_at"].to_numpy() // days.SECONDS
    known = np.searchsorted(key, events["deal"].to_numpy() * days.FAR + day, side="right") - first[events["deal"]]
    place = first[events["deal"]] + events["person"].to_numpy() % np.maximum(known, 1)
    ids: Texts = np.asarray([*contacts["contact_id"], None], dtype=object)
    people: Texts = ids[np.where(known > 0, place, len(contacts))]
    return people


def _dates(numbers: Ints) -> Dates:
    return np.where(numbers == MISSING, np.datetime64("NaT"), days.dates(numbers))


def _filled(values: Texts) -> Texts:
    values = values.copy()
    values[values == ""] = None
    return values
