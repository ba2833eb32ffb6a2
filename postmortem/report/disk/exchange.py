"""Two folders change places in one step, where the system can do that, so that at no moment neither is there."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

THIS_FOLDER = -100
EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places; False, and nothing done, where system or file system cannot.

    Notes
    -----
    ``renameat2`` with ``RENAME_EXCHANGE``: Linux 3.15, glibc 2.28.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = (os.fsencode(one), os.fsencode(other))
    return bool(rename(THIS_FOLDER, names[0], THIS_FOLDER, names[1], EXCHANGE) == 0)
