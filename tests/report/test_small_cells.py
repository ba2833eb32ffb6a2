"""No withheld cell can be worked out from what is shown, whatever totals a reader knows."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from postmortem.report.sharing.small_cells import LEAST, withheld_rows, withhold_small
from postmortem.table import Column, Table


def flat(counts: list[int], names: list[str] | None = None, total: bool = False) -> Table:
    """Return a table with one count a row and, where asked, a row that is their sum."""
    labels = list(names or [f"part {n}" for n in range(len(counts))])
    if total:
        counts, labels = [*counts, sum(counts)], [*labels, "All"]
    rows = pd.DataFrame({"part": pd.Series(labels, dtype="str"), "deals": pd.Series(counts, dtype="int64")})
    rows["share"] = rows["deals"] / max(sum(counts), 1)
    columns = Column("part", "label", "Part"), Column("deals", "count", "Deals"), Column("share", "estimate", "Share")
    return Table(rows, columns, "Parts")


def crossed(grid: list[list[int]]) -> Table:
    """Return a table with one row a cell of a grid."""
    cells = list(product(range(len(grid)), range(len(grid[0]))))
    rows = pd.DataFrame(
        {
            "quarter": pd.Series([f"row {i}" for i, _ in cells], dtype="str"),
            "taker": pd.Series([f"column {j}" for _, j in cells], dtype="str"),
            "deals": pd.Series([grid[i][j] for i, j in cells], dtype="int64"),
        }
    )
    return Table(
        rows, (Column("quarter", "label", "Q"), Column("taker", "label", "T"), Column("deals", "count", "D")), "T"
    )


def solved(unknown: list[int], sums: list[set[int]]) -> set[int]:
    """Return which unknowns a reader can solve for, by exact elimination over fractions (another route than ours)."""
    system = [[Fraction(int(cell in line)) for cell in unknown] for line in sums]
    lead = 0
    for column in range(len(unknown)):
        pivot = next((r for r in range(lead, len(system)) if system[r][column]), None)
        if pivot is None:
            continue
        system[lead], system[pivot] = system[pivot], system[lead]
        system[lead] = [value / system[lead][column] for value in system[lead]]
        for r, row in enumerate(system):
            if r != lead and row[column]:
                system[r] = [a - row[column] * b for a, b in zip(row, system[lead], strict=True)]
        lead += 1
    alone = [row for row in system if sum(map(bool, row)) == 1]
    return {unknown[next(at for at, value in enumerate(row) if value)] for row in alone}


@given(st.lists(st.integers(0, 30), min_size=2, max_size=9), st.booleans())
def test_a_known_total_gives_nothing_back(counts: list[int], total: bool) -> None:
    table = flat(counts, total=total)
    mask = withheld_rows({(0, "t"): table})[0, "t"]
    assert all(mask[at] for at, count in enumerate(counts) if 0 < count < LEAST)
    hidden = [at for at in range(len(counts)) if mask[at]]
    if hidden and len(hidden) < len(counts):
        assert len(hidden) >= 2 and sum(counts[at] for at in hidden) >= LEAST
    assert not solved(hidden, [set(range(len(counts)))]) or len(counts) == 1


@given(st.integers(2, 4).flatmap(
    lambda wide: st.lists(st.lists(st.integers(0, 14), min_size=wide, max_size=wide), min_size=2, max_size=4)
))  # fmt: skip
def test_no_sum_of_rows_columns_or_all_gives_a_cell_back(grid: list[list[int]]) -> None:
    table = crossed(grid)
    mask = withheld_rows({(0, "t"): table})[0, "t"]
    high, wide = len(grid), len(grid[0])
    lines = [{i * wide + j for j in range(wide)} for i in range(high)]
    lines += [{i * wide + j for i in range(high)} for j in range(wide)]
    assert not solved([int(at) for at in np.flatnonzero(mask)], [*lines, set(range(high * wide))])
    flattened = [count for line in grid for count in line]
    assert all(mask[at] for at, count in enumerate(flattened) if 0 < count < LEAST)


def test_two_cycles_joined_by_one_cell_do_not_give_it_away() -> None:
    """Two withheld cells in every line are not enough: a cell that alone joins two blocks is their difference."""
    grid = [[2, 3, 40, 50], [3, 9, 60, 70], [44, 2, 9, 3], [55, 66, 2, 4]]
    mask = withheld_rows({(0, "t"): crossed(grid)})[0, "t"]
    lines = [{i * 4 + j for j in range(4)} for i in range(4)] + [{i * 4 + j for i in range(4)} for j in range(4)]
    assert not solved([int(at) for at in np.flatnonzero(mask)], lines)


def test_a_small_row_loses_every_figure_and_is_marked() -> None:
    (table,) = withhold_small({(0, "t"): flat([3, 9, 30, 40])})[0].values()
    assert table.rows["suppressed"].tolist() == [True, True, False, False]
    assert table.rows.loc[:1, ["deals", "share"]].isna().all(axis=None)
    assert table.rows["deals"].tolist()[2:] == [30, 40]


def test_none_is_nobody_and_stays() -> None:
    assert not withheld_rows({(0, "t"): flat([0, 9, 30])})[0, "t"].any()


def test_a_total_is_not_what_is_withheld_beside_a_small_count() -> None:
    mask = withheld_rows({(0, "t"): flat([3, 20, 30], total=True)})[0, "t"]
    assert mask.tolist() == [True, True, False, False]


def test_what_is_withheld_here_is_not_told_there() -> None:
    tables = {(0, "t"): flat([3, 20], ["Slipped", "A competitor"]),
              (1, "t"): flat([20, 31, 42], ["Lost to a competitor", "won", "open"]),
              (2, "t"): flat([20, 35, 44], ["North", "South", "East"])}  # fmt: skip
    masks = withheld_rows(tables)
    assert masks[0, "t"].all() and masks[1, "t"][0] and masks[1, "t"].sum() == 2
    assert not masks[2, "t"].any()
