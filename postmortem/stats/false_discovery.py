"""Many tests at once: p-values adjusted so that few of those that stand out are chance."""

from __future__ import annotations

import math

import numpy as np
from statsmodels.stats.multitest import multipletests

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats


def benjamini_hochberg(p: checks.Numbers) -> Floats:
    """Adjust p-values for the false discovery rate.

    With p_(1) ≤ … ≤ p_(m): adjusted p_(i) = min over j ≥ i of p_(j) m / j, at most 1. To name every test whose
    adjusted value is at most α keeps the expected share of chance among those named at α or below, for tests
    that are independent or positively dependent.

    Parameters
    ----------
    p : sequence of float
        P-values, 0 to 1; NaN for a test that could not be made, which counts as no test.

    Returns
    -------
    ndarray, as long as `p`
        Adjusted p-values in the order given; NaN where it was NaN. Empty for no tests.

    Raises
    ------
    UsageError
        When a value lies outside 0 to 1.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289–300. Reference value:
    .005, .009, .05, .1, .2, .3 give .027, .027, .1, .15, .24, .3.
    """
    given = np.asarray(p, dtype=np.float64)
    if given.ndim != 1:
        raise UsageError("p is not one column", got=f"shape {given.shape}", expected="one p-value a test")
    made = ~np.isnan(given)
    adjusted = np.full(given.size, math.nan)
    if made.any():
        # One NaN among them would turn every adjusted value into NaN, so they are taken out first.
        adjusted[made] = multipletests(checks.shares("p", given[made]), method="fdr_bh")[1]
    return adjusted
