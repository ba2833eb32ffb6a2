"""What tests of reports share: a program that forks what works beside a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postmortem.report.notebooks.fork_client import ForkServer


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """One for the whole file: its imports take seconds."""
    there = ForkServer()
    yield there
    there.close()
