"""Fixtures for the whole suite."""

from __future__ import annotations

import gc
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# The same examples every time, and no limit on how long one takes: a busy machine is no reason to fail.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

# Files that run notebooks have few tests and long ones; left to the end, they would keep one worker waiting.
LONGEST_FIRST = ("test_contract.py", "test_run.py", "test_commands.py")
# Files with this word ask the analyses of the same hand-made deals; on one worker each answer is worked out once.
ASKED_TOGETHER = "answer_of"
# Their companies are simulated once for all files of the folder.
SIMULATED_TOGETHER = ("simulate", "signals")


def pytest_configure(config: pytest.Config) -> None:
    """Set one thread of linear algebra a worker, forget the cache that a shell names, and keep our order of files."""
    os.environ.pop("POSTMORTEM_CACHE", None)
    # Before anything imports numpy. The workers fill the cores: more threads would only wait for each other.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # Left to itself, pytest-xdist puts files with few tests last.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out the tests file by file, as `--dist loadfile` does, but those that share what takes long as one."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    @cache
    def scope_of(name: str) -> str:
        file = config.rootpath / name
        if file.is_file() and ASKED_TOGETHER in file.read_text(encoding="utf-8"):
            return "asked together"
        return file.parent.name if file.parent.name in SIMULATED_TOGETHER else name

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope_of(super()._split_scope(nodeid))

    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; within a file the order stays."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FIRST)


def pytest_collection_finish() -> None:
    """Leave what is there by now to itself: looking for garbage among thousands of tests again and again takes long."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let the interpreter tidy up behind itself: some extensions complain of what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data that some tests read; they are skipped without it."""
    folder = os.environ.get("DEALS_REAL_DATA")
    if not folder:
        pytest.skip("DEALS_REAL_DATA is not set: no public data to read")
    return Path(folder)
