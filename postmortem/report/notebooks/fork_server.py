"""The program that forks kernels: it makes the imports once, then every kernel starts with them in place.

What every kernel wants comes first; what draws, and what few notebooks want, is imported piece by piece while nothing
is asked of it, at the latest before something is to be drawn.

Forked by `forked_kernels` from a driver that has one thread, or else run by it as a program of its own with one end of
a socket pair. Lines of JSON go both ways: a wish ``{"id", "argv", "env", "cwd"}`` for a kernel, or ``{"id", "work",
"folder", "env"}`` for a process that does what a folder asks for (`WORK`), is answered by ``{"id", "pid"}``;
``{"threads"}`` says, when what kernels want is imported, how many threads there are, since forking is safe with one
only; ``{"hold"}`` names a file with what kernels are to have in memory from their start, and is answered by
``{"threads"}`` again; ``{"exit", "status"}`` tells that a process has ended. When the other end closes, whatever ended
the driver, every process is killed and this program ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from postmortem.ground import markup
from postmortem.report.notebooks.threads import importing_without_threads, thread_count

BACKEND = "module://matplotlib_inline.backend_inline"
IMPORTED = (
    "ipykernel.kernelapp", "ipykernel.debugger", "scipy.stats", "pyarrow.parquet", "postmortem.findings",
    "postmortem.frames.engagement", "postmortem.report.notebooks.pictures", "postmortem.report.notebooks.asked_ahead",
)  # fmt: skip
ON_THE_WAY = (
    "IPython.core.completerlib", "IPython.core.debugger", "IPython.core.logger", "IPython.core.oinspect",
    "IPython.extensions.storemagic", "pandas.core.methods.to_dict", "pdb", "psutil", "pyarrow.pandas_compat",
    "sqlite3", "tornado.platform.asyncio",
)  # fmt: skip
LATER = (
    "matplotlib", "matplotlib.image", "matplotlib.axes", "matplotlib.projections", "matplotlib.pyplot",
    "matplotlib.patheffects", "PIL.Image", "patsy", "statsmodels.base.model", "statsmodels.stats.proportion",
    "statsmodels.stats.inter_rater", "statsmodels.duration.hazard_regression",
)  # fmt: skip
IDLE = 0.03
"""Seconds without a wish after which a piece of that is imported: kernels are mostly wished for by twos."""
WORK = {
    "draw": ("postmortem.report.notebooks.pictures", "draw_some"),
    "ask": ("postmortem.report.notebooks.asked_ahead", "ask_some"),
}
SHOWN_WITH = "result.html.j2"
FAILED = 1
DONE = object()


def main(descriptor: int) -> None:
    """Import, say so, and fork a kernel for every wish until the driver is gone."""
    # Ctrl-C belongs to the driver, which closes its kernels in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    driver = socket.socket(fileno=descriptor)
    _import()
    # What is there now stays as it is: the collector would otherwise write to, and so copy, every page of it.
    gc.collect()
    gc.freeze()
    ended, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    kernels: set[int] = set()
    _say(driver, {"threads": thread_count()})
    try:
        _serve(driver, ended, woken, kernels)
    finally:
        for kernel in kernels:
            _kill(kernel)


def _serve(driver: socket.socket, ended: int, woken: int, kernels: set[int]) -> None:
    waiting = selectors.DefaultSelector()
    waiting.register(driver, selectors.EVENT_READ)
    waiting.register(ended, selectors.EVENT_READ)
    rest = b""
    later = _import_later()
    patience: float | None = IDLE
    while True:
        ready = waiting.select(patience)
        if not ready and next(later, DONE) is DONE:
            patience = None
        for key, _ in ready:
            if key.fd == ended:
                os.read(ended, 4096)
                _tell_ends(driver, kernels)
                continue
            read = driver.recv(1 << 20)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                wish = json.loads(line)
                if "hold" in wish:
                    _hold(Path(wish["hold"]))
                    _say(driver, {"threads": thread_count()})
                    continue
                if wish.get("work") == "draw":
                    deque(later)
                kernel = os.fork()
                if not kernel:
                    waiting.close()
                    os.close(ended)
                    os.close(woken)
                    driver.close()
                    _become(wish)
                kernels.add(kernel)
                _say(driver, {"id": wish["id"], "pid": kernel})


def _hold(path: Path) -> None:
    """Have in memory, for all kernels to come, what the driver has read and worked out."""
    from postmortem.frames.held import held

    try:
        packed = path.read_bytes()
    except OSError:  # the run that wanted it held is over
        return
    held.take(packed)
    gc.collect()
    gc.freeze()


def _tell_ends(driver: socket.socket, kernels: set[int]) -> None:
    """Tell of every kernel that has ended."""
    while kernels:
        kernel, status = os.waitpid(-1, os.WNOHANG)
        if not kernel:
            return
        kernels.discard(kernel)
        _say(driver, {"exit": kernel, "status": os.waitstatus_to_exitcode(status)})


def _become(wish: dict[str, Any]) -> NoReturn:
    """Turn the forked process into what was wished for, and end with it."""
    status = FAILED
    try:
        # A process group of its own: signals meant for it reach what it started, and nothing else.
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if "work" in wish:
            _work(wish)
        else:
            _run_kernel(wish)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else FAILED * (left.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not `sys.exit`: what the server would do at its own end is none of a kernel's business.
        os._exit(status)


def _run_kernel(wish: dict[str, Any]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(wish["env"])
    os.chdir(wish["cwd"])
    sys.argv = ["ipykernel_launcher", *wish["argv"]]
    _reseed()
    # The library reads its parent's number from the environment at import, which was the server's.
    application = IPKernelApp.instance(parent_handle=os.getppid())
    application.initialize(wish["argv"])
    application.start()


def _work(wish: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(wish["env"])
    module, name = WORK[wish["work"]]
    # It ends with its last piece of work; until then there is room for what the others have left.
    gc.disable()
    getattr(importlib.import_module(module), name)(Path(wish["folder"]))


def _reseed() -> None:
    """Give every kernel its own legacy random numbers, as a process of its own would have."""
    import numpy

    numpy.random.seed()


def _import() -> None:
    """Import what every kernel wants, and compile a template: what is done a first time is done here."""
    with importing_without_threads():
        for name in IMPORTED:
            importlib.import_module(name)
        # What kernels import when they get there: some of it is private to a library, and may move.
        for name in ON_THE_WAY:
            with suppress(ImportError):
                importlib.import_module(name)
    markup.environment().get_template(SHOWN_WITH)


def _import_later() -> Iterator[None]:
    """Import what draws, and what few notebooks want, piece by piece, and draw a small picture."""
    for name in LATER:
        with importing_without_threads(), suppress(ImportError):
            importlib.import_module(name)
        yield
    import matplotlib
    import pandas as pd

    from postmortem.charts import style
    from postmortem.charts.images import to_svg
    from postmortem.charts.interval_dots import interval_dots

    # Kernels show pictures as every notebook does: the backend looks, when it is loaded, for the shell to show them in.
    matplotlib.rcParams["backend"] = BACKEND
    figure = style.new_figure()
    row = pd.DataFrame({"name": ["once"], "share": [0.5], "low": [0.25], "high": [0.75], "n": [8]})
    interval_dots(row, figure.add_subplot(), name="name", estimate="share", low="low", high="high", n="n")
    to_svg(figure)
    gc.freeze()


def _say(driver: socket.socket, told: dict[str, int]) -> None:
    driver.sendall(json.dumps(told).encode() + b"\n")


def _kill(kernel: int) -> None:
    try:
        os.killpg(kernel, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
