"""Values R gave, and the rows it gave them for: stored beside the script that made them."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "stats" / "reference"


@cache
def r_values(case, file="survival"):
    """Return the values of one case by quantity."""
    values = pd.read_csv(REFERENCE / f"{file}.csv", dtype=str)
    values = values[values["case"] == case]
    assert len(values), f"no reference values for {case!r}"
    return dict(zip(values["quantity"], values["value"].astype(float), strict=True))


def small_books():
    """Return twelve books of 45 made-up rows: book, exit, cause 0 to 2, three groups, of which one leaves early."""
    return pd.read_csv(REFERENCE / "small.csv")


def uneven_rows():
    """Return those of the 240 rows that leave clusters (`rep`) of unlike size."""
    rows, place = tied_rows(), np.arange(1, 241)
    return rows[(place % 24 < rows["rep"] % 24 + 1) | (rows["rep"] % 5 == 0)].reset_index(drop=True)


def tied_rows():
    """Return 240 made-up rows with ties: entry, exit, cause 0 to 3, three groups, two strata, 24 reps."""
    return pd.read_csv(REFERENCE / "tied.csv")
