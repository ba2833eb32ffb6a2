"""Figures that can be taken from any cohort and compared: which rows they are about, and which of them count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from postmortem.frames.cohort import Cohort


class Counted(NamedTuple):
    """Rows of a cohort, and whether each of them counts."""

    rows: pd.DataFrame
    happened: pd.Series


@dataclass(frozen=True)
class Figure:
    """One share that an analysis tells, as its rows tell it, so that two cohorts can be held side by side.

    A share of deals, or of money where `weight` is given: row by row, because deals of one sales person hang
    together and an interval needs to know which they are.

    Attributes
    ----------
    label : str
        What is shared out, in plain words: ``Deals lost``.
    noun : str
        What the rows are, in the singular: ``loss with a recorded taker``.
    counted : callable
        Given a cohort and rows of it, the rows the share is taken over and a flag for each that counts.
    weight : str
        Column whose sum is shared out; every row counts alike unless told.
    """

    label: str
    noun: str
    counted: Callable[[Cohort, pd.DataFrame], Counted]
    weight: str = ""
