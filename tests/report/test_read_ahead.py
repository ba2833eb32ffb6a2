"""The deals of a report read beside the imports of a run: the same deals, whatever becomes of the process that reads.

Each case is a program of its own: a process that has threads, as this one may, is not forked.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postmortem.frames.engagement import Engagement
from postmortem.ground import resources
from postmortem.report import read_ahead as module
from postmortem.report.read_ahead import read_ahead
from postmortem.report.wanted import Wanted
from tests.report.test_forked_kernels import is_running

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is forked but on Linux")
BEGIN = """
import os, sys
from pathlib import Path
from postmortem.report.notebooks.threads import importing_without_threads
with importing_without_threads():
    from postmortem.frames import engagement
    from postmortem.report import read_ahead
from postmortem.frames.held import held, holding
from postmortem.report.wanted import Wanted
wanted = Wanted(Path(sys.argv[1]), "2025Q3", {"output": Path(sys.argv[2]), "window": 3})
forked, fork = [], os.fork
os.fork = lambda: forked.append(fork()) or forked[-1]
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read") / "plain"
    shutil.copytree(resources.sample("plain"), folder, ignore=shutil.ignore_patterns("reports"))
    return folder


def begun(program: str, plain: Path, place: Path) -> subprocess.Popen[str]:
    surroundings = {name: value for name, value in os.environ.items() if name != "POSTMORTEM_CACHE"}
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + program, str(plain), str(place / "reports")],
        env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(program: str, plain: Path, place: Path) -> list[str]:
    said, told = begun(program, plain, place).communicate(timeout=120)
    assert not told
    return said.splitlines()


def test_what_was_read_ahead_is_found_and_is_what_would_be_read_here(plain: Path, tmp_path: Path) -> None:
    program = """
asked = {"kind": None, "window": 3, "as_of": None}
with read_ahead.read_ahead([wanted]):
    load, engagement.load_book = engagement.load_book, None
    choose, engagement.choose_cohort = engagement.choose_cohort, None
    book = wanted.engagement.book()
    ahead = wanted.engagement.frame("2025Q3", book=book, **asked)
engagement.load_book, engagement.choose_cohort = load, choose
here = wanted.engagement.frame("2025Q3", **asked)
print(here.book is not book, here.fingerprint == ahead.fingerprint, len(ahead.window))
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nothing left")
"""
    assert said(program, plain, tmp_path) == ["True True 3", "nothing left"]
    assert list((tmp_path / "reports" / ".cache" / "books").iterdir())  # for the next run


def test_where_the_reader_ends_or_is_not_asked_everything_is_read_here(plain: Path, tmp_path: Path) -> None:
    program = """
import signal, time
with read_ahead.read_ahead([wanted]):
    os.kill(forked[0], signal.SIGKILL)
    print(len(wanted.engagement.book().deals))
load = engagement.load_book
engagement.load_book = lambda config: time.sleep(600)
with read_ahead.read_ahead([wanted]):
    pass
engagement.load_book = lambda config: 1 / 0 if os.getpid() in others else load(config)
class Others:
    def __contains__(self, pid): return pid != me
me, others = os.getpid(), Others()
with read_ahead.read_ahead([wanted]):
    print(len(wanted.engagement.book().deals))
with read_ahead.read_ahead([wanted]):
    child = fork()
    if not child:
        print(held._expected() == b"", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print(len(forked))
"""
    deals = str(len(Engagement.open(plain).book().deals))
    assert said(program, plain, tmp_path) == [deals, deals, "True", "4"]


@pytest.mark.parametrize("late", [0, 1])
def test_the_reader_ends_with_the_process_that_wanted_it(plain: Path, tmp_path: Path, late: int) -> None:
    """Also where that has ended before the reader listens for it."""
    program = f"""
import time
end_with = read_ahead._end_with
read_ahead._end_with = lambda line: (time.sleep({late}), end_with(line))
engagement.load_book = lambda config: time.sleep(600)
with read_ahead.read_ahead([wanted]):
    print(forked[0], flush=True)
    time.sleep(600)
"""
    driver = begun(program, plain, tmp_path)
    assert driver.stdout is not None
    reader = int(driver.stdout.readline())
    assert is_running(reader)
    driver.kill()
    driver.communicate()
    until = time.monotonic() + 10
    while is_running(reader):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.thorough
def test_what_is_wrong_with_the_data_is_told_once_by_the_run(plain: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(plain, broken)
    (broken / "opportunities.csv").write_text("no,such,columns\n1,2,3\n", encoding="utf-8")
    command = [sys.executable, "-m", "postmortem", "run", "-e", str(broken), "-q", "2025Q3"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert ended.returncode in (2, 3)
    assert ended.stderr.count("opportunities.csv") == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "wanted",
    [
        [Wanted(Path("a"), "2025Q1..2025Q3")],
        [Wanted(Path("a"), "2025Q3", each="segment")],
        [Wanted(Path("a"), "2025Q3", {"engine": "local"})],
        [Wanted(Path("a"), "2025Q3", name="a")],
        [Wanted(Path("a"), name="a"), Wanted(Path("b"), name="b")],
    ],
)
def test_nothing_is_forked_for_more_than_one_report_or_without_forked_kernels(
    wanted: list[Wanted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "thread_count", lambda: 1)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    with read_ahead(wanted):
        pass


def test_nothing_is_forked_from_a_process_that_has_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "thread_count", lambda: 2)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    with read_ahead([Wanted(Path("a"), "2025Q3")]):
        assert signal.getsignal(signal.SIGINT) is not signal.SIG_DFL
