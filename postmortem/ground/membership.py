"""Which texts are among many others, asked of Arrow as a whole: pandas would turn over each of the others by itself."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def among(texts: pd.Series[str], others: pd.Series[str]) -> pd.Series[bool]:
    """Say for each text whether it is one of `others`, as ``texts.isin(others)`` does.

    Parameters
    ----------
    texts, others : Series of str
        Where a text is missing it is among the others if one of them is missing.
    """
    found = pc.is_in(pa.array(texts, pa.large_string()), value_set=pa.array(others, pa.large_string()))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=texts.index)
