"""The canonical tables: one place from which every reader, checker and simulator takes its columns."""

from __future__ import annotations

from typing import get_args

import pandas as pd
import pytest

from postmortem.ground import schema
from postmortem.ground.errors import UsageError
from postmortem.taxonomies import model

EVERY_TABLE = pytest.mark.parametrize("table", schema.TABLES, ids=lambda table: table.name)
# What cannot be read is set aside for these; the source of every other enum may be silent.
NEVER_UNKNOWN = {"outcome", "rank", "rater_type", "closed_at_source", "consent"}


def test_tables_have_names_of_their_own():
    names = [table.name for table in schema.TABLES]
    assert len(set(names)) == len(names)
    assert names[0] == "deals"
    assert all(schema.table(table.name) is table for table in schema.TABLES)


@EVERY_TABLE
def test_columns_are_named_once_and_the_key_is_made_of_them(table):
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) <= set(table.names)
    assert set(table.required) <= set(table.names)


@EVERY_TABLE
def test_enums_alone_list_their_values(table):
    for column in table.columns:
        assert (column.kind == "enum") == bool(column.values), column.name
        assert len(set(column.values)) == len(column.values)


@EVERY_TABLE
def test_an_enum_whose_source_may_be_silent_knows_unknown(table):
    for column in table.columns:
        if column.kind == "enum":
            assert column.may_be_unknown == (column.name not in NEVER_UNKNOWN), column.name
            assert column.may_be_unknown == ("unknown" in column.values)


@EVERY_TABLE
def test_every_column_and_table_says_what_it_means_in_one_line(table):
    for meaning in (table.meaning, *(column.meaning for column in table.columns)):
        assert meaning.strip() == meaning
        assert meaning
        assert "\n" not in meaning


@EVERY_TABLE
def test_an_empty_table_has_the_columns_and_dtypes_a_full_one_has(table):
    empty = schema.empty(table.name)
    assert tuple(empty.columns) == table.names
    assert len(empty) == 0
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == {
        column.name: schema.DTYPES[column.kind] for column in table.columns
    }


def test_every_kind_has_a_dtype_and_every_dtype_is_one_pandas_knows():
    assert set(schema.DTYPES) == set(get_args(schema.Kind))
    for dtype in schema.DTYPES.values():
        assert str(pd.Series([], dtype=dtype).dtype) == dtype


def test_a_missing_amount_is_missing_and_text_is_text():
    assert schema.DTYPES["money"] == "float64"
    assert schema.DTYPES["id"] == schema.DTYPES["category"] == "str"
    assert schema.DTYPES["timestamp"].endswith("UTC]")


def test_only_the_deal_and_its_outcome_are_required_of_a_deal():
    assert schema.DEALS.required == ("deal_id", "outcome")


def test_what_is_forecast_by_default_is_a_category_and_neither_closed_nor_omitted():
    assert set(schema.FORECAST_DEFAULT) <= set(schema.FORECAST_CATEGORIES)
    assert not {"closed", "omitted", "unknown", "pipeline"} & set(schema.FORECAST_DEFAULT)


def test_the_schema_and_the_taxonomies_agree_on_to_whom_a_deal_can_be_lost():
    assert schema.LOST_TO == model.LOST_TO
    assert schema.DEALS.column("lost_to_recorded").values == model.LOST_TO


def test_an_unknown_table_or_column_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'reasons'"):
        schema.table("reason")
    with pytest.raises(UsageError, match="did you mean 'outcome'"):
        schema.DEALS.column("outcom")
