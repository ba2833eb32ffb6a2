"""The forecast of one quarter and the states it is read off, from a long history in Parquet.

The functions of `postmortem.book` on DuckDB against statements written by hand and plain pandas, all of which
treat ties and nulls alike; ten moments against one; and a history of a twentieth of the size. Peak memory is
that of the process, and the run named "1 GB" may not take more. Example:
``python -m benchmarks forecast_at_scale --deals 1000000 --rounds 1``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

FIELDS = ("stage", "forecast_category", "expected_close_date", "amount")
DAY, END = dt.date(2025, 1, 5), dt.date(2025, 3, 31)
OPENING = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
LAST = 2**62
CHANGES = "read_parquet('{folder}/history.parquet', file_row_number = true)"
# A value in twenty is empty, one change in ten has no sequence.
VALUE = """
[CASE WHEN hash(deal, k, {n}) % 20 > 0 THEN x END FOR x IN [
  'Stage ' || hash(deal, k, {n}, 1) % 8,
  ['pipeline', 'best_case', 'most_likely', 'commit', 'omitted', 'closed'][1 + CAST(hash(deal, k, {n}, 1) % 6 AS INT)],
  CAST(DATE '2023-03-31' + CAST(hash(deal, k, {n}, 1) % 1400 AS INT) AS VARCHAR),
  CAST(hash(deal, k, {n}, 1) % 50000 AS VARCHAR)]][1 + CAST(k % 4 AS INT)]
"""
HISTORY = """
COPY (
  SELECT 'D' || lpad(CAST(deal AS VARCHAR), 8, '0') AS deal_id,
    ['stage', 'forecast_category', 'expected_close_date', 'amount'][1 + CAST(k % 4 AS INT)] AS field,
    TIMESTAMPTZ '2023-01-01 00:00:00+00' + to_hours(CAST(hash(deal, k) % 24000 AS INT)) AS changed_at,
    CASE WHEN hash(deal, k, 1) % 10 > 0 THEN CAST(k AS BIGINT) END AS seq,
    {old} AS old_value, {new} AS new_value
  FROM range({deals}) AS d(deal), range({changes}) AS c(k)
) TO '{folder}/history.parquet' (FORMAT parquet)
"""
# A deal in ten was created later than the forecast, one in three is still open.
DEALS = """
COPY (
  SELECT 'D' || lpad(CAST(deal AS VARCHAR), 8, '0') AS deal_id,
    CAST(DATE '2022-06-01' + CAST(hash(deal, 7) % 1050 AS INT) AS TIMESTAMP) AS created_at,
    CASE hash(deal, 8) % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'won' ELSE 'lost' END AS outcome,
    CASE WHEN hash(deal, 8) % 3 > 0 THEN CAST(DATE '2024-06-01' + CAST(hash(deal, 9) % 500 AS INT) AS TIMESTAMP) END
      AS closed_at,
    'Proposal' AS stage, 'commit' AS forecast_category, TIMESTAMP '2025-03-01' AS expected_close_date,
    CAST(1000 AS DOUBLE) AS amount, 0.5 AS probability, 'Rep ' || hash(deal, 5) % 400 AS owner_id
  FROM range({deals}) AS d(deal)
) TO '{folder}/deals.parquet' (FORMAT parquet)
"""
ARG_MAX = """
SELECT deal_id, field, CASE WHEN count(*) FILTER (seen) > 0
    THEN (arg_max({{'v': new_value}}, place) FILTER (seen)).v ELSE (arg_min({{'v': old_value}}, place)).v END AS "value"
FROM (SELECT *, changed_at < TIMESTAMPTZ '{moment}' AS seen,
        (changed_at, coalesce(seq, {last}), file_row_number) AS place
      FROM {changes} WHERE changed_at IS NOT NULL)
GROUP BY deal_id, field
"""
LAST_BY_HAND = """
SELECT deal_id, field, CASE WHEN count(*) FILTER (seen) > 0
    THEN last(new_value ORDER BY changed_at, seq, file_row_number) FILTER (seen)
    ELSE first(old_value ORDER BY changed_at, seq, file_row_number) END AS "value"
FROM (SELECT * REPLACE (coalesce(seq, {last}) AS seq), changed_at < TIMESTAMPTZ '{moment}' AS seen
      FROM {changes} WHERE changed_at IS NOT NULL)
GROUP BY deal_id, field
"""
FORECAST = """
WITH known AS ({values}),
wide AS (SELECT deal_id, {columns} FROM known GROUP BY deal_id),
stood AS (
  SELECT d.deal_id,
    CASE WHEN has_stage THEN w.stage WHEN outcome = 'open' THEN d.stage END AS stage,
    CASE WHEN has_forecast_category THEN w.forecast_category WHEN outcome = 'open' THEN d.forecast_category END
      AS forecast_category,
    CASE WHEN has_expected_close_date THEN w.expected_close_date
      ELSE CAST(CAST(d.expected_close_date AS DATE) AS VARCHAR) END AS expected_close_date,
    CASE WHEN has_amount THEN CAST(w.amount AS DOUBLE) ELSE d.amount END AS amount
  FROM read_parquet('{folder}/deals.parquet') AS d LEFT JOIN wide AS w USING (deal_id)
  WHERE created_at <= DATE '{day}' AND (outcome = 'open' OR closed_at > DATE '{day}'))
SELECT * REPLACE (CAST(expected_close_date AS TIMESTAMP) AS expected_close_date) FROM stood
WHERE forecast_category IN ('commit', 'most_likely', 'best_case') AND expected_close_date BETWEEN '{day}' AND '{end}'
"""
WINDOW = """
SELECT deal_id, field, CASE WHEN changed_at < TIMESTAMPTZ '{moment}' THEN new_value ELSE old_value END AS "value"
FROM (SELECT *, lead(changed_at) OVER w AS until, lag(changed_at) OVER w AS before
      FROM {changes} WHERE changed_at IS NOT NULL
      WINDOW w AS (PARTITION BY deal_id, field ORDER BY changed_at, coalesce(seq, {last}), file_row_number))
WHERE (changed_at < TIMESTAMPTZ '{moment}' AND (until IS NULL OR until >= TIMESTAMPTZ '{moment}'))
   OR (before IS NULL AND changed_at >= TIMESTAMPTZ '{moment}')
"""


def ours(folder: Path, moments: int) -> object:
    """Return the values at one or several moments."""
    from postmortem.book.file_states import values_in_file

    with duckdb.connect() as connection:
        asked = [OPENING - dt.timedelta(days=30 * back) for back in range(moments)]
        return values_in_file(connection, folder / "history.parquet", asked).to_arrow_table()


def our_forecast(folder: Path, memory_limit: str | None = None) -> pd.DataFrame:
    """Return the deals of one quarter's forecast as it stood on day five."""
    from postmortem.book import BookMeta
    from postmortem.book.file_states import forecast_in_files
    from postmortem.ground.fiscal import FiscalCalendar

    meta = BookMeta("Benchmark", "USD", "UTC", FiscalCalendar(), END)
    files = folder / "history.parquet", folder / "deals.parquet"
    return forecast_in_files(*files, meta, DAY, (DAY, END), fields=FIELDS, memory_limit=memory_limit)


def our_forecasts(folder: Path) -> pd.DataFrame:
    """Return the forecasts of ten quarters as they stood on day five, from one reading."""
    from postmortem.book import BookMeta
    from postmortem.book.file_states import forecasts_in_files
    from postmortem.ground.fiscal import FiscalCalendar

    meta = BookMeta("Benchmark", "USD", "UTC", FiscalCalendar(), END)
    quarters = meta.calendar.quarter_of(DAY).trailing(10)
    due = {quarter.day(5): (quarter.day(5), quarter.end) for quarter in quarters}
    return forecasts_in_files(folder / "history.parquet", folder / "deals.parquet", meta, due, fields=FIELDS)


def values_by_hand(statement: str, folder: Path) -> object:
    """Run a statement written by hand."""
    with duckdb.connect() as connection:
        return connection.sql(_filled(statement, folder)).to_arrow_table()


def forecast_by_hand(folder: Path, values: str) -> pd.DataFrame:
    """Run the values' statement and select the forecast in one more."""
    columns = ", ".join(
        f"max(\"value\") FILTER (field = '{field}') AS {field}, bool_or(field = '{field}') AS has_{field}"
        for field in FIELDS
    )
    with duckdb.connect() as connection:
        statement = FORECAST.format(values=_filled(values, folder), columns=columns, folder=folder, day=DAY, end=END)
        return connection.sql(statement).df()


def _filled(statement: str, folder: Path) -> str:
    return statement.format(changes=CHANGES.format(folder=folder), moment=OPENING, last=LAST)


def values_in_pandas(folder: Path) -> pd.DataFrame:
    """Sort the history, then take the last value seen or the first one replaced."""
    history = pd.read_parquet(folder / "history.parquet")
    history = history.sort_values(["changed_at", "seq"], kind="stable", na_position="last")
    key = ["deal_id", "field"]
    seen = history["changed_at"] < OPENING
    # Whole rows: groupby.last would skip an empty value.
    last = history[seen].drop_duplicates(key, keep="last")
    first = history.drop_duplicates(key, keep="first")
    first = first[first["changed_at"] >= OPENING]
    parts = [last[[*key, "new_value"]].set_axis([*key, "value"], axis=1)]
    parts.append(first[[*key, "old_value"]].set_axis([*key, "value"], axis=1))
    return pd.concat(parts, ignore_index=True)


def forecast_in_pandas(folder: Path) -> pd.DataFrame:
    """Join the values to the deals, field by field, and select."""
    known = values_in_pandas(folder)
    deals = pd.read_parquet(folder / "deals.parquet")
    day = pd.Timestamp(DAY)
    deals = deals[(deals["created_at"] <= day) & ((deals["outcome"] == "open") | (deals["closed_at"] > day))]
    for field in ("stage", "forecast_category"):
        deals[field] = deals[field].where(deals["outcome"] == "open")
    for field in FIELDS:
        told = known[known["field"] == field].set_index("deal_id")["value"]
        there = deals["deal_id"].isin(told.index)
        value = told.reindex(deals["deal_id"]).set_axis(deals.index)
        if field == "amount":
            value = value.astype("float64")
        elif field == "expected_close_date":
            value = pd.to_datetime(value, format="%Y-%m-%d")
        deals[field] = deals[field].where(~there, value)
    called = deals["forecast_category"].isin(["commit", "most_likely", "best_case"])
    return deals[called & deals["expected_close_date"].between(day, pd.Timestamp(END))]


RUNS = {
    "forecast, ours": our_forecast,
    "forecast, ours, 1 GB": lambda folder: our_forecast(folder, "600MB"),
    "forecast, arg_max": lambda folder: forecast_by_hand(folder, ARG_MAX),
    "forecast, last": lambda folder: forecast_by_hand(folder, LAST_BY_HAND),
    "forecast, window": lambda folder: forecast_by_hand(folder, WINDOW),
    "forecast, pandas": forecast_in_pandas,
    "forecast, ten quarters": our_forecasts,
    "values, ours": lambda folder: ours(folder, 1),
    "values, ten moments": lambda folder: ours(folder, 10),
    "values, last": lambda folder: values_by_hand(LAST_BY_HAND, folder),
}
CHECKED = {
    "forecast": "deal_id, stage, forecast_category, CAST(expected_close_date AS DATE), CAST(amount AS DOUBLE)",
    "values": 'deal_id, field, "value"',
}


def measure(name: str, folder: Path) -> None:
    """Run one of `RUNS` in this process and print seconds, peak memory, rows and a checksum as JSON."""
    start = time.perf_counter()
    values = RUNS[name](folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with duckdb.connect() as connection:
        connection.register("found", values)
        columns = CHECKED[name.partition(",")[0]]
        sums = connection.sql(f"SELECT count(*), sum(hash({columns})) FROM found").fetchall()[0]
    print(json.dumps({"seconds": seconds, "megabytes": peak, "rows": sums[0], "checksum": str(sums[1])}))


def write(folder: Path, deals: int, changes: int) -> None:
    """Write a history of `deals` deals with `changes` changes each, out of core."""
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        told = {name: VALUE.format(n=number) for name, number in (("old", 2), ("new", 3))}
        connection.execute(HISTORY.format(deals=deals, changes=changes, folder=folder, **told))
        connection.execute(DEALS.format(deals=deals, folder=folder))


def compare(folder: Path, names: tuple[str, ...], rounds: int) -> dict[str, float]:
    """Run each name in turn, `rounds` times over, and print medians and ratios to the first."""
    found: dict[str, list[dict[str, float | str]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            command = [sys.executable, "-m", "benchmarks.forecast_at_scale", "--measure", name, str(folder)]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            found[name].append(json.loads(run.stdout.splitlines()[-1]))
    medians = {name: statistics.median(float(run["seconds"]) for run in runs) for name, runs in found.items()}
    peaks = {name: statistics.median(float(run["megabytes"]) for run in runs) for name, runs in found.items()}
    base = names[0]
    for name in names:
        print(
            f"  {name:20} {medians[name]:7.2f} s {peaks[name]:7.0f} MB   {medians[name] / medians[base]:5.2f} x time"
            f" {peaks[name] / peaks[base]:5.2f} x memory   {found[name][0]['rows']} rows"
        )
    same = {(name.partition(",")[0], runs[0]["checksum"]) for name, runs in found.items() if "ten" not in name}
    kinds = {name.partition(",")[0] for name in names}
    print("  equal answers" if len(same) == len(kinds) else "  DIFFERENT ANSWERS", flush=True)
    return medians


def main(arguments: list[str]) -> None:
    """Write the histories, run everything, print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=50_000)
    parser.add_argument("--changes", type=int, default=20, help="changes a deal")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="forecast-at-scale-") as made:
        small, large = Path(made) / "small", Path(made) / "large"
        for folder, deals in ((small, max(options.deals // 20, 1)), (large, options.deals)):
            folder.mkdir()
            write(folder, deals, options.changes)
        print(f"{options.deals // 20 * options.changes} changes", flush=True)
        before = compare(small, ("forecast, ours",), options.rounds)
        print(f"{options.deals * options.changes} changes", flush=True)
        after = compare(large, tuple(RUNS), options.rounds)
        print(f"twenty times the history takes {after['forecast, ours'] / before['forecast, ours']:.1f} times as long")
        ten = after["forecast, ten quarters"] / after["forecast, ours"]
        print(f"the forecasts of ten quarters take {ten:.1f} times as long as that of one")
        print(f"ten moments take {after['values, ten moments'] / after['values, ours']:.1f} times as long as one")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main(sys.argv[1:])
