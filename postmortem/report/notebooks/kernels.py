"""How kernels are reached: through sockets in a private folder of this machine, not through the network."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_path
from jupyter_core.utils import ensure_event_loop

from postmortem.report.disk.scratch import Scratch, homes
from postmortem.report.notebooks.threads import ONE_THREAD

LONGEST_SOCKET_PATH = 90


class Kernels:
    """The kernels of one run, whichever of its threads began them, so that all can be ended at once."""

    def __init__(self) -> None:
        self._managers: list[LocalKernelManager] = []
        self.ended = False

    @contextmanager
    def begun_here(self) -> Iterator[None]:
        """Count among them every kernel that this thread begins."""
        _of_thread.kernels = self
        try:
            yield
        finally:
            del _of_thread.kernels

    def add(self, manager: LocalKernelManager) -> None:
        """Count one more."""
        self._managers.append(manager)

    def end(self) -> None:
        """Kill those that run, with whatever they have begun; more that begin are to be killed as well: call again."""
        self.ended = True
        for manager in tuple(self._managers):
            process = getattr(manager.provisioner, "process", None)
            if process is None or process.poll() is not None:
                continue
            with suppress(ProcessLookupError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)


_of_thread = threading.local()
_finding = threading.Lock()


class KernelSpecs(KernelSpecManager):
    """The kernels known to Jupyter, without IPython's folder of old: asking for it would make one where none can be."""

    def _kernel_dirs_default(self) -> list[str]:
        return list(jupyter_path("kernels"))


class PromptClient(AsyncKernelClient):
    """Begins as soon as its kernel has answered and been heard; the library's own first waits for it to fall silent."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return once the kernel answers and what it publishes arrives here.

        Raises
        ------
        RuntimeError
            When the kernel dies first, or `timeout` seconds pass.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            self.kernel_info()
            with suppress(Empty):
                told = await self.shell_channel.get_msg(timeout=1)
                # Who publishes does not wait for those who are still connecting: what was missed is asked for again.
                await self.iopub_channel.get_msg(timeout=0.2)
                if told["msg_type"] == "kernel_info_reply":
                    self._handle_kernel_info_reply(told)
                    return
            if not await self.is_alive():
                raise RuntimeError("the kernel died before it answered")
            if time.monotonic() > until:
                raise RuntimeError(f"the kernel did not answer in {timeout:g} seconds")


class LocalKernelManager(AsyncKernelManager):
    """A kernel manager that speaks over IPC where the system has it, so nothing listens on a port."""

    def __init__(self, **settings: Any) -> None:
        self._scratch = Scratch()
        folder = self._scratch.path
        # It holds the key to the kernel: not among what other programs of this user have, and not left behind.
        settings |= {"connection_file": str(folder / "kernel.json")}
        if os.name == "posix" and len(str(folder)) < LONGEST_SOCKET_PATH:
            # The library's own default is a relative name, which driver and kernel read from two folders.
            settings |= {"transport": "ipc", "ip": str(folder / "kernel")}
        super().__init__(**{"kernel_spec_manager": KernelSpecs(), "client_factory": PromptClient, **settings})
        kernels: Kernels | None = getattr(_of_thread, "kernels", None)
        if kernels is not None:
            kernels.add(self)

    async def _async_pre_start_kernel(self, **settings: Any) -> Any:
        # Not the profile of whoever runs this: a report does not depend on that, and a home may not be there.
        ours = {**ONE_THREAD, **homes(self._scratch.path)}
        environment = settings.get("env") or os.environ
        return await super()._async_pre_start_kernel(**{**settings, "env": {**environment, **ours}})

    pre_start_kernel = _async_pre_start_kernel

    def cleanup_connection_file(self) -> None:
        """Remove the sockets with the connection file."""
        super().cleanup_connection_file()
        self._scratch.close()


@contextmanager
def event_loop() -> Iterator[None]:
    """Give this thread an event loop to speak with its kernel, and close it afterwards, which the library does not."""
    _find_classes()
    loop = ensure_event_loop(prefer_selector_loop=True)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _find_classes() -> None:
    """Let the libraries find the classes that they know by name, one thread at a time: two at once end in an error."""
    from papermill.clientwrap import PapermillNotebookClient

    with _finding:
        PapermillNotebookClient.__new__(PapermillNotebookClient)
