"""The pictures of a report, drawn before its pages ask for them, in processes beside this one.

A picture is a pure function of its result's tables, so it does not matter where it is drawn. Whoever asks for one that
was not drawn ahead has it drawn on the spot.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postmortem.charts.style import new_figure, of_few_colours, theme, to_png, to_svg
from postmortem.findings import find
from postmortem.result import Result

if TYPE_CHECKING:
    from postmortem.report.fork_client import ForkedProcess, ForkServer

CSS_PIXELS_PER_INCH: Final = 95
SMALL_SVG: Final = 60_000
"""Bytes beyond which a picture is a PNG, twice as large as it is shown: thousands of marks draw themselves slowly."""
BESIDE: Final = 3
"""Processes that draw: more than there are kernels at a time, since one picture takes ten times as long as another."""


@dataclass(frozen=True)
class Picture:
    """A picture as a page carries it: its data address, and its size in CSS pixels."""

    uri: str = ""
    width: int = 0
    height: int = 0


NO_PICTURE: Final = Picture()
Wanted = tuple[Result, float]
"""A result, and how many inches wide its picture is to be."""
_ahead: dict[Wanted, Picture] = {}
_beside: list[tuple[list[Wanted], Path, ForkedProcess]] = []


def picture(result: Result, width: float) -> Picture:
    """Return the picture of a result `width` inches wide; an empty one where there is nothing to draw."""
    if not result.has_picture:
        return NO_PICTURE
    _collect()
    return _ahead.get((result, width)) or _draw(result, width)


@contextmanager
def drawn_ahead(wanted: Iterable[Wanted], server: ForkServer | None, folder: Path) -> Iterator[None]:
    """Have pictures drawn beside what this block does, which waits for them when it asks for the first one.

    Parameters
    ----------
    wanted : iterable of (Result, float)
        What to draw; what is wanted twice is drawn once.
    server : ForkServer, optional
        Forks the processes that draw them, which have in place all that this takes; without it they are drawn here,
        when they are asked for.
    folder : Path
        Where these are told what to draw, in a folder that is gone afterwards.
    """
    chosen = [each for each in dict.fromkeys(wanted) if each[0].has_picture]
    with ExitStack() as stack:
        if server is not None and chosen:
            shared = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".pictures-", dir=folder)))
            stack.callback(_let_go)
            _begin([chosen[first::BESIDE] for first in range(BESIDE)], server, shared)
        yield


def draw_file(path: Path) -> None:
    """Draw what the file at `path` asks for and put the pictures in its place: what the process beside does."""
    wanted = [(find(told["analysis"]).restore(told), width) for told, width in json.loads(path.read_text("utf-8"))]
    drawn = json.dumps([astuple(_draw(result, width)) for result, width in wanted])
    written = path.with_suffix(".part")
    written.write_text(drawn, encoding="utf-8")
    written.replace(path)


def _begin(portions: list[list[Wanted]], server: ForkServer, folder: Path) -> None:
    """Have each portion drawn by a process; what was not drawn, whatever ended it, is drawn when it is asked for."""
    from postmortem.report.fork_client import ForkRefused

    with suppress(ForkRefused, OSError):
        for number, portion in enumerate(portions):
            path = folder / f"{number}.json"
            path.write_text(json.dumps([(result.to_dict(), width) for result, width in portion]), encoding="utf-8")
            _beside.append((portion, path, server.draw(path)))


def _collect() -> None:
    """Wait for the processes and take what they have drawn."""
    while _beside:
        portion, path, process = _beside[0]
        if process.wait() == 0:
            drawn = json.loads(path.read_text(encoding="utf-8"))
            _ahead.update({each: Picture(*made) for each, made in zip(portion, drawn, strict=True)})
        del _beside[0]


def _let_go() -> None:
    """End what still draws, and forget what was drawn."""
    for _, _, process in _beside:
        process.kill()
    _beside.clear()
    _ahead.clear()


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
