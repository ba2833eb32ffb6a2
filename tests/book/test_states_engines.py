"""One set of functions on every engine, against a walk through the history row by row."""

from __future__ import annotations

import datetime as dt
import importlib.util
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from builders import change, deal, frame_of, make_book
from engines import ENGINES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from replays import DEALS, a_change, a_deal, replayed, typed

from postmortem.book.file_states import states_in_files
from postmortem.book.history import TRACKED, states_at_moments
from postmortem.book.states import recorded_fields, states_at, validity_spans, values_at, values_before, wide_states
from postmortem.book.store import save_book
from postmortem.ground.errors import UsageError

HOURS = (9, 12, 13, 15)
MOMENTS = [dt.datetime(2025, 6, 15, hour, tzinfo=dt.UTC) for hour in HOURS]


def as_written(value, _field):
    return None if value is None else str(value)


def tables(deals, history):
    """Return history and deals as an engine gets them: texts, rows numbered, moments in UTC."""
    written = frame_of("history", history)
    texts = {name: pd.Series([as_written(row.get(name), name) for row in deals], dtype="str") for name in TRACKED}
    ids = pd.Series([row["deal_id"] for row in deals], dtype="str")
    return written.assign(row=range(len(written))), pd.DataFrame({"deal_id": ids, **texts})


def states_on(engine, deals, history, moments):
    """Return place, deal and field to value, as one engine tells it by either way there is."""
    fields = [name for name in TRACKED if name in {row["field"] for row in history}]
    by_spans, by_aggregation = (
        told_on(engine, deals, history, moments, fields, ask)
        for ask in (
            lambda told, today: states_at(validity_spans(told), today, moments, fields),
            lambda told, today: wide_states(values_before(told, moments), today, len(moments), fields),
        )
    )
    assert by_spans == by_aggregation
    return by_spans


def told_on(engine, deals, history, moments, fields, ask):
    found = engine(tables(deals, history), ask)
    assert len(found) == len(deals) * len(moments)
    return {
        (row["place"], row["deal_id"], name): None if pd.isna(row[name]) else row[name]
        for row in found.to_dict("records")
        for name in fields
    }


def walked(deals, history, moments):
    """Return the same from a walk through the history."""
    fields = [name for name in TRACKED if name in {row["field"] for row in history}]
    return {
        (place, deal_id, name): value
        for place, moment in enumerate(moments)
        for name in fields
        for deal_id, value in replayed(deals, history, pd.Timestamp(moment), name, as_written).items()
    }


@pytest.mark.thorough
@ENGINES
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*(a_deal(number) for number in DEALS)), st.lists(a_change(), min_size=1, max_size=25))
def test_every_engine_tells_what_a_walk_through_the_history_tells(engine, deals, history):
    assert states_on(engine, deals, history, MOMENTS) == walked(deals, history, MOMENTS)


def at(day, hour=12):
    return dt.datetime(2025, 6, day, hour, tzinfo=dt.UTC)


def stage(engine, history, *moments, now="Today"):
    """Return the stage of deal 1 at each moment."""
    found = states_on(engine, [deal(1, "open", None, stage=now), deal(2, "open", None)], history, moments)
    return [found[place, "D0001", "stage"] for place in range(len(moments))]


@ENGINES
def test_a_null_is_a_value_before_between_and_after(engine):
    rows = [
        change(1, "stage", "2025-06-02", None, "A"),
        change(1, "stage", "2025-06-04", "A", None),
        change(1, "stage", "2025-06-06", None, "B"),
        change(1, "stage", "2025-06-08", "B", None),
    ]
    assert stage(engine, rows, at(1), at(3), at(5), at(7), at(9)) == [None, "A", None, "B", None]


@pytest.mark.thorough
@ENGINES
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_within_one_moment_the_sequence_decides_and_what_has_none_comes_last(engine, order):
    rows = [
        change(1, "stage", "2025-06-02", "A", "B", seq=9),
        change(1, "stage", "2025-06-02", "B", "C", seq=10),
        change(1, "stage", "2025-06-02", "C", "D"),
        change(1, "stage", "2025-06-03", "D", "E", seq=1),
    ]
    shuffled = [rows[place] for place in order]
    assert stage(engine, shuffled, at(2), at(2, 13), at(4)) == ["A", "D", "E"]
    without = [row for row in shuffled if row["seq"] is not None]
    assert stage(engine, without, at(2, 13)) == ["C"]


@ENGINES
def test_without_a_sequence_the_later_row_of_one_moment_decides(engine):
    rows = [change(1, "stage", "2025-06-02", "A", "B"), change(1, "stage", "2025-06-02", "B", "A")]
    assert stage(engine, rows, at(2), at(3)) == ["A", "A"]
    assert stage(engine, rows[::-1], at(2), at(3)) == ["B", "B"]


@ENGINES
def test_rows_out_of_order_are_read_in_the_order_of_their_moments(engine):
    rows = [change(1, "stage", f"2025-06-{day:02d}", str(day - 1), str(day)) for day in (20, 5, 12, 8)]
    assert stage(engine, rows, at(1), at(6), at(9), at(13), at(21)) == ["4", "5", "8", "12", "20"]


@ENGINES
def test_deals_that_never_changed_are_as_today_and_deals_nobody_knows_are_left_out(engine):
    rows = [change(2, "stage", "2025-06-02", "A", "B"), change(9, "stage", "2025-06-02", "X", "Y")]
    deals = [deal(1, "open", None, stage="Today"), deal(2, "open", None, stage="Z"), deal(3, "open", None)]
    assert states_on(engine, deals, rows, [at(1)]) == {
        (0, "D0001", "stage"): "Today", (0, "D0002", "stage"): "A", (0, "D0003", "stage"): None,
    }  # fmt: skip


@ENGINES
def test_offsets_mixed_over_a_change_of_clocks_are_moments_in_order(engine):
    # In Berlin the clock showed half past two twice that night: first at +02:00, an hour later at +01:00.
    rows = [
        {**change(1, "stage", "2025-06-01", old, new), "changed_at": pd.Timestamp(written).tz_convert("UTC")}
        for written, old, new in (
            ("2025-10-26T02:30+01:00", "first", "second"),
            ("2025-10-26T02:30+02:00", "before", "first"),
            ("2025-10-26T03:10+01:00", "second", "third"),
        )
    ]
    moments = [
        dt.datetime.fromisoformat(f"2025-10-26T{written}")
        for written in ("02:30+02:00", "02:31+02:00", "02:30+01:00", "02:31+01:00", "03:11+01:00")
    ]
    assert stage(engine, rows, *moments) == ["before", "first", "first", "second", "third"]


@ENGINES
def test_a_local_day_ends_where_its_zone_says(engine):
    meta = make_book([deal(1, "open", None)], time_zone="Europe/Berlin").meta
    rows = [
        change(1, "stage", "2025-06-30T21:59:59", "before", "still June"),
        change(1, "stage", "2025-06-30T22:00:00", "still June", "already July"),
    ]
    days = [meta.end_of_day(dt.date(2025, *day)) for day in ((6, 29), (6, 30), (7, 1))]
    assert stage(engine, rows, *days) == ["before", "still June", "already July"]


@ENGINES
def test_spans_meet_without_gap_or_overlap(engine):
    rows = [change(1, "stage", f"2025-06-{day:02d}", None, str(day)) for day in (9, 2, 5)]
    written, _ = tables([], rows)
    spans = engine((written,), validity_spans).sort_values("valid_from")
    assert list(spans["is_first"]) == [True, False, False]
    assert list(spans["valid_until"][:-1]) == list(spans["valid_from"][1:])
    assert pd.isna(spans["valid_until"].iloc[-1])


@ENGINES
def test_a_change_without_a_moment_is_no_change(engine):
    rows = [
        change(1, "stage", "2025-06-02", "A", "B"),
        {**change(1, "stage", "2025-06-03", "B", "C"), "changed_at": None},
    ]
    written, today = tables([deal(1, "open", None)], rows)
    found = engine((written, today), lambda told, deals: states_at(validity_spans(told), deals, [at(9)], ["stage"]))
    assert list(found["stage"]) == ["B"]


@ENGINES
def test_the_fields_a_history_records_are_those_in_it(engine):
    written, _ = tables(
        [], [change(1, "stage", "2025-06-02", "A", "B"), change(9, "next_step", "2025-06-02", "A", "B")]
    )
    seen = []
    engine((written,), lambda told: seen.append(recorded_fields(told)) or validity_spans(told))
    assert seen == [{"stage", "next_step"}]


def test_a_moment_without_a_zone_is_refused():
    written, _ = tables([], [change(1, "stage", "2025-06-02", "A", "B")])
    with pytest.raises(UsageError, match="time zone"):
        values_at(validity_spans(written), [dt.datetime(2025, 6, 2)])
    with pytest.raises(UsageError, match="time zone"):
        values_before(written, [dt.datetime(2025, 6, 2)])


@pytest.mark.thorough
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deals=st.tuples(*(a_deal(number) for number in DEALS)), history=st.lists(a_change(), max_size=25))
@pytest.mark.parametrize("count", [1, len(MOMENTS)])
def test_files_are_read_as_the_book_they_were_written_from(tmp_path_factory, deals, history, count):
    folder: Path = tmp_path_factory.mktemp("kept") / "book"
    book = make_book(deals, history=history)
    save_book(book, folder)
    moments = MOMENTS[-count:]
    found = states_in_files(folder / "history.parquet", folder / "deals.parquet", moments, memory_limit="500MB")
    expected = states_at_moments(book, [pd.Timestamp(moment) for moment in moments])
    for place, states in enumerate(expected):
        mine = found[found["place"] == place].drop(columns="place").reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, states, check_column_type=False)
        for field in TRACKED:
            told = {deal_id: None if pd.isna(v) else v for deal_id, v in zip(mine["deal_id"], mine[field], strict=True)}
            assert told == replayed(deals, history, pd.Timestamp(moments[place]), field, typed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_pyspark_tells_what_a_walk_through_the_history_tells():
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("pyspark or java is not installed: pip install 'deal-postmortem[spark]'")
    from pyspark.sql import SparkSession

    settings_of_spark = {
        "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
    }  # fmt: skip
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings_of_spark.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()

    def in_spark(frames, ask):
        return ask(*(session.createDataFrame(pa.Table.from_pandas(f)) for f in frames)).collect("pyarrow").to_pandas()

    try:
        rows = [
            change(
                1 + n % 5,
                TRACKED[n % 3],
                f"2025-06-15T{10 + n * 7 % 5}:00",
                *((None, "a", "b", "c")[k % 4] for k in (n, n // 3)),
                (None, 1, 2, 3)[n % 4],
            )
            for n in range(60)
        ]
        today = {"stage": "Today", "forecast_category": "commit", "expected_close_date": "2025-09-30"}
        deals = [deal(number, "open", None, **today) for number in range(1, 4)]
        assert states_on(in_spark, deals, rows, MOMENTS) == walked(deals, rows, MOMENTS)
    finally:
        session.stop()
