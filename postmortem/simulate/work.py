"""How the deals of a company were worked and looked into: all aspects of its practice, drawn one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from postmortem.simulate.buyers import build_ratings, build_words
from postmortem.simulate.commitments import build_commitments
from postmortem.simulate.contacts import build_contacts
from postmortem.simulate.events import Timeline, build_events, build_timeline
from postmortem.simulate.influences import Exposures, build_prices
from postmortem.simulate.interviews import build_interviews
from postmortem.simulate.organisation import Reps
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.practice import Practice
from postmortem.simulate.randomness import Floats, Ints
from postmortem.simulate.records import Records
from postmortem.simulate.reviews import build_reviews
from postmortem.simulate.signs import Signs
from postmortem.simulate.stages import Paths


@dataclass(frozen=True)
class Work:
    """What is known beside the deals themselves, for all deals; columns as the builders return them.

    `prices` goes with the rows of the recorded competitors; `interview` columns are rows of `interviews`.
    """

    signs: Signs
    timeline: Timeline
    contacts: pd.DataFrame
    commitments: pd.DataFrame
    events: pd.DataFrame
    prices: Floats
    interviews: pd.DataFrame
    words: pd.DataFrame
    ratings: pd.DataFrame
    reviews: pd.DataFrame


def build_work(
    parameters: Parameters,
    practice: Practice,
    reps: Reps,
    deals: Deals,
    ends: Ends,
    paths: Paths,
    records: Records,
    exposures: Exposures,
    signs: Signs,
    kept: Ints,
) -> Work:
    """Draw every aspect from its own stream; `kept` are the rows of the deals in the book."""
    timeline = build_timeline(parameters, practice.activity, ends, paths)
    interviews = build_interviews(parameters, practice.interviewing, ends, records, kept)
    managers = {name: number for number, name in enumerate(dict.fromkeys(reps.manager))}
    manager = np.asarray([managers[name] for name in reps.manager])[deals.rep]
    return Work(
        signs=signs,
        timeline=timeline,
        contacts=build_contacts(parameters, deals, ends, signs),
        commitments=build_commitments(parameters, practice.activity, deals, ends, paths, signs),
        events=build_events(parameters, practice.activity, deals, paths, signs, timeline),
        prices=build_prices(parameters, practice.influences, deals, exposures, records.rivals),
        interviews=interviews,
        words=build_words(parameters, practice.interviewing, ends, interviews),
        ratings=build_ratings(parameters, practice.interviewing, ends, interviews),
        reviews=build_reviews(parameters, practice.reviewing, ends, signs, manager, kept),
    )
