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
WANTED: Final = "wanted.json"
Wanted = tuple[Result, float]
"""A result, and how many inches wide its picture is to be."""


@dataclass(frozen=True)
class Beside:
    """What is drawn beside this process: the pictures in their order, the folder they come in, and who draws them."""

    wanted: list[Wanted]
    folder: Path
    processes: list[ForkedProcess]


_ahead: dict[Wanted, Picture] = {}
_beside: list[Beside] = []


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
            _begin(chosen, server, shared)
        yield


def draw_some(folder: Path) -> None:
    """Draw of what the folder asks for, one picture after another, what no other process has begun."""
    for number, (told, width) in enumerate(json.loads((folder / WANTED).read_text("utf-8"))):
        if _claimed(folder / f"{number}.begun"):
            drawn = json.dumps(astuple(_draw(find(told["analysis"]).restore(told), width)))
            written = folder / f"{number}.part"
            written.write_text(drawn, encoding="utf-8")
            written.replace(folder / f"{number}.json")


def _claimed(place: Path) -> bool:
    """Whether this process is the first to come here."""
    try:
        place.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _begin(chosen: list[Wanted], server: ForkServer, folder: Path) -> None:
    """Have pictures drawn; what was not drawn, whatever ended who drew it, is drawn when it is asked for."""
    from postmortem.report.fork_client import ForkRefused

    told = [(json.dumps((result.to_dict(), width)), (result, width)) for result, width in chosen]
    # What holds most takes longest, and what is begun last should be short.
    told.sort(key=lambda each: -len(each[0]))
    beside = Beside([wanted for _, wanted in told], folder, [])
    with suppress(ForkRefused, OSError):
        (folder / WANTED).write_text(f"[{', '.join(text for text, _ in told)}]", encoding="utf-8")
        _beside.append(beside)
        for _ in range(BESIDE):
            beside.processes.append(server.draw(folder))


def _collect() -> None:
    """Wait for the processes and take what they have drawn."""
    while _beside:
        beside = _beside[0]
        for process in beside.processes:
            process.wait()
        for number, wanted in enumerate(beside.wanted):
            with suppress(FileNotFoundError):
                drawn = json.loads((beside.folder / f"{number}.json").read_text(encoding="utf-8"))
                _ahead[wanted] = Picture(*drawn)
        del _beside[0]


def _let_go() -> None:
    """End what still draws, and forget what was drawn."""
    for beside in _beside:
        for process in beside.processes:
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
