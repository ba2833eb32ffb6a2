"""The pages of a report bound into one document: title block once, contents, then page after page, links kept within.

It is bound of the pages as they stand, so that it says what they say, commentary included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup

from postmortem.ground.errors import UsageError
from postmortem.ground.markup import render
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.pages import About

Paper = Literal["A4", "Letter"]
FIRST: Final = f"{FRONT.name}.html"
# Pages escape quotes in text and in attributes alike, so that these stand in markup alone.
BODY: Final = re.compile(r"<main>(.*)</main>", re.DOTALL)
TITLE: Final = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
PLACE: Final = re.compile(r'(?<=[\s"])id="([^"]*)"')
LINK: Final = re.compile(r'(?<=[\s"])href="([^"]*)"')


@dataclass(frozen=True)
class Part:
    """One page within the document: its anchor there, its title and its body, both HTML of these pages already."""

    anchor: str
    title: Markup
    body: Markup


def bound(pages: Mapping[str, str], about: About, paper: Paper = "A4") -> str:
    """Return one HTML document of many pages.

    Parameters
    ----------
    pages : mapping of str to str
        File name to page, ``index.html`` among them.
    about : About
        Their title block.
    paper : {"A4", "Letter"}
        Size of a printed page.

    Raises
    ------
    UsageError
        When one of them is no page of a report.
    """
    order = sorted(pages, key=lambda name: (name != FIRST, name))
    anchors = {name: name.removesuffix(".html") for name in order}
    parts = [_part(name, pages[name], anchors) for name in order]
    told = {"page_title": parts[0].title, "current": FRONT.name, "about": about, "pages": ()}
    return render("bound.html.j2", **told, parts=parts, paper=paper)


def _part(name: str, html: str, anchors: Mapping[str, str]) -> Part:
    body, title = BODY.search(html), TITLE.search(html)
    if body is None or title is None:
        raise UsageError("This is no page of a report.", got=name, expected="a page with one title and one body")
    own = anchors[name]
    text = PLACE.sub(lambda found: f'id="{own}--{found[1]}"', body[1])
    text = LINK.sub(lambda found: _led(found[1], own, anchors), text)
    return Part(own, Markup(title[1]), Markup(text))


def _led(address: str, own: str, anchors: Mapping[str, str]) -> str:
    """Return where a link leads within the document; one that leads out of it leads nowhere."""
    file, _, place = address.partition("#")
    anchor = anchors.get(file) if file else own
    if anchor is None:
        return ""
    return f'href="#{anchor}--{place}"' if place else f'href="#{anchor}"'
