"""Times to an event with ends that compete: coverage, size and bias on deals whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.certify.section import Line, Section, Shown
from postmortem.stats import cause_specific_cox, cumulative_incidence, gray_test, risk_difference

REPS, EACH = 24, 12
HORIZON, LEVEL = 60, 0.05
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


def incidence(seed: int) -> Shown:
    """Say whether the intervals at the horizon hold the true shares, and what one less Kaplan-Meier would say."""
    deals = draw(seed)
    curve = cumulative_incidence(deals.days, deals.cause)
    shown: dict[str, float | bool | None] = {}
    for cause in (1, 2):
        told = curve.at(HORIZON, cause)
        shown[f"holds {cause}"] = None if told.status == "refused" else told.low <= true_share(cause) <= told.high
        shown[f"error {cause}"] = None if told.status == "refused" else told.estimate - true_share(cause)
    # taking every other end for a deal still open: the curve of the textbook, wrong where ends compete
    alone = cumulative_incidence(deals.days, np.where(deals.cause == 1, 1, 0)).at(HORIZON, 1)
    shown["naive"] = None if alone.status == "refused" else alone.estimate - true_share(1)
    return shown


def start_stop(deals: Deals, every: int = 14) -> tuple[np.ndarray, ...]:
    """Cut every deal into stretches of so many days: start, stop, end, deal."""
    pieces = np.ceil(deals.days / every).astype(np.int64)
    deal = np.repeat(np.arange(deals.days.size), pieces)
    start = (np.arange(deal.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * every
    stop = np.minimum(start + every, deals.days[deal])
    last = stop == deals.days[deal]
    return start, stop, np.where(last, deals.cause[deal], 0), deal


def no_effect(seed: int) -> Shown:
    """Say whether the interval of a covariate that changes and does nothing holds 1, and its coefficient."""
    deals = draw(seed, likeness=LIKENESS)
    start, stop, cause, deal = start_stop(deals)
    changing = np.random.default_rng(seed).normal(size=start.size)
    rows = np.column_stack([changing, deals.score[deal]])
    lost = cause_specific_cox(start, stop, cause, rows, names=["changing", "fixed"], clusters=deals.rep[deal])[0]
    if lost.status == "refused":
        return {"holds": None, "coefficient": None}
    ratio = lost.ratios[0]
    return {"holds": ratio.ratio.low <= 1 <= ratio.ratio.high, "coefficient": ratio.log_ratio}


def false_difference(seed: int) -> Shown:
    """Say whether two groups of sales people that do not differ are told apart at .05, by two tests."""
    shown: dict[str, float | bool | None] = {}
    for reps in (REPS, REPS // 2):
        deals = draw(seed, likeness=LIKENESS, reps=reps)
        found = risk_difference(deals.days, deals.cause, deals.label, deals.rep, of=1, horizon=HORIZON)
        shown[f"{reps}"] = None if found.difference.status == "refused" else found.p < LEVEL
    deals = draw(seed, likeness=LIKENESS)
    gray = gray_test(deals.days, deals.cause, deals.label, of=1)
    shown["gray"] = None if gray.status == "refused" else gray.p < LEVEL
    return shown


BOOK = (
    "A book holds 288 deals, 12 of each of 24 sales people: about 35% lost to two ends, 48% won, the rest still open; "
    "times are whole days."
)
SECTIONS = (
    Section(
        "incidence", "What has become of deals by day 60", BOOK, incidence,
        (
            Line("holds 1", "the interval of the share lost to the first end holds the true share", "95%"),
            Line("holds 2", "the same for the second end", "95%"),
            Line("error 1", "Aalen-Johansen less the true share", "0", "mean"),
            Line("naive", "one less Kaplan-Meier, which takes other ends for open deals, less the true share",
                 "not used", "mean"),
        ),
    ),
    Section(
        "group-difference", "Two groups of sales people that do not differ", f"{BOOK} Sales people differ in pace.",
        false_difference,
        (
            Line("24", "told apart by pseudo-values clustered by 24 sales people", "5%, at most 8%"),
            Line("12", "the same with 12 sales people, labels permuted", "5%, at most 8%"),
            Line("gray", "told apart by Gray's test, which takes deals as independent", "not used alone"),
        ),
    ),
    Section(
        "changing-covariate", "A covariate that changes and does nothing",
        f"{BOOK} Deals are cut into fortnights; ends of one day are ties.", no_effect,
        (
            Line("holds", "the interval of its hazard ratio holds 1", "95%"),
            Line("coefficient", "its log hazard ratio", "0", "mean"),
        ),
    ),
)  # fmt: skip
