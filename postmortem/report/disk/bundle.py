"""One archive a recipient: the same bytes for the same content, written whole or not at all."""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import re
import secrets
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from postmortem.book.identities import Pseudonyms
from postmortem.ground.errors import OutputBusy, UsageError

EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
"""The first day an archive can hold; every member has it, as no clock may be read from it."""
KEY_FILE: Final = ".share-key"
KEY_BYTES = 32


def pack(artefacts: Mapping[str, bytes]) -> bytes:
    """Return an archive of the artefacts in order of their names, without times, owners or comments."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(artefacts):
            member = zipfile.ZipInfo(name, EARLIEST)
            member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(member, artefacts[name])
    return written.getvalue()


def described(artefacts: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return name, size and hash of every artefact."""
    return [
        {"file": name, "bytes": len(artefacts[name]), "sha256": hashlib.sha256(artefacts[name]).hexdigest()}
        for name in sorted(artefacts)
    ]


def write_whole(place: Path, content: bytes) -> None:
    """Write a file aside and rename it into place.

    Raises
    ------
    OutputBusy
        When the folder cannot be written; nothing is left behind.
    """
    aside = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".writing-", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(aside, 0o644)
        os.replace(aside, place)
    except OSError as error:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)
        raise OutputBusy(
            "This file cannot be written.", got=f"{place.parent.name}/{place.name}: {error.strerror}",
            do="choose another folder with --output",
        ) from None  # fmt: skip


def recipient_slug(recipient: str) -> str:
    """Return a recipient's name as part of a file name.

    Raises
    ------
    UsageError
        When it has no letter or digit to make one of.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", recipient.casefold()).strip("-")[:60].strip("-")
    if not slug:
        raise UsageError(
            "This is no name for a recipient.", got=recipient, expected="letters or digits, such as --for acme-board"
        )
    return slug


def pseudonyms_for(reports: Path, recipient: str) -> Pseudonyms:
    """Return the pseudonyms of one recipient, made with the key that lies beside the reports.

    Parameters
    ----------
    reports : Path
        Folder of the reports; its key is drawn when the first report is shared, and never leaves it. With the key
        gone, all pseudonyms change; whoever has it can tell whom they stand for.
    recipient : str
        As `recipient_slug` returns it.
    """
    place = reports / KEY_FILE
    try:
        if not place.is_file():
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
        key = bytes.fromhex(place.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no key"
        raise OutputBusy("The key of the pseudonyms cannot be used.", got=f"{place.name}: {why}") from None
    return Pseudonyms(hmac.new(key, recipient.encode(), hashlib.sha256).digest())
