"""Errors a user can act on: what, got, expected, and what to do.

Every error the toolkit raises on purpose descends from `PostmortemError`. The command line prints its
message and leaves with its `exit_code`; anything else that escapes is a fault of ours (exit code 70).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

ROWS_SHOWN = 5


class PostmortemError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    what : str
        What went wrong, in one line, in the user's terms.
    got : object, optional
        The offending value, shown with `repr` when it is a string.
    expected : str, optional
        What would have been right.
    do : str, optional
        What the user can do about it.
    rows : sequence of str, optional
        Places ("deals.csv line 14"); the first five are shown and the rest are counted.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        got: object = None,
        expected: str | None = None,
        do: str | None = None,
        rows: Sequence[str] = (),
    ) -> None:
        self.what, self.got, self.expected, self.do, self.rows = what, got, expected, do, tuple(rows)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message, one line a part."""
        lines = [self.what]
        if self.got is not None:
            lines.append(f"  got:      {self.got!r}" if isinstance(self.got, str) else f"  got:      {self.got}")
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.rows:
            shown = "; ".join(self.rows[:ROWS_SHOWN])
            more = len(self.rows) - ROWS_SHOWN
            lines.append(f"  where:    {shown}" + (f" and {more} more" if more > 0 else ""))
        if self.do is not None:
            lines.append(f"  do:       {self.do}")
        return "\n".join(lines)


class UsageError(PostmortemError):
    """A command, argument or call that cannot mean anything."""

    exit_code = 2


class ConfigError(PostmortemError):
    """`postmortem.toml`, a process file or a taxonomy file that cannot be used."""

    exit_code = 2


class DataError(PostmortemError):
    """Input that is unusable, stale or suspicious."""

    exit_code = 3


class FrameRefused(DataError):
    """A frame (cohort) that the data cannot support, named with what would support it."""


class EmptyFrame(PostmortemError):
    """No deal in the frame that was asked for."""

    exit_code = 4


class NotebookFailed(PostmortemError):
    """A notebook stopped with an error; the others finished."""

    exit_code = 1


class SharingRefused(PostmortemError):
    """The sharing gate found something that must not leave."""

    exit_code = 5


class OutputBusy(PostmortemError):
    """Another run holds the output folder, or it cannot be written."""

    exit_code = 6


class TimedOut(PostmortemError):
    """The time a run was given is over; what was finished is kept for the next one."""

    exit_code = 124


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint such as ``did you mean 'outcome'?``, or the known words when nothing is close."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "use one of: " + ", ".join(sorted(known))
