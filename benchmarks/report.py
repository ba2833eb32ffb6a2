"""Reports of the plain sample beside the stock command lines on the same notebooks: seconds, CPU, memory, overhead.

``python -m benchmarks report [--pairs 3] [--quarters 10] [--workers 2]``. Notebooks 00 to 03, caches cold on all sides:
ours is one ``postmortem run``, which also makes findings, front page and tables, a batch once with one report at a time
and once with several; the stock run is one ``papermill`` and one ``jupyter nbconvert --to html --no-input`` (where it
is installed) a notebook and quarter, one after the other. The sides run in turn, the stock run of a batch half before
and half after ours, and ratios are taken round by round, so that a machine whose speed drifts does not decide. Seconds
are those of the clock; CPU is that of all processes of a run together; memory is the sum over the processes alive at
one moment, shared pages counted once (PSS), at its highest, looked at every half second; where the system does not tell
it, it is left out.
Beside them: ``postmortem --help`` against an app of the same command line library that has one empty command.
The overhead of a notebook is what a run costs more for one that loads the deals and asks nothing of them. Beside it
stands all that a run of the four costs beyond their cells (the same cells in one process with imports, book and cohort
in place): imports, reading, the look back at the quarter before, and the pages with their pictures.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from postmortem.ground import resources
from postmortem.ground.fiscal import FiscalCalendar, Quarter

BIN = Path(sys.executable).parent
NOTEBOOKS = ("00", "01", "02", "03")
NBCONVERT = shutil.which("jupyter-nbconvert", path=os.pathsep.join([str(BIN), os.environ.get("PATH", "")]))
LAST = "2025Q3"
LOOK_EVERY = 0.5
FIRST, FEW, MANY = 50, 2, 10
EMPTY = """
import typer
app = typer.Typer()
@app.command()
def nothing() -> None:
    "Nothing."
app()
"""
HELPS = 15
ASKS_NOTHING = "import postmortem as pm\nframe = pm.load_frame(quarter)"
Run = Callable[[Path, Sequence[str]], None]
TARGETS = {"one report": 4, "batch": 5}
CELLS = """
import io, resource, sys
import matplotlib
matplotlib.use("agg")
import IPython, matplotlib.pyplot as plt, nbformat, scipy.stats, statsmodels.api
import postmortem as pm
from postmortem.frames.held import holding
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
holding().__enter__()
pm.load_frame(sys.argv[1])
def spent():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
before = spent()
for path in sys.argv[2:]:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            shell.run_cell(cell.source, silent=False).raise_error()
            for number in plt.get_fignums():
                plt.figure(number).savefig(io.BytesIO(), format="png", bbox_inches="tight")
            plt.close("all")
print("CPU", spent() - before)
"""


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of the clock, CPU-seconds, and bytes at the highest (0 where it cannot be told)."""

    seconds: float
    cpu: float
    memory: int


def ours(folder: Path, quarters: Sequence[str], workers: int = 1) -> None:
    """Make the reports with one command."""
    asked = quarters[0] if len(quarters) == 1 else f"{quarters[0]}..{quarters[-1]}"
    pages = [word for name in NOTEBOOKS for word in ("--page", name)]
    sample = resources.sample("plain")
    command = [BIN / "postmortem", "run", "-e", sample, "-q", asked, "-o", folder / "reports", *pages]
    _run([*command, "--accept-changes", "--workers", str(workers)], folder)


def stock(folder: Path, quarters: Sequence[str]) -> None:
    """Execute each notebook with papermill's command line and export it with nbconvert's, one after the other."""
    for quarter in quarters:
        for path in _notebooks():
            made = folder / f"{quarter}-{path.name}"
            asked = ["-p", "quarter", quarter, "--cwd", resources.sample("plain"), "--no-progress-bar"]
            _run([BIN / "papermill", path, made, *asked], folder)
            if NBCONVERT:
                _run([NBCONVERT, "--to", "html", "--no-input", "--log-level", "ERROR", made], folder)


def main(arguments: Sequence[str] = ()) -> None:
    """Run both sides in turn and print what they took, and the ratios."""
    parser = argparse.ArgumentParser(prog="report", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="pairs of runs for one report")
    parser.add_argument("--batches", type=int, default=1, help="pairs of runs for the batch")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="reports of the batch at a time, of ours")
    parser.add_argument("--quarters", type=int, default=10, help="reports of the batch; the sample holds ten quarters")
    options = parser.parse_args(list(arguments))
    last = FiscalCalendar().parse(LAST)
    batch = [(last + step - options.quarters + 1).label for step in range(options.quarters)]
    load = os.getloadavg()[0]
    print(f"notebooks {', '.join(NOTEBOOKS)} of the plain sample, caches cold; {os.cpu_count()} cores, load {load:.1f}")
    if not NBCONVERT:
        print("jupyter nbconvert is not installed (make lab brings it): the stock run executes and exports nothing")
    one: dict[str, Run] = {"postmortem run, with front page": ours, "papermill and nbconvert": stock}
    mine = _compare("one report", [last.label], options.pairs, one)
    if options.batches:
        at_a_time: Run = partial(ours, workers=options.workers)
        beside: dict[str, Run] = {"postmortem run": ours, f"the same with --workers {options.workers}": at_a_time}
        _compare("batch", batch, options.batches, beside | {"papermill and nbconvert": stock})
    print(f"--help: {_help():.2f} times the CPU of an empty app, {HELPS} interleaved pairs   (wanted: at most 1.3)")
    print(f"one more notebook that asks nothing: {_overhead(last):.2f} CPU-s   (wanted: at most 1)")
    cells = _cells(last)
    print(f"the cells alone: {cells:.1f} CPU-s; all else a run does: {(mine - cells) / len(NOTEBOOKS):.2f} a notebook")


def _compare(name: str, quarters: Sequence[str], rounds: int, sides: Mapping[str, Run]) -> float:
    """Print one comparison of the sides with the last of them; return the CPU-seconds of the first."""
    costs = [_round(quarters, sides) for _ in range(rounds)]
    *mine, theirs = sides
    print(f"{name}: {len(quarters)} x {len(NOTEBOOKS)} notebooks, {rounds} interleaved rounds")
    for label in sides:
        of_side = [each[label] for each in costs]
        seconds, cpu = (statistics.median(getattr(cost, what) for cost in of_side) for what in ("seconds", "cpu"))
        memory = max(cost.memory for cost in of_side) / 2**20
        print(f"  {label:32}{seconds:8.1f} s{cpu:9.1f} CPU-s{memory:8.0f} MB at the highest")
        if label in mine:
            for what, target in (("seconds", TARGETS[name]), ("cpu", None)):
                ratios = [getattr(each[theirs], what) / getattr(each[label], what) for each in costs]
                wanted = f"   (wanted: {target})" if target else ""
                middle, span = statistics.median(ratios), f"{min(ratios):.2f} to {max(ratios):.2f}"
                print(f"    times {what:8}{middle:6.2f}   {span}{wanted}", flush=True)
    return statistics.median(each[mine[0]].cpu for each in costs)


def _round(quarters: Sequence[str], sides: Mapping[str, Run]) -> dict[str, Cost]:
    """Run every side once: the last, which does one quarter after another anyway, half before the others, half after.

    A machine that grows slower from minute to minute then favours neither.
    """
    *mine, theirs = sides
    half = len(quarters) // 2
    parts = [_cost(sides[theirs], quarters[:half])] if half else []
    seen = {label: _cost(sides[label], quarters) for label in mine}
    parts.append(_cost(sides[theirs], quarters[half:]))
    whole = Cost(sum(p.seconds for p in parts), sum(p.cpu for p in parts), max(p.memory for p in parts))
    return {**seen, theirs: whole}


def _help() -> float:
    """Return the median ratio of CPU-seconds of our help to that of an empty app."""
    mine, empty = [str(BIN / "postmortem"), "--help"], [sys.executable, "-c", EMPTY, "--help"]
    ratios = []
    for _ in range(HELPS):
        spent = [_children()]
        for command in (mine, empty):
            subprocess.run(command, capture_output=True, check=True)
            spent.append(_children())
        ratios.append((spent[1] - spent[0]) / (spent[2] - spent[1]))
    return statistics.median(ratios)


def _cost(run: Run, quarters: Sequence[str]) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        seen, over = [0], threading.Event()
        watch = threading.Thread(target=_watch, args=(Path(folder), seen, over), daemon=True)
        watch.start()
        started, before = time.perf_counter(), _children()
        run(Path(folder), quarters)
        seconds, cpu = time.perf_counter() - started, _children() - before
        over.set()
        watch.join()
        return Cost(seconds, cpu, max(seen))


def _overhead(quarter: Quarter) -> float:
    """Return the CPU-seconds by which a run costs more for each notebook that asks nothing."""
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "engagement"
        shutil.copytree(resources.sample("plain"), copy)
        (copy / "notebooks").mkdir(exist_ok=True)
        for number in range(MANY):
            cells = [new_code_cell('quarter = "last"', metadata={"tags": ["parameters"]}), new_code_cell(ASKS_NOTHING)]
            nbformat.write(new_notebook(cells=cells), copy / "notebooks" / f"{FIRST + number}-nothing.ipynb")
        for many in (FEW, MANY):
            pages = [word for number in range(many) for word in ("--page", str(FIRST + number))]
            before = _children()
            command = [BIN / "postmortem", "run", "-e", copy, "-q", quarter.label, "-o", Path(folder) / str(many)]
            _run([*command, *pages], Path(folder) / f"of {many}")
            costs[many] = _children() - before
    return (costs[MANY] - costs[FEW]) / (MANY - FEW)


def _cells(quarter: Quarter) -> float:
    """Return the CPU-seconds of the cells of all notebooks in one process, caches cold."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "POSTMORTEM_CACHE": str(Path(folder) / "cache")}
        command = [sys.executable, "-c", CELLS, quarter.label, *map(str, _notebooks())]
        told = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment, cwd=resources.sample("plain")
        )
        return float(told.stdout.rpartition("CPU ")[2])


def _notebooks() -> list[Path]:
    return [path for path in resources.notebooks() if path.name.split("-")[0] in NOTEBOOKS]


def _run(command: Sequence[object], folder: Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, env=_environment(folder))


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "POSTMORTEM_CACHE": str(folder / "cache")}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(folder: Path, seen: list[int], over: threading.Event) -> None:
    """Add up, again and again, the memory of the processes that hold the cache's name in their environment."""
    mark = f"POSTMORTEM_CACHE={folder / 'cache'}".encode()
    while not over.wait(LOOK_EVERY):
        seen.append(sum(_memory(place, mark) for place in Path("/proc").glob("[0-9]*")))


def _memory(process: Path, mark: bytes) -> int:
    try:
        if mark not in (process / "environ").read_bytes():
            return 0
        lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main(sys.argv[1:])
