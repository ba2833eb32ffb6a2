"""How often the answers are right on simulated data whose truth is known: one section a promise.

``python -m benchmarks.certify`` runs the sections listed in `SECTIONS`, keeps what every book showed in
``build/certify``, and goes on from there when it was interrupted. Every line is a rate over books with its
Wilson interval (Monte-Carlo error), or a mean with the normal interval of its standard error; nothing passes
or fails by it.
"""

from benchmarks.certify import (
    companies,
    competing_risks,
    interviews,
    nothing_there,
    planted_cause,
    planted_sign,
    reps_and_rollouts,
    sales_people,
    signs_of_nothing,
    two_cohorts,
    watchlist,
)
from benchmarks.certify.section import Section

SECTIONS: tuple[Section, ...] = (
    *competing_risks.SECTIONS,
    *sales_people.SECTIONS,
    *reps_and_rollouts.SECTIONS,
    *interviews.SECTIONS,
    *companies.SECTIONS,
    *nothing_there.SECTIONS,
    *two_cohorts.SECTIONS,
    *planted_sign.SECTIONS,
    *signs_of_nothing.SECTIONS,
    *planted_cause.SECTIONS,
    *watchlist.SECTIONS,
)

__all__ = ["SECTIONS", "Section"]
