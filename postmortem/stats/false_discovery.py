"""Many tests at once: p-values adjusted so that few of those that stand out are chance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from postmortem.ground.errors import UsageError
from postmortem.stats import checks
from postmortem.stats.checks import Floats


def benjamini_hochberg(p: checks.Numbers, *, weights: checks.Numbers | None = None) -> Floats:
    """Adjust p-values for the false discovery rate.

    With p_(1) ≤ … ≤ p_(m): adjusted p_(i) = min over j ≥ i of p_(j) m / j, at most 1. To name every test whose
    adjusted value is at most α keeps the expected share of chance among those named at α or below, for tests
    that are independent or positively dependent. With `weights`, brought to a mean of 1 over the tests that could
    be made, p_i / w_i stands for p_i: the same promise, the evidence asked of each divided otherwise.

    Parameters
    ----------
    p : sequence of float
        P-values, 0 to 1; NaN for a test that could not be made, which counts as no test.
    weights : sequence of float, optional
        One a test, above 0, settled before the p-values were seen; all alike without them.

    Returns
    -------
    ndarray, as long as `p`
        Adjusted p-values in the order given; NaN where it was NaN. Empty for no tests.

    Raises
    ------
    UsageError
        When a value lies outside 0 to 1, or there is not one weight above 0 a test.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289–300; Genovese, Roeder and
    Wasserman (2006), Biometrika 93, 509–524, for the weights. Reference value: .005, .009, .05, .1, .2, .3 give
    .027, .027, .1, .15, .24, .3.
    """
    from scipy.stats import false_discovery_control

    given = np.asarray(p, dtype=np.float64)
    if given.ndim != 1:
        raise UsageError("p is not one column", got=f"shape {given.shape}", expected="one p-value a test")
    made = ~np.isnan(given)
    adjusted = np.full(given.size, math.nan)
    if made.any():
        # One NaN among them would turn every adjusted value into NaN, so they are taken out first.
        weighed = np.minimum(checks.shares("p", given[made]) / _relative(weights, made), 1.0)
        adjusted[made] = false_discovery_control(weighed)
    return adjusted


def _relative(weights: checks.Numbers | None, made: npt.NDArray[np.bool_]) -> Floats:
    """Return the weights of the tests that could be made, 1 on average."""
    if weights is None:
        return np.ones(int(made.sum()))
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != made.shape or not (np.isfinite(given) & (given > 0)).all():
        raise UsageError(
            "The weights of tests cannot be used.",
            got=f"shape {given.shape}, lowest {given.min(initial=math.inf):g}",
            expected=f"{made.size} numbers above 0, one a test",
        )
    return np.asarray(given[made] / given[made].mean())
