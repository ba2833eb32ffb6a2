"""Intervals worked out in plain Python, by other routes than the package's."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)


def wilson(events: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Solve (p − x/n)² = z² p(1 − p)/n for p, as Wilson's interval is defined."""
    share = events / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def newcombe(events_a: int, n_a: int, events_b: int, n_b: int) -> tuple[float, float, float]:
    """Return the difference a − b with Newcombe's interval from two Wilson intervals."""
    p_a, p_b = events_a / n_a, events_b / n_b
    (l_a, u_a), (l_b, u_b) = wilson(events_a, n_a), wilson(events_b, n_b)
    d = p_a - p_b
    return d, d - math.hypot(p_a - l_a, u_b - p_b), d + math.hypot(u_a - p_a, p_b - l_b)


def at_least(events: int, n: int, p: float) -> float:
    """Return P(X ≥ events) for X binomial(n, p), summed term by term."""
    return math.fsum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(events, n + 1))


def at_most(events: int, n: int, p: float) -> float:
    """Return P(X ≤ events) for X binomial(n, p)."""
    return at_least(n - events, n, 1 - p)


def exact(events: int, n: int, confidence: float) -> tuple[float, float]:
    """Return the Clopper–Pearson interval by bisection on the tails it is defined by."""
    tail = (1 - confidence) / 2
    low = _solve(lambda p: at_least(events, n, p) > tail) if events else 0.0
    high = 1 - _solve(lambda q: at_least(n - events, n, q) > tail) if events < n else 1.0
    return low, high


def _solve(beyond: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return (low + high) / 2
