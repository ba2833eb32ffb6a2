from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from postmortem.charts import images, style
from postmortem.charts.unit_squares import height_for, unit_squares

FATES = ["won", "lost_competitor", "lost_status_quo", "lost_disqualified", "lost_unknown", "slipped", "open"]
COLUMNS = {"fate": "resolution", "amount": "amount", "currency": "USD"}


def quarter(n, missing=0.05, seed=3):
    random = np.random.default_rng(seed)
    amounts = np.exp(random.normal(10.6, 0.9, n))
    amounts[random.random(n) < missing] = np.nan
    fates = random.choice(FATES, n, p=[0.38, 0.16, 0.2, 0.03, 0.11, 0.1, 0.02])
    return pd.DataFrame({"resolution": fates, "amount": amounts})


def squares(patch):
    """Left, top and side of every square of one patch."""
    corners = patch.get_path().vertices.reshape(-1, 5, 2)
    sides = corners[:, 2] - corners[:, 0]
    assert np.allclose(sides[:, 0], sides[:, 1])
    return np.column_stack([corners[:, 0], sides[:, 0]])


def filled(axes, key):
    colour = style.fate_of(key).colour.lower()
    drawn = [patch for patch in axes.patches if patch.get_fill()]
    return next(patch for patch in drawn if to_hex(patch.get_facecolor()) == colour)


@pytest.mark.parametrize("n", [60, 180, 2000])
def test_area_is_amount_at_one_scale(draw, n):
    frame = quarter(n)
    axes = draw(unit_squares, frame, height_for(n), **COLUMNS)
    scales = []
    for key, amounts in frame.groupby("resolution")["amount"]:
        known = np.sort(amounts.dropna())
        if len(known):
            areas = np.sort(squares(filled(axes, key))[:, 2]) ** 2
            scales.extend(areas / known)
    assert np.allclose(scales, scales[0])


@pytest.mark.parametrize("n", [60, 180, 2000])
def test_labels_neither_overlap_nor_leave_the_figure(draw, overlaps, outside, n):
    axes = draw(unit_squares, quarter(n), height_for(n), **COLUMNS)
    assert overlaps(axes) == []
    assert outside(axes) == []


@pytest.mark.parametrize("n", [60, 180, 2000])
def test_squares_keep_off_the_labels(draw, n):
    axes = draw(unit_squares, quarter(n), height_for(n), **COLUMNS)
    boxes = [text.get_window_extent().transformed(axes.transData.inverted()) for text in axes.texts]
    every = np.vstack([squares(patch) for patch in axes.patches])
    left, top, side = every.T
    for box in boxes:
        hit = (
            (left < box.x1 - 0.5)
            & (left + side > box.x0 + 0.5)
            & (top < max(box.y0, box.y1) - 1.5)
            & (top + side > min(box.y0, box.y1) + 1.5)
        )
        assert not hit.any()


@pytest.mark.parametrize("n", [60, 180, 2000])
def test_every_square_lies_on_the_picture(draw, n):
    axes = draw(unit_squares, quarter(n), height_for(n), **COLUMNS)
    every = np.vstack([squares(patch) for patch in axes.patches])
    assert every[:, :2].min() >= -1e-6
    assert (every[:, 0] + every[:, 2]).max() <= max(axes.get_xlim()) + 1e-6
    assert (every[:, 1] + every[:, 2]).max() <= max(axes.get_ylim()) + 1e-6


def test_squares_are_square_on_the_page(draw):
    axes = draw(unit_squares, quarter(60), **COLUMNS)
    across, down = axes.transData.transform([(0, 0), (10, 10)])[1] - axes.transData.transform((0, 0))
    assert abs(across) == pytest.approx(abs(down))


def test_each_block_says_its_deals_and_money(draw, words):
    frame = pd.DataFrame(
        {"resolution": ["won"] * 3 + ["lost_competitor"], "amount": [1_000_000, 150_000, None, 340_000]}
    )
    written = words(draw(unit_squares, frame, **COLUMNS))
    assert written[:4] == ["Won", "3 deals, $1.2M", "Lost to a competitor", "1 deal, $340k"]


def test_blocks_stand_in_the_order_of_the_house(draw, words):
    frame = quarter(400)
    shuffled = frame.sample(frac=1, random_state=1)
    labels = [fate.label for fate in style.FATES if fate.key in set(frame[COLUMNS["fate"]])]
    assert [each for each in words(draw(unit_squares, shuffled, **COLUMNS)) if each in labels] == labels


def test_another_order_can_be_asked_for(draw, words):
    written = words(draw(unit_squares, quarter(400), order=("slipped", "won"), **COLUMNS))
    assert written[0] == "Slipped past the quarter"
    assert written[2] == "Won"


def test_row_order_changes_nothing():
    frame = quarter(120)
    pictures = []
    for each in (frame, frame.sample(frac=1, random_state=4)):
        figure = style.new_figure(8, 4)
        unit_squares(each, figure.subplots(), **COLUMNS)
        pictures.append(images.to_svg(figure))
    assert pictures[0] == pictures[1]


def test_deals_without_amount_are_hollow_and_of_the_stated_size(draw, words):
    frame = pd.DataFrame({"resolution": "won", "amount": [20_000] * 10 + [80_000] * 5 + [None, 0, -5]})
    axes = draw(unit_squares, frame, **COLUMNS)
    side = squares(filled(axes, "won"))[:, 2].min()
    edge = style.fate_of("won").edge.lower()
    hollow = [patch for patch in axes.patches if to_hex(patch.get_edgecolor()) == edge and patch.get_linewidth()]
    assert len(squares(hollow[0])) == 3
    # The outline lies inside the square by half its width.
    assert squares(hollow[0])[:, 2] + 0.9 == pytest.approx([side] * 3)
    assert "no amount: 3 deals, drawn the size of $20k" in words(axes)


def test_the_key_square_is_true_to_scale(draw, words):
    axes = draw(unit_squares, pd.DataFrame({"resolution": "won", "amount": [40_000.0] * 50}), **COLUMNS)
    deal = squares(filled(axes, "won"))[0, 2] ** 2
    muted = style.MUTED.lower()
    key = next(patch for patch in axes.patches if patch.get_fill() and to_hex(patch.get_facecolor()) == muted)
    text = next(each for each in words(axes) if each.startswith("= $"))
    amount = float(text.removeprefix("= $").removesuffix("k")) * (1000 if text.endswith("k") else 1)
    assert squares(key)[0, 2] ** 2 / deal == pytest.approx(amount / 40_000)


def test_without_any_amount_all_squares_are_alike(draw, words):
    frame = quarter(80).assign(amount=None)
    axes = draw(unit_squares, frame, **COLUMNS)
    sides = np.concatenate([squares(patch)[:, 2] for patch in axes.patches])
    assert len(sides) == 80
    assert np.allclose(sides, sides[0])
    assert "One square is one deal; no amounts to size them by." in words(axes)


def test_withheld_fates_stand_in_one_block(draw, words):
    axes = draw(unit_squares, quarter(40, missing=0).assign(resolution=None), **COLUMNS)
    assert words(axes)[0] == "Withheld"
    assert words(axes)[1].startswith("40 deals, ")


def test_a_word_that_is_no_fate_has_its_own_block(draw, words):
    frame = pd.DataFrame({"resolution": ["won", "$paused$"], "amount": [10.0, 20.0]})
    assert "$paused$" in words(draw(unit_squares, frame, **COLUMNS))


def test_the_unknown_are_hatched(draw):
    axes = draw(unit_squares, pd.DataFrame({"resolution": ["lost_unknown"] * 4, "amount": 5e4}), **COLUMNS)
    assert any(patch.get_hatch() for patch in axes.patches)


def test_categories_are_read_like_text(draw, words):
    frame = quarter(40, missing=0)
    frame["resolution"] = frame["resolution"].where(frame.index > 2).astype("category")
    assert "Withheld" in words(draw(unit_squares, frame, **COLUMNS))


def test_more_deals_ask_for_more_height():
    heights = [height_for(n) for n in (0, 1, 60, 180, 2000, 10**6)]
    assert all(first <= second for first, second in pairwise(heights))


def test_thousands_of_deals_stay_small_on_the_page():
    figure = style.new_figure(8, 5)
    unit_squares(quarter(2000), figure.subplots(), **COLUMNS)
    assert len(images.to_svg(figure)) < 250_000
