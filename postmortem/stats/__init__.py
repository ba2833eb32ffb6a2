"""Estimators on counts and arrays. They know no deals: an analysis brings the numbers and the question.

Every one returns a frozen answer that carries its counts, its method and a status; too little data is a
refusal with a reason, and input that cannot mean anything raises `UsageError`.
"""

from postmortem.stats.adjusted_risk import AdjustedRisk, adjusted_risk
from postmortem.stats.agreement import LEAST_RATED_TWICE, cohens_kappa, share_alike, specific_agreement, square_table
from postmortem.stats.area_under_curve import area_under_curve
from postmortem.stats.attributable_share import AttributableShare, share_attributable
from postmortem.stats.bounds import ShareBounds, several, share_bounds
from postmortem.stats.brier import BrierScore, CalibrationBin, brier_score
from postmortem.stats.brier_skill import BrierSkill, brier_skill, squared_misses
from postmortem.stats.calibration import Calibration, calibration_of
from postmortem.stats.calibration_groups import CalibrationGroup, calibration_groups
from postmortem.stats.change_point import ChangePoint, change_point, change_points
from postmortem.stats.clusters import (
    ClusteredGap,
    DesignEffect,
    clustered_difference,
    clustered_gap,
    design_effect,
    permutation_of_clusters,
)
from postmortem.stats.corrected_shares import CorrectedShare, CorrectedShares, chance_of_at_least, corrected_shares
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
from postmortem.stats.eventual_shares import EventualShares, eventual_shares
from postmortem.stats.expected_half_width import expected_half_width
from postmortem.stats.false_discovery import benjamini_hochberg
from postmortem.stats.gray import gray_test
from postmortem.stats.group_test import GroupTest
from postmortem.stats.homogeneity import ComparedShare, Homogeneity, compared_shares, homogeneity_of, pairwise_shares
from postmortem.stats.kitagawa import GroupPart, MixAndRate, mix_and_rate
from postmortem.stats.limits import z_value
from postmortem.stats.logrank import cause_specific_logrank
from postmortem.stats.marginal_homogeneity import MarginalHomogeneity, marginal_homogeneity
from postmortem.stats.mean_difference import MeanDifference, mean_difference
from postmortem.stats.multinomial_ridge import MultinomialRidge, fit_multinomial_ridge
from postmortem.stats.paired_shares import mcnemar, paired_difference
from postmortem.stats.poisson_binomial import WishfulIndex, poisson_binomial_pmf, wishful_index
from postmortem.stats.proportions import clopper_pearson, goodman, newcombe, wilson
from postmortem.stats.pseudo_values import pseudo_values
from postmortem.stats.random_effect import RandomEffect, random_effect
from postmortem.stats.ratio import ClusteredRatio, clustered_ratio
from postmortem.stats.relative_risk import attributable_fraction, risk_ratio
from postmortem.stats.reordering import Reordering, reordering_of, reordering_tilt
from postmortem.stats.risk_difference import RiskDifference, risk_difference
from postmortem.stats.rollout_effect import RolloutEffect, rollout_effect
from postmortem.stats.run_chart import Placement, UsualRange, usual_range
from postmortem.stats.sample_size import n_for_difference, n_for_equal_shares, n_for_equivalence, power_of_difference
from postmortem.stats.several_raters import fleiss_kappa, krippendorff_alpha
from postmortem.stats.shrink import ShrunkenRates, beta_binomial_shrink
from postmortem.stats.stratified import StratifiedAssociation, stratified_association
from postmortem.stats.stratified_draw import Drawn, allocate, stratified_draw
from postmortem.stats.trend import Trend, cochran_armitage, trend_of_share

__all__ = [
    "LEAST_CLUSTERS",
    "LEAST_EVENTS",
    "LEAST_N",
    "LEAST_RATED_TWICE",
    "AdjustedRisk",
    "AttributableShare",
    "BrierScore",
    "BrierSkill",
    "Calibration",
    "CalibrationBin",
    "CalibrationGroup",
    "CauseHazards",
    "ChangePoint",
    "ClusteredGap",
    "ClusteredRatio",
    "ComparedShare",
    "CorrectedShare",
    "CorrectedShares",
    "CumulativeIncidence",
    "DesignEffect",
    "Drawn",
    "Estimate",
    "EventualShares",
    "GroupPart",
    "GroupTest",
    "HazardRatio",
    "Homogeneity",
    "MarginalHomogeneity",
    "MeanDifference",
    "MixAndRate",
    "MultinomialRidge",
    "Placement",
    "RandomEffect",
    "Reordering",
    "RiskDifference",
    "RolloutEffect",
    "ShareBounds",
    "ShareEquivalence",
    "ShrunkenRates",
    "Status",
    "StratifiedAssociation",
    "Trend",
    "UsualRange",
    "Verdict",
    "WishfulIndex",
    "adjusted_risk",
    "allocate",
    "area_under_curve",
    "attributable_fraction",
    "benjamini_hochberg",
    "beta_binomial_shrink",
    "brier_score",
    "brier_skill",
    "calibration_groups",
    "calibration_of",
    "cause_specific_cox",
    "cause_specific_logrank",
    "chance_of_at_least",
    "change_point",
    "change_points",
    "clopper_pearson",
    "clustered_difference",
    "clustered_gap",
    "clustered_ratio",
    "cochran_armitage",
    "cohens_kappa",
    "compared_shares",
    "corrected_shares",
    "cumulative_incidence",
    "design_effect",
    "e_value",
    "e_value_of_interval",
    "equivalence_of_share",
    "eventual_shares",
    "expected_half_width",
    "fit_multinomial_ridge",
    "fleiss_kappa",
    "goodman",
    "gray_test",
    "homogeneity_of",
    "krippendorff_alpha",
    "least_n_for_equivalence",
    "marginal_homogeneity",
    "mcnemar",
    "mean_difference",
    "mix_and_rate",
    "n_for_difference",
    "n_for_equal_shares",
    "n_for_equivalence",
    "newcombe",
    "paired_difference",
    "pairwise_shares",
    "percentile",
    "permutation_of_clusters",
    "poisson_binomial_pmf",
    "power_of_difference",
    "power_of_equivalence",
    "pseudo_values",
    "random_effect",
    "refusal",
    "reordering_of",
    "reordering_tilt",
    "risk_difference",
    "risk_ratio",
    "rollout_effect",
    "several",
    "share_above",
    "share_alike",
    "share_attributable",
    "share_bounds",
    "silence_probability",
    "specific_agreement",
    "square_table",
    "squared_misses",
    "stratified_association",
    "stratified_draw",
    "trend_of_share",
    "usual_range",
    "wilson",
    "wishful_index",
    "z_value",
]
