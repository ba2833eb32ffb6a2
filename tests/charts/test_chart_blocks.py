import numpy as np
import pytest

from postmortem.charts.blocks import Block, Room, arrange

NONE = np.array([])
ROOM = Room(width=560, height=260, label=30, largest=150)


def blocks_of(*counts, seed=0, label=90.0):
    random = np.random.default_rng(seed)
    return [Block(np.exp(random.normal(10, 0.8, n)), NONE, label) for n in counts]


def test_one_scale_for_all_squares():
    blocks = blocks_of(60, 30, 20)
    placed, scale = arrange(blocks, ROOM)
    for block, where in zip(blocks, placed, strict=True):
        assert sorted(where.filled.sides**2 / scale) == pytest.approx(sorted(block.areas))


@pytest.mark.parametrize("counts", [(1,), (60,), (30, 20, 10), (60, 30, 40, 3, 20, 25, 2), (800, 300, 400, 70, 230)])
def test_blocks_stay_in_the_room_and_apart(counts):
    placed, scale = arrange(blocks_of(*counts), ROOM)
    assert scale > 0
    boxes = []
    for where in placed:
        down = (where.filled.corners[:, 1] + where.filled.sides).max()
        boxes.append((where.x, where.y - ROOM.label, where.x + where.width, down))
    assert max(box[3] for box in boxes) <= ROOM.height + 1e-6
    assert max(box[2] for box in boxes) <= ROOM.width + 1e-6
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_widths_on_one_shelf_are_in_proportion_to_area():
    blocks = blocks_of(60, 40, 50)
    placed, _ = arrange(blocks, ROOM)
    assert len({where.y for where in placed}) == 1
    shares = [where.width / block.areas.sum() for where, block in zip(placed, blocks, strict=True)]
    assert shares == pytest.approx([shares[0]] * 3)


def test_a_block_is_as_wide_as_its_label():
    placed, _ = arrange([*blocks_of(100, 80), Block(np.array([5.0]), NONE, 120.0)], ROOM)
    assert placed[2].width >= 120


def test_a_whale_fits_its_block():
    blocks = [*blocks_of(70, 30), Block(np.array([4e6, 2e4]), NONE, 80.0)]
    placed, _ = arrange(blocks, ROOM)
    assert placed[2].filled.sides.max() <= placed[2].width + 1e-6
    assert placed[2].filled.sides.max() <= ROOM.largest + 1e-6


def test_a_lone_square_is_no_larger_than_allowed():
    placed, _ = arrange(blocks_of(1), Room(560, 260, 30, largest=80))
    assert placed[0].filled.sides[0] == pytest.approx(80)


def test_hollow_squares_come_below_the_filled_ones():
    block = Block(np.full(20, 4e4), np.full(3, 1e4), 80.0)
    placed, _ = arrange([block], ROOM)
    lowest = (placed[0].filled.corners[:, 1] + placed[0].filled.sides).max()
    assert placed[0].hollow.corners[:, 1].min() > lowest


def test_a_larger_room_gives_larger_squares():
    blocks = blocks_of(60, 30)
    small, large = arrange(blocks, ROOM)[1], arrange(blocks, Room(560, 400, 30, 150))[1]
    assert large > small


def test_no_room_at_all_gives_squares_without_size():
    placed, scale = arrange(blocks_of(20), Room(560, 20, 30, 50))
    assert scale == 0
    assert not placed[0].filled.sides.any()
