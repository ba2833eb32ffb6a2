"""The six causes, recomputed from what every sign said of the made deals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from analysis_cases import FORECAST, answer_of


def test_one_of_the_six_shows_when_its_defining_sign_does_or_two_lesser_ones(ended):
    rows = answer_of("six_causes", FORECAST).tables["causes"].keyed("cause")
    lesser = ["forecast_soon_after_creation", "stage_skipped_or_back", "no_buyer_contact"]
    defining = ended["no_qualification_commitment"]
    two = (ended[lesser].sum(axis=1) >= 2).astype(float).where(ended[lesser].notna().sum(axis=1) >= 2)
    shows = pd.Series(np.where(defining.notna(), defining, two), index=ended.index).dropna()
    lost = ended.loc[shows.index, "ultimate"] != "won"
    row = rows["Only ever a lead"]
    assert (row["lost_n"], row["lost_seen"]) == (lost.sum(), shows[lost].sum())
    assert (row["won_n"], row["won_seen"]) == ((~lost).sum(), shows[~lost].sum())
    told = answer_of("six_causes", FORECAST).tables["remedies"].keyed("cause")["Only ever a lead"]
    assert told["remedy"].startswith("Keep a deal out of the forecast")
    assert told["signs"].startswith("“No commitment from qualification”; where that is not on record, two of: ")
    # The made deals have no reference and no proof on record: nothing tells of trust.
    assert rows["Promise not believed"]["lost_n"] == 0


def test_at_least_one_of_the_six_is_of_deals_of_which_any_is_known(ended):
    tables = answer_of("six_causes", FORECAST).tables
    row, causes = tables["any"].first, tables["causes"].rows
    assert row["lost_n"] <= (ended["ultimate"] != "won").sum()
    assert row["lost_seen"] >= causes["lost_seen"].max() and row["lost_n"] >= causes["lost_n"].max()
