"""What a scheduled night may do to a run: each time the last good report stands whole, and nothing stays behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from postmortem.report.editions.record import read_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked for in /proc"),
]
NOBODY = 65534
KILLS = 50
MARK = "POSTMORTEM_CACHE"
ASKS = ("import postmortem as pm", "frame = pm.load_frame(quarter)", "pm.quarter_outcome(frame)")
COUNTS = ("import postmortem as pm", "frame = pm.load_frame(quarter)", "pm.rows_used(frame)")
# Long enough for one notebook to be finished well before the other.
LATE = (*COUNTS, "import time; time.sleep(1.5)")
SLEEPS = ("import pathlib, time", "pathlib.Path('begun').touch(); time.sleep(120)")


def make_engagement(folder: Path, deals: int = 30, **notebooks: Sequence[str]) -> Path:
    """Write an engagement of canonical files whose notebooks hold these cells."""
    (folder / "notebooks").mkdir(parents=True)
    toml = '[company]\nname = "Orrery"\n[report]\noutput = "../out"\n[tables.deals]\nfile = "deals.csv"\n'
    (folder / "postmortem.toml").write_text(toml, encoding="utf-8")
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id"]
    lines += [
        f"D{n},{'lost' if n % 3 else 'won'},2025-08-{n % 28 + 1:02d},2025-02-01,100,R{n % 4}" for n in range(deals)
    ]
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, sources in notebooks.items():
        tag = {"tags": ["parameters"]}
        cells = [new_markdown_cell(f"# {name}"), new_code_cell('quarter = "last"', metadata=tag)]
        cells += [new_code_cell(source) for source in sources]
        nbformat.write(new_notebook(cells=cells), folder / "notebooks" / f"{name}.ipynb")
    return folder


class Night:
    """One engagement, its output, and runs on it that can be told from all other processes."""

    def __init__(self, engagement: Path, names: Sequence[str]) -> None:
        self.engagement, self.out = engagement, engagement.parent / "out"
        self.cache = engagement.parent / f"cache-{uuid.uuid4().hex}"
        self.before: list[str] = []
        self._pages = [word for name in names for word in ("--page", name)]

    def begin(self, *words: str, **how: object) -> subprocess.Popen[str]:
        """Begin a run; `words` are further options."""
        command = [sys.executable, "-m", "postmortem", "run", "-e", str(self.engagement), "-q", "2025Q3", *self._pages]
        environment = {**os.environ, MARK: str(self.cache), "HOME": str(self.engagement)}
        return subprocess.Popen(
            [*self.before, *command, *words], env=environment, text=True, cwd=Path(__file__).parents[2],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how},  # type: ignore[call-overload]
        )  # fmt: skip

    def run(self, *words: str, **how: object) -> tuple[int, str, str]:
        """Make a run to its end; return its exit code and what it wrote."""
        with self.begin(*words, **how) as process:
            out, err = process.communicate(timeout=600)
        return process.returncode, out, err

    def content(self) -> str:
        """Return the content hash of the report that stands, having checked that it is whole; empty without one."""
        report = self.out / "2025Q3"
        return str(read_report(report).manifest["content"]) if report.exists() else ""

    def processes(self) -> list[int]:
        """Return the processes that one of its runs has left, kernels included."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                alive = entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if alive and f"{MARK}={self.cache}".encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
        return found

    def wait_for_the_end_of_all(self) -> None:
        """Wait until no process is left; fail after a while."""
        until = time.monotonic() + 30
        while left := self.processes():
            assert time.monotonic() < until, left
            time.sleep(0.1)

    def wait_for(self, path: Path) -> None:
        """Wait until there is such a file."""
        until = time.monotonic() + 600
        while not path.exists():
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return Night(make_engagement(tmp_path / "acme", **{"90-asks": ASKS, "91-sleeps": SLEEPS}), ["90", "91"])


def wake(night: Night) -> None:
    """Let the notebook that sleeps end at once."""
    path = night.engagement / "notebooks" / "91-sleeps.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("time.sleep(120)", "1"), encoding="utf-8")
    (night.engagement / "begun").unlink(missing_ok=True)


def test_a_driver_killed_at_any_moment_leaves_no_half_report_and_no_process_and_the_next_goes_on(
    tmp_path: Path,
) -> None:
    """Fifty times, with two states of the data in turn, so that what stands is always told from what is coming."""
    places = [
        make_engagement(tmp_path / f"acme{deals}", deals, **{"90-asks": ASKS, "91-counts": LATE}) for deals in (30, 36)
    ]
    nights = [Night(place, ["90", "91"]) for place in places]
    undisturbed, seconds = [], 0.0
    for one in nights:
        begun = time.monotonic()
        code, _, err = one.run()
        assert code == 0, err
        seconds = time.monotonic() - begun
        undisturbed.append(one.content())
    assert len(set(undisturbed)) == 2
    shutil.rmtree(tmp_path / "out")
    chance = random.Random(20251006)
    stood, went_on, kills = "", 0, 0
    while kills < KILLS:
        turn = kills // 2 % 2
        one, begun = nights[turn], time.monotonic()
        if chance.random() < 0.5:
            shutil.rmtree(one.cache, ignore_errors=True)
        process = one.begin("--accept-changes", stdout=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.05, 1) * seconds)
            # It was quicker: the machine is less busy than it was.
            seconds = min(seconds, time.monotonic() - begun)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        _, err = process.communicate(timeout=60)
        went_on += "run that was cut off" in err
        one.wait_for_the_end_of_all()
        now = one.content()
        assert now in {stood, undisturbed[turn]}, f"kill {kills}"
        stood = now
    for one, content in zip(nights, undisturbed, strict=True):
        code, _, err = one.run("--accept-changes")
        assert (code, one.content()) == (0, content), err
        # The report, the page over all reports, and nothing of the fifty before.
        assert sorted(path.name for path in one.out.iterdir() if path.name != ".previous") == ["2025Q3", "index.html"]
    assert went_on > 0


def test_time_that_is_over_ends_it_with_124_and_what_was_finished_is_kept(night: Night) -> None:
    begun = time.monotonic()
    code, _, err = night.run("--timeout", "20")
    assert code == 124, err
    assert "is over" in err and "Traceback" not in err
    assert time.monotonic() - begun < 110
    night.wait_for_the_end_of_all()
    # On a slow day the time is over before the report is begun.
    assert {path.name for path in night.out.glob("*")} <= {".running-2025Q3"}
    wake(night)
    code, _, err = night.run()
    assert code == 0, err
    assert night.content()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("engine", ["forked", "local"])
def test_an_interrupted_run_tidies_up_and_ends_with_130(night: Night, number: signal.Signals, engine: str) -> None:
    process = night.begin("--engine", engine)
    night.wait_for(night.engagement / "begun")
    while "90-asks" not in "".join(path.name for path in (night.cache / "pages").glob("9*")):
        time.sleep(0.1)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in err) == (130, False), err
    night.wait_for_the_end_of_all()
    assert sorted(path.name for path in night.out.iterdir()) == [".running-2025Q3"]
    wake(night)
    # The other notebook may read every file beside it, and one of them has changed: it is executed as well.
    code, _, err = night.run()
    assert code == 0, err


def test_ordinary_kernels_end_with_a_driver_that_is_killed(night: Night) -> None:
    process = night.begin("--engine", "local")
    night.wait_for(night.engagement / "begun")
    process.kill()
    process.communicate(timeout=60)
    night.wait_for_the_end_of_all()
    assert night.content() == ""


def test_a_second_run_is_refused_with_6_unless_it_waits(night: Night) -> None:
    first = night.begin()
    night.wait_for(night.engagement / "begun")
    code, _, err = night.run()
    assert code == 6
    assert f"process {first.pid}" in err and "Traceback" not in err
    waiting = night.begin("--wait", "300", "--page", "90", stdin=subprocess.DEVNULL)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=120)
    assert first.returncode == 130
    wake(night)
    _, err = waiting.communicate(timeout=600)
    assert waiting.returncode in (0, 1), err  # it may have read the notebook before it woke
    night.wait_for_the_end_of_all()


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be mounted by root")
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("size", ["4k", "48k", "96k"])
def test_a_disk_that_is_full_is_told_and_leaves_the_last_report(tmp_path: Path, size: str) -> None:
    night = Night(make_engagement(tmp_path / "acme", **{"90-asks": ASKS, "91-counts": COUNTS}), ["90", "91"])
    with small_disk(night.out, size):
        code, _, err = night.run()
        assert code == 6, err
        assert "No space left" in err and "make room" in err and "Traceback" not in err
        assert [path.name for path in night.out.iterdir() if path.name == "2025Q3"] == []
        subprocess.run(["mount", "-o", "remount,size=50m", str(night.out)], check=True)
        code, _, err = night.run()
        assert code == 0, err


@pytest.mark.parametrize("what", ["folder", "report"])
def test_an_output_that_cannot_be_written_is_told(tmp_path: Path, what: str) -> None:
    night = Night(make_engagement(tmp_path / "acme", **{"90-asks": ASKS, "91-counts": COUNTS}), ["90", "91"])
    assert night.run()[0] == 0
    content = night.content()
    if os.geteuid() == 0:
        # Root may write anywhere; root without its privileges may not.
        if shutil.which("setpriv") is None:
            pytest.skip("there is no setpriv to run it without root's privileges")
        night.before = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    if what == "report":
        if os.geteuid() != 0:
            pytest.skip("only root can give a report to another user")
        for path in (night.out, night.out / "2025Q3"):
            os.chown(path, NOBODY, NOBODY)
    # In a folder of somebody else with this bit nobody replaces what is not theirs.
    night.out.chmod(0o555 if what == "folder" else 0o1777)
    code, _, err = night.run()
    night.out.chmod(0o755)
    assert code == 6, err
    assert "cannot be written" in err and "make it writable" in err and "Traceback" not in err
    assert night.content() == content
    night.wait_for_the_end_of_all()


def test_a_cell_without_memory_leaves_a_page_inside_and_no_report_for_a_client(tmp_path: Path) -> None:
    hog = (
        "import resource, pathlib",
        "pages = int(pathlib.Path('/proc/self/statm').read_text().split()[0])",
        "most = pages * resource.getpagesize() + (256 << 20)",
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))",
        "held = [bytearray(1 << 26) for _ in range(1000)]",
    )
    night = Night(make_engagement(tmp_path / "acme", **{"90-asks": ASKS, "91-hog": hog}), ["90", "91"])
    code, out, err = night.run("--json")
    assert code == 1, err
    (report,) = json.loads(out)["reports"]
    assert (report["pages"], report["failed"]) == (["90-asks"], ["91-hog"])
    folder = night.out / "2025Q3"
    assert "MemoryError" in (folder / "internal" / "91-hog.html").read_text(encoding="utf-8")
    assert not (folder / "91-hog.html").exists()
    shared = subprocess.run(
        [sys.executable, "-m", "postmortem", "share", str(folder), "--audience", "client", "--for", "board"],
        capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert shared.returncode == 5
    assert "91-hog" in shared.stderr
