"""Every picture of a report as files: SVG and PNG that carry their sentence, and an index of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from postmortem.charts.images import of_few_colours, to_png, to_svg
from postmortem.charts.style import new_figure, theme
from postmortem.ground.markup import UNWRITABLE, render
from postmortem.ground.spreadsheets import harmless
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import FULL_WIDTH
from postmortem.report.pages.pages import About
from postmortem.result import Result

FOLDER: Final = "charts"
INDEX: Final = f"{FOLDER}/index.csv"
HEADS: Final = ("file", "page", "question", "sentence")
PNG_SCALE = 3
"""Large enough for a slide: three dots for one of a page."""


@dataclass(frozen=True)
class Chart:
    """One picture: the name of its files without ending, the title of its page, its question, its sentence."""

    name: str
    page: str
    question: str
    sentence: str


def chart_files(pages: Sequence[tuple[Notebook, Harvest]], about: About) -> dict[str, bytes]:
    """Return every picture of a report or an edition of it, and what each of them says.

    Parameters
    ----------
    pages : sequence of (Notebook, Harvest)
        With the results as the reader may see them; a picture is drawn from its result's tables and nothing else.
    about : About
        The title block as the reader may see it.

    Returns
    -------
    dict of str to bytes
        ``charts/NAME.svg`` and ``charts/NAME.png`` a picture, with its sentence inside as title of the SVG and as
        ``Description`` of the PNG; ``charts/index.html`` to look at, ``charts/index.csv`` with the columns `HEADS`.
    """
    made: dict[str, bytes] = {}
    charts = []
    for chart, result in _pictures(pages):
        charts.append(chart)
        figure = new_figure(FULL_WIDTH, 4)
        with theme():
            result.plot(figure.add_subplot())
        made[f"{FOLDER}/{chart.name}.svg"] = _titled(to_svg(figure), chart).encode()
        told = {"Title": chart.question, "Description": chart.sentence}
        made[f"{FOLDER}/{chart.name}.png"] = of_few_colours(to_png(figure, PNG_SCALE, metadata=told))
    made[f"{FOLDER}/index.html"] = str(render("charts.html.j2", about=about, charts=charts)).encode()
    made[INDEX] = _listed(charts)
    return made


def _pictures(pages: Sequence[tuple[Notebook, Harvest]]) -> Iterator[tuple[Chart, Result]]:
    """Yield every answer that has a picture; its number on its page is that of its tables' files."""
    for notebook, harvest in pages:
        for number, result in enumerate(harvest.results, start=1):
            if result.has_picture:
                name = f"{notebook.name}.{number:02d}-{result.analysis}"
                texts = (UNWRITABLE.sub(" ", text) for text in (notebook.title, result.question, result.headline))
                yield Chart(name, *texts), result


def _titled(svg: str, chart: Chart) -> str:
    """Return a picture as a file of its own that screen readers can tell: role, title and description."""
    head, body = svg.split(">", 1)
    says = f"<title>{escape(chart.sentence)}</title><desc>{escape(chart.question)}</desc>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head} role="img">{says}{body}'


def _listed(charts: Sequence[Chart]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(HEADS)
    for chart in charts:
        for ending in ("svg", "png"):
            told = (f"{chart.name}.{ending}", chart.page, chart.question, chart.sentence)
            writer.writerow([harmless(text) for text in told])
    return written.getvalue().encode("utf-8-sig")
