"""The place that one run has to itself: its report is locked, what killed runs left is gone, time is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postmortem.frames.engagement import Engagement
from postmortem.report.disk.folders import NO_ROOM, make_output, not_writable, sweep, working_folder
from postmortem.report.disk.lock import holding
from postmortem.report.notebooks.deadline import until


@contextmanager
def alone(
    engagement: Engagement, quarter: str, as_of: dt.date | None, output: Path, *, wait: float, deadline: float | None
) -> Iterator[tuple[Path, bool]]:
    """Yield a folder to write one report in, and whether the run before was cut off.

    Parameters
    ----------
    engagement, quarter, as_of
        Whose report, and of which quarter.
    output : Path
        Folder of the reports.
    wait : float
        Seconds to wait for another run on the same report.
    deadline : float, optional
        Seconds of `time.monotonic` at which the block is stopped.

    Raises
    ------
    OutputBusy
        When another run writes this report, or the output is full or cannot be written.
    TimedOut
        When the deadline passes.
    """
    try:
        make_output(output)
        with until(deadline):
            label = _label(engagement, quarter, as_of)
            with holding(output, label, wait=wait) as cut_off:
                sweep(output, label)
                with working_folder(output, label) as aside:
                    yield aside, cut_off
    except OSError as error:
        if error.errno not in NO_ROOM and not _lies_in(output, error.filename):
            raise
        raise not_writable(error, output) from None


def _label(engagement: Engagement, quarter: str, as_of: dt.date | None) -> str:
    """Return the label of the quarter; only the book knows which one was the last."""
    if quarter.strip().lower() != "last":
        return engagement.config.fiscal.calendar.parse(quarter).label
    return engagement.quarter(quarter, engagement.book(), as_of).label


def _lies_in(output: Path, filename: object) -> bool:
    return isinstance(filename, str) and Path(filename).is_relative_to(output)
