"""Share a finished report: take out what an audience must not see, make its pages again, and look for leaks.

Nothing is computed again and nothing is written before everything was looked through; an archive with a find in it
does not come into being.
"""

from __future__ import annotations

import getpass
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from postmortem.book.identities import Finder, house_words
from postmortem.ground.errors import SharingRefused
from postmortem.report.disk.bundle import described, pack, pseudonyms_for, recipient_slug, write_whole
from postmortem.report.editions.manifest import csv_text
from postmortem.report.editions.record import Report, read_report
from postmortem.report.exports.export import beside, printer_for
from postmortem.report.pages.brand import PLAIN_LOOK
from postmortem.report.pages.closing import FRONT
from postmortem.report.pages.front import Described, front_page
from postmortem.report.pages.pages import About, links, page
from postmortem.report.sharing.given_before import MANIFEST, divided_by, refuse_overlap
from postmortem.report.sharing.leaks import Search, scan
from postmortem.report.sharing.redact import Terms
from postmortem.report.sharing.shared_pages import Options as Options
from postmortem.report.sharing.shared_pages import Shown, shown_to
from postmortem.report.sharing.siblings import COMPANY, siblings_of

FORMAT_VERSION = 1
UNNAMED = "A company"
LEAST_LETTERS = 4


@dataclass(frozen=True)
class Shared:
    """What was shared.

    Attributes
    ----------
    archive : Path
        The one file to send.
    sha256 : str
        Its hash.
    pages : tuple of str
        Pages in it.
    left_out : tuple of dict
        What is not in it (``what``) and ``why``.
    passed_over : dict of str to int
        Kind to the number of names that are ordinary words or short figures, which no search can tell from others.
    unread : tuple of str
        Neighbouring engagements of which only the company's name was looked for.
    """

    archive: Path
    sha256: str
    pages: tuple[str, ...]
    left_out: tuple[dict[str, str], ...]
    passed_over: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


def share(folder: Path, options: Options, *, output: Path | None = None) -> Shared:
    """Make the archive of one report for one recipient.

    Parameters
    ----------
    folder : Path
        A report, such as ``reports/2025Q3``.
    options : Options
        For whom, and what.
    output : Path, optional
        Folder of the archive; ``shared`` beside the reports unless told.

    Raises
    ------
    UsageError
        When the folder is no report that can be shared, or a PDF is wanted and there is no browser.
    SharingRefused
        When a notebook had failed, the search found what must not leave, or a reader outside has an edition with some
        of the same deals.
    OutputBusy
        When the archive cannot be written.
    """
    printer = printer_for(options.exports, options.browser, options.paper)
    folder = folder.resolve()
    report, slug = read_report(folder), recipient_slug(options.recipient)
    if report.failed and options.audience != "team":
        raise SharingRefused(
            "A report with a page that could not be made is not shared.", rows=report.failed,
            do="see what stopped it in the report's folder internal, and make the report again",
        )  # fmt: skip
    reports = home_of(folder)
    pseudonyms = pseudonyms_for(reports, slug)
    terms = Terms(options.audience, pseudonyms, report.names, options.show_people, options.show_deals)
    shown = shown_to(report, options, terms)
    artefacts = _artefacts(report, terms, shown)
    told_of = [(FRONT, shown.last_words), *shown.pages]
    artefacts |= beside(told_of, _about(report.about, terms), artefacts, options.exports, printer)
    artefacts[MANIFEST] = _manifest(report, options, terms, shown, artefacts, divided_by(folder))
    part = f"-{recipient_slug(terms.plain(report.about.part))}" if report.about.part else ""
    name = f"{report.manifest['quarter']}{part}-{options.audience}-{slug}.zip"
    archive = (output or reports / "shared").resolve() / name
    if options.audience == "outside":
        refuse_overlap(archive, report.manifest["quarter"], options.recipient, divided_by(folder))
    others = siblings_of(folder, options.siblings)
    search, passed_over = _search(report, terms, others.names, folder)
    leaks = scan({**artefacts, name: b""}, search)
    if leaks:
        raise SharingRefused(
            f"{len(leaks)} thing{'s' if len(leaks) > 1 else ''} must not leave with this report; nothing was written.",
            rows=[leak.line for leak in leaks],
            do="take it out of the notebook, the setting or the CRM field it comes from, and make the report again",
        )  # fmt: skip
    packed = pack(artefacts)
    write_whole(archive, packed)
    (told,) = described({name: packed})
    return Shared(
        archive,
        told["sha256"],
        tuple(notebook.name for notebook, _ in shown.pages),
        tuple(shown.left_out),
        passed_over,
        others.unread,
    )


def home_of(folder: Path) -> Path:
    """Return the folder of all reports that a report lies in, be it on all deals or on a part of them."""
    return folder.parents[2] if divided_by(folder) else folder.parent


def _artefacts(report: Report, terms: Terms, shown: Shown) -> dict[str, bytes]:
    """Return the files of an edition: front page, pages, tables."""
    pages = shown.pages
    about = _about(report.about, terms)
    remarks = tuple(map(terms.prose, report.described.remarks))
    navigation = links(pages)
    failures = [f"{name}: {report.manifest['pages'][name]['error']}" for name in report.failed]
    index = front_page(
        pages, about, Described(report.described.noun, remarks), navigation, failures, shown.last_words,
        summary=shown.placed.summary,
    )  # fmt: skip
    texts = {"index.html": str(index)}
    for link in navigation:
        ((notebook, harvest),) = [each for each in pages if each[0].name == link.name]
        texts[link.file] = str(page(notebook, harvest, about, navigation, shown.placed.notes.get(link.name)))
    made = {name: text.encode() for name, text in texts.items()}
    for notebook, harvest in pages:
        for number, result in enumerate(harvest.results, start=1):
            for name, table in result.tables.items():
                if len(table.rows):
                    made[f"tables/{notebook.name}.{number:02d}-{result.analysis}.{name}.csv"] = csv_text(table).encode(
                        "utf-8-sig"
                    )
    return made


def _about(about: About, terms: Terms) -> About:
    """Return the title block as the audience sees it."""
    told = replace(
        about,
        part=terms.plain(about.part),
        deals=terms.prose(about.deals),
        rows=terms.prose(about.rows),
        provenance=terms.prose(about.provenance),
    )
    if terms.audience == "outside":
        return replace(told, company=UNNAMED, look=PLAIN_LOOK)
    return told


def _manifest(
    report: Report, options: Options, terms: Terms, shown: Shown, artefacts: Mapping[str, bytes], column: str
) -> bytes:
    """Describe an edition: whose, for whom, what is in it and what is not; no path, no clock."""
    outside = options.audience == "outside"
    told: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "company": UNNAMED if outside else report.manifest["company"],
        "quarter": report.manifest["quarter"],
        "part": terms.plain(report.about.part),
        "divided_by": column,
        "as_of": report.manifest["as_of"],
        "report": report.manifest["content"],
        "audience": options.audience,
        "for": options.recipient,
        "shows": {"people": not outside and (options.audience == "team" or options.show_people),
                  "deals": not outside or options.show_deals},
        "pages": [notebook.name for notebook, _ in shown.pages],
        "left_out": list(shown.left_out),
        "files": described(artefacts),
    }  # fmt: skip
    return (json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _search(
    report: Report, terms: Terms, others: Mapping[str, set[str]], folder: Path
) -> tuple[Search, dict[str, int]]:
    """Return what is looked for in an edition, and how many names cannot be."""
    hidden = {kind: report.names[kind] for kind in terms.hidden}
    if terms.audience == "outside":
        hidden[COMPANY] = (report.about.company,)
    shown = [name for kind, names in report.names.items() if kind not in terms.hidden for name in names]
    own = Finder(hidden, allowed=shown)
    mine = [name for names in report.names.values() for name in names]
    foreign = Finder(others, allowed=[*mine, report.about.company])
    addresses = [name for name in shown if "@" in name]
    machine = {str(Path.home()): "a path of this machine", str(folder): "a path of this machine"}
    for word, kind in (
        (getpass.getuser(), "the name of this user"),
        (socket.gethostname(), "the name of this machine"),
    ):
        if len(word) >= LEAST_LETTERS and not re.fullmatch(r"\d+", word) and word.casefold() not in house_words():
            machine[word] = kind
    allowed = (report.about.prepared_by, report.about.confidentiality, *addresses)
    search = Search((("a name of this book", own), ("another client's name", foreign)), machine, allowed)
    return search, own.passed_over
