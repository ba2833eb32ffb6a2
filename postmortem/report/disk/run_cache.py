"""Where a run keeps books, results and executed notebooks: beside its reports, unless told where."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from postmortem.frames.engagement import CACHE_VARIABLE

CACHE_FOLDER: Final = ".cache"


@contextmanager
def caching(output: Path) -> Iterator[Path]:
    """Let this process and its kernels keep things in one folder, and yield it.

    Parameters
    ----------
    output : Path
        Folder of the reports, beside which the cache lies; where the environment or a block around this one has named
        another folder, that one is used.
    """
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = before or str(output / CACHE_FOLDER)
    try:
        yield Path(os.environ[CACHE_VARIABLE])
    finally:
        if before is None:
            del os.environ[CACHE_VARIABLE]
