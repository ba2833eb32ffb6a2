"""The store of snapshots: one file a day, whole or not at all, never changed unasked."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from builders import frame_of
from pandas.testing import assert_frame_equal

from postmortem.book.snapshot_store import append_snapshot, days_stored, read_snapshot, snapshot_files
from postmortem.ground.errors import DataError

DAY, NEXT = dt.date(2025, 7, 7), dt.date(2025, 7, 14)


def rows_of(day: dt.date, **more: object) -> pd.DataFrame:
    told = [
        {"as_of": day, "deal_id": "A", "stage": "Demo", "amount": 100.0, "expected_close_date": "2025-09-30"},
        {"as_of": day, "deal_id": "B", "forecast_category": "commit", "probability": 0.5, "owner_id": "Ada"},
    ]
    return frame_of("snapshots", [{**row, **more} for row in told])


def test_a_day_is_added_and_read_back_as_it_was(tmp_path):
    file, outcome = append_snapshot(tmp_path / "store", rows_of(DAY), DAY, "EUR")
    assert (file.name, outcome) == ("2025-07-07.parquet", "added")
    stored = read_snapshot(file)
    assert (stored.day, stored.currency) == (DAY, "EUR")
    assert_frame_equal(stored.rows, rows_of(DAY))
    append_snapshot(tmp_path / "store", rows_of(NEXT), NEXT, "EUR")
    assert days_stored(tmp_path / "store") == (DAY, NEXT)


def test_the_same_content_writes_nothing(tmp_path):
    file, _ = append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    before = (file.stat().st_mtime_ns, file.stat().st_ino)
    shuffled = rows_of(DAY).iloc[::-1].reset_index(drop=True)
    assert append_snapshot(tmp_path, shuffled, DAY, "EUR") == (file, "unchanged")
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == before


def test_other_content_is_refused_with_what_differs(tmp_path):
    file, _ = append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    other = rows_of(DAY, stage="Proposal").iloc[:1]
    other = pd.concat([other, other.assign(deal_id="C")], ignore_index=True)
    with pytest.raises(DataError) as refused:
        append_snapshot(tmp_path, other, DAY, "USD")
    assert refused.value.rows == (
        "currency EUR, now USD",
        "1 deal no longer in it: B",
        "1 deal not before in it: C",
        "stage of 1 deal: A Demo, now Proposal",
    )
    assert "--replace" in refused.value.message
    assert_frame_equal(read_snapshot(file).rows, rows_of(DAY))


def test_other_content_is_put_in_place_when_asked(tmp_path):
    append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    file, outcome = append_snapshot(tmp_path, rows_of(DAY, amount=None), DAY, "EUR", replace=True)
    assert outcome == "replaced"
    assert read_snapshot(file).rows["amount"].isna().all()


def test_an_append_that_fails_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    file, _ = append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    there = file.read_bytes()

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fails)
    for rows, day in ((rows_of(NEXT), NEXT), (rows_of(DAY, stage="Other"), DAY)):
        with pytest.raises(OSError, match="no space"):
            append_snapshot(tmp_path, rows, day, "EUR", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["2025-07-07.parquet"]
    assert file.read_bytes() == there


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_snapshot_store import DAY, NEXT, rows_of
from postmortem.book.snapshot_store import append_snapshot
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # the file is written, its name is not given yet
append_snapshot(Path(sys.argv[1]), rows_of(NEXT), NEXT, "EUR")
"""


def test_an_append_that_is_killed_loses_nothing_and_shows_nothing_half(tmp_path):
    file, _ = append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    here = str(Path(__file__).parent)
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    told = [sys.executable, "-c", KILLED, str(tmp_path), here]
    left = subprocess.run(told, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert left.returncode == -signal.SIGKILL, left.stderr
    assert snapshot_files(tmp_path) == (file,)
    assert len(list(tmp_path.glob(".2025-07-14-*.writing"))) == 1
    assert append_snapshot(tmp_path, rows_of(NEXT), NEXT, "EUR")[1] == "added"
    assert days_stored(tmp_path) == (DAY, NEXT)


@pytest.mark.parametrize("how", ["cut", "foreign", "renamed"])
def test_a_file_that_is_no_snapshot_is_an_error_not_a_gap(tmp_path, how):
    file, _ = append_snapshot(tmp_path, rows_of(DAY), DAY, "EUR")
    if how == "cut":
        file.write_bytes(file.read_bytes()[:100])
    elif how == "foreign":
        rows_of(DAY).to_parquet(file)
    else:
        file = file.rename(tmp_path / "2025-07-08.parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read_snapshot(file)
    day = dt.date.fromisoformat(file.stem)
    with pytest.raises(DataError, match="cannot be read"):
        append_snapshot(tmp_path, rows_of(day), day, "EUR")
    assert append_snapshot(tmp_path, rows_of(day), day, "EUR", replace=True)[1] == "replaced"


def test_other_files_of_the_folder_are_passed_over(tmp_path):
    (tmp_path / "notes.parquet").write_bytes(b"mine")
    (tmp_path / ".2025-07-07-x.writing").write_bytes(b"half")
    assert days_stored(tmp_path) == ()
    assert days_stored(tmp_path / "nowhere") == ()
