"""What a report asks of the quarter before, asked beside its notebooks, in a process that goes with them.

Which questions these are is told by what the notebooks ask, one notebook after another. The answers are kept where the
look back looks for every answer (`analyses.cache`); it asks whatever is not there itself.
"""

from __future__ import annotations

import json
import pickle
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postmortem.analyses.cache import cached
from postmortem.book import Book
from postmortem.findings.earlier import frame_before, questions
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.frames.held import packed
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.result import Result

if TYPE_CHECKING:
    from postmortem.report.notebooks.fork_client import ForkedProcess, ForkServer

OF, LAST, WISH = "of", "last", ".wish"
PATIENCE: Final = 0.02


class AskedAhead:
    """The process that asks: may be told of more results from several threads.

    Parameters
    ----------
    process : ForkedProcess, optional
        Does `ask_some`; without it nothing is asked ahead.
    folder : Path
        Where it finds what to ask.
    """

    def __init__(self, process: ForkedProcess | None, folder: Path) -> None:
        self._process, self._folder = process, folder

    def want(self, results: Sequence[Result]) -> None:
        """Have the questions of these results asked of the quarter before."""
        asked = [(result.analysis, dict(result.params)) for result in questions(results)]
        if self._process is not None and asked:
            with suppress(OSError), tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False) as file:
                file.write(json.dumps(asked))
                file.close()
                Path(file.name).rename(f"{file.name}{WISH}")

    def finish(self) -> None:
        """Wait until all is answered that was wanted."""
        if self._process is not None:
            with suppress(OSError):
                (self._folder / LAST).touch()
                self._process.wait()


@contextmanager
def asked_ahead(
    server: ForkServer | None, folder: Path, engagement: Engagement, cohort: Cohort, book: Book
) -> Iterator[AskedAhead]:
    """Have questions asked of the quarter before beside what this block does; the process ends with it.

    Parameters
    ----------
    server : ForkServer, optional
        Forks the process; without it nothing is asked ahead.
    folder : Path
        Where that is told what to ask, in a folder that is gone afterwards.
    engagement, cohort, book
        As of `findings.earlier.look_earlier`.
    """
    from postmortem.report.notebooks.fork_client import ForkRefused

    with tempfile.TemporaryDirectory(prefix=".asked-", dir=folder) as shared:
        process = None
        # What cannot be asked there is asked when the report is written.
        with suppress(ForkRefused, OSError, pickle.PicklingError, TypeError, AttributeError):
            if server is not None:
                (Path(shared) / OF).write_bytes(packed((engagement, cohort, book)))
                process = server.ask(Path(shared))
        try:
            yield AskedAhead(process, Path(shared))
        finally:
            if process is not None:
                process.kill()


def ask_some(folder: Path) -> None:
    """Ask of the quarter before what the folder wants to know, until it says that this was the last."""
    engagement, cohort, book = pickle.loads((folder / OF).read_bytes())
    try:
        frame = frame_before(engagement, cohort, book)
    except (FrameRefused, EmptyFrame):
        return
    if frame is None:
        return
    while True:
        is_last = (folder / LAST).exists()
        for wish in sorted(folder.glob(f"*{WISH}")):
            for name, params in json.loads(wish.read_text(encoding="utf-8")):
                cached(name)(frame, **params)
            wish.unlink()
        if is_last:
            return
        time.sleep(PATIENCE)
