"""Estimators on counts and arrays. They know no deals: an analysis brings the numbers and the question.

Every one returns a frozen answer that carries its counts, its method and a status; too little data is a
refusal with a reason, and input that cannot mean anything raises `UsageError`.
"""

from postmortem.stats.attributable_share import AttributableShare, share_attributable
from postmortem.stats.bounds import ShareBounds, several, share_bounds
from postmortem.stats.brier import BrierScore, CalibrationBin, brier_score
from postmortem.stats.calibration import Calibration, calibration_of
from postmortem.stats.clusters import DesignEffect, clustered_difference, design_effect, permutation_of_clusters
from postmortem.stats.equivalence import (
    ShareEquivalence,
    equivalence_of_share,
    least_n_for_equivalence,
    power_of_equivalence,
)
from postmortem.stats.estimate import LEAST_CLUSTERS, LEAST_EVENTS, LEAST_N, Estimate, Status, Verdict, refusal
from postmortem.stats.false_discovery import benjamini_hochberg
from postmortem.stats.homogeneity import ComparedShare, Homogeneity, compared_shares, homogeneity_of, pairwise_shares
from postmortem.stats.kitagawa import GroupPart, MixAndRate, mix_and_rate
from postmortem.stats.limits import z_value
from postmortem.stats.poisson_binomial import WishfulIndex, poisson_binomial_pmf, wishful_index
from postmortem.stats.proportions import clopper_pearson, goodman, newcombe, wilson
from postmortem.stats.ratio import ClusteredRatio, clustered_ratio
from postmortem.stats.relative_risk import attributable_fraction, e_value, risk_ratio
from postmortem.stats.run_chart import Placement, UsualRange, usual_range
from postmortem.stats.sample_size import n_for_difference, n_for_equivalence, power_of_difference
from postmortem.stats.shrink import ShrunkenRates, beta_binomial_shrink
from postmortem.stats.stratified import StratifiedAssociation, stratified_association
from postmortem.stats.trend import Trend, cochran_armitage, trend_of_share

__all__ = [
    "LEAST_CLUSTERS",
    "LEAST_EVENTS",
    "LEAST_N",
    "AttributableShare",
    "BrierScore",
    "Calibration",
    "CalibrationBin",
    "ClusteredRatio",
    "ComparedShare",
    "DesignEffect",
    "Estimate",
    "GroupPart",
    "Homogeneity",
    "MixAndRate",
    "Placement",
    "ShareBounds",
    "ShareEquivalence",
    "ShrunkenRates",
    "Status",
    "StratifiedAssociation",
    "Trend",
    "UsualRange",
    "Verdict",
    "WishfulIndex",
    "attributable_fraction",
    "benjamini_hochberg",
    "beta_binomial_shrink",
    "brier_score",
    "calibration_of",
    "clopper_pearson",
    "clustered_difference",
    "clustered_ratio",
    "cochran_armitage",
    "compared_shares",
    "design_effect",
    "e_value",
    "equivalence_of_share",
    "goodman",
    "homogeneity_of",
    "least_n_for_equivalence",
    "mix_and_rate",
    "n_for_difference",
    "n_for_equivalence",
    "newcombe",
    "pairwise_shares",
    "permutation_of_clusters",
    "poisson_binomial_pmf",
    "power_of_difference",
    "power_of_equivalence",
    "refusal",
    "risk_ratio",
    "several",
    "share_attributable",
    "share_bounds",
    "stratified_association",
    "trend_of_share",
    "usual_range",
    "wilson",
    "wishful_index",
    "z_value",
]
