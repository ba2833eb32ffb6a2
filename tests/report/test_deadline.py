"""A run that takes too long is stopped wherever it is, and told so."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from postmortem.ground.errors import TimedOut
from postmortem.report.notebooks.deadline import until


def test_an_alarm_stops_the_block_wherever_it_is_and_nothing_takes_it_for_an_error() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimedOut, match="over") as stopped, until(time.monotonic() + 0.05):
        try:
            time.sleep(60)
        except Exception:
            pytest.fail("taken for an error")
    assert stopped.value.exit_code == 124
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_block_in_time_is_left_alone() -> None:
    for deadline in (None, time.monotonic() + 60):
        with until(deadline):
            pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_a_deadline_that_has_passed_begins_nothing() -> None:
    with pytest.raises(TimedOut), until(time.monotonic() - 1):
        pytest.fail("begun")


def test_elsewhere_than_in_the_main_thread_the_end_of_the_block_is_told() -> None:
    told: list[str] = []

    def late() -> None:
        try:
            with until(time.monotonic() + 0.05):
                time.sleep(0.1)
        except TimedOut as error:
            told.append(error.what)

    thread = threading.Thread(target=late)
    thread.start()
    thread.join()
    assert told == ["The time that this run was given is over."]
