"""How long a run may take: an alarm that stops whatever it is at, and lets it tidy up."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from postmortem.ground.errors import TimedOut

OVER = "The time that this run was given is over."


class _Rings(BaseException):
    """Raised where the alarm finds the program; no error, so that nobody's handler of errors takes it for one."""


@contextmanager
def until(deadline: float | None) -> Iterator[None]:
    """Stop this block at the deadline.

    Parameters
    ----------
    deadline : float, optional
        Seconds of `time.monotonic`; none unless told.

    Raises
    ------
    TimedOut
        When it has passed.

    Notes
    -----
    Only the main thread of a process can be stopped anywhere. Elsewhere, and on Windows, the notebooks are, and the
    steps before and after them run to their ends.
    """
    if deadline is None:
        yield
        return
    left(deadline)
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        left(deadline)
        return
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, left(deadline))
        yield
    except _Rings:
        raise over() from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def left(deadline: float) -> float:
    """Return the seconds until a deadline.

    Raises
    ------
    TimedOut
        When it has passed.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise over()
    return seconds


def over() -> TimedOut:
    """Return what to tell of a run that did not end in time."""
    return TimedOut(
        OVER, do="run it again: the notebooks that were finished are not executed again; or give it more with --timeout"
    )


def _ring(*_: object) -> NoReturn:
    raise _Rings
