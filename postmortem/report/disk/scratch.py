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

from postmortem.report.disk.lock import locked

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


def homes(place: Path) -> dict[str, str]:
    """Return where the libraries of a kernel keep what is their own, as variables of its environment.

    Parameters
    ----------
    place : Path
        A private folder that goes when the kernels have gone.

    Notes
    -----
    IPython's is always there: a report does not depend on the profile of whoever runs it. Matplotlib's holds the list
    of fonts, which takes seconds to make: it is there only where the user's own cannot be written, for which
    matplotlib would otherwise make a folder in each process and, in those that are killed, leave it.
    """
    ours = {"IPYTHONDIR": str(place / "ipython")}
    return ours if all(map(_can_be_written, _of_matplotlib())) else ours | {"MPLCONFIGDIR": str(place / "matplotlib")}


def _of_matplotlib() -> list[Path]:
    """Return the folders that matplotlib would take, as its documentation has it."""
    own = os.environ.get("MPLCONFIGDIR")
    if own:
        return [Path(own)]
    if not sys.platform.startswith(("linux", "freebsd")):
        return [Path("~/.matplotlib").expanduser()]
    bases = (os.environ.get("XDG_CONFIG_HOME") or "~/.config", os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return [Path(os.path.expanduser(base)) / "matplotlib" for base in bases]


def _can_be_written(folder: Path) -> bool:
    """Say whether a folder is there, or can be made as matplotlib would make it, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


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
