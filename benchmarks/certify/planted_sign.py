"""One planted sign among many that mean nothing: how often the page names it, and names it first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.certify.books import taxonomy
from benchmarks.certify.section import Line, Section, Shown
from postmortem.analyses.contract import tests_table
from postmortem.analyses.warning_signals import compared
from postmortem.findings.gate import SET_OUT, through_the_gate
from postmortem.result import Result
from postmortem.signals import SIGNALS
from postmortem.signals.decided import Decided

DEALS, REPS = 600, 24
LOST, WON = 0.33, 0.45
ON_WON, ON_LOST = 0.25, 0.45
OTHERS, BESIDE = len(SET_OUT) - 1, 14
HABIT_SD = 0.5
OF_THE_SIGNS = "warning_signals"


def matrix(seed: int, *, planted: bool) -> Decided:
    """Return deals of sales people with habits of their own, and 21 signs of which at most the first means anything.

    Habits move both how often somebody loses and how often a sign stands on their deals: what the test must not
    take for evidence.
    """
    rng = np.random.default_rng((seed, planted))
    owner = rng.integers(REPS, size=DEALS)
    habit = rng.normal(0, HABIT_SD, REPS)
    fate = rng.random((DEALS, 3))
    lost = LOST / (LOST + WON)
    is_lost = fate[:, 0] < _moved(lost, habit[owner])
    is_decided = fate[:, 1] < LOST + WON
    fired = {}
    for place, signal in enumerate(SIGNALS):
        base = np.full(DEALS, rng.uniform(0.08, 0.5))
        if planted and place == 0:
            base = np.where(is_lost, ON_LOST, ON_WON)
        fired[signal.name] = (rng.random(DEALS) < _moved(base, rng.normal(0, HABIT_SD, REPS)[owner])).astype(float)
    rows = pd.DataFrame(
        {
            "deal_id": [f"D{number:04d}" for number in range(DEALS)], "is_lost": is_lost.astype(int),
            "owner": [f"Rep {each}" for each in owner],
            "account_name": [f"A{each}" for each in rng.integers(300, size=DEALS)],
            "amount": rng.lognormal(10, 0.8, DEALS), "segment": rng.choice(["A", "B", "C"], DEALS),
            "deal_type": rng.choice(["New", "Existing"], DEALS),
            "ultimate": np.where(is_lost, rng.choice(["lost_competitor", "lost_status_quo"], DEALS), "won"),
        }
    )[is_decided]  # fmt: skip
    flags = pd.DataFrame(fired)[is_decided]
    return Decided(rows, flags, pd.DataFrame(index=rows.index), SIGNALS)


def of_a_matrix(seed: int) -> Shown:
    """Say what the gate names where one sign is planted, and where none is, beside other comparisons of chance."""
    shown: dict[str, bool | None] = {}
    for planted in (True, False):
        named, first = named_in(_through(matrix(seed, planted=planted), seed))
        if planted:
            shown["found"] = SIGNALS[0].name in named
            shown["first"] = first == SIGNALS[0].name if shown["found"] else None
            shown["others"] = bool(set(named) - {SIGNALS[0].name})
        else:
            shown["null"] = bool(named)
    return shown


def _moved(share: np.ndarray | float, by: np.ndarray) -> np.ndarray:
    """Return chances moved on the logit scale."""
    odds = np.asarray(share) / (1 - np.asarray(share)) * np.exp(by)
    return np.asarray(odds / (1 + odds))


def _through(deals: Decided, seed: int) -> Result:
    """Return the page's answer on some deals, gone through the gate with other comparisons of chance."""
    tables = compared(deals, taxonomy())
    signs = Result(OF_THE_SIGNS, "", tables)
    chance = np.random.default_rng((seed, OTHERS + BESIDE))
    others = [
        _of_chance(name, dict(asked), [float(chance.random())])
        for name, asked in SET_OUT.items()
        if name != OF_THE_SIGNS
    ]
    return through_the_gate([signs, *others, _of_chance("beside", {}, chance.random(BESIDE).tolist())])[0]


def _of_chance(name: str, asked: dict[str, object], p: list[float]) -> Result:
    rows = [{"hypothesis": f"chance {place}", "primary": True, "p": value} for place, value in enumerate(p)]
    return Result(name, "", {"tests": tests_table("Others", rows)}, params=asked)


def named_in(answer: Result) -> tuple[list[str], str | None]:
    """Return the signs named, and the first of them in the order of the page."""
    tests = answer.tables["tests"].records
    named = [test["name"] for test in tests if test["primary"] and test["named"] is True]
    order = [row["name"] for row in answer.tables["signals"].records]
    return named, min(named, key=order.index, default=None)


SECTIONS = (
    Section(
        "planted-cause", "One sign that goes with losses, among many that do not",
        f"A book is {DEALS} forecast deals of {REPS} sales people with habits of their own, {LOST:.0%} lost and "
        f"{WON:.0%} won, and what {len(SIGNALS)} signs said of them: one stands on {ON_WON:.0%} of the won and "
        f"{ON_LOST:.0%} of the lost deals, the others on both alike; in a second set all. The page's own comparison, "
        f"through the gate with {OTHERS} other comparisons it sets out to make and {BESIDE} beside, all by chance.",
        of_a_matrix,
        (
            Line("found", "the planted sign is named", "at least 80%"),
            Line("first", "where it is named, it stands first", "at least 90%"),
            Line("others", "some other sign is named beside it", "-"),
            Line("null", "where nothing is planted, a sign is named", "at most 5%"),
        ),
    ),
)  # fmt: skip
