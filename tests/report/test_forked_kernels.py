"""Kernels forked from one process: as good as ordinary ones, and nothing of them stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from postmortem.ground.errors import TimedOut
from postmortem.report.notebooks import execute as executing
from postmortem.report.notebooks.execute import brief, execute
from postmortem.report.notebooks.fork_client import ForkRefused, ForkServer
from postmortem.report.notebooks.fork_server import LATER
from postmortem.report.notebooks.forked_kernels import Engine, _open, kernels_of
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels are forked on Linux only")
TOLD = Parameters(quarter="2025Q3", kind="auto", window=4, as_of="2025-10-06")


def notebook(folder: Path, name: str, *cells: str) -> Notebook:
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
    return Notebook(name, name, path, ())


def printed(aside: Path, name: str) -> list[str]:
    cells = nbformat.read(aside / "notebooks" / f"{name}.ipynb", as_version=4).cells
    return [output.text.strip() for cell in cells for output in cell.outputs if output.output_type == "stream"]


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """One server for the whole file: its imports take seconds."""
    with kernels_of("forked"):
        yield


def test_kernels_come_from_one_process_and_share_nothing_but_imports(tmp_path: Path) -> None:
    cells = (
        "import os, sys, numpy",
        "print(os.getppid(), os.getcwd(), os.environ['OMP_NUM_THREADS'])",
        "print('postmortem.findings' in sys.modules, 'polars' in sys.modules, '' in sys.path[1:])",
        "print(numpy.random.random())",
    )
    done, failed = execute([notebook(tmp_path, name, *cells) for name in "ab"], TOLD, tmp_path, tmp_path)
    assert not failed
    assert [each.name for each, _ in done] == ["a", "b"]
    one, two = printed(tmp_path, "a"), printed(tmp_path, "b")
    assert one[:2] == two[:2]
    parent, folder, threads = one[0].split()
    assert (int(parent) != os.getpid(), folder, threads) == (True, str(tmp_path), "1")
    assert one[1].split()[:2] == ["True", "False"]
    assert one[2] != two[2]


def test_a_kernel_that_dies_stops_its_notebook_alone(tmp_path: Path) -> None:
    dying = notebook(tmp_path, "dying", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    sound = notebook(tmp_path, "sound", "print('here')")
    done, failed = execute([dying, sound], TOLD, tmp_path, tmp_path)
    assert [each.name for each, _ in done] == ["sound"]
    assert "Kernel died" in failed["dying"]


@pytest.mark.thorough
def test_a_cell_that_takes_too_long_stops_its_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing, "SECONDS_A_CELL", 1)
    _, failed = execute([notebook(tmp_path, "long", "import time; time.sleep(60)")], TOLD, tmp_path, tmp_path)
    assert failed["long"].startswith("CellTimeoutError")


SLEEPS = "import os, time; print(os.getpid(), file=open('kernel', 'w')); time.sleep(120)"


@pytest.mark.thorough
def test_a_run_out_of_time_ends_its_kernels_and_says_so(tmp_path: Path) -> None:
    begun, told = time.monotonic(), []
    with pytest.raises(TimedOut):
        execute(
            [notebook(tmp_path, "slow", SLEEPS), notebook(tmp_path, "fast", "1")], TOLD, tmp_path, tmp_path,
            deadline=begun + 6, progress=told.append,
        )  # fmt: skip
    assert told == ["fast done"]
    assert time.monotonic() - begun < 60
    assert not is_running(int((tmp_path / "kernel").read_text(encoding="utf-8")))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Hear Ctrl-C, also where the tests were begun in the background, which is told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("engine", ["forked", "local"])
@pytest.mark.thorough
def test_a_run_that_is_interrupted_ends_its_kernels_at_once(tmp_path: Path, engine: Engine) -> None:
    def interrupt() -> None:
        while not (tmp_path / "kernel").is_file():
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    slow = [notebook(tmp_path, name, SLEEPS) for name in ("a", "b", "c", "d")]
    with pytest.raises(KeyboardInterrupt):
        execute(slow, TOLD, tmp_path, tmp_path, engine=engine)
    until = time.monotonic() + 10
    while is_running(int((tmp_path / "kernel").read_text(encoding="utf-8"))):
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.thorough
def test_a_cell_that_takes_all_memory_stops_its_notebook_alone(tmp_path: Path) -> None:
    hog = (
        "import resource, pathlib",
        "pages = int(pathlib.Path('/proc/self/statm').read_text().split()[0])",
        "most = pages * resource.getpagesize() + (256 << 20)",
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))",
        "held = [bytearray(1 << 26) for _ in range(1000)]",
    )
    done, failed = execute(
        [notebook(tmp_path, "hog", *hog), notebook(tmp_path, "sound", "1")], TOLD, tmp_path, tmp_path
    )
    assert [each.name for each, _ in done] == ["sound"]
    assert brief(failed["hog"]) == "cell 5: MemoryError"


def test_an_error_is_told_as_an_ordinary_kernel_tells_it(tmp_path: Path) -> None:
    broken = notebook(tmp_path, "broken", "1 / 0")
    told = []
    for engine in ("forked", "local"):
        place = tmp_path / engine
        place.mkdir()
        _, failed = execute([broken], TOLD, tmp_path, place, engine=engine)
        told.append(failed["broken"].splitlines()[0])
    assert told == ["cell 1: ZeroDivisionError: division by zero"] * 2


def test_a_server_that_is_gone_or_has_threads_refuses_and_an_ordinary_kernel_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("postmortem.report.notebooks.fork_client.SERVER", "postmortem.no_such_program")
        server = ForkServer()
        with pytest.raises(ForkRefused, match="gone"):
            server.start([], {}, str(tmp_path))
        server.close()
    there = _open[0]
    monkeypatch.setattr(there, "_threads", 3)
    with pytest.raises(ForkRefused, match="3 threads"):
        there.start([], {}, str(tmp_path))
    done, _ = execute([notebook(tmp_path, "plain", "import os; print(os.getppid())")], TOLD, tmp_path, tmp_path)
    assert len(done) == 1
    assert printed(tmp_path, "plain") == [str(os.getpid())]


FROM_ONE_THREAD = """
import os, sys
from pathlib import Path
from postmortem.report.notebooks.threads import importing_without_threads, thread_count
with importing_without_threads():
    import postmortem.report.batch
from postmortem.report.notebooks import fork_client
from postmortem.report.notebooks.forked_kernels import kernels_of
from tests.report.test_forked_kernels import TOLD, notebook, printed
from postmortem.report.notebooks.execute import execute
fork_client.SERVER = sys.argv[2]
place = Path(sys.argv[1])
held = open(place / "held", "w")
print(os.environ.get("OMP_NUM_THREADS"), "polars" in sys.modules, thread_count(), flush=True)
with kernels_of("forked"):
    cell = "import os; print(os.getppid(), [link for link in os.listdir('/proc/self/fd') if os.path.realpath("
    cell += "f'/proc/self/fd/{link}').endswith('held')])"
    execute([notebook(place, name, cell) for name in "ab"], TOLD, place, place)
    print(os.getpid(), *printed(place, "a"), *printed(place, "b"), sep="; ")
"""


@pytest.mark.thorough
@pytest.mark.parametrize("program", ["postmortem.report.notebooks.fork_server", "postmortem.no_such_program"])
def test_a_driver_with_one_thread_is_itself_what_kernels_are_forked_from(tmp_path: Path, program: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(
        [sys.executable, "-c", FROM_ONE_THREAD, str(tmp_path), program],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said, told = done.stdout.splitlines()  # and nothing a second time, from a server that went the driver's way
    assert said == "None False 1"
    driver, one, two = told.split("; ")
    if program == "postmortem.no_such_program":
        assert one == two == f"{driver} []"
        assert "no_such_program" in done.stderr
    else:
        assert one == two != f"{driver} []"
        assert one.endswith(" []")
        assert not done.stderr


IN_TWO_STEPS = """
import sys
from postmortem.report.notebooks import fork_server
from postmortem.report.notebooks.threads import thread_count
fork_server._import()
print(thread_count(), [name for name in fork_server.LATER if name in sys.modules])
pieces = sum(1 for _ in fork_server._import_later())
print(thread_count(), [name for name in fork_server.LATER if name not in sys.modules], pieces)
print(sys.modules["matplotlib"].rcParams["backend"])
"""


@pytest.mark.thorough
def test_kernels_need_not_wait_for_what_draws_and_neither_starts_a_thread() -> None:
    done = subprocess.run([sys.executable, "-c", IN_TWO_STEPS], capture_output=True, text=True, timeout=120)
    first, then, backend = done.stdout.splitlines()
    assert (first, then) == ("1 []", f"1 [] {len(LATER)}")
    assert "inline" in backend
    assert not done.stderr


DRIVER = """
import sys
from pathlib import Path
from tests.report.test_forked_kernels import TOLD, notebook
from postmortem.report.notebooks.execute import execute
place = Path(sys.argv[1])
cell = "import os, time; print(os.getpid(), file=open(str(os.getpid()) + '.kernel', 'w')); time.sleep(120)"
if __name__ == "__main__":
    execute([notebook(place, name, cell) for name in "ab"], TOLD, place, place)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_driver_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "driver.py").write_text(DRIVER, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    driver = subprocess.Popen([sys.executable, str(tmp_path / "driver.py"), str(tmp_path)], env=environment)
    until = time.monotonic() + 60
    while len(started := list(tmp_path.glob("*.kernel"))) < 2:
        assert driver.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    kernels = [int(path.stem) for path in started]
    servers = {parent_of(kernel) for kernel in kernels}
    driver.send_signal(number)
    driver.wait(30)
    until = time.monotonic() + 10
    while any(is_running(process) for process in {*kernels, *servers}):
        assert time.monotonic() < until
        time.sleep(0.1)


def parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid"))


def is_running(process: int) -> bool:
    """Whether it runs: what is dead and not yet fetched by its parent does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_is_no_longer_there_to_be_held_ends_no_server(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _open[0].hold(tmp_path / "gone")
    done, failed = execute([notebook(tmp_path, "after", "1")], TOLD, tmp_path, tmp_path)
    assert (len(done), failed) == (1, {})
    assert "Traceback" not in capfd.readouterr().err
