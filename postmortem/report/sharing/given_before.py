"""What a reader outside was given before: of two editions that overlap, what one withholds is told by the other."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Final

from postmortem.ground.errors import SharingRefused, UsageError
from postmortem.report.disk.bundle import recipient_slug

PARTS_BY: Final = "by-"
MANIFEST: Final = "share-manifest.json"
"""Describes an edition, and lies in its archive."""
WHOLE: Final = "all deals"


def divided_by(report: Path) -> str:
    """Return the column whose one value a report is about; nothing where it is about all deals."""
    above = report.parents[1].name
    return above.removeprefix(PARTS_BY) if above.startswith(PARTS_BY) else ""


def refuse_overlap(archive: Path, quarter: str, recipient: str, column: str) -> None:
    """Refuse an edition for outsiders whose deals are also in another one of the quarter for the same reader.

    Parts by one column have no deal in common. All deals hold every part, and parts by two columns hold some deals in
    common, so that counts too small to be shown could be worked out by taking one edition from the other.

    Parameters
    ----------
    archive : Path
        Where the edition would lie, beside those made before.
    quarter : str
        Label of the quarter.
    recipient : str
        Whom it is for.
    column : str
        As `divided_by` returns it.

    Raises
    ------
    SharingRefused
        With the names of the archives that overlap.
    """
    given = {path.name: _divided(path, quarter, recipient_slug(recipient)) for path in archive.parent.glob("*.zip")}
    overlap = [
        f"{name}: {_words(other)}"
        for name, other in sorted(given.items())
        if name != archive.name and other is not None and (other != column or not column)
    ]
    if overlap:
        raise SharingRefused(
            "This reader has a report that holds some of the same deals: what one withholds can be told from both.",
            got=f"{archive.name}: {_words(column)}", rows=overlap,
            do="give a reader outside either all deals or the parts by one column; where an archive was never sent, "
            "remove it and share again",
        )  # fmt: skip


def _words(column: str) -> str:
    return f"a part by {column}" if column else WHOLE


def _divided(path: Path, quarter: str, slug: str) -> str | None:
    """Return how the deals of an edition were divided; None where the archive is not one of this reader outside."""
    try:
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read(MANIFEST))
        is_theirs = (told["audience"], told["quarter"], recipient_slug(told["for"])) == ("outside", quarter, slug)
        return str(told["divided_by"]) if is_theirs else None
    except (OSError, ValueError, KeyError, TypeError, UsageError, zipfile.BadZipFile):
        return None
