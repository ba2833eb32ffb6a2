"""The pictures of a report, drawn before its pages ask for them, in processes beside this one.

A picture is a pure function of its result's tables, so it does not matter where it is drawn. Whoever asks for one that
was not drawn ahead has it drawn on the spot.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
import threading
import time
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postmortem.charts.images import of_few_colours, to_png, to_svg
from postmortem.charts.style import new_figure, theme
from postmortem.findings import find
from postmortem.findings.gate import TESTS
from postmortem.result import Result

if TYPE_CHECKING:
    from postmortem.report.notebooks.fork_client import ForkedProcess, ForkServer

CSS_PIXELS_PER_INCH: Final = 95
SMALL_SVG: Final = 90_000
"""Bytes beyond which a picture is a PNG, twice as large as it is shown: thousands of marks draw themselves slowly."""
BESIDE: Final = 3
"""Processes that draw: more than there are kernels at a time, since one picture takes ten times as long as another."""


@dataclass(frozen=True)
class Picture:
    """A picture as a page carries it: its data address, and its size in CSS pixels."""

    uri: str = ""
    width: int = 0
    height: int = 0


PATIENCE: Final = 0.01
NO_PICTURE: Final = Picture()
WISH, BEGUN, DRAWN = ".wish", ".begun", ".drawn"
Wanted = tuple[Result, float]
"""A result, and how many inches wide its picture is to be."""


class DrawnAhead:
    """Pictures drawn beside this process: may be asked for more from several threads.

    Parameters
    ----------
    server : ForkServer, optional
        Forks the processes that draw, which have in place all that this takes; without it nothing is drawn ahead.
    folder : Path
        Where these find what to draw and leave what they have drawn.
    """

    def __init__(self, server: ForkServer | None, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._one_at_a_time = threading.Lock()
        self._asked: dict[Hashable, int] = {}
        self._processes: list[ForkedProcess] = []

    def want(self, wanted: Iterable[Wanted], processes: int = BESIDE) -> None:
        """Have pictures drawn, by so many processes more; what is wanted twice is drawn once."""
        from postmortem.report.notebooks.fork_client import ForkRefused

        if self._server is None:
            return
        # What cannot be drawn there is drawn when it is asked for.
        with self._one_at_a_time, suppress(ForkRefused, OSError):
            for result, width in wanted:
                shown = _shown(result, width)
                if result.has_picture and shown not in self._asked:
                    number = self._asked.setdefault(shown, len(self._asked))
                    _write(self._folder / f"{number}{WISH}", json.dumps((result.to_dict(), width)))
            for _ in range(processes):
                self._processes.append(self._server.draw(self._folder))

    def has(self, wanted: Iterable[Wanted]) -> bool:
        """Whether all of these pictures are drawn."""
        return all(self._drawn(result, width).is_file() for result, width in wanted if result.has_picture)

    def take(self, result: Result, width: float) -> Picture | None:
        """Return a picture once it is drawn; None where it was not wanted, or whatever drew it has not ended well."""
        drawn = self._drawn(result, width)
        while not drawn.is_file() and any(process.poll() is None for process in self._processes):
            time.sleep(PATIENCE)
        try:
            return Picture(*json.loads(drawn.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def end(self) -> None:
        """End what still draws."""
        for process in self._processes:
            process.kill()

    def _drawn(self, result: Result, width: float) -> Path:
        return self._folder / f"{self._asked.get(_shown(result, width))}{DRAWN}"


_ahead: list[DrawnAhead] = []


def picture(result: Result, width: float) -> Picture:
    """Return the picture of a result `width` inches wide; an empty one where there is nothing to draw."""
    if not result.has_picture:
        return NO_PICTURE
    return (_ahead[0].take(result, width) if _ahead else None) or _draw(result, width)


def are_drawn(wanted: Iterable[Wanted]) -> bool:
    """Whether none of these pictures has to be waited for."""
    return not _ahead or _ahead[0].has(wanted)


@contextmanager
def drawn_ahead(server: ForkServer | None, folder: Path) -> Iterator[DrawnAhead]:
    """Have pictures drawn beside what this block does, which waits for one when it asks for it.

    Parameters
    ----------
    server : ForkServer, optional
        As of `DrawnAhead`.
    folder : Path
        Where these are told what to draw, in a folder that is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix=".pictures-", dir=folder) as shared:
        _ahead.append(DrawnAhead(server, Path(shared)))
        try:
            yield _ahead[0]
        finally:
            _ahead.pop().end()


def draw_some(folder: Path) -> None:
    """Draw what the folder asks for, one picture after another, as long as there is one that nobody has begun."""
    while wishes := list(folder.glob(f"*{WISH}")):
        # What holds most takes longest, and what is begun last should be short.
        wish = max(wishes, key=_size)
        begun = wish.with_suffix(BEGUN)
        with suppress(FileNotFoundError):  # another process was first
            wish.rename(begun)
            told, width = json.loads(begun.read_text(encoding="utf-8"))
            drawn = _draw(find(told["analysis"]).restore(told), width)
            _write(wish.with_suffix(DRAWN), json.dumps(astuple(drawn)))


def _shown(result: Result, width: float) -> Hashable:
    """Return what tells one picture from another: it shows nothing of the tests, which are decided later."""
    tables = [table for name, table in result.tables.items() if name != TESTS]
    return (result.analysis, width, *tables)


def _write(path: Path, text: str) -> None:
    """Write a file that others see whole or not at all."""
    aside = path.with_suffix(f"{path.suffix}.part")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _draw(result: Result, width: float) -> Picture:
    figure = new_figure(width, 4)
    axes = figure.add_subplot()
    with theme():
        result.plot(axes)
    kind, image = "svg+xml", re.sub(r">\s+<", "><", to_svg(figure)).encode()
    if len(image) > SMALL_SVG:
        kind, image = min((kind, image), ("png", of_few_colours(to_png(figure))), key=lambda drawn: len(drawn[1]))
    inches = figure.get_size_inches()
    return Picture(
        f"data:image/{kind};base64,{base64.b64encode(image).decode()}",
        round(inches[0] * CSS_PIXELS_PER_INCH),
        round(inches[1] * CSS_PIXELS_PER_INCH),
    )
