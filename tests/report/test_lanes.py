"""A lane does one thing after another in a process of its own, and whatever ends it is told, not raised."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import lane_tasks
import pytest

from postmortem.report.lanes import FAULT, INTERRUPTED, Lane, Trouble


def test_answers_come_from_one_other_process_with_their_lines() -> None:
    lines: list[str] = []
    with Lane() as lane:
        first, second = (lane.ask(lane_tasks.doubled, number, say=lines.append) for number in (2, 4))
    assert (first[0], second[0]) == (4, 8)
    assert first[1] == second[1] != os.getpid()
    assert lines == ["doubling 2", "doubling 4"]


def test_a_lane_begins_with_nothing_of_the_process_that_asks() -> None:
    with Lane() as lane:
        there = lane.ask(lane_tasks.modules)
    assert "pytest" in sys.modules and "pandas" not in there


def test_an_error_that_a_user_can_act_on_is_told_and_the_lane_goes_on() -> None:
    with Lane() as lane:
        trouble = lane.ask(lane_tasks.refused)
        assert trouble == Trouble("The data are not there.\n  where:    deals.csv line 3", 3, ("deals.csv line 3",))
        assert lane.ask(lane_tasks.doubled, 1)[0] == 2


@pytest.mark.parametrize(("task", "said"), [("killed", "killed by signal 9"), ("broken", "ended with 1")])
def test_the_end_of_a_process_is_told_and_the_next_question_gets_another(
    task: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Lane() as lane:
        trouble = lane.ask(getattr(lane_tasks, task))
        assert isinstance(trouble, Trouble)
        assert (trouble.exit_code, said in trouble.message) == (FAULT, True)
        assert lane.ask(lane_tasks.doubled, 1)[0] == 2
    assert ("made for this test" in capfd.readouterr().err) == (task == "broken")


def test_what_a_lane_opens_is_opened_once_and_first_and_closed_at_the_end(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with Lane(lane_tasks.opened, str(mark)) as lane:
        assert not mark.exists()
        for number in range(3):
            assert lane.ask(lane_tasks.doubled, number)[0] == 2 * number
        assert mark.read_text(encoding="utf-8") == "opened with 1 "
    assert mark.read_text(encoding="utf-8") == "opened with 1 closed "


def test_stopping_interrupts_and_lets_it_tidy_up(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with Lane() as lane:
        waits = threading.Event()
        answers: list[object] = []
        asking = threading.Thread(
            target=lambda: answers.append(lane.ask(lane_tasks.slow, str(mark), say=lambda _: waits.set()))
        )
        asking.start()
        assert waits.wait(30)
        lane.stop()
        asking.join(30)
    assert answers == [Trouble("Interrupted.", INTERRUPTED)]
    assert mark.read_text(encoding="utf-8") == "tidied"


def test_a_lane_outlives_nobody(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    program = f"""
import lane_tasks
from postmortem.report.lanes import Lane
if __name__ == "__main__":
    Lane().ask(lane_tasks.slow, {str(mark)!r}, say=lambda line: print(line, flush=True))
"""
    script = tmp_path / "driver.py"
    script.write_text(program, encoding="utf-8")
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    driver = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    with driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == b"waiting\n"
        driver.send_signal(signal.SIGKILL)
    until = time.monotonic() + 30
    while not mark.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert mark.read_text(encoding="utf-8") == "tidied"
