"""A process beside this one that does one thing after another: what ends it ends neither this one nor other lanes."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, NoReturn, Self

from postmortem.ground.errors import PostmortemError
from postmortem.report.notebooks.threads import importing_without_threads

FAREWELL = 20.0
FAULT, INTERRUPTED = 70, 130
STOPS = (signal.SIGINT, signal.SIGTERM)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Trouble:
    """Why there is no answer: an error a user can act on, or the end of the process.

    Attributes
    ----------
    message : str
        In words.
    exit_code : int
        See `postmortem.cli.app`.
    rows : tuple of str
        Places.
    """

    message: str
    exit_code: int
    rows: tuple[str, ...] = ()

    @classmethod
    def of(cls, error: PostmortemError) -> Trouble:
        """Return what an error says."""
        return cls(error.message, error.exit_code, error.rows)


class Lane:
    """A process that lives as long as this block, and is begun anew should it end before.

    It starts empty, with nothing of this process in its memory. Functions that it is asked to do are called with
    their arguments and a way to say a line of progress; all must be known by name in a module.

    Parameters
    ----------
    opened : callable, optional
        Returns a context that is open as long as the process lives. It is the first thing that is imported and done
        there, while the process has one thread.
    *arguments
        What it is called with.
    """

    def __init__(self, opened: Callable[..., AbstractContextManager[Any]] = nullcontext, *arguments: Any) -> None:
        self._opened = (opened, arguments)
        self._process: Any = None
        self._line: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def ask(self, function: Callable[..., Any], *arguments: Any, say: Say = lambda line: None) -> Any:
        """Do something there and return its answer, or the `Trouble` that there is none."""
        try:
            line = self._open()
            line.send((function, arguments))
            while True:
                kind, told = line.recv()
                if kind == "answer":
                    return told
                say(told)
        except (EOFError, OSError):
            return self._ended()

    def close(self) -> None:
        """Let the process end: at once where it waits, in order where it is at work."""
        if self._line is not None:
            self._line.close()
        process, self._process, self._line = self._process, None, None
        if process is not None:
            process.join(FAREWELL)
            if process.is_alive():
                process.kill()
                process.join()

    def stop(self) -> None:
        """Interrupt what the process is at, as Ctrl-C does, and kill it where that takes too long; from any thread."""
        process = self._process
        if process is not None and process.is_alive() and process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)
            late = threading.Timer(FAREWELL, process.kill)
            late.daemon = True
            late.start()

    def _open(self) -> Connection:
        if self._line is None:
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,))
            self._process.start()
            theirs.close()
            self._line = ours
            ours.send(self._opened)
        return self._line

    def _ended(self) -> Trouble:
        """Say how the process has ended."""
        process = self._process
        self.close()
        code = process.exitcode
        if code == INTERRUPTED:
            return Trouble("Interrupted.", INTERRUPTED)
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with {code}"
        return Trouble(f"The process that made this {how}; the last report stays.", FAULT)


def _serve(line: Connection) -> None:
    """Answer until the other end is closed; end in order when interrupted, or when the process that began this ends."""
    for number in STOPS:
        signal.signal(number, _interrupt)
    one_at_a_time = threading.Lock()

    def send(kind: str, told: Any) -> None:
        with one_at_a_time:
            line.send((kind, told))

    try:
        # What was opened is closed as at the end of any block: that the other end is gone is no error.
        with ExitStack() as stack, suppress(EOFError, BrokenPipeError, ConnectionResetError):
            # To receive a function is to import its module.
            with importing_without_threads():
                opened, arguments = line.recv()
                stack.enter_context(opened(*arguments))
            threading.Thread(target=_outlive_nobody, daemon=True).start()
            while True:
                function, arguments = line.recv()
                send("answer", _answer(function, arguments, lambda words: send("line", words)))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _interrupt(*_: object) -> NoReturn:
    """Stop once: a second Ctrl-C would come in the midst of tidying up."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...], say: Say) -> Any:
    try:
        return function(*arguments, say)
    except PostmortemError as error:
        return Trouble.of(error)


def _outlive_nobody() -> None:
    above = parent_process()
    if above is not None:
        connection.wait([above.sentinel])
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(FAREWELL)
        os.kill(os.getpid(), signal.SIGKILL)
