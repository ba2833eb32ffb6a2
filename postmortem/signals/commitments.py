"""How commitments are told apart, in the process file and in the record."""

from __future__ import annotations

import numpy as np
import pandas as pd


def written(commitment: object) -> str:
    """Return a commitment as it is compared: without regard to case and to spaces."""
    return " ".join(str(commitment).split()).casefold()


def all_written(commitments: pd.Series[str]) -> pd.Series[str]:
    """Return a column of commitments as they are compared; there are few of them, each many times."""
    codes, distinct = pd.factorize(commitments, use_na_sentinel=False)
    texts = np.array([written(each) for each in distinct], dtype=object)
    return pd.Series(texts[codes], index=commitments.index, dtype="str")
