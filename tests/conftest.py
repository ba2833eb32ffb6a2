"""Fixtures for the whole suite."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# The same examples every time, and no limit on how long one takes: a busy machine is no reason to fail.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

# Files that run notebooks have few tests and long ones; left to the end, they would keep one worker waiting.
LONGEST_FIRST = ("test_run.py", "test_commands.py")


def pytest_configure(config: pytest.Config) -> None:
    """Keep our order of files: left to itself, pytest-xdist puts those with few tests last."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; within a file the order stays."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FIRST)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data that some tests read; they are skipped without it."""
    folder = os.environ.get("DEALS_REAL_DATA")
    if not folder:
        pytest.skip("DEALS_REAL_DATA is not set: no public data to read")
    return Path(folder)
