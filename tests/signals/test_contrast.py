"""Contrasts like with like: the plain difference where nothing differs, none where a segment made all of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from postmortem.signals.contrast import HELD, alike, contrast


def deals_of(cells: list[tuple[str, bool, bool, int]]) -> tuple[pd.Series, pd.DataFrame]:
    """Return flags and deals: so many of each segment, lost or won, with the sign or without."""
    rows = [(segment, lost, stood) for segment, lost, stood, number in cells for _ in range(number)]
    frame = pd.DataFrame(rows, columns=["segment", "is_lost", "stood"])
    place = np.arange(len(frame))
    frame = frame.assign(
        deal_id=[f"D{n}" for n in place], owner=[f"Rep {n % 16}" for n in place], deal_type="new", amount=1000.0,
        account_name=[f"Account {n}" for n in place],
    )  # fmt: skip
    return frame.pop("stood").astype("float64"), frame


# Within either segment the sign stands equally often on lost and won; the segment that loses shows it more.
SEGMENT = [
    ("A", True, True, 60), ("A", True, False, 20), ("A", False, True, 30), ("A", False, False, 10),
    ("B", True, True, 10), ("B", True, False, 30), ("B", False, True, 20), ("B", False, False, 60),
]  # fmt: skip


def test_a_difference_that_is_the_segments_is_none_like_with_like() -> None:
    flags, rows = deals_of(SEGMENT)
    told = contrast(flags, rows)
    assert told["difference"] == pytest.approx(70 / 120 - 50 / 120)
    found = alike(flags, rows, told)
    assert found["alike"] == pytest.approx(0.0, abs=1e-6)
    assert found["alike_low"] < 0 < found["alike_high"]
    assert found["held"] == HELD


def test_where_deals_are_alike_it_is_the_plain_difference() -> None:
    flags, rows = deals_of(
        [(segment, lost, stood, number // 2) for _, lost, stood, number in SEGMENT for segment in "AB"]
    )
    found = alike(flags, rows, contrast(flags, rows))
    assert found["alike"] == pytest.approx(70 / 120 - 50 / 120, abs=1e-6)


def test_few_deals_keep_the_plain_difference_and_say_that_nothing_was_held_alike() -> None:
    flags, rows = deals_of([(s, lost, stood, 3) for s in "ABCD" for lost in (True, False) for stood in (True, False)])
    told = contrast(flags, rows)
    found = alike(flags, rows.assign(owner="One"), told)
    assert (found["alike"], found["alike_low"], found["alike_high"]) == (told["difference"], told["low"], told["high"])
    assert found["held"] == ""
