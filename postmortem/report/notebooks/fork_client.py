"""The program that forks kernels as the driver sees it: begun, asked, and let go of.

It is forked from this process where that is safe, so that nothing is imported twice; elsewhere it is a program of its
own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, Protocol

from postmortem.report.disk.scratch import Scratch, homes
from postmortem.report.notebooks.threads import AT_IMPORT, thread_count

SERVER = "postmortem.report.notebooks.fork_server"
PATIENCE = 60.0
FAREWELL = 5.0


class ForkRefused(RuntimeError):
    """The server cannot fork; something ordinary takes its place."""


class ForkServer:
    """The server's process as the driver sees it: may be asked from several threads."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._scratch = Scratch()
        self._process = _begun(theirs, homes(self._scratch.path))
        theirs.close()
        self._socket = ours
        self._news = threading.Condition()
        self._threads = 0
        self._gone = False
        self._wishes = 0
        self._started: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, arguments: list[str], environment: dict[str, str], cwd: str) -> int:
        """Return the number of a new kernel's process.

        Raises
        ------
        ForkRefused
            When the server is gone, has threads, or does not answer in time.
        """
        return self._fork({"argv": arguments, "env": environment, "cwd": cwd})

    def draw(self, folder: Path) -> ForkedProcess:
        """Begin a process that draws of the pictures a folder asks for (`pictures.draw_some`).

        Raises
        ------
        ForkRefused
            As `start`.
        """
        return self._work("draw", folder)

    def ask(self, folder: Path) -> ForkedProcess:
        """Begin a process that asks of the quarter before what a folder wants to know (`asked_ahead.ask_some`).

        Raises
        ------
        ForkRefused
            As `start`.
        """
        return self._work("ask", folder)

    def _work(self, work: str, folder: Path) -> ForkedProcess:
        # The server's own surroundings are those in which it was begun: a run may have named its cache since.
        surroundings = {**os.environ, **homes(self._scratch.path)}
        return ForkedProcess(self, self._fork({"work": work, "folder": str(folder), "env": surroundings}))

    def _fork(self, wish: dict[str, Any]) -> int:
        until = time.monotonic() + PATIENCE
        with self._news:
            self._wait(until, lambda: self._threads > 0)
            if self._threads != 1:
                raise ForkRefused(f"{self._threads} threads at the fork")
            self._wishes += 1
            number = self._wishes
            self._socket.sendall(json.dumps({"id": number, **wish}).encode() + b"\n")
            self._wait(until, lambda: number in self._started)
            return self._started.pop(number)

    def hold(self, packed: Path) -> None:
        """Let kernels to come have in memory what a file holds (`frames.held`)."""
        with self._news, suppress(ForkRefused, OSError):
            self._wait(time.monotonic() + PATIENCE, lambda: self._threads > 0)
            # Where none can be forked, nothing need be held.
            if self._threads != 1:
                return
            self._threads = 0
            self._socket.sendall(json.dumps({"hold": str(packed)}).encode() + b"\n")

    def status(self, kernel: int) -> int | None:
        """Return how a kernel ended; None while it runs. With the server gone it was killed."""
        with self._news:
            return self._ended.get(kernel, -signal.SIGKILL if self._gone else None)

    def close(self) -> None:
        """Let go of the server, which kills what still runs."""
        # One that was never asked for anything has nothing to end, and may be in the midst of its imports.
        if not self._wishes:
            self._process.kill()
        with suppress(OSError):  # it may be gone already
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(FAREWELL)
        self._socket.close()
        self._scratch.close()

    def _wait(self, until: float, what: Any) -> None:
        while not what():
            if self._gone or not self._news.wait(max(0.0, until - time.monotonic())):
                raise ForkRefused("the server is gone" if self._gone else "the server did not answer in time")

    def _read(self) -> None:
        rest = b""
        while True:
            try:
                read = self._socket.recv(1 << 16)
            except OSError:
                read = b""
            *lines, rest = (rest + read).split(b"\n")
            with self._news:
                for line in lines:
                    self._take(json.loads(line))
                self._gone = not read
                self._news.notify_all()
            if not read:
                return

    def _take(self, told: dict[str, int]) -> None:
        if "threads" in told:
            self._threads = told["threads"]
        elif "exit" in told:
            self._ended[told["exit"]] = told["status"]
        else:
            self._started[told["id"]] = told["pid"]


class ForkedProcess:
    """A process of the server in the shape that libraries know from `subprocess`."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, pid: int) -> None:
        self._server, self.pid = server, pid

    def poll(self) -> int | None:
        """Return how it ended; None while it runs."""
        return self._server.status(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(SERVER, timeout or 0.0)
            time.sleep(0.02)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended: its number may be another process's by now."""
        # That it has ended may not have been told yet.
        with suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ServerProcess(Protocol):
    """What is done with the server's process."""

    def kill(self) -> None:
        """Kill it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


class ForkedServer:
    """The server as a fork of this process, of which it keeps nothing but its imports and one end of a socket pair."""

    def __init__(self, theirs: socket.socket, surroundings: Mapping[str, str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os.environ.update(surroundings)
            _become_server(theirs.fileno())

    def kill(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        until = None if timeout is None else time.monotonic() + timeout
        while not (ended := os.waitpid(self.pid, os.WNOHANG if until else 0))[0]:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(SERVER, timeout or 0.0)
            time.sleep(0.005)
        return os.waitstatus_to_exitcode(ended[1])


def _begun(theirs: socket.socket, surroundings: Mapping[str, str]) -> ServerProcess:
    """Begin the server at the other end of a socket pair, with variables of its own."""
    # What was imported here is in place there, and need not be imported a second time.
    if thread_count() == 1 and "postmortem.findings" in sys.modules:
        return ForkedServer(theirs, surroundings)
    command = [sys.executable, "-m", SERVER, str(theirs.fileno())]
    return subprocess.Popen(
        command, env={**os.environ, **AT_IMPORT, **surroundings}, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
    )


def _become_server(descriptor: int) -> NoReturn:
    """Serve until the driver is gone; whatever happens, nothing of the driver's own program goes on here."""
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        # Files that the driver holds, a lock among them, are not held by its kernels as well.
        for held in map(int, os.listdir("/proc/self/fd")):
            if held > 2 and held != descriptor:
                with suppress(OSError):  # the listing's own
                    os.close(held)
        import_module(SERVER).main(descriptor)
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        os._exit(0)
