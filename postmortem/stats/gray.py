"""Do groups meet one end equally often over time, competing ends counted as such? Gray's K-sample test."""

from __future__ import annotations

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Floats, Labels
from postmortem.stats.group_test import GroupTest, compare
from postmortem.stats.grouped_follow_up import GroupCounts, grouped_follow_up

METHOD = "Gray's K-sample test of cumulative incidence"
QUESTION = "whether the share that meets this end by any day differs between groups"


def gray_test(
    time: checks.Numbers, cause: checks.Numbers, group: Labels, *, of: int, stratum: Labels | None = None
) -> GroupTest:
    """Test whether the cumulative incidence of one cause is the same in all groups.

    With R_i = Y_i (1 − F_i)/S_i in group i, all just before t (Y at risk, F the incidence of the cause, S the
    share still open), the score of a group is Σ_t (d_i − d R_i / ΣR): its events of the cause less those
    expected if the cause came to all groups alike (weights 1, ρ = 0). z'V⁻z is χ² with K − 1 degrees of freedom.

    Parameters
    ----------
    time, cause : sequences, one value a row
        As for `cumulative_incidence`; late entry is not provided for.
    group : sequence, one label a row
        Groups compared; none missing.
    of : int
        The cause whose incidence is compared.
    stratum : sequence, one label a row, optional
        Scores and variances are summed over strata.

    Returns
    -------
    GroupTest
        Refused with one group, under 10 rows in the smallest group, or under 5 events of the cause.

    Raises
    ------
    UsageError
        As `grouped_follow_up` does.

    Notes
    -----
    Rows are taken as independent. Where deals cluster by the person selling them the size is .155 at a stated .05:
    `risk_difference` is the primary comparison, this stands beside it as the custom of the field. Tied events
    have the finite-population variance of R's cmprsk::cuminc.

    References
    ----------
    Gray (1988), Annals of Statistics 16, 1141–1154.
    """
    rows = grouped_follow_up(time, cause, group, of=of, stratum=stratum)
    return compare(rows, _score, question=QUESTION, method=METHOD)


def _score(counts: GroupCounts) -> tuple[Floats, Floats]:
    """Return scores and covariance of one stratum."""
    y, own, other = counts.at_risk, counts.of_cause, counts.of_others
    none: Floats = np.zeros((1, y.shape[1]))
    followed = y > 0
    safe = np.where(followed, y, 1.0)
    still_open = np.asarray(np.cumprod(1 - (own + other) / safe, axis=0), dtype=np.float64)
    open_before: Floats = np.vstack([none + 1, still_open])[:-1]
    incidence_before = np.vstack([none, np.cumsum(open_before * own / safe, axis=0)])[:-1]
    # rows that would be at risk had none of them met any end yet
    inverse = np.divide(y, open_before, out=np.zeros_like(y), where=followed)
    weight = inverse * (1 - incidence_before)
    happened = own.sum(axis=1)
    hazard = np.divide(happened, weight.sum(axis=1), out=np.zeros_like(happened), where=happened > 0)
    score = (own - weight * hazard[:, None]).sum(axis=0)
    return score, _covariance(counts, inverse, still_open, open_before)


def _covariance(counts: GroupCounts, inverse: Floats, still_open: Floats, open_before: Floats) -> Floats:
    """Sum the variance that every group's events at every time lend to each pair of scores."""
    y, own, other = counts.at_risk, counts.of_cause, counts.of_others
    happened, together = own.sum(axis=1), inverse.sum(axis=1)
    # the incidence all groups share if there is no difference
    rise = happened / together
    incidence = np.cumsum(rise)
    # direct[t, i, k]: what an event of group k at t does to the score of i; later: through all weights after t
    direct = inverse[:, :, None] * (np.eye(y.shape[1]) - (inverse / together[:, None])[:, None, :])
    through_weights = np.cumsum(direct * (rise / (1 - incidence + rise))[:, None, None], axis=0)
    later = through_weights - through_weights[-1]
    odds = np.divide(1 - incidence[:, None], still_open, out=np.zeros_like(y), where=still_open > 0)[:, None, :]
    of_cause, of_others = direct - (1 - odds) * later, odds * later
    # ties: events of one time are drawn from those at risk without replacement
    others_at_risk = together[:, None] * open_before - 1
    others_at_risk = np.where(others_at_risk > 0, others_at_risk, 1.0)
    expected = (1 - np.maximum(happened[:, None] - 1, 0) / others_at_risk) * open_before * rise[:, None]
    observed = (1 - np.maximum(other - 1, 0) / np.maximum(y - 1, 1)) * open_before**2 * other
    own_variance = np.divide(expected, y, out=np.zeros_like(y), where=y > 0)
    other_variance = np.divide(observed, y**2, out=np.zeros_like(y), where=y > 0)
    return np.asarray(
        np.einsum("tik,tjk,tk->ij", of_cause, of_cause, own_variance)
        + np.einsum("tik,tjk,tk->ij", of_others, of_others, other_variance)
    )
