"""Do groups meet one end at the same pace while still open? The log-rank test of one cause's hazard."""

from __future__ import annotations

import numpy as np

from postmortem.stats import checks
from postmortem.stats.checks import Floats, Labels
from postmortem.stats.group_test import GroupTest, compare
from postmortem.stats.grouped_follow_up import GroupCounts, grouped_follow_up

METHOD = "log-rank test of the cause-specific hazard"
QUESTION = (
    "whether rows still open meet this end at the same pace in all groups; "
    "another question than whether as many have met it by a given day"
)


def cause_specific_logrank(
    time: checks.Numbers,
    cause: checks.Numbers,
    group: Labels,
    *,
    of: int,
    entry: checks.Numbers | None = None,
    stratum: Labels | None = None,
) -> GroupTest:
    """Test whether one cause's hazard is the same in all groups, rows that met another end leaving as open.

    z_i = Σ_t (d_i − d Y_i/Y), with the hypergeometric covariance Σ_t d (Y − d)/(Y − 1) · Y_i/Y (δ_ij − Y_j/Y).

    Parameters
    ----------
    time, cause : sequences, one value a row
        As for `cumulative_incidence`.
    group : sequence, one label a row
        Groups compared; none missing.
    of : int
        The cause whose hazard is compared.
    entry : sequence of int or float, one value a row, optional
        When following the row began.
    stratum : sequence, one label a row, optional
        Scores and variances are summed over strata.

    Returns
    -------
    GroupTest
        Its `question` says what the p-value does not speak to. Refused as `gray_test` is.

    Raises
    ------
    UsageError
        As `grouped_follow_up` does.

    Notes
    -----
    A group can lose faster to one end and still lose fewer to it in the end, because another end takes its rows
    first: `gray_test` and `risk_difference` speak to the share, this test to the pace. Rows are taken as
    independent.

    References
    ----------
    Prentice et al. (1978), Biometrics 34, 541–554.
    """
    rows = grouped_follow_up(time, cause, group, of=of, entry=entry, stratum=stratum)
    return compare(rows, _score, question=QUESTION, method=METHOD)


def _score(counts: GroupCounts) -> tuple[Floats, Floats]:
    """Return scores and covariance of one stratum."""
    y, own = counts.at_risk, counts.of_cause
    everyone, happened = y.sum(axis=1), own.sum(axis=1)
    share = y / everyone[:, None]
    score = (own - share * happened[:, None]).sum(axis=0)
    spread = happened * (everyone - happened) / np.maximum(everyone - 1, 1)
    return score, np.diag(spread @ share) - (share * spread[:, None]).T @ share
