"""A part of a cohort: the deals of one segment or region, told as what they are."""

from __future__ import annotations

import pytest
from builders import closed, deal, make_book

from postmortem.frames.cohort import PARTS, part_of
from postmortem.ground.errors import UsageError

COHORT = closed(make_book([deal(n, "won", "2025-08-01", region=("North", "South", None)[n % 3]) for n in range(1, 10)]))


def test_a_part_holds_the_deals_with_the_value_and_says_so() -> None:
    north = part_of(COHORT, "region", "North")
    assert list(north.table["deal_id"]) == list(COHORT.table.loc[COHORT.table["region"] == "North", "deal_id"])
    assert (north.part, north.remarks[-1]) == ("region North", "Only deals of region North.")
    assert north.fingerprint != COHORT.fingerprint
    assert len(COHORT.table) == 9


def test_unknown_is_a_value_of_its_own_and_parts_can_be_divided_again() -> None:
    assert len(part_of(COHORT, "region", None).table) == 3
    both = part_of(COHORT, "region", "North", None)
    assert (len(both.table), both.part) == (6, "region North or not recorded")
    again = part_of(both, "segment", "Industry")
    assert again.part == "region North or not recorded, segment Industry"


@pytest.mark.parametrize(("column", "values"), [("owner_id", ("Rep 1",)), ("region", ("Nort",)), ("region", ())])
def test_what_is_not_there_is_named_with_the_nearest(column: str, values: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        part_of(COHORT, column, *values)
    with pytest.raises(UsageError, match="did you mean 'North'"):
        part_of(COHORT, "region", "Nort")


def test_people_are_no_part() -> None:
    assert not {"owner_id", "manager_id"} & set(PARTS)
