"""The deals of a report read by a process beside this one, while this one makes the imports that a run wants.

It is forked from this process, leaves what it has read in memory that both see, and ends. Whoever looks for the book
waits for it (`frames.held`), and reads the book itself where that process has not ended well: what is wrong with the
data is then met again by the one that tells a user of it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from postmortem.frames.held import NOTHING, held, holding
from postmortem.report.disk.run_cache import caching
from postmortem.report.notebooks.threads import thread_count
from postmortem.report.wanted import Wanted

FAILED = 1


@contextmanager
def read_ahead(wanted: Sequence[Wanted]) -> Iterator[None]:
    """Have the deals of a report read beside what this block does; the process ends with it.

    Parameters
    ----------
    wanted : sequence of Wanted
        As of `batch`; where that makes more than one report, those who make them read what each wants.
    """
    only = wanted[0]
    if len(wanted) > 1 or only.name or not (only.is_one and _can_fork(only)):
        yield
        return
    memory, (ours, theirs) = os.memfd_create("read-ahead"), socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    reader = os.fork()
    if not reader:
        ours.close()
        _become_reader(only, memory, theirs)
    theirs.close()
    me, ended = os.getpid(), []

    def read() -> bytes:
        # A process forked from this one meanwhile is no parent of the reader's.
        if os.getpid() != me:
            return NOTHING
        ended.append(os.waitpid(reader, 0)[1])
        return NOTHING if ended[0] else _content(memory)

    held.expect(read)
    try:
        yield
    finally:
        held.take(NOTHING)
        if not ended:
            os.kill(reader, signal.SIGKILL)
            os.waitpid(reader, 0)
        os.close(memory)
        ours.close()


def _can_fork(wanted: Wanted) -> bool:
    """Whether this process may be forked, and has the kind of memory that both then see."""
    return wanted.engine == "forked" and sys.platform.startswith("linux") and thread_count() == 1


def _content(memory: int) -> bytes:
    with open(memory, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


def _become_reader(wanted: Wanted, memory: int, line: socket.socket) -> NoReturn:
    """Read, leave it in `memory`, and end; the system ends this process when the other end of `line` closes."""
    status = FAILED
    try:
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_DFL)
        _end_with(line)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        with caching(wanted.output), holding():
            asked = {name: wanted.options.get(name) for name in ("kind", "window", "as_of")}
            wanted.engagement.frame(wanted.quarters, **asked)
            with open(memory, "wb", closefd=False) as file:
                file.write(held.packed())
        status = 0
    finally:
        os._exit(status)


def _end_with(line: socket.socket) -> None:
    """Let this process be ended by the signal that tells of news on a line, of which the only one is its end."""
    import fcntl

    fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(line, fcntl.F_SETFL, os.O_ASYNC)
    # It may have come before anyone listened for it.
    if select.select([line], [], [], 0)[0]:
        os._exit(FAILED)
