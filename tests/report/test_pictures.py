"""Pictures drawn ahead, in processes beside this one: the same pictures, whatever becomes of these processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import postmortem as pm
from postmortem.ground.resources import sample
from postmortem.report import pictures
from postmortem.report.fork_client import ForkedProcess, ForkRefused, ForkServer
from postmortem.report.pictures import NO_PICTURE, draw_file, drawn_ahead, picture
from postmortem.result import Result, refused

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is forked but on Linux")


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    there = ForkServer()
    yield there
    there.close()


@pytest.fixture(scope="module")
def results() -> list[Result]:
    cohort = pm.load_frame("2025Q3", folder=sample("plain"))
    return [pm.loss_destination(cohort), pm.quarter_outcome(cohort), pm.loss_share(cohort)]


def wanted(results: list[Result]) -> list[tuple[Result, float]]:
    return [(result, width) for result in results for width in (8.0, 5.5)]


@pytest.mark.thorough
def test_what_is_drawn_beside_is_what_would_be_drawn_here(
    results: list[Result], server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [picture(*each) for each in wanted(results)]
    assert len(set(here)) == len(here)
    drawn = []
    draw = pictures._draw
    monkeypatch.setattr(pictures, "_draw", lambda result, width: drawn.append(width) or draw(result, width))
    with drawn_ahead([*wanted(results), *wanted(results)], server, tmp_path):
        ahead = [picture(*each) for each in wanted(results)]
    assert ahead == here
    assert not drawn
    assert not list(tmp_path.iterdir())
    assert [picture(*each) for each in wanted(results)] == here
    assert len(drawn) == len(here)  # nothing is kept after the block


@pytest.mark.thorough
def test_what_was_not_drawn_beside_is_drawn_when_asked_for(
    results: list[Result], server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [picture(*each) for each in wanted(results)]
    begin, begun, drawn = server.draw, [], []
    draw = pictures._draw
    monkeypatch.setattr(pictures, "_draw", lambda result, width: drawn.append(width) or draw(result, width))

    def one_is_killed(path: Path) -> ForkedProcess:
        begun.append(begin(path))
        if len(begun) == 1:
            os.kill(begun[0].pid, signal.SIGKILL)
        return begun[-1]

    def one_is_refused(path: Path) -> ForkedProcess:
        if begun:
            raise ForkRefused("the server is gone")
        begun.append(begin(path))
        return begun[-1]

    of_one = len(here[:: pictures.BESIDE])
    for behaves, missing in ((one_is_killed, of_one), (one_is_refused, len(here) - of_one)):
        begun.clear()
        drawn.clear()
        monkeypatch.setattr(server, "draw", behaves)
        with drawn_ahead(wanted(results), server, tmp_path):
            assert [picture(*each) for each in wanted(results)] == here
        assert len(drawn) == missing
    with drawn_ahead(wanted(results), None, tmp_path):
        assert [picture(*each) for each in wanted(results)] == here
    assert not list(tmp_path.iterdir())


def test_a_file_of_wishes_becomes_a_file_of_pictures(results: list[Result], tmp_path: Path) -> None:
    path = tmp_path / "wanted.json"
    path.write_text(json.dumps([(results[0].to_dict(), 5.5)]), encoding="utf-8")
    draw_file(path)
    (told,) = json.loads(path.read_text(encoding="utf-8"))
    assert told[0].startswith("data:image/")
    assert told[1] == round(5.5 * 95)
    assert [file.name for file in tmp_path.iterdir()] == ["wanted.json"]


def test_a_refusal_has_no_picture() -> None:
    assert picture(refused("loss_share", "How large?", "more deals"), 8.0) == NO_PICTURE
