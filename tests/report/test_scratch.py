"""Folders for a while: gone with their maker, or, where it was killed, with the next one that makes one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_forked_kernels import TOLD, notebook, printed

from postmortem.report.disk import scratch as made_here
from postmortem.report.disk.scratch import HELD, Scratch, homes, scratch
from postmortem.report.notebooks.execute import execute
from postmortem.report.notebooks.forked_kernels import Engine, kernels_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no flock on Windows")
HOLDER = (
    "import time; from postmortem.report.disk.scratch import Scratch; print(Scratch().path, flush=True); time.sleep(60)"
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary folders lie where no other test makes any, by a short name: sockets have to fit."""
    with tempfile.TemporaryDirectory(prefix="t") as short:
        monkeypatch.setenv("TMPDIR", short)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(short)
    tempfile.tempdir = None


def test_a_folder_is_private_and_gone_afterwards(place: Path) -> None:
    with scratch() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o077 == 0
        with scratch() as other:
            assert folder.is_dir()
            assert other != folder
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_gone_with_the_next_and_what_a_living_one_holds_stays(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        (folder / "key").write_text("secret", encoding="utf-8")
        with scratch():
            assert (folder / "key").is_file()
        holder.kill()
        holder.wait()
    assert (folder / "key").is_file()
    foreign = place / "postmortem-not-ours"
    foreign.mkdir()
    made = Scratch()
    assert sorted(place.iterdir()) == sorted([made.path, foreign])
    made.close()
    made.close()
    assert list(place.iterdir()) == [foreign]


def test_a_folder_swept_before_it_was_held_is_made_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, swept = made_here.locked, []

    def late(path: Path, *, make: bool = True) -> int | None:
        if make and not swept:
            swept.append(path.parent)
            return None
        return lock(path, make=make)

    monkeypatch.setattr(made_here, "locked", late)
    made = Scratch()
    assert made.path not in swept
    assert (made.path / HELD).is_file()
    made.close()


@pytest.mark.thorough
def test_kernels_leave_neither_sockets_nor_keys(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(place / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "mine"))
    habits = tmp_path / "mine" / "profile_default" / "startup"
    habits.mkdir(parents=True)
    (habits / "00.py").write_text("a_habit = True", encoding="utf-8")
    cell = "from ipykernel.connect import get_connection_file; print(get_connection_file())"
    looks = "import os, pathlib; print(sorted(path.name for path in pathlib.Path(os.environ['TMPDIR']).glob('*/*')))"
    _, failed = execute(
        [notebook(tmp_path, "a", cell, looks, "print('a_habit' in globals())")],
        TOLD,
        tmp_path,
        tmp_path,
        engine="local",
    )
    assert not failed
    told = (tmp_path / "notebooks" / "a.ipynb").read_text(encoding="utf-8")
    assert f"{place}{os.sep}postmortem-" in told
    assert "kernel.json" in told
    assert HELD in told
    assert printed(tmp_path, "a")[-1] == "False"  # a report does not depend on the profile of whoever runs it
    assert not list(place.iterdir())


def without_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give whoever runs this a home that is none: what would hold it is a file."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    for name in ("MPLCONFIGDIR", "IPYTHONDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_matplotlib_keeps_its_fonts_where_the_user_has_them_and_else_in_the_folder_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "own"))
    assert homes(scratch) == {"IPYTHONDIR": str(scratch / "ipython")}
    without_home(tmp_path, monkeypatch)
    nowhere = {"IPYTHONDIR": str(scratch / "ipython"), "MPLCONFIGDIR": str(scratch / "matplotlib")}
    assert homes(scratch) == nowhere
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "file" / "own"))
    assert homes(scratch) == nowhere


@pytest.mark.parametrize("engine", ["local", "forked"])
@pytest.mark.thorough
def test_without_a_home_nothing_is_left_in_the_temporary_folder(
    engine: Engine, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_home(tmp_path, monkeypatch)
    cells = (
        "import matplotlib; print(matplotlib.get_configdir())",
        "import IPython; print(IPython.paths.get_ipython_dir())",
    )
    with kernels_of(engine):
        _, failed = execute([notebook(tmp_path, "a", *cells)], TOLD, tmp_path, tmp_path, engine=engine)
    assert not failed
    assert all(each.startswith(f"{place}{os.sep}postmortem-") for each in printed(tmp_path, "a"))
    assert not list(place.iterdir())


@pytest.mark.thorough
def test_threads_that_begin_at_once_do_not_fall_over_the_classes_of_the_library() -> None:
    """Before anything was run the client knows its manager by name: each thread asks, the first one answers for all."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor; from threading import Barrier\n"
        "from papermill.clientwrap import PapermillNotebookClient as Client\n"
        "from postmortem.report.notebooks.kernels import event_loop\n"
        "traits, at_once = Client.class_traits().values(), Barrier(8)\n"
        "assert any(isinstance(getattr(trait, 'klass', None), str) for trait in traits)\n"
        "def begin(_):\n"
        "    at_once.wait()\n"
        "    with event_loop():\n"
        "        return not [t for t in traits if isinstance(getattr(t, 'klass', None), str)]\n"
        "print(all(ThreadPoolExecutor(8).map(begin, range(8))))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"
