"""One run at a time writes one report; what a killed run held is free at once, and known to have been cut off."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from postmortem.ground.errors import OutputBusy
from postmortem.report.disk.lock import holding

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no flock on Windows")
HOLDER = """
import sys, time
from pathlib import Path
from postmortem.report.disk.lock import holding
with holding(Path(sys.argv[1]), "2025Q3"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_on_one_report_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with holding(tmp_path, "2025Q3"):
        with pytest.raises(OutputBusy, match=f"process {os.getpid()}") as refused, holding(tmp_path, "2025Q3"):
            pytest.fail("two hold one report")
        assert refused.value.exit_code == 6
        assert "--wait" in refused.value.message
        with holding(tmp_path, "2025Q2"):
            pass
    assert not list(tmp_path.iterdir())


def test_a_run_that_waits_goes_on_when_the_other_one_ends(tmp_path: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def first() -> None:
        with holding(tmp_path, "2025Q3"):
            held.set()
            done.wait(30)

    other = threading.Thread(target=first)
    other.start()
    assert held.wait(30)
    threading.Timer(0.3, done.set).start()
    with holding(tmp_path, "2025Q3", wait=30) as cut_off:
        assert done.is_set()
        assert not cut_off
    other.join()


def test_what_a_killed_run_held_is_free_and_known_to_have_been_cut_off(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], env=environment, stdout=subprocess.PIPE
    ) as killed:
        assert killed.stdout is not None and killed.stdout.readline() == b"held\n"
        with pytest.raises(OutputBusy, match=f"process {killed.pid}"), holding(tmp_path, "2025Q3"):
            pytest.fail("two hold one report")
        killed.kill()
    with holding(tmp_path, "2025Q3") as cut_off:
        assert cut_off
    with holding(tmp_path, "2025Q3") as cut_off:
        assert not cut_off


def test_a_run_that_ends_in_an_error_counts_as_cut_off(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), holding(tmp_path, "2025Q3"):
        raise KeyboardInterrupt
    with holding(tmp_path, "2025Q3") as cut_off:
        assert cut_off


def test_a_lock_that_its_holder_removed_in_this_moment_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the file and locking it, the holder may have removed it, and a third have made another."""
    opened = os.open
    taken: list[str] = []

    def slow(path: Path, *how: int) -> int:
        handle = opened(path, *how)
        if not taken:
            taken.append(str(path))
            Path(path).unlink()
        return handle

    monkeypatch.setattr(os, "open", slow)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with holding(tmp_path, "2025Q3", wait=5):
        assert (tmp_path / ".running-2025Q3").is_file()


def test_an_output_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputBusy, match="cannot be written"), holding(tmp_path / "nowhere", "2025Q3"):
        pytest.fail("a lock without a folder")
