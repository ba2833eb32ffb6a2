"""The flow from one answer to another: blocks and bands are as thick as their counts, names never touch."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch, Rectangle

from postmortem.charts.flow import flow

COLUMNS = {"left": "said", "right": "heard", "n": "n", "left_label": "Sales people wrote", "right_label": "Buyers said"}


@pytest.fixture
def answers():
    return pd.DataFrame(
        [("Price", "Price", 4), ("Price", "Trust", 9), ("Price", "Timing", 2), ("Timing", "Timing", 5)],
        columns=["said", "heard", "n"],
    )


def blocks(axes):
    return [(round(p.get_x(), 2), p.get_height()) for p in axes.patches if isinstance(p, Rectangle)]


def bands(axes):
    """Bands as (thickness at the left, thickness at the right, hatch)."""
    found = []
    for patch in axes.patches:
        if isinstance(patch, PathPatch):
            corners = patch.get_path().vertices
            found.append((corners[7, 1] - corners[0, 1], corners[4, 1] - corners[3, 1], patch.get_hatch()))
    return found


def test_blocks_and_bands_are_as_thick_as_their_counts(answers, draw):
    axes = draw(flow, answers, **COLUMNS)
    heights = np.array([height for _, height in blocks(axes)])
    unit = heights.sum() / 40
    assert heights / unit == pytest.approx([15, 5, 4, 7, 9])
    thick = np.array([band[:2] for band in bands(axes)])
    assert np.allclose(thick[:, 0], thick[:, 1])
    assert sorted(thick[:, 0] / unit) == pytest.approx([2, 4, 5, 9])


def test_the_same_answer_at_both_sides_is_told_by_more_than_colour(answers, draw):
    axes = draw(flow, answers, **COLUMNS)
    unit = sum(height for _, height in blocks(axes)) / 40
    found = {round(thick / unit): hatch for thick, _, hatch in bands(axes)}
    assert found == {4: "////", 9: "", 2: "", 5: "////"}


def test_every_block_has_its_name_and_count_beside_it(answers, draw, words, overlaps, outside):
    axes = draw(flow, answers, **COLUMNS)
    written = words(axes)
    assert written.count("Price") == written.count("Timing") == 2 and written.count("Trust") == 1
    assert {"15", "5", "4", "9", "7", "Sales people wrote", "Buyers said, 20 deals"} <= set(written)
    assert overlaps(axes) == outside(axes) == []


def test_bands_fill_their_blocks_without_overlap(answers, draw):
    axes = draw(flow, answers, **COLUMNS)
    paths = [patch.get_path().vertices for patch in axes.patches if isinstance(patch, PathPatch)]
    for begin, end in ((0, 7), (3, 4)):
        spans = sorted((path[begin, 1], path[end, 1]) for path in paths)
        assert all(first[1] <= second[0] + 1e-9 for first, second in pairwise(spans))


def test_ten_reasons_a_side_can_be_read_and_more_are_pooled(draw, words, overlaps, outside):
    random = np.random.default_rng(3)
    rows = [(f"A reason with a long name {i}", f"A reason with a long name {j}", int(random.integers(1, 6)))
            for i in range(13) for j in range(13) if random.random() < 0.5]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["said", "heard", "n"])
    axes = draw(flow, frame, **COLUMNS)
    written = words(axes)
    assert written.count("4 other reasons") == 2
    numbers = [int(word) for word in written if word.isdigit()]
    assert sum(numbers) == 2 * frame["n"].sum() and len(numbers) == 20
    # what is pooled at one side need not be what is pooled at the other
    alike = {left for left, right, _ in rows if left == right and written.count(left) == 2}
    assert len([hatch for _, _, hatch in bands(axes) if hatch]) == len(alike)
    assert overlaps(axes) == outside(axes) == []


def test_a_withheld_count_is_said_and_not_drawn(answers, draw, words):
    axes = draw(flow, answers.astype({"n": float}).replace({"n": {2.0: np.nan}}), **COLUMNS)
    assert any("bands whose count is withheld are not drawn" in text for text in words(axes))
    assert len(bands(axes)) == 3
