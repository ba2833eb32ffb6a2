"""Kernels forked from one process that has made the imports; where that is not safe, ordinary kernels.

A notebook's kernel spends most of its start on imports that are the same for all of them. `forked_kernels` opens a
server for the time of a run (`fork_server`), and `ForkedKernelManager` asks it for every kernel.
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
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from postmortem.report.kernels import ONE_THREAD, LocalKernelManager

Engine = Literal["forked", "local"]
SERVER = "postmortem.report.fork_server"
LAUNCHER = ["-m", "ipykernel_launcher"]
PATIENCE = 60.0
FAREWELL = 5.0


class ForkRefused(RuntimeError):
    """The server cannot fork this kernel; an ordinary one takes its place."""


class ForkServer:
    """The server's process as the driver sees it: may be asked from several threads."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", SERVER, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, env=_environment(), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
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
        until = time.monotonic() + PATIENCE
        with self._news:
            self._wait(until, lambda: self._threads > 0)
            if self._threads != 1:
                raise ForkRefused(f"{self._threads} threads at the fork")
            self._wishes += 1
            number = self._wishes
            wish = {"id": number, "argv": arguments, "env": environment, "cwd": cwd}
            self._socket.sendall(json.dumps(wish).encode() + b"\n")
            self._wait(until, lambda: number in self._started)
            return self._started.pop(number)

    def hold(self, told: dict[str, str | int]) -> None:
        """Let kernels to come have a cohort in memory: the arguments of `load_frame`, and where the cache is."""
        with self._news, suppress(ForkRefused, OSError):
            self._wait(time.monotonic() + PATIENCE, lambda: self._threads > 0)
            self._threads = 0
            self._socket.sendall(json.dumps({"hold": told}).encode() + b"\n")

    def status(self, kernel: int) -> int | None:
        """Return how a kernel ended; None while it runs. With the server gone it was killed."""
        with self._news:
            return self._ended.get(kernel, -signal.SIGKILL if self._gone else None)

    def close(self) -> None:
        """Let go of the server, which kills what still runs."""
        # One that was never asked for a kernel has none, and may be in the midst of its imports.
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
    """A kernel's process in the shape that `LocalProvisioner` knows from `subprocess`."""

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
                raise subprocess.TimeoutExpired(LAUNCHER, timeout or 0.0)
            time.sleep(0.02)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended: its number may be another process's by now."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels through the server of this run, and ordinary ones where it cannot."""

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
        """Start the kernel and return how to reach it."""
        server = _open[0] if _open else None
        environment = {name: str(value) for name, value in (settings.get("env") or os.environ).items()}
        try:
            if server is None or cmd[0] != sys.executable or cmd[1:3] != LAUNCHER:
                raise ForkRefused("no server, or not the kernel of this Python")
            pid = server.start(cmd[3:], environment, str(settings.get("cwd") or os.getcwd()))
        except (ForkRefused, OSError) as refusal:
            self.log.debug("an ordinary kernel: %s", refusal)
            return await super().launch_kernel(cmd, **settings)
        # what the library does with a process, this does as well
        self.process = cast("subprocess.Popen[bytes]", ForkedProcess(server, pid))
        self.pid = self.pgid = pid
        return self.connection_info


class ForkedKernelManager(LocalKernelManager):
    """The kernel manager of forked kernels."""

    async def _async_pre_start_kernel(self, **settings: Any) -> Any:
        # The library asks its registry only where no provisioner is set.
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = ForkedProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**settings)

    pre_start_kernel = _async_pre_start_kernel


_open: list[ForkServer] = []


@contextmanager
def kernels_of(engine: Engine) -> Iterator[str]:
    """Yield the name of the kernel manager to use; a server of forked kernels lives as long as the outermost block.

    On systems without `fork` of this kind (all but Linux), and with the engine ``local``, kernels are ordinary.
    """
    if engine == "local" or not sys.platform.startswith("linux"):
        yield f"{LocalKernelManager.__module__}.{LocalKernelManager.__name__}"
        return
    ours = not _open
    if ours:
        _open.append(ForkServer())
    try:
        yield f"{ForkedKernelManager.__module__}.{ForkedKernelManager.__name__}"
    finally:
        if ours:
            _open.pop().close()


def hold(told: dict[str, str | int]) -> None:
    """Let the kernels of the server that is open have a cohort in memory; see `ForkServer.hold`."""
    if _open:
        _open[0].hold(told)


def _environment() -> dict[str, str]:
    """Return the server's environment: what libraries read at import is the same in all its kernels."""
    return {
        **os.environ,
        **ONE_THREAD,
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
