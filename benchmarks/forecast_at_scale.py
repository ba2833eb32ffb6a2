"""States of every deal at the opening of a quarter, from a long history in Parquet.

The functions of `postmortem.book` on DuckDB against two DuckDB statements written by hand and plain pandas,
all of which treat ties and nulls alike; ten moments against one; and a history of a twentieth of the size.
Peak memory is that of the process. Example: ``python -m benchmarks forecast_at_scale --deals 1000000``.
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
OPENING = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
LAST = 2**62
CHANGES = "read_parquet('{folder}/history.parquet', file_row_number = true)"
# Every field is one text made of a few values, one change in twenty writes an empty value, one in ten has no sequence.
HISTORY = """
COPY (
  SELECT 'D' || lpad(CAST(deal AS VARCHAR), 8, '0') AS deal_id,
    ['stage', 'forecast_category', 'expected_close_date', 'amount'][1 + CAST(k % 4 AS INT)] AS field,
    TIMESTAMPTZ '2023-01-01 00:00:00+00' + to_hours(CAST(hash(deal, k) % 24000 AS INT)) AS changed_at,
    CASE WHEN hash(deal, k, 1) % 10 > 0 THEN CAST(k AS BIGINT) END AS seq,
    CASE WHEN hash(deal, k, 2) % 20 > 0 THEN CAST(hash(deal, k, 3) % 50 AS VARCHAR) END AS old_value,
    CASE WHEN hash(deal, k, 4) % 20 > 0 THEN CAST(hash(deal, k, 5) % 50 AS VARCHAR) END AS new_value
  FROM range({deals}) AS d(deal), range({changes}) AS c(k)
) TO '{folder}/history.parquet' (FORMAT parquet)
"""
ARG_MAX = """
SELECT deal_id, field, CASE WHEN count(*) FILTER (seen) > 0
    THEN (arg_max({{'v': new_value}}, place) FILTER (seen)).v ELSE (arg_min({{'v': old_value}}, place)).v END AS "value"
FROM (SELECT *, changed_at < TIMESTAMPTZ '{moment}' AS seen,
        (changed_at, coalesce(seq, {last}), file_row_number) AS place
      FROM {changes} WHERE changed_at IS NOT NULL)
GROUP BY deal_id, field
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
    """Read the values off the validity spans; they are kept where several moments are asked for."""
    from postmortem.book.file_states import values_in_file

    with duckdb.connect() as connection:
        asked = [OPENING - dt.timedelta(days=30 * back) for back in range(moments)]
        return values_in_file(connection, folder / "history.parquet", asked).to_arrow_table()


def by_hand(statement: str, folder: Path) -> object:
    """Run a statement written by hand."""
    with duckdb.connect() as connection:
        changes = CHANGES.format(folder=folder)
        return connection.sql(statement.format(changes=changes, moment=OPENING, last=LAST)).to_arrow_table()


def plain_pandas(folder: Path) -> pd.DataFrame:
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


RUNS = {
    "ours": lambda folder: ours(folder, 1),
    "ours, ten moments": lambda folder: ours(folder, 10),
    "arg_max by hand": lambda folder: by_hand(ARG_MAX, folder),
    "window by hand": lambda folder: by_hand(WINDOW, folder),
    "plain pandas": plain_pandas,
}


def measure(name: str, folder: Path) -> None:
    """Run one of `RUNS` in this process and print seconds, peak memory, rows and a checksum as JSON."""
    start = time.perf_counter()
    values = RUNS[name](folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with duckdb.connect() as connection:
        connection.register("found", values)
        sums = connection.sql('SELECT count(*), sum(hash(deal_id, field, "value")) FROM found').fetchall()[0]
    print(json.dumps({"seconds": seconds, "megabytes": peak, "rows": sums[0], "checksum": str(sums[1])}))


def write(folder: Path, deals: int, changes: int) -> None:
    """Write a history of `deals` deals with `changes` changes each, out of core."""
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(HISTORY.format(deals=deals, changes=changes, folder=folder))


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
    same = {runs[0]["checksum"] for name, runs in found.items() if name != "ours, ten moments"}
    print("  equal answers" if len(same) == 1 else "  DIFFERENT ANSWERS", flush=True)
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
        before = compare(small, ("ours",), options.rounds)
        print(f"{options.deals * options.changes} changes", flush=True)
        after = compare(large, tuple(RUNS), options.rounds)
        print(f"twenty times the history takes {after['ours'] / before['ours']:.1f} times as long")
        print(f"ten moments take {after['ours, ten moments'] / after['ours']:.1f} times as long as one")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], Path(sys.argv[3]))
    else:
        main(sys.argv[1:])
