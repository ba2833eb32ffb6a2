"""What tests ask a lane to do: known by name, and importing nothing that takes time."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from postmortem.ground.errors import DataError

Say = Callable[[str], None]


def doubled(number: int, say: Say) -> tuple[int, int]:
    """Return twice a number and the process that worked it out."""
    say(f"doubling {number}")
    return 2 * number, os.getpid()


def refused(say: Say) -> None:
    """Raise an error that a user can act on."""
    raise DataError("The data are not there.", rows=["deals.csv line 3"])


def broken(say: Say) -> None:
    """Raise a fault of ours."""
    raise ZeroDivisionError("made for this test")


def killed(say: Say) -> None:
    """End as a process ends that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def modules(say: Say) -> list[str]:
    """Return what is imported here."""
    return sorted(sys.modules)


def slow(mark: str, say: Say) -> None:
    """Wait until interrupted, and leave a mark that tidying up was done."""
    try:
        say("waiting")
        time.sleep(60)
    finally:
        Path(mark).write_text("tidied", encoding="utf-8")


@contextmanager
def opened(mark: str) -> Iterator[None]:
    """Note when this is opened, with how many threads there are, and when it is closed."""
    with Path(mark).open("a", encoding="utf-8") as file:
        file.write(f"opened with {threading.active_count()} ")
    yield
    # Not in a `finally`: the end of a lane is no error.
    with Path(mark).open("a", encoding="utf-8") as file:
        file.write("closed ")
