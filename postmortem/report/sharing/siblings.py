"""Other clients' engagements beside this one: whose names must never be in what this one shares."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from postmortem.book.identities import COMPETITOR
from postmortem.frames.engagement import nearest_engagement
from postmortem.ground.config import FILE_NAME, load_config
from postmortem.ground.errors import UsageError
from postmortem.report.editions.record import RECORD

COMPANY = "company"
# Competitors are known to the whole market; that two clients meet the same one gives nothing away.
SHARED_BY_ALL = (COMPETITOR,)


@dataclass(frozen=True)
class Siblings:
    """Names of other clients.

    Attributes
    ----------
    names : dict of str to set of str
        By kind; the companies' own names are of kind ``company``.
    unread : tuple of str
        Folders of engagements without a report, of which only the company's name is known.
    """

    names: dict[str, set[str]]
    unread: tuple[str, ...]


def siblings_of(report: Path, told: Sequence[Path] = ()) -> Siblings:
    """Return the names of the engagements beside that of `report` and in the folders `told`.

    Parameters
    ----------
    report : Path
        Folder of a report; its engagement is the nearest folder above with a configuration.
    told : sequence of Path
        Engagements, or folders of them.

    Raises
    ------
    UsageError
        When a folder told holds no engagement.
    """
    own = nearest_engagement(report.resolve())
    found = [] if own is None else _engagements(own.parent)
    for folder in told:
        there = [folder] if (folder / FILE_NAME).is_file() else _engagements(folder)
        if not there:
            raise UsageError(
                "There is no engagement in this folder.", got=str(folder),
                expected=f"a folder with {FILE_NAME}, or folders of them",
            )  # fmt: skip
        found += there
    names: dict[str, set[str]] = {}
    unread = []
    for folder in sorted({path.resolve() for path in found} - {own}):
        config = load_config(folder)
        names.setdefault(COMPANY, set()).add(config.company.name)
        reports = folder / config.report.output
        records = sorted([*reports.glob(f"*/{RECORD}"), *reports.glob(f"by-*/*/*/{RECORD}")])
        for record in records:
            for kind, each in json.loads(record.read_text(encoding="utf-8"))["names"].items():
                if kind not in SHARED_BY_ALL:
                    names.setdefault(kind, set()).update(each)
        if not records:
            unread.append(folder.name)
    return Siblings(names, tuple(unread))


def _engagements(folder: Path) -> list[Path]:
    return [path.parent for path in folder.glob(f"*/{FILE_NAME}")] if folder.is_dir() else []
