"""The program that forks kernels: it makes the imports once, then every kernel starts with them in place.

Run by `forked_kernels` as ``python -m postmortem.report.fork_server FD`` with one end of a socket pair. Lines of JSON
go both ways: a wish ``{"id", "argv", "env", "cwd"}`` is answered by ``{"id", "pid"}``; ``{"threads"}`` says, when all
is imported, how many threads there are, since forking is safe with one only; ``{"hold"}`` names a cohort that kernels
are to have in memory from their start, and is answered by ``{"threads"}`` again; ``{"exit", "status"}`` tells that a
kernel has ended. When the other end closes, whatever ended the driver, every kernel is killed and this program ends.
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
from typing import Any, NoReturn

IMPORTED = (
    "ipykernel.kernelapp", "matplotlib_inline.backend_inline", "matplotlib.pyplot", "scipy.stats", "statsmodels.api",
    "pyarrow.parquet", "postmortem.findings", "postmortem.frames.engagement",
)  # fmt: skip
# Starts threads when imported, as some of the above do where it is there; a notebook may still import it.
LEFT_OUT = "polars"
THREADS = "/proc/self/task"
FAILED = 1


def main(descriptor: int) -> None:
    """Import, say so, and fork a kernel for every wish until the driver is gone."""
    driver = socket.socket(fileno=descriptor)
    sys.modules[LEFT_OUT] = None  # type: ignore[assignment]
    for name in IMPORTED:
        importlib.import_module(name)
    del sys.modules[LEFT_OUT]
    _draw_once()
    # What is there now stays as it is: the collector would otherwise write to, and so copy, every page of it.
    gc.collect()
    gc.freeze()
    ended, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    # Ctrl-C belongs to the driver, which closes its kernels in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernels: set[int] = set()
    _say(driver, {"threads": len(os.listdir(THREADS))})
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
    while True:
        for key, _ in waiting.select():
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
                    _hold(wish["hold"])
                    _say(driver, {"threads": len(os.listdir(THREADS))})
                    continue
                kernel = os.fork()
                if not kernel:
                    waiting.close()
                    os.close(ended)
                    os.close(woken)
                    driver.close()
                    _become_kernel(wish)
                kernels.add(kernel)
                _say(driver, {"id": wish["id"], "pid": kernel})


def _hold(told: dict[str, Any]) -> None:
    """Read a book and choose its deals, once for all kernels to come."""
    from postmortem.frames.engagement import CACHE_VARIABLE, load_frame
    from postmortem.frames.held import hold

    os.environ[CACHE_VARIABLE] = told.pop(CACHE_VARIABLE)
    hold(lambda: load_frame(**told))
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


def _become_kernel(wish: dict[str, Any]) -> NoReturn:
    """Turn the forked process into the kernel that was wished for, and end with it."""
    status = FAILED
    try:
        # A process group of its own: signals meant for the kernel reach what it started, and nothing else.
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.unfreeze()
        os.environ.clear()
        os.environ.update(wish["env"])
        os.chdir(wish["cwd"])
        sys.argv = ["ipykernel_launcher", *wish["argv"]]
        _reseed()
        _run_kernel(wish["argv"])
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else FAILED * (left.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not `sys.exit`: what the server would do at its own end is none of a kernel's business.
        os._exit(status)


def _run_kernel(arguments: list[str]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    # The library reads its parent's number from the environment at import, which was the server's.
    application = IPKernelApp.instance(parent_handle=os.getppid())
    application.initialize(arguments)
    application.start()


def _reseed() -> None:
    """Give every kernel its own legacy random numbers, as a process of its own would have."""
    import numpy

    numpy.random.seed()


def _draw_once() -> None:
    """Draw one small picture: fonts are found, and text is laid out, for the first time here."""
    from io import BytesIO

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.subplots().set_title("once")
    figure.savefig(BytesIO(), format="png")


def _say(driver: socket.socket, told: dict[str, int]) -> None:
    driver.sendall(json.dumps(told).encode() + b"\n")


def _kill(kernel: int) -> None:
    try:
        os.killpg(kernel, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
