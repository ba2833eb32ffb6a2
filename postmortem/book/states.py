"""States over time: one set of functions on validity spans, the same on DuckDB, pandas, Polars and PySpark.

A row of the history holds from its moment to the next change of the same field of the same deal. Spans are
built once; any number of moments is then read off them in one pass. For a moment or two it is cheaper not to
sort the history at all: the change that decides is then found by aggregation. A null value is a value. Before
its first change a field has the value that change replaced; a field of a deal that never changed has the
value of today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import narwhals as nw

from postmortem.ground.errors import UsageError

SPAN = ("deal_id", "field")
# Sorts changes without a sequence behind those with one, on engines that disagree about where nulls belong.
UNSEQUENCED = 2**62
INSTANT = "instant"
"""Optional column of a history: `changed_at` in microseconds since `EPOCH`, for engines slow at intervals."""

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Microseconds: more than any two moments are apart.
BEHIND = 2**61
_SIDE, _NEAR, _TIE, _VALUE, _TOLD = "_side", "_near", "_tie_", "_value_", "_told_"
_OLD, _NEW = 1, 2


def validity_spans(history: Any) -> nw.LazyFrame[Any]:
    """Build the validity span of every change.

    Parameters
    ----------
    history : DuckDB relation, DataFrame of pandas, Polars or PySpark, or any frame Narwhals takes
        ``deal_id``, ``field``, ``changed_at``, ``seq``, ``old_value``, ``new_value``; values of one type.
        Of changes of one moment `seq` decides, those without one come last; an integer column ``row``, where
        there is one, decides between equals. Rows without a moment are left out.

    Returns
    -------
    LazyFrame
        One row a change: ``deal_id``, ``field``, ``valid_from``, ``valid_until`` (moment of the next change,
        null for the newest), ``old_value``, ``new_value``, ``is_first`` (no earlier change). A change that
        another one of the same moment follows has an empty span.
    """
    frame, order = _ordered(history)
    next_change = nw.col("changed_at").shift(-1).over(*SPAN, order_by=order)
    change_before = nw.col("changed_at").shift(1).over(*SPAN, order_by=order)
    return frame.with_columns(valid_until=next_change, is_first=change_before.is_null()).select(
        *SPAN, nw.col("changed_at").alias("valid_from"), "valid_until", "old_value", "new_value", "is_first"
    )


def spans_of(spans: nw.LazyFrame[Any], moments: Sequence[dt.datetime]) -> nw.LazyFrame[Any]:
    """Return the spans that tell something at any of the moments."""
    return spans.filter(nw.any_horizontal(*(_side_at(moment) > 0 for moment in zoned(moments)), ignore_nulls=True))


def values_at(spans: nw.LazyFrame[Any], moments: Sequence[dt.datetime]) -> nw.LazyFrame[Any]:
    """Return the value of every field that ever changed, just before each moment.

    Parameters
    ----------
    spans : LazyFrame
        From `validity_spans`.
    moments : sequence of datetime
        With a time zone; changes at or after a moment are not seen by it.

    Returns
    -------
    LazyFrame
        One row a moment and pair of deal and field: ``place`` (position in `moments`, from 0), ``deal_id``,
        ``field``, ``value``.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    return nw.concat(
        [
            spans.with_columns(_side_at(moment).alias(_SIDE))
            .filter(nw.col(_SIDE) > 0)
            .select(nw.lit(place).alias("place"), *SPAN, _value_of_side().alias("value"))
            for place, moment in enumerate(zoned(moments))
        ]
    )


def values_before(history: Any, moments: Sequence[dt.datetime]) -> nw.LazyFrame[Any]:
    """Return what `values_at` returns, for few moments: nothing is sorted, each moment reads the history once.

    Parameters
    ----------
    history : frame
        As `validity_spans` takes it; an integer column ``instant`` (`changed_at` in microseconds since 1970)
        is used where there is one.
    moments : sequence of datetime
        With a time zone; changes at or after a moment are not seen by it.

    Returns
    -------
    LazyFrame
        As `values_at`.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    frame, order = _ordered(history)
    if frame.implementation.is_spark_like():
        # Spark has no first and last in a stated order.
        return values_at(validity_spans(history), moments)
    parts = [
        _deciding(frame, order, moment).select(nw.lit(place).alias("place"), *SPAN, "value")
        for place, moment in enumerate(zoned(moments))
    ]
    return nw.concat(parts)


def states_at(
    spans: nw.LazyFrame[Any], deals: Any, moments: Sequence[dt.datetime], fields: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return the state of every deal just before each moment.

    Parameters
    ----------
    spans : LazyFrame
        From `validity_spans`.
    deals : frame of the same engine
        One row a deal: ``deal_id`` and the current value of each of `fields`, of the type the history has.
    moments : sequence of datetime
        With a time zone; changes at or after a moment are not seen by it.
    fields : sequence of str
        Fields whose changes the history records (`recorded_fields`): what never changed is as it is today.

    Returns
    -------
    LazyFrame
        One row a moment and deal, in no particular order: ``place`` (position in `moments`, from 0),
        ``deal_id`` and one column a field. Deals that `deals` does not hold are left out.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    return wide_states(values_at(spans, moments), deals, len(moments), fields)


def wide_states(values: nw.LazyFrame[Any], deals: Any, places: int, fields: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return what `states_at` returns, from values of `values_at` or `values_before` at `places` moments."""
    today: nw.LazyFrame[Any] = nw.from_native(deals).lazy().select("deal_id", *fields)
    every = nw.concat([today.with_columns(nw.lit(place).alias("place")) for place in range(places)])
    return replayed_states(values, every, fields).select("place", "deal_id", *fields)


def replayed_states(values: nw.LazyFrame[Any], standing: nw.LazyFrame[Any], fields: Sequence[str]) -> nw.LazyFrame[Any]:
    """Put the values of a moment in the place of today's, where the history tells them.

    Parameters
    ----------
    values : LazyFrame
        From `values_at` or `values_before`.
    standing : LazyFrame
        One row a moment and deal: ``place``, ``deal_id``, today's value of each of `fields`, anything else.
    fields : sequence of str
        Fields to be replaced.

    Returns
    -------
    LazyFrame
        The rows and columns of `standing`.
    """
    if not fields:
        return standing
    value, is_told = nw.col("value"), nw.lit(1)
    wide = (
        values.with_columns(
            *(_only(field, value).alias(f"{_VALUE}{field}") for field in fields),
            *(_only(field, is_told).alias(f"{_TOLD}{field}") for field in fields),
        )
        .group_by("place", "deal_id")
        .agg(nw.col(f"{kind}{field}").max() for kind in (_VALUE, _TOLD) for field in fields)
    )
    replaced = {
        field: nw.when(nw.col(f"{_TOLD}{field}").is_null()).then(nw.col(field)).otherwise(nw.col(f"{_VALUE}{field}"))
        for field in fields
    }
    columns = standing.collect_schema().names()
    return standing.join(wide, on=["place", "deal_id"], how="left").with_columns(**replaced).select(*columns)


def recorded_fields(history: Any) -> frozenset[str]:
    """Return the fields of which the history holds any change."""
    named: nw.LazyFrame[Any] = nw.from_native(history).lazy().filter(~nw.col("field").is_null())
    # A count each: DuckDB takes five times as long to drop the repeated ones.
    found = named.group_by("field").agg(nw.len()).collect()
    return frozenset(str(name) for name in found["field"].to_list())


def _ordered(history: Any) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Return the changes that have a moment, and the columns that put those of a deal and field in order."""
    frame: nw.LazyFrame[Any] = nw.from_native(history).lazy()
    order = ["changed_at", "seq", *(name for name in ("row",) if name in frame.collect_schema().names())]
    dated = frame.filter(~nw.col("changed_at").is_null())
    return dated.with_columns(nw.col("seq").cast(nw.Int64).fill_null(UNSEQUENCED)), order


def _deciding(frame: nw.LazyFrame[Any], order: list[str], moment: dt.datetime) -> nw.LazyFrame[Any]:
    """Return what the latest change before a moment wrote, or where there is none, what the first one replaced."""
    seen = nw.col("changed_at") < nw.lit(moment)
    after = _microseconds(frame, moment)
    # Changes not seen yet stand before those seen, the earliest of them last: one aggregate then serves both.
    nearness = nw.when(seen).then(after).otherwise(-after - BEHIND)
    ties = {f"{_TIE}{name}": nw.when(seen).then(nw.col(name)).otherwise(-nw.col(name)) for name in order[1:]}
    value = nw.when(seen).then(nw.col("new_value")).otherwise(nw.col("old_value"))
    placed = frame.select(*SPAN, value.alias("value"), nearness.alias(_NEAR), **ties)
    return placed.group_by(*SPAN).agg(nw.col("value").last(order_by=[_NEAR, *ties]))


def _microseconds(frame: nw.LazyFrame[Any], moment: dt.datetime) -> nw.Expr:
    """Return how long after a moment each change came, negative for one before it."""
    if INSTANT in frame.collect_schema().names():
        return nw.col(INSTANT) - (moment - EPOCH) // dt.timedelta(microseconds=1)
    return (nw.col("changed_at") - nw.lit(moment)).dt.total_microseconds()


def _side_at(moment: dt.datetime) -> nw.Expr:
    """Say of each span whether its new or its old value holds just before `moment`, or (0) neither."""
    seen = nw.col("valid_from") < nw.lit(moment)
    # The newest change is followed by none: what comes next is then never before the moment.
    is_over = (nw.col("valid_until") < nw.lit(moment)) & ~nw.col("valid_until").is_null()
    newest = nw.when(seen & ~is_over).then(nw.lit(_NEW)).otherwise(nw.lit(0))
    return nw.when(nw.col("is_first") & ~seen).then(nw.lit(_OLD)).otherwise(newest)


def _only(field: str, value: nw.Expr) -> nw.Expr:
    return nw.when(nw.col("field") == nw.lit(field)).then(value)


def _value_of_side() -> nw.Expr:
    return nw.when(nw.col(_SIDE) == _NEW).then(nw.col("new_value")).otherwise(nw.col("old_value"))


def zoned(moments: Sequence[dt.datetime]) -> Sequence[dt.datetime]:
    """Return the moments as they came.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    bare = [str(moment) for moment in moments if moment.tzinfo is None]
    if bare:
        raise UsageError("A moment needs a time zone.", got=", ".join(bare), do="use BookMeta.end_of_day(date)")
    if not moments:
        raise UsageError("States are asked for at no moment.", expected="at least one")
    return moments
