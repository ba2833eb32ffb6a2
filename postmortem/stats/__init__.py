"""Estimators on counts and arrays. They know no deals: an analysis brings the numbers and the question.

Every one returns a frozen answer that carries its counts, its method and a status; too little data is a
refusal with a reason, and input that cannot mean anything raises `UsageError`.
"""

from postmortem.stats.bounds import ShareBounds, several, share_bounds
from postmortem.stats.change_point import ChangePoint, change_point, change_points
from postmortem.stats.cox import CauseHazards, HazardRatio, cause_specific_cox
from postmortem.stats.cumulative_incidence import CumulativeIncidence, cumulative_incidence
from postmortem.stats.dead_time import percentile, share_above, silence_probability
from postmortem.stats.e_value import e_value, e_value_of_interval
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
from postmortem.stats.gray import gray_test
from postmortem.stats.group_test import GroupTest
from postmortem.stats.limits import z_value
from postmortem.stats.logrank import cause_specific_logrank
from postmortem.stats.mean_difference import MeanDifference, mean_difference
from postmortem.stats.proportions import clopper_pearson, goodman, newcombe, wilson
from postmortem.stats.pseudo_values import pseudo_values
from postmortem.stats.ratio import ClusteredRatio, clustered_ratio
from postmortem.stats.risk_difference import RiskDifference, risk_difference
from postmortem.stats.run_chart import Placement, UsualRange, usual_range
from postmortem.stats.shrink import ShrunkenRates, beta_binomial_shrink

__all__ = [
    "LEAST_CLUSTERS",
    "LEAST_EVENTS",
    "LEAST_N",
    "CauseHazards",
    "ChangePoint",
    "ClusteredRatio",
    "CumulativeIncidence",
    "Estimate",
    "GroupTest",
    "HazardRatio",
    "MeanDifference",
    "Placement",
    "RiskDifference",
    "ShareBounds",
    "ShareEquivalence",
    "ShrunkenRates",
    "Status",
    "UsualRange",
    "Verdict",
    "beta_binomial_shrink",
    "cause_specific_cox",
    "cause_specific_logrank",
    "change_point",
    "change_points",
    "clopper_pearson",
    "clustered_ratio",
    "cumulative_incidence",
    "e_value",
    "e_value_of_interval",
    "equivalence_of_share",
    "goodman",
    "gray_test",
    "least_n_for_equivalence",
    "mean_difference",
    "newcombe",
    "percentile",
    "power_of_equivalence",
    "pseudo_values",
    "refusal",
    "risk_difference",
    "several",
    "share_above",
    "share_bounds",
    "silence_probability",
    "usual_range",
    "wilson",
    "z_value",
]
