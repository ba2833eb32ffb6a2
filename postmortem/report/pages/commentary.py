"""What a consultant writes about a quarter: `commentary/<quarter>.md`, a summary and notes under headings.

The file lies in the engagement and is read anew by every run. Its Markdown is escaped, its figures are taken from
the report by key, and what no longer fits the report is said to whoever runs it, not to whoever reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup, escape

from postmortem.frames.parts import Part
from postmortem.ground.errors import ConfigError, nearest
from postmortem.ground.formats import UNKNOWN
from postmortem.ground.markup import markdown
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import anchor
from postmortem.report.pages.pages import Notes, sections
from postmortem.report.pages.quoted import KEY, figure, loose_numbers
from postmortem.result import Result

FOLDER: Final = "commentary"
SUMMARY: Final = "summary"
# Stand for a figure while Markdown is rendered, so that no value is taken for Markdown.
OPEN, CLOSE = "\ue000", "\ue001"


@dataclass(frozen=True)
class Commentary:
    """One file: its name as shown, its words, and a hash of them."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """A hash of the words."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Placed:
    """Where the words go, rendered; what does not fit, a line each, for whoever runs the report; and the words."""

    summary: Markup | None = None
    notes: dict[str, Notes] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    text: str = ""


def read_commentary(engagement: Path, quarter: str, part: Part | None = None) -> Commentary | None:
    """Read what was written about a quarter, or about a part of its deals; None where nothing was.

    Raises
    ------
    ConfigError
        When the file is there and cannot be read.
    """
    path = engagement / FOLDER / f"{quarter}{f'.{part.name}' if part else ''}.md"
    try:
        return Commentary(f"{FOLDER}/{path.name}", path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "This commentary cannot be read.", got=f"{FOLDER}/{path.name}: {error}", do="save it as text in UTF-8"
        ) from None


def place(
    commentary: Commentary | None, pages: Sequence[tuple[Notebook, Harvest]], *, unshown: str = UNKNOWN
) -> Placed:
    """Render a commentary for the pages of a report.

    Parameters
    ----------
    commentary : Commentary or None
        What stands before the first heading, or below ``Summary``, is the summary. Any other heading names a page
        (file name, number or title) or a section of one (its heading, question, analysis or address); sections
        are looked for on the page named last, and before any page is named on all.
    pages : sequence of (Notebook, Harvest)
        Of the report, behind the gate.
    unshown : str
        What stands for a figure whose key names nothing.
    """
    if commentary is None:
        return Placed()
    results = [result for _, harvest in pages for result in harvest.results]
    flags: list[str] = []
    words: dict[tuple[str, str], list[str]] = {}
    page = ""
    for line, heading, text in _parts(commentary.text):
        target = ("", "") if not heading or heading.lower() == SUMMARY else _target(heading, page, pages)
        if target is None:
            flags.append(f"line {line}: no answer under {heading!r} to write below; {nearest(heading, _titles(pages))}")
            continue
        page = target[0] or page
        if text.strip():
            words.setdefault(target, []).append(_resolved(text, line + bool(heading), results, flags, unshown))
    flags += [
        f"line {line}: {number} is shown by no answer of this report"
        for line, number in loose_numbers(commentary.text, results)
    ]
    made = {target: Markup("\n").join(texts) for target, texts in words.items()}
    notes = {
        name: Notes(made.get((name, "")), {at: text for (page, at), text in made.items() if page == name and at})
        for name in {page for page, _ in made if page}
    }
    return Placed(made.get(("", "")), notes, tuple(f"{commentary.name} {flag}" for flag in flags), commentary.text)


def record_of(commentary: Commentary | None, placed: Placed) -> dict[str, Any]:
    """Return what the manifest keeps of a commentary."""
    if commentary is None:
        return {}
    return {"commentary": {"file": commentary.name, "sha256": commentary.sha256, "flags": list(placed.flags)}}


def _parts(text: str) -> list[tuple[int, str, str]]:
    """Return line, heading and words of every part; the first one has no heading."""
    parts: list[tuple[int, str, list[str]]] = [(1, "", [])]
    for number, line in enumerate(text.splitlines(), start=1):
        found = re.match(r"#{1,3}\s+(.+?)\s*#*$", line)
        if found:
            parts.append((number, found[1], []))
        else:
            parts[-1][2].append(line)
    return [(number, heading, "\n".join(lines)) for number, heading, lines in parts]


def _target(heading: str, page: str, pages: Sequence[tuple[Notebook, Harvest]]) -> tuple[str, str] | None:
    wanted = heading.lower()
    for notebook, _ in pages:
        if wanted in (notebook.name.lower(), notebook.name.split("-")[0], notebook.title.lower()):
            return notebook.name, ""
    for notebook, harvest in pages:
        if page in ("", notebook.name):
            for at, names in _sections(harvest):
                if wanted in names:
                    return notebook.name, at
    return None


def _sections(harvest: Harvest) -> list[tuple[str, tuple[str, ...]]]:
    """Return the address of every answer on a page with what it may be called; a question left open has no place."""
    found = []
    for _, heading, results in sections(harvest.blocks):
        for result in results:
            if result.status != "refused" or result.tables:
                names = (heading, result.question, result.analysis, anchor(result))
                found.append((anchor(result), tuple(name.lower() for name in names if name)))
    return found


def _titles(pages: Sequence[tuple[Notebook, Harvest]]) -> list[str]:
    titles = [notebook.title for notebook, _ in pages]
    return titles + [heading for _, harvest in pages for _, heading, _ in sections(harvest.blocks) if heading]


def _resolved(text: str, line: int, results: Sequence[Result], flags: list[str], unshown: str) -> Markup:
    """Render Markdown with its figures; a key that names nothing reads `unshown` and is flagged."""
    figures: list[str] = []

    def take(found: re.Match[str]) -> str:
        try:
            figures.append(figure(found[1], results))
        except ValueError as error:
            flags.append(f"line {line + text[: found.start()].count(chr(10))}: {error}")
            figures.append(unshown)
        return f"{OPEN}{len(figures) - 1}{CLOSE}"

    html = markdown(KEY.sub(take, re.sub(f"[{OPEN}{CLOSE}]", "", text)))
    return Markup(re.sub(f"{OPEN}(\\d+){CLOSE}", lambda found: str(escape(figures[int(found[1])])), html))
