"""What reps forecast while a deal is open: its category, and the close date they push and pull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from postmortem.simulate import days
from postmortem.simulate.organisation import Reps
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import CATEGORIES, FATES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Flags, Floats, Ints, lognormal, pick_same
from postmortem.simulate.stages import Paths

ROUNDS = 16
OPEN_CATEGORIES = 4


@dataclass(frozen=True)
class Moves:
    """Values a field takes, one entry a new value: row of the deal, Unix seconds, and the value.

    Values are positions in `CATEGORIES` or numbers of days; entries of one deal are in order of time.
    """

    deal: Ints
    moment: Ints
    value: Ints


def build_categories(parameters: Parameters, reps: Reps, deals: Deals, ends: Ends, paths: Paths) -> Moves:
    """Call a forecast category at every stage entered: what the stage suggests, and each rep's optimism."""
    plan = parameters.forecasting
    rng = parameters.stream("categories")
    won = ends.fate == FATES.index("won")
    hope = reps.optimism[deals.rep] + plan.inkling * np.where(won, 1.0, -1.0)
    level = np.append(plan.category_level, [0.0, 0.0])[paths.stage] + hope[paths.deal]
    level = level + plan.category_noise * rng.standard_normal(len(level))
    value = np.clip(np.floor(level) + 1, 0, OPEN_CATEGORIES - 1).astype(np.int64)
    is_closing = paths.stage >= len(plan.category_level)
    end = np.where(won, CATEGORIES.index("closed"), CATEGORIES.index("omitted"))
    return Moves(paths.deal, paths.entered_at, np.where(is_closing, end[paths.deal], value))


def build_expected_closes(
    parameters: Parameters, deals: Deals, ends: Ends, paths: Paths, hurried: Floats | None = None
) -> Moves:
    """Expect a close date at creation and move it until the deal closes.

    A date that comes near or passes while the deal stays open is pushed; a date beyond the true close is
    sometimes pulled in. At the closing, won deals get the true day; of lost deals some keep the old date, as
    Salesforce leaves it. `hurried` multiplies each deal's first guess.
    """
    plan = parameters.forecasting
    rng = parameters.stream("expected closes")
    count = len(deals)
    typical = plan.typical_cycle * np.asarray(parameters.market.size_cycle)[deals.size]
    guess = plan.first_guess * typical * lognormal(rng, plan.guess_sigma, count)
    guess = guess if hurried is None else guess * hurried
    expected = _heap(rng, parameters, deals.created + np.maximum(guess, 10.0))
    every = np.arange(count)
    moves = [(every, paths.created_at, expected)]
    last = deals.created
    for _ in range(ROUNDS):
        on, target, moved = _revision(rng, parameters, ends.closed, expected, last)
        chosen = np.flatnonzero(moved)
        expected, last = np.where(moved, target, expected), np.where(moved, on, last)
        moves.append((chosen, days.moments(rng, on)[chosen], target[chosen]))
    kept = (ends.fate != FATES.index("won")) & (rng.random(count) < plan.lost_date_kept)
    moves.append((every, paths.closed_at, np.where(kept, expected, ends.closed)))
    deal, moment, value = (np.concatenate(column) for column in zip(*moves, strict=True))
    order = np.argsort(deal, kind="stable")
    return Moves(deal[order], moment[order], value[order])


def _revision(
    rng: np.random.Generator, parameters: Parameters, closed: Ints, expected: Ints, last: Ints
) -> tuple[Ints, Ints, Flags]:
    """Return the day of each deal's next revision, the new date, and whether it happens before the close."""
    plan = parameters.forecasting
    count = len(closed)
    pushes = expected < closed
    lag = np.where(rng.random(count) < 0.6, -rng.integers(0, 22, count), rng.integers(1, 13, count))
    somewhere = last + np.floor(rng.random(count) * (closed - last)).astype(np.int64)
    on = days.workday_after(np.maximum(np.where(pushes, expected + lag, somewhere), last + 1))
    step = 7.0 + plan.push_median * lognormal(rng, plan.push_sigma, count)
    pushed = _heap(rng, parameters, np.maximum(expected, on) + step)
    near = closed + np.floor(9.0 * rng.standard_normal(count)).astype(np.int64)
    sees = rng.random(count) < plan.foresight
    pushed = np.where(sees & (near > expected), days.workday_after(near), pushed)
    pulled = days.workday_before(np.maximum(near, on + 5))
    pulls = ~pushes & (rng.random(count) < plan.pull_share) & (pulled < expected)
    moved = (on < closed) & (pulls | (pushes & (pushed > on)))
    return on, np.where(pushes, pushed, pulled), moved


def _heap(rng: np.random.Generator, parameters: Parameters, wanted: Floats | Ints) -> Ints:
    plan = parameters.forecasting
    day = days.workday_after(np.floor(wanted).astype(np.int64))
    shares = (1.0 - plan.at_month_end - plan.at_quarter_end, plan.at_month_end, plan.at_quarter_end)
    kind = pick_same(rng, shares, len(day))
    return np.choose(kind, [day, days.month_end(day), days.quarter_end(day)]).astype(np.int64)
