"""Values R gave, and the rows it gave them for: stored beside the script that made them."""

from functools import cache
from pathlib import Path

import pandas as pd

REFERENCE = Path(__file__).parent / "stats" / "reference"


@cache
def r_values(case):
    """Return the values of one case by quantity."""
    values = pd.read_csv(REFERENCE / "survival.csv", dtype=str)
    values = values[values["case"] == case]
    assert len(values), f"no reference values for {case!r}"
    return dict(zip(values["quantity"], values["value"].astype(float), strict=True))


def small_books():
    """Return twelve books of 45 made-up rows: book, exit, cause 0 to 2, three groups, of which one leaves early."""
    return pd.read_csv(REFERENCE / "small.csv")


def tied_rows():
    """Return 240 made-up rows with ties: entry, exit, cause 0 to 3, three groups, two strata, 24 reps."""
    return pd.read_csv(REFERENCE / "tied.csv")
