"""One run at a time writes one report: a lock that the system lets go of when its holder ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postmortem.ground.errors import OutputBusy
from postmortem.report.disk.folders import not_writable

LOCK = ".running-"
TRY_EVERY = 0.2


class NoLocks(OSError):
    """Files cannot be locked here."""


@contextmanager
def holding(output: Path, label: str, *, wait: float = 0.0) -> Iterator[bool]:
    """Hold the report of one quarter, and yield whether the run before was cut off.

    Parameters
    ----------
    output : Path
        Folder of the reports.
    label : str
        Name of the report's folder in it.
    wait : float
        Seconds to wait for another run to end.

    Raises
    ------
    OutputBusy
        When another run holds it, or the folder cannot be written.

    Notes
    -----
    The file stays where a run does not get to its end: that is how the next one knows. Without `flock`, as on
    Windows, nothing is locked.
    """
    path = output / f"{LOCK}{label}"
    until = time.monotonic() + wait
    while (handle := _take(path)) is None:
        if time.monotonic() >= until:
            raise OutputBusy(
                f"Another run is writing the report of {label}.", got=_holder(path),
                do="wait for it to end, or let this one wait with --wait SECONDS",
            )  # fmt: skip
        time.sleep(TRY_EVERY)
    try:
        cut_off = os.fstat(handle).st_size > 0
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield cut_off
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def locked(path: Path, *, make: bool = True) -> int | None:
    """Open a file, making it unless told, and lock it for as long as it is open.

    Returns
    -------
    int or None
        The open file's descriptor; None while somebody else holds it.

    Raises
    ------
    NoLocks
        Where nothing can be locked.
    OSError
        When it cannot be opened.
    """
    handle = os.open(path, os.O_RDWR | (os.O_CREAT if make else 0), 0o666)
    try:
        if _flock(handle) and _is_there(handle, path):
            return handle
    except OSError:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _take(path: Path) -> int | None:
    """Lock the file; None while somebody else holds it."""
    try:
        return locked(path)
    except NoLocks as error:
        raise OutputBusy(
            "The output folder cannot be locked.", got=error.strerror, do="choose one on a disk of this machine"
        ) from None
    except OSError as error:
        raise not_writable(error, path.parent) from None


def _flock(handle: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise NoLocks(error.errno, error.strerror) from None
    return True


def _is_there(handle: int, path: Path) -> bool:
    """Whether the file that was locked is still the one of that name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str | None:
    try:
        told = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return f"process {told}" if told.isdigit() else None
