"""How often the instruments for times to an event are right on simulated deals whose truth is known.

``python -m benchmarks.certify_survival --books 1000`` draws one book of 288 deals a seed: 24 reps with 12 deals each,
about 35% lost (to two ends), 48% won and the rest still open when it is looked at, times in whole days. Every
line is a rate over books with its Wilson interval (Monte-Carlo error), or a mean error with its standard error;
nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from postmortem.stats import cause_specific_cox, cumulative_incidence, gray_test, risk_difference, wilson, z_value

FIRST_SEED = 1
REPS, EACH = 24, 12
HORIZON = 60
# mean days to an end if it were the only one: two ways of losing, and winning
MEAN_DAYS = {1: 330.0, 2: 400.0, 3: 130.0}
LIKENESS = 0.7


@dataclass(frozen=True)
class Deals:
    """One book: days, ends (0 still open), the rep of each deal, and a label and a score that do nothing."""

    days: np.ndarray
    cause: np.ndarray
    rep: np.ndarray
    label: np.ndarray
    score: np.ndarray


def draw(seed: int, *, likeness: float = 0.0, reps: int = REPS) -> Deals:
    """Draw a book; `likeness` is how far the pace of losing differs between reps, on the log scale."""
    rng = np.random.default_rng(seed)
    rep = np.repeat(np.arange(reps), REPS * EACH // reps)
    pull = np.exp(rng.normal(0, likeness, reps))[rep] if likeness else np.ones(rep.size)
    mean = np.stack([np.full(rep.size, days) for days in MEAN_DAYS.values()], axis=1)
    mean[:, :2] /= pull[:, None]
    ends = np.ceil(rng.exponential(mean))
    first = ends.min(axis=1)
    looked = np.ceil(rng.uniform(60, 260, rep.size))
    cause = np.where(first <= looked, ends.argmin(axis=1) + 1, 0)
    label = (rng.permutation(reps) < reps // 2)[rep]
    return Deals(np.minimum(first, looked).astype(np.int64), cause, rep, label, rng.normal(size=rep.size))


def true_share(cause: int) -> float:
    """Return the share that has met an end by the horizon where reps are alike: whole days of geometric ends."""
    open_a_day = {end: np.exp(-1 / days) for end, days in MEAN_DAYS.items()}
    stays = float(np.prod(list(open_a_day.values())))
    # ends of one day go to the lower number, as in `draw`
    earlier = float(np.prod([open_a_day[end] for end in MEAN_DAYS if end < cause]))
    return earlier * (1 - open_a_day[cause]) * (1 - stays**HORIZON) / (1 - stays)


def incidence_holds(seed: int) -> bool | None:
    """Whether the interval at the horizon holds the true share; None where it was refused."""
    deals = draw(seed)
    told = cumulative_incidence(deals.days, deals.cause).at(HORIZON, 1)
    return None if told.status == "refused" else told.low <= true_share(1) <= told.high


def start_stop(deals: Deals, every: int = 14) -> tuple[np.ndarray, ...]:
    """Cut every deal into stretches of so many days: start, stop, end, deal."""
    pieces = np.ceil(deals.days / every).astype(np.int64)
    deal = np.repeat(np.arange(deals.days.size), pieces)
    start = (np.arange(deal.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * every
    stop = np.minimum(start + every, deals.days[deal])
    last = stop == deals.days[deal]
    return start, stop, np.where(last, deals.cause[deal], 0), deal


def no_effect(seed: int) -> tuple[bool | None, float | None]:
    """Whether the interval of a covariate that changes and does nothing holds 1, and its coefficient."""
    deals = draw(seed, likeness=LIKENESS)
    start, stop, cause, deal = start_stop(deals)
    changing = np.random.default_rng(seed).normal(size=start.size)
    rows = np.column_stack([changing, deals.score[deal]])
    lost = cause_specific_cox(start, stop, cause, rows, names=["changing", "fixed"], clusters=deals.rep[deal])[0]
    ratio = lost.ratios[0]
    if lost.status == "refused":
        return None, None
    return ratio.ratio.low <= 1 <= ratio.ratio.high, ratio.log_ratio


def false_difference(seed: int, reps: int) -> bool | None:
    """Whether two groups of reps that do not differ are told apart at .05 by the comparison of shares."""
    deals = draw(seed, likeness=LIKENESS, reps=reps)
    found = risk_difference(deals.days, deals.cause, deals.label, deals.rep, of=1, horizon=HORIZON)
    return None if found.difference.status == "refused" else found.p < 0.05


def gray_false(seed: int) -> bool | None:
    """Whether Gray's test, which takes deals as independent, tells the same groups apart."""
    deals = draw(seed, likeness=LIKENESS)
    found = gray_test(deals.days, deals.cause, deals.label, of=1)
    return None if found.status == "refused" else found.p < 0.05


def lines(books: int) -> Iterator[str]:
    """Yield the rows of the Markdown table."""
    seeds = range(FIRST_SEED, FIRST_SEED + books)
    yield _rate("the interval of the share lost by day 60 holds the true share", "95%", incidence_holds, seeds)
    for reps in (REPS, REPS // 2):
        what = f"two groups of {reps} reps that do not differ are told apart (difference of shares)"
        yield _rate(what, "5%", lambda seed, reps=reps: false_difference(seed, reps), seeds)
    yield _rate("the same by Gray's test, which takes deals as independent (24 reps)", "5%", gray_false, seeds)
    started = time.monotonic()
    found = [no_effect(seed) for seed in seeds]
    what = "the interval of a changing covariate that does nothing holds a hazard ratio of 1"
    yield _row(what, "95%", [held for held, _ in found], time.monotonic() - started)
    betas = np.array([beta for _, beta in found if beta is not None])
    spread = z_value(0.95) * betas.std(ddof=1) / np.sqrt(betas.size) if betas.size > 1 else float("nan")
    yield (
        f"| its log hazard ratio, mean | 0 | {betas.mean():+.4f} | {betas.mean() - spread:+.4f} to "
        f"{betas.mean() + spread:+.4f} | {betas.size} | |"
    )


def _rate(what: str, stated: str, asked: Callable[[int], bool | None], seeds: range) -> str:
    started = time.monotonic()
    outcomes = [asked(seed) for seed in seeds]
    return _row(what, stated, outcomes, time.monotonic() - started)


def _row(what: str, stated: str, outcomes: list[bool | None], seconds: float) -> str:
    known = [outcome for outcome in outcomes if outcome is not None]
    rate = wilson(sum(known), len(known), least_n=1)
    return (
        f"| {what} | {stated} | {rate.estimate:.3f} | {rate.low:.3f} to {rate.high:.3f} | {len(known)} "
        f"| {seconds / 60:.1f} |"
    )


def main() -> None:
    """Print the rates as a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certify_survival", description=__doc__)
    parser.add_argument("--books", type=int, default=1000, help="simulated books, one a seed from 1")
    books = parser.parse_args().books
    print(f"{books} simulated books of {REPS * EACH} deals, seeds {FIRST_SEED} to {FIRST_SEED + books - 1}.\n")
    print("| what | stated | seen | Monte-Carlo interval | books | minutes |")
    print("|---|---|---|---|---|---|")
    for line in lines(books):
        print(line, flush=True)


if __name__ == "__main__":
    main()
