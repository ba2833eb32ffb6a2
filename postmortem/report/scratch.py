"""Private folders of this machine for what a run needs for a while; what a killed run left goes with the next one.

Each holds a file that its maker keeps locked as long as it lives, so that one nobody holds is known to be left over.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from postmortem.report.lock import locked

PREFIX: Final = "postmortem-"
HELD: Final = "held"


class Scratch:
    """A folder that this process alone can read, until it is closed.

    Attributes
    ----------
    path : Path
        Where it lies.
    """

    def __init__(self) -> None:
        sweep()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            handle = locked(self.path / HELD)
            # Whoever swept between these two lines has taken it for one that is left over.
            if handle is not None:
                break
        self._handle: int | None = handle

    def close(self) -> None:
        """Remove it with all that is in it; a second time does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            shutil.rmtree(self.path, ignore_errors=True)


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a private folder, and remove it."""
    made = Scratch()
    try:
        yield made.path
    finally:
        made.close()


def sweep() -> None:
    """Remove the folders whose makers have ended without removing them; those of other users are theirs."""
    if sys.platform == "win32":  # where nothing is locked, none is known to be left over
        return
    for held in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{HELD}"):
        with suppress(OSError):
            handle = locked(held, make=False)
            if handle is not None:
                shutil.rmtree(held.parent, ignore_errors=True)
                os.close(handle)
