"""Cumulative incidence with standard errors on daily rows, beside statsmodels, bare numpy and lifelines.

All run in turn, A B C A B C, and ratios are taken round by round. Bare numpy is the shortest point estimate of
whole days: no check, no error, no interval. lifelines needs pandas < 3 and so an environment of its own, given
by ``--lifelines PATH/bin/python``; it runs once on ``--lifelines-rows`` rows, drawn alike, in its own process.
Example: ``python -m benchmarks cumulative_incidence --rows 1000000``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

CAUSES, DAYS = 3, 400
DRAW = """
import numpy as np
def draw(rows):
    rng = np.random.default_rng(1)
    return rng.integers(0, {days}, rows), rng.integers(0, {causes} + 1, rows)
"""
# lifelines moves tied times apart at random before it estimates, and does one cause a fit
LIFELINES = """
import json, time, warnings
from lifelines import AalenJohansenFitter
days, causes = draw({rows})
warnings.simplefilter("ignore")
started = time.perf_counter()
for cause in range(1, {causes} + 1):
    AalenJohansenFitter(seed=1).fit(days, causes, event_of_interest=cause)
print(json.dumps(time.perf_counter() - started))
"""


def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw days and causes, one in four rows still open; the text in `DRAW` does the same elsewhere."""
    rng = np.random.default_rng(1)
    return rng.integers(0, DAYS, rows), rng.integers(0, CAUSES + 1, rows)


def ours(days: np.ndarray, causes: np.ndarray) -> np.ndarray:
    """Curves of all causes with errors, limits and every check of the input."""
    from postmortem.stats import cumulative_incidence

    return cumulative_incidence(days, causes, least_at_risk=1).incidence


def ours_as_floats(days: np.ndarray, causes: np.ndarray) -> np.ndarray:
    """Find out that floats are whole days, then the same."""
    return ours(days.astype(np.float64), causes)


def of_statsmodels(days: np.ndarray, causes: np.ndarray) -> np.ndarray:
    """Curves of all causes with errors."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    return np.column_stack(CumIncidenceRight(days, causes).cinc)


def bare(days: np.ndarray, causes: np.ndarray) -> np.ndarray:
    """Count days and causes at once, then the product and the sum of the definition."""
    table = np.bincount(days * (CAUSES + 1) + causes, minlength=DAYS * (CAUSES + 1)).reshape(DAYS, -1)
    left = table.sum(axis=1)
    at_risk = days.size - np.cumsum(left) + left
    still_open = np.cumprod(1 - table[:, 1:].sum(axis=1) / at_risk)
    before = np.concatenate([[1.0], still_open[:-1]])
    return np.cumsum((before / at_risk)[:, None] * table[:, 1:], axis=0)


RUNS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ours": ours,
    "ours, days as floats": ours_as_floats,
    "statsmodels": of_statsmodels,
    "bare numpy": bare,
}


def compare(rows: int, rounds: int) -> dict[str, float]:
    """Run each in turn, print medians and ratios to ours, and return the medians."""
    days, causes = draw(rows)
    found = {name: run(days, causes) for name, run in RUNS.items()}
    alike = all(np.allclose(curves, found["ours"]) for curves in found.values())
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    for _ in range(rounds):
        for name, run in RUNS.items():
            seconds[name].append(_seconds(run, days, causes))
    print(f"{rows} rows, {DAYS} days, {CAUSES} causes, {rounds} interleaved rounds")
    for name, taken in seconds.items():
        ratios = [theirs / mine for theirs, mine in zip(taken, seconds["ours"], strict=True)]
        print(
            f"  {name:22} {statistics.median(taken) * 1000:9.1f} ms   {statistics.median(ratios):6.2f} x ours"
            f"   {min(ratios):.2f} to {max(ratios):.2f}"
        )
    print("  equal answers" if alike else "  DIFFERENT ANSWERS", flush=True)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def of_lifelines(python: str, rows: int, rounds: int) -> None:
    """Time lifelines in its own environment, and ours on the same rows, in turn."""
    script = DRAW.format(days=DAYS, causes=CAUSES) + LIFELINES.format(rows=rows, causes=CAUSES)
    days, causes = draw(rows)
    pairs = []
    for _ in range(rounds):
        done = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
        pairs.append((json.loads(done.stdout), _seconds(ours, days, causes)))
    ratio = statistics.median(theirs / mine for theirs, mine in pairs)
    seconds = statistics.median(theirs for theirs, _ in pairs)
    print(f"{rows} rows, lifelines, all causes: {seconds:.2f} s, {ratio:.0f} x ours")


def _seconds(run: Callable[[np.ndarray, np.ndarray], np.ndarray], days: np.ndarray, causes: np.ndarray) -> float:
    started = time.perf_counter()
    run(days, causes)
    return time.perf_counter() - started


def main(arguments: Sequence[str] = ()) -> None:
    """Compare, and print seconds and ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cumulative_incidence", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lifelines", metavar="PYTHON", help="interpreter of an environment with lifelines")
    parser.add_argument("--lifelines-rows", type=int, default=20_000)
    options = parser.parse_args(arguments)
    compare(options.rows, options.rounds)
    if options.lifelines:
        of_lifelines(options.lifelines, options.lifelines_rows, min(options.rounds, 3))


if __name__ == "__main__":
    main(sys.argv[1:])
