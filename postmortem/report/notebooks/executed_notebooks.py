"""An executed notebook as it stays in the report: with the pictures of its page, and without traces of its run.

In a built-in notebook a cell with the tag ``picture`` draws the result of the cell before it and does nothing else. A
run leaves such a cell out and gives it the page's picture of the same result: each is drawn once. In an engagement's
own notebook every cell is executed, since what it draws may have been changed.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat.v4 import new_output

from postmortem.report.notebooks.harvest import known_by
from postmortem.report.notebooks.pictures import Picture
from postmortem.result import MIME, Result

TAG: Final = "picture"
DATA_ADDRESS: Final = "data:"


def finish(executed: Path, results: Sequence[Result] | None, drawn: Callable[[Result], Picture]) -> None:
    """Take paths, times and metadata of the engine out of a notebook, and give cells left out their pictures.

    Parameters
    ----------
    executed : Path
        The executed notebook, which is written anew.
    results : sequence of Result or None
        What the page of a built-in notebook shows: of the results that were displayed, as the whole report decided on
        them. None for a notebook of which no cell was left out.
    drawn : callable
        Returns the picture of a result, one without an address where there is nothing to draw.
    """
    notebook = nbformat.read(executed, as_version=4)
    for name in ("papermill", "widgets"):
        notebook.metadata.pop(name, None)
    for cell in notebook.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
    if results is not None:
        _put_pictures(notebook, results, drawn)
    nbformat.write(notebook, executed)


def _put_pictures(notebook: Any, results: Sequence[Result], drawn: Callable[[Result], Picture]) -> None:
    """Give the cells of a built-in notebook that were left out the pictures they stand for."""
    known = {known_by(result.analysis, result.params): result for result in results}
    shown: Result | None = None
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if TAG in cell.metadata.get("tags", ()):
            picture = drawn(shown) if shown is not None else Picture()
            cell.outputs = [_output(picture, shown.headline)] if shown is not None and picture.uri else []
            continue
        for output in cell.outputs:
            told = output.get("data", {}).get(MIME)
            shown = known.get(known_by(told["analysis"], told["params"])) if told else shown


def _output(picture: Picture, said: str) -> Any:
    """Return a picture as the output of a cell, as large as it is on the page; in words it is its sentence."""
    kind, _, coded = picture.uri.removeprefix(DATA_ADDRESS).partition(";base64,")
    # The format of notebooks holds letters: what is drawn in lines as it is, what is drawn in dots encoded.
    image = base64.b64decode(coded).decode() if kind.endswith("+xml") else coded
    size = {"width": picture.width, "height": picture.height}
    return new_output("display_data", data={kind: image, "text/plain": said}, metadata={kind: size})
