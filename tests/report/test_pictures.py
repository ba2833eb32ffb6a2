"""Pictures drawn ahead, in processes beside this one: the same pictures, whatever becomes of these processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import postmortem as pm
from postmortem.findings.gate import TESTS, through_the_gate
from postmortem.ground.resources import sample
from postmortem.report.notebooks import pictures
from postmortem.report.notebooks.fork_client import ForkedProcess, ForkRefused, ForkServer
from postmortem.report.notebooks.pictures import DRAWN, NO_PICTURE, WISH, draw_some, drawn_ahead, picture
from postmortem.result import Result, refused

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is forked but on Linux")


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
    with drawn_ahead(server, tmp_path) as beside:
        beside.want([*wanted(results), *wanted(results)])
        beside.want(wanted(results), processes=1)
        ahead = [picture(*each) for each in wanted(results)]
        assert beside.has(wanted(results))
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
            (folder / f"0{WISH}").unlink()
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
        with drawn_ahead(server, tmp_path) as beside:
            beside.want(wanted(results))
            assert [picture(*each) for each in wanted(results)] == here
        assert least <= len(drawn) <= most, behaves
    with drawn_ahead(None, tmp_path) as beside:
        beside.want(wanted(results))
        assert not beside.has(wanted(results))
        assert [picture(*each) for each in wanted(results)] == here
    assert not list(tmp_path.iterdir())


def test_what_another_process_has_begun_is_left_to_it(results: list[Result], tmp_path: Path) -> None:
    for number, result in enumerate(results):
        (tmp_path / f"{number}{WISH}").write_text(json.dumps((result.to_dict(), 5.5)), encoding="utf-8")
    (tmp_path / f"1{WISH}").rename(tmp_path / "1.begun")
    draw_some(tmp_path)
    assert {path.name for path in tmp_path.glob(f"*{DRAWN}")} == {f"0{DRAWN}", f"2{DRAWN}"}
    uri, width, _ = json.loads((tmp_path / f"2{DRAWN}").read_text(encoding="utf-8"))
    assert uri.startswith("data:image/")
    assert width == round(5.5 * 95)
    assert not list(tmp_path.glob("*.part"))


def test_what_was_drawn_before_the_gate_is_the_picture_after_it(
    results: list[Result], server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tested = next(result for result in results if TESTS in result.tables)
    (decided,) = through_the_gate([tested])
    assert decided is not tested
    with drawn_ahead(server, tmp_path) as beside:
        beside.want([(tested, 5.5)], processes=1)
        monkeypatch.setattr(pictures, "_draw", lambda result, width: pytest.fail("drawn a second time"))
        assert picture(decided, 5.5).uri
    monkeypatch.undo()
    # Another answer of the same analysis is another picture.
    other = tested.replace(tables={**tested.tables, "groups": replace(tested.tables["groups"])})
    with drawn_ahead(server, tmp_path) as beside:
        beside.want([(tested, 5.5)], processes=1)
        assert not beside.has([(other, 5.5)])


def test_a_refusal_has_no_picture() -> None:
    assert picture(refused("loss_share", "How large?", "more deals"), 8.0) == NO_PICTURE
