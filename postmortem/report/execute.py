"""Execute the notebooks of a run, a few at a time, each in a kernel of its own, and take what they answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from postmortem.report.forked_kernels import Engine, kernels_of
from postmortem.report.harvest import Harvest, clean, gated, harvest
from postmortem.report.parameters import Parameters
from postmortem.report.plan import Notebook

KERNEL = "python3"
WORKERS = 2
SECONDS_A_CELL = 600
Progress = Callable[[str], None]


def execute(
    chosen: Sequence[Notebook],
    told: Parameters,
    cwd: Path,
    aside: Path,
    *,
    engine: Engine = "forked",
    progress: Progress = lambda line: None,
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
    progress : callable
        Is told a line a notebook.
    """
    folder = aside / "notebooks"
    folder.mkdir()

    def one(notebook: Notebook) -> Harvest | str:
        executed = folder / f"{notebook.name}.ipynb"
        error = _papermill(notebook, told, cwd, executed, manager)
        progress(f"{notebook.name} {'failed' if error else 'done'}")
        if error:
            executed.unlink(missing_ok=True)
            return error
        clean(executed)
        return harvest(executed)

    with kernels_of(engine) as manager, ThreadPoolExecutor(max_workers=WORKERS) as pool:
        outcomes = list(pool.map(one, chosen))
    pairs = list(zip(chosen, outcomes, strict=True))
    done = [(notebook, outcome) for notebook, outcome in pairs if isinstance(outcome, Harvest)]
    through = gated([outcome for _, outcome in done])
    done = [(notebook, outcome) for (notebook, _), outcome in zip(done, through, strict=True)]
    return done, {notebook.name: outcome for notebook, outcome in pairs if isinstance(outcome, str)}


def _papermill(notebook: Notebook, told: Parameters, cwd: Path, executed: Path, manager: str) -> str:
    """Execute one notebook; return the error that stopped it, or nothing."""
    import papermill
    from nbclient.exceptions import CellTimeoutError

    from postmortem.report.kernels import event_loop

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
            )
    except papermill.PapermillExecutionError as error:
        return f"cell {error.exec_count}: {error.ename}: {error.evalue}\n\n" + "\n".join(error.traceback)
    except (CellTimeoutError, RuntimeError) as error:  # a dead kernel or one that never answered
        return f"{type(error).__name__}: {error}"
    return ""
