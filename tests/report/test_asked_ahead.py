"""Questions asked of the quarter before beside the notebooks: the answers are there when the look back wants them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from postmortem.analyses import cache, find
from postmortem.findings.earlier import Earlier, frame_before, look_earlier
from postmortem.frames import Cohort, Engagement
from postmortem.frames.engagement import CACHE_VARIABLE
from postmortem.ground import resources
from postmortem.ground.errors import EmptyFrame
from postmortem.report.notebooks.asked_ahead import asked_ahead
from postmortem.report.notebooks.fork_client import ForkServer
from postmortem.result import Result

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is forked but on Linux")
ASKED = {"loss_share": {"by": "segment"}, "competitor_head_to_head": {}, "quarter_outcome": {}}
TESTING = 2


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    folder = tmp_path_factory.mktemp("asked") / "plain"
    shutil.copytree(resources.sample("plain"), folder, ignore=shutil.ignore_patterns("reports"))
    return Engagement.open(folder)


@pytest.fixture(scope="module")
def cohort(engagement: Engagement) -> Cohort:
    return engagement.frame("2025Q3", kind="closed")


@pytest.fixture(scope="module")
def results(cohort: Cohort) -> list[Result]:
    return [find(name).function(cohort, **asked) for name, asked in ASKED.items()]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, told to this process alone until another is begun."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "results"


def told(earlier: Earlier) -> list[object]:
    return [earlier.quarter, earlier.why, [(each.hypothesis, each.p) for each in earlier.named], len(earlier.again)]


def test_what_was_asked_ahead_is_not_asked_again_and_says_the_same(
    engagement: Engagement, cohort: Cohort, results: list[Result], server: ForkServer, kept: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as bare:
        bare.delenv(CACHE_VARIABLE)
        here = look_earlier(engagement, cohort, results, cohort.book)
    with asked_ahead(server, tmp_path, engagement, cohort, cohort.book) as ahead:
        ahead.want(results[:1])
        ahead.want(results)
        ahead.finish()
    assert len(list(kept.iterdir())) == TESTING
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    monkeypatch.setattr(cache, "_write", lambda place, text: pytest.fail(f"asked again: {place.name}"))
    assert told(look_earlier(engagement, cohort, results, cohort.book)) == told(here)


def test_without_a_server_or_once_it_was_killed_nothing_is_waited_for(
    engagement: Engagement, cohort: Cohort, results: list[Result], server: ForkServer, kept: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with asked_ahead(None, tmp_path, engagement, cohort, cohort.book) as ahead:
        ahead.want(results)
        ahead.finish()
    begin = server.ask

    def killed(folder: Path) -> object:
        process = begin(folder)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(server, "ask", killed)
    with asked_ahead(server, tmp_path, engagement, cohort, cohort.book) as ahead:
        ahead.want(results)
        ahead.finish()
    assert not list(tmp_path.iterdir())
    assert not look_earlier(engagement, cohort, results, cohort.book).why


def test_it_ends_with_the_block_and_where_there_is_no_quarter_before(
    engagement: Engagement, cohort: Cohort, results: list[Result], server: ForkServer, kept: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    begin, begun = server.ask, []
    monkeypatch.setattr(server, "ask", lambda folder: begun.append(begin(folder)) or begun[-1])
    with asked_ahead(server, tmp_path, engagement, cohort, cohort.book):
        pass
    assert begun[0].wait(30) == -signal.SIGKILL
    first = engagement.frame("2023Q2", kind="closed")
    with pytest.raises(EmptyFrame):
        frame_before(engagement, first, first.book)
    with asked_ahead(server, tmp_path, engagement, first, first.book) as ahead:
        ahead.want(results)
        ahead.finish()
    assert begun[1].wait(30) == 0
    assert not kept.exists()
