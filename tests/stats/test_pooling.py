"""What is too rare to stand alone, counted by hand."""

import numpy as np
import pandas as pd

from postmortem.stats.pooling import merged_cells, pooled_kinds


def answers(**counts):
    return pd.Series([kind for kind, number in counts.items() for _ in range(number)], dtype="object")


def test_rare_kinds_are_counted_together_and_kept_ones_never():
    assert pooled_kinds(answers(a=9, b=5, c=3, d=2), 5, (), "other") == (("a", "b", "other"), ("c", "d"))
    kept = pooled_kinds(answers(a=9, b=5, c=3, d=2, f=2), 5, ("d", "e"), "other")
    assert kept == (("a", "b", "d", "e", "other"), ("c", "f"))
    assert pooled_kinds(answers(a=9, b=5), 5, (), "other") == (("a", "b"), ())


def test_the_pool_itself_holds_enough():
    """One answer of c is no pool: the rarest standing kind joins it."""
    assert pooled_kinds(answers(a=9, b=5, c=1), 5, (), "other") == (("a", "other"), ("b", "c"))
    assert pooled_kinds(answers(a=9, b=5, c=1), 5, ("a", "b"), "other") == (("a", "b", "other"), ("c",))


def test_an_answer_called_like_the_pool_belongs_to_it():
    assert pooled_kinds(answers(a=9, other=6), 5, (), "other") == (("a", "other"), ())
    assert pooled_kinds(answers(a=9, other=6), 5, ("other",), "other") == (("a", "other"), ())


def test_recorded_values_behind_few_answers_are_one_cell():
    recorded = np.array(list("aaaaabbbbbccdde"))
    asked = np.array([1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 0], dtype=bool)
    cells, merged = merged_cells(recorded, asked)
    assert merged == ("c", "d", "e")
    assert [set(recorded[cells == cell]) for cell in range(3)] == [{"a"}, {"b"}, {"c", "d", "e"}]


def test_a_value_without_an_answer_joins_the_one_with_the_fewest():
    recorded = np.array(list("aaaaabbbbc"))
    asked = np.array([1, 1, 1, 1, 0, 1, 1, 1, 0, 0], dtype=bool)
    cells, merged = merged_cells(recorded, asked)
    assert merged == ("b", "c")
    assert len(set(cells)) == 2


def test_nothing_is_merged_where_every_value_has_answers():
    recorded = np.array(list("aaabbb"))
    cells, merged = merged_cells(recorded, np.ones(6, dtype=bool))
    assert (list(cells), merged) == ([0, 0, 0, 1, 1, 1], ())
