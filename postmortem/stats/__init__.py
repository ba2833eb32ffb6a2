"""Estimators on counts and arrays. They know no deals: an analysis brings the numbers and the question.

Every one returns a frozen answer that carries its counts, its method and a status; too little data is a
refusal with a reason, and input that cannot mean anything raises `UsageError`.
"""

from postmortem.stats.bounds import ShareBounds, several, share_bounds
from postmortem.stats.equivalence import (
    ShareEquivalence,
    equivalence_of_share,
    least_n_for_equivalence,
    power_of_equivalence,
)
from postmortem.stats.estimate import (
    LEAST_CLUSTERS,
    LEAST_EVENTS,
    LEAST_N,
    Estimate,
    Status,
    Verdict,
    refusal,
)
from postmortem.stats.limits import z_value
from postmortem.stats.proportions import clopper_pearson, goodman, newcombe, wilson
from postmortem.stats.ratio import ClusteredRatio, clustered_ratio
from postmortem.stats.run_chart import Placement, UsualRange, usual_range
from postmortem.stats.shrink import ShrunkenRates, beta_binomial_shrink

__all__ = [
    "LEAST_CLUSTERS",
    "LEAST_EVENTS",
    "LEAST_N",
    "ClusteredRatio",
    "Estimate",
    "Placement",
    "ShareBounds",
    "ShareEquivalence",
    "ShrunkenRates",
    "Status",
    "UsualRange",
    "Verdict",
    "beta_binomial_shrink",
    "clopper_pearson",
    "clustered_ratio",
    "equivalence_of_share",
    "goodman",
    "least_n_for_equivalence",
    "newcombe",
    "power_of_equivalence",
    "refusal",
    "several",
    "share_bounds",
    "usual_range",
    "wilson",
    "z_value",
]
