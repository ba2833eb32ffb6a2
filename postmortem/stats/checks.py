"""What every estimator asks of its input, said once: counts, shares and finite columns."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from postmortem.ground.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int64]
Labels: TypeAlias = Sequence[Hashable] | NDArray[np.generic] | pd.Series
Numbers: TypeAlias = Sequence[float] | NDArray[np.integer] | NDArray[np.floating] | NDArray[np.bool_] | pd.Series


def count(name: str, value: object) -> int:
    """Return a whole number of at least 0, given as any integer type or a float without a fraction.

    Raises
    ------
    UsageError
        For anything else, NaN included; the message names the argument.
    """
    if not isinstance(value, (int, float, np.integer, np.floating)) or not float(value).is_integer():
        raise UsageError(f"{name} is not a count", got=value, expected="a whole number of at least 0")
    whole = int(value)
    if whole < 0:
        raise UsageError(f"{name} is negative", got=whole, expected="a whole number of at least 0")
    return whole


def events_of(events: object, n: object, *, names: tuple[str, str] = ("events", "n")) -> tuple[int, int]:
    """Return (events, n) as counts with events ≤ n.

    Raises
    ------
    UsageError
        When one is not a count, or there are more events than trials.
    """
    part, whole = count(names[0], events), count(names[1], n)
    if part > whole:
        raise UsageError(f"{names[0]} exceeds {names[1]}", got=part, expected=f"at most {whole}")
    return part, whole


def between(name: str, value: object, low: float = 0.0, high: float = 1.0) -> float:
    """Return a number strictly between two limits (a confidence, a level, a margin).

    Raises
    ------
    UsageError
        For NaN and anything on or outside the limits.
    """
    if not isinstance(value, (int, float, np.integer, np.floating)) or not low < value < high:
        raise UsageError(f"{name} is out of range", got=value, expected=f"a number between {low} and {high}")
    return float(value)


def finite(name: str, values: Numbers) -> Floats:
    """Return a new one-dimensional float array, not empty, every value finite.

    Dates and durations are rejected: their numbers depend on the column's own unit.

    Raises
    ------
    UsageError
        For an empty or two-dimensional column, text, dates, and missing or infinite values (rows named).
    """
    raw = np.asarray(values)
    if raw.ndim != 1 or raw.size == 0:
        raise UsageError(f"{name} is empty or not one column", got=f"shape {raw.shape}", expected="one value a row")
    text = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw)
    if text or raw.dtype.kind not in "buifO":
        raise UsageError(f"{name} does not hold numbers", got=str(raw.dtype), expected="numbers")
    try:
        column = np.array(pd.Series(raw).to_numpy(dtype="float64", na_value=math.nan))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} does not hold numbers", got=str(error), expected="numbers") from error
    unusable = np.flatnonzero(~np.isfinite(column))
    if unusable.size:
        raise UsageError(
            f"{name} has missing or infinite values",
            got=f"{unusable.size} of {column.size}",
            expected="finite numbers",
            do="leave these rows out and say how many were left out",
            rows=[f"row {row}" for row in unusable],
        )
    return column


def counts(name: str, values: Numbers) -> Floats:
    """Return a column of whole numbers of at least 0, as floats.

    Raises
    ------
    UsageError
        As `finite` does, and for negative values and fractions (rows named).
    """
    column = finite(name, values)
    wrong = np.flatnonzero((column < 0) | (column != np.floor(column)))
    if wrong.size:
        raise UsageError(
            f"{name} holds values that are not counts",
            got=", ".join(f"{column[row]:g}" for row in wrong[:5]),
            expected="whole numbers of at least 0",
            rows=[f"row {row}" for row in wrong],
        )
    return column


def zero_one(name: str, values: Numbers) -> Floats:
    """Return a column of outcomes as floats, 1 where it happened and 0 where not.

    Flags become numbers here, once: a formula that is given true and false models the chance of false.

    Raises
    ------
    UsageError
        As `finite` does, and for any other value (rows named).
    """
    column = finite(name, values)
    wrong = np.flatnonzero((column != 0) & (column != 1))
    if wrong.size:
        raise UsageError(
            f"{name} holds values that are not outcomes",
            got=", ".join(f"{column[row]:g}" for row in wrong[:5]),
            expected="0 or 1, or true or false",
            rows=[f"row {row}" for row in wrong],
        )
    return column


def shares(name: str, values: Numbers) -> Floats:
    """Return a column of shares or probabilities, 0 to 1, as floats.

    Raises
    ------
    UsageError
        As `finite` does, and for values below 0 or above 1, as per cent are (rows named).
    """
    column = finite(name, values)
    wrong = np.flatnonzero((column < 0) | (column > 1))
    if wrong.size:
        raise UsageError(
            f"{name} holds values that are no shares",
            got=", ".join(f"{column[row]:g}" for row in wrong[:5]),
            expected="numbers from 0 to 1",
            do="divide per cent by 100",
            rows=[f"row {row}" for row in wrong],
        )
    return column


def codes(name: str, labels: Labels) -> tuple[Codes, tuple[Hashable, ...]]:
    """Return a number for every label, 0 and up in sorted order, and the labels by number.

    The order of the rows therefore decides nothing, not even the draws of a permutation; labels that cannot be
    compared are sorted as text.

    Raises
    ------
    UsageError
        Where a label is missing (rows named).
    """
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        values, places = np.unique(labels, return_inverse=True)
        return places, tuple(values.tolist())
    column = pd.Series(list(labels), dtype="object")
    missing = np.flatnonzero(column.isna().to_numpy())
    if missing.size:
        raise UsageError(
            f"{name} has units without a label",
            got=f"{missing.size} of {len(column)}",
            expected="a label for every unit",
            do="give units without one a label of their own, or leave them out and say so",
            rows=[f"row {row}" for row in missing],
        )
    numbers, found = pd.factorize(column)
    try:
        ordered = sorted(range(len(found)), key=lambda place: found[place])
    except TypeError:
        ordered = sorted(range(len(found)), key=lambda place: str(found[place]))
    rank = np.empty(len(found), dtype=np.int64)
    rank[ordered] = np.arange(len(found))
    return rank[numbers], tuple(found[place] for place in ordered)


def same_length(**columns: Sequence[object] | NDArray[np.generic] | pd.Series) -> None:
    """Raise unless all columns have one length.

    Raises
    ------
    UsageError
        With every column's length.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise UsageError(f"{' and '.join(columns)} differ in length", got=got, expected="one value a row each")


def events_within(events: Floats, trials: Floats, *, names: tuple[str, str]) -> None:
    """Raise where a row has more events than trials.

    Raises
    ------
    UsageError
        Naming both columns and the rows.
    """
    same_length(**{names[0]: events, names[1]: trials})
    wrong = np.flatnonzero(events > trials)
    if wrong.size:
        raise UsageError(
            f"{names[0]} exceeds {names[1]}",
            got=", ".join(f"{events[row]:g} of {trials[row]:g}" for row in wrong[:5]),
            expected=f"at most {names[1]} in every row",
            rows=[f"row {row}" for row in wrong],
        )
