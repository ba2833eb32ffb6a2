"""Keep this process at one thread, which is when it may be forked: what libraries read as they are imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

# Two kernels on two cores gain nothing by more threads of linear algebra, and figures agree to the last digit however
# a kernel was started.
ONE_THREAD: Final = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
AT_IMPORT: Final = {
    **ONE_THREAD,
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    # Kernels have a debugger that nobody steps through here; it would warn of that on standard error.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
LEFT_OUT: Final = "polars"
"""Starts threads when imported, as other libraries do with it where it is installed; a notebook may still import it."""
THREADS: Final = Path("/proc/self/task")


def thread_count() -> int:
    """Return how many threads this process has; 0 where the system does not say."""
    return sum(1 for _ in THREADS.iterdir()) if THREADS.is_dir() else 0


@contextmanager
def importing_without_threads() -> Iterator[None]:
    """Let what is imported for the first time in this block start no threads."""
    before = {name: os.environ.get(name) for name in AT_IMPORT}
    os.environ |= AT_IMPORT
    leave_out = LEFT_OUT not in sys.modules
    modules = cast("dict[str, object]", sys.modules)
    if leave_out:
        modules[LEFT_OUT] = None  # the interpreter's own word for: not to be found
    try:
        yield
    finally:
        if leave_out:
            del modules[LEFT_OUT]
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
