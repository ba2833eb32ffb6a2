"""Execute the notebooks of a run, a few at a time, each in a kernel of its own, and take what they answered."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

from postmortem.ground.formats import count
from postmortem.report.notebooks.deadline import left
from postmortem.report.notebooks.executed_notebooks import TAG
from postmortem.report.notebooks.forked_kernels import Engine, handed_on, kernels_of
from postmortem.report.notebooks.harvest import Harvest, gated, harvest
from postmortem.report.notebooks.kept import Kept
from postmortem.report.notebooks.kernels import Kernels
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook

KERNEL = "python3"
EXECUTED = "notebooks"
WORKERS = 2
SECONDS_A_CELL = 600
PATIENCE = 0.2
IN_WORDS = {
    "CellTimeoutError": "a cell took longer than it may",
    "DeadKernelError": "its process was killed, often for want of memory",
}
# What stops a notebook is told once, by us.
logging.getLogger("papermill").addHandler(logging.NullHandler())
Progress = Callable[[str], None]


def execute(
    chosen: Sequence[Notebook],
    told: Parameters,
    cwd: Path,
    aside: Path,
    *,
    engine: Engine = "forked",
    kept: Kept | None = None,
    deadline: float | None = None,
    progress: Progress = lambda line: None,
    harvested: Callable[[Harvest], None] = lambda harvest: None,
) -> tuple[list[tuple[Notebook, Harvest]], dict[str, str]]:
    """Execute the notebooks; return what finished, gated together, and, by name, what stopped the others.

    Parameters
    ----------
    chosen : sequence of Notebook
        In the order of the pages.
    told : Parameters
        Filled into each notebook as far as it declares them.
    cwd : Path
        Folder the kernels work in.
    aside : Path
        Folder in which ``notebooks/`` is made.
    engine : {"forked", "local"}
        How kernels are started.
    kept : Kept, optional
        What earlier runs have executed already, and where to keep what this one executes.
    deadline : float, optional
        Seconds of `time.monotonic` at which all kernels are ended.
    progress : callable
        Is told a line a notebook.
    harvested : callable
        Is told what a notebook yields as soon as it has been executed, before it is gated.

    Raises
    ------
    TimedOut
        When the deadline passes before all notebooks have finished.
    """
    folder = aside / EXECUTED
    folder.mkdir()
    taken = {
        notebook.name: before
        for notebook in chosen
        if kept is not None and (before := kept.take(notebook, folder / f"{notebook.name}.ipynb")) is not None
    }
    if kept is not None and taken:
        progress(f"{len(taken)} of {count(len(chosen), 'page')} taken from {kept.source}")
    kernels = Kernels()

    def one(notebook: Notebook) -> Harvest | str:
        executed = folder / f"{notebook.name}.ipynb"
        with kernels.begun_here():
            error = _papermill(notebook, told, cwd, executed, manager)
        if kernels.ended:
            return error
        progress(f"{notebook.name} {f'failed: {brief(error)}' if error else 'done'}")
        if error:
            executed.unlink(missing_ok=True)
            return error
        yielded = harvest(executed)
        harvested(yielded)
        if kept is not None:
            kept.keep(notebook, executed)
        return yielded

    left_to_do = [notebook for notebook in chosen if notebook.name not in taken]
    with ExitStack() as stack:
        manager = stack.enter_context(kernels_of(engine if left_to_do else "local"))
        if left_to_do:
            stack.enter_context(handed_on(aside))
        made = _all(one, left_to_do, kernels, deadline)
    pairs = [(notebook, taken.get(notebook.name) or made[notebook.name]) for notebook in chosen]
    done = [(notebook, outcome) for notebook, outcome in pairs if isinstance(outcome, Harvest)]
    through = gated([outcome for _, outcome in done])
    done = [(notebook, outcome) for (notebook, _), outcome in zip(done, through, strict=True)]
    return done, {notebook.name: outcome for notebook, outcome in pairs if isinstance(outcome, str)}


def brief(error: str) -> str:
    """Say in a few words what stopped a notebook, without what its message says: that may quote data, or a path."""
    cell = re.match(r"cell \d+: \w+", error)
    kind = error.partition(":")[0]
    return cell[0] if cell else IN_WORDS.get(kind, kind)


def _all(
    one: Callable[[Notebook], Harvest | str], chosen: Sequence[Notebook], kernels: Kernels, deadline: float | None
) -> dict[str, Harvest | str]:
    """Do one notebook after another, a few at a time; whatever stops this ends all their kernels."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        begun = {notebook.name: pool.submit(one, notebook) for notebook in chosen}
        try:
            waiting = set(begun.values())
            while waiting:
                # Not for longer: a signal that comes just before this thread sleeps is heard when it wakes.
                seconds = PATIENCE if deadline is None else min(left(deadline), PATIENCE)
                finished, waiting = wait(waiting, seconds, FIRST_COMPLETED)
                for future in finished:
                    future.result()  # a fault in one of them ends the others as well
        finally:
            for future in begun.values():
                future.cancel()
            while wait(begun.values(), 0).not_done:
                kernels.end()
                wait(begun.values(), PATIENCE)
    return {name: future.result() for name, future in begun.items()}


def _papermill(notebook: Notebook, told: Parameters, cwd: Path, executed: Path, manager: str) -> str:
    """Execute one notebook; return the error that stopped it, or nothing."""
    import papermill
    from nbclient.exceptions import CellTimeoutError

    from postmortem.report.notebooks.kernels import event_loop

    try:
        with event_loop():
            papermill.execute_notebook(
                notebook.path,
                executed,
                parameters=told.of(notebook.parameters),
                kernel_name=KERNEL,
                language="python",
                # papermill's own `cwd` changes the directory of this whole process, other threads included.
                resources={"metadata": {"path": str(cwd)}},
                progress_bar=False,
                kernel_manager_class=manager,
                extra_arguments=[f"--IPKernelApp.log_level={logging.CRITICAL}"],
                request_save_on_cell_execute=False,
                execution_timeout=SECONDS_A_CELL,
                **({"skip_cells_with_tag": TAG} if notebook.is_built_in else {}),
            )
    except papermill.PapermillExecutionError as error:
        return f"cell {error.exec_count}: {error.ename}: {error.evalue}\n\n" + "\n".join(error.traceback)
    except (CellTimeoutError, RuntimeError) as error:  # a dead kernel or one that never answered
        return f"{type(error).__name__}: {error}"
    return ""
