"""Kernels forked from one process that has made the imports; where that is not safe, ordinary kernels.

A notebook's kernel spends most of its start on imports that are the same for all of them. `forked_kernels` opens a
server for the time of a run (`fork_client`), and `ForkedKernelManager` asks it for every kernel.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from postmortem.frames.held import held
from postmortem.report.notebooks.fork_client import ForkedProcess, ForkRefused, ForkServer
from postmortem.report.notebooks.kernels import LocalKernelManager

if TYPE_CHECKING:
    import subprocess

Engine = Literal["forked", "local"]
LAUNCHER = ["-m", "ipykernel_launcher"]


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels through the server of this run, and ordinary ones where it cannot."""

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
        """Start the kernel and return how to reach it."""
        there = server()
        environment = {name: str(value) for name, value in (settings.get("env") or os.environ).items()}
        try:
            if there is None or cmd[0] != sys.executable or cmd[1:3] != LAUNCHER:
                raise ForkRefused("no server, or not the kernel of this Python")
            pid = there.start(cmd[3:], environment, str(settings.get("cwd") or os.getcwd()))
        except (ForkRefused, OSError) as refusal:
            self.log.debug("an ordinary kernel: %s", refusal)
            return await super().launch_kernel(cmd, **settings)
        # what the library does with a process, this does as well
        self.process = cast("subprocess.Popen[bytes]", ForkedProcess(there, pid))
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


def server() -> ForkServer | None:
    """Return the server that is open, if any."""
    return _open[0] if _open else None


@contextmanager
def handed_on(folder: Path) -> Iterator[None]:
    """Let the kernels that are forked in this block have what this process holds (`frames.held`).

    Parameters
    ----------
    folder : Path
        Where it lies, packed, until the block ends.
    """
    there = server()
    if there is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix=".held-", dir=folder) as place:
        packed = Path(place) / "packed"
        # What cannot be handed on is read and worked out by the kernels themselves.
        with suppress(OSError, pickle.PicklingError, TypeError, AttributeError):
            packed.write_bytes(held.packed())
            there.hold(packed)
        yield
