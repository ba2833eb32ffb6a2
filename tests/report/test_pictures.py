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
from postmortem.report.pictures import NO_PICTURE, WANTED, draw_some, drawn_ahead, picture
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

    def all_are_killed(folder: Path) -> ForkedProcess:
        begun.append(begin(folder))
        os.kill(begun[-1].pid, signal.SIGKILL)
        return begun[-1]

    def one_ended_at_its_first(folder: Path) -> ForkedProcess:
        if not begun:
            (folder / "0.begun").touch()
        begun.append(begin(folder))
        return begun[-1]

    def one_is_forked(folder: Path) -> ForkedProcess:
        if begun:
            raise ForkRefused("the server is gone")
        begun.append(begin(folder))
        return begun[-1]

    def none_is_forked(folder: Path) -> ForkedProcess:
        raise ForkRefused("the server is gone")

    whole = len(here)
    for behaves, least, most in (
        (all_are_killed, 1, whole), (one_ended_at_its_first, 1, 1),
        (one_is_forked, 0, 0), (none_is_forked, whole, whole),
    ):  # fmt: skip
        begun.clear()
        drawn.clear()
        monkeypatch.setattr(server, "draw", behaves)
        with drawn_ahead(wanted(results), server, tmp_path):
            assert [picture(*each) for each in wanted(results)] == here
        assert least <= len(drawn) <= most, behaves
    with drawn_ahead(wanted(results), None, tmp_path):
        assert [picture(*each) for each in wanted(results)] == here
    assert not list(tmp_path.iterdir())


def test_what_another_process_has_begun_is_left_to_it(results: list[Result], tmp_path: Path) -> None:
    told = [(result.to_dict(), 5.5) for result in results]
    (tmp_path / WANTED).write_text(json.dumps(told), encoding="utf-8")
    (tmp_path / "1.begun").touch()
    draw_some(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.json")} == {"wanted", "0", "2"}
    uri, width, _ = json.loads((tmp_path / "2.json").read_text(encoding="utf-8"))
    assert uri.startswith("data:image/")
    assert width == round(5.5 * 95)
    assert not list(tmp_path.glob("*.part"))


def test_a_refusal_has_no_picture() -> None:
    assert picture(refused("loss_share", "How large?", "more deals"), 8.0) == NO_PICTURE
