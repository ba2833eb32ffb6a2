"""The page of a notebook that stopped: what stopped it and where, for the people inside, never shared."""

from __future__ import annotations

import re

from postmortem.ground.markup import render
from postmortem.report.notebooks.execute import brief
from postmortem.report.pages.pages import About

COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def failure_page(name: str, error: str, told: About) -> str:
    """Render the page of one failed notebook.

    Parameters
    ----------
    name : str
        Of the notebook.
    error : str
        What stopped it: a line, and below it what the kernel told.
    told : About
        The report.
    """
    first, _, rest = COLOURS.sub("", error).partition("\n")
    in_cell = first.startswith("cell ")
    what = first if in_cell else brief(error)
    return render(
        "failure.html.j2",
        page_title=f"{name} was not made",
        about=told,
        name=name,
        what=what[:1].upper() + what[1:],
        in_cell=in_cell,
        trace=rest.strip() if in_cell else error,
    )
