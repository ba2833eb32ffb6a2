"""Where reports lie: written aside, put in place whole, and the edition before kept for comparison.

When a report replaces one with other content, what `diff` needs of the old one (manifest, findings, the deals)
stays under `.previous/<quarter>/`. A run that changes nothing keeps the edition before as it was.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from postmortem.ground.errors import OutputBusy, UsageError
from postmortem.report.disk.exchange import exchange

PREVIOUS: Final = ".previous"
WRITING, REPLACED = ".writing-", ".replaced-"
MANIFEST, FINDINGS, DEALS = "manifest.json", "findings.json", "internal/cohort.parquet"
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
KEY: Final = ("deal_id", "quarter")
RAW: Final = ("outcome", "loss_reason_raw", "lost_to_raw")
"""What the CRM itself said of a deal, kept beside the cohort to tell a recoded reason from another mapping."""


@dataclass(frozen=True)
class Edition:
    """One report, as far as it can be compared.

    Attributes
    ----------
    folder : Path
        Where it lies.
    manifest : dict
        See `postmortem.report.editions.manifest`.
    findings : list of dict
        Its results, as `Result.to_dict` writes them, with their page.
    deals : DataFrame
        The cohort, one row a (deal_id, quarter), with the columns `RAW`.
    """

    folder: Path
    manifest: dict[str, Any]
    findings: list[dict[str, Any]]
    deals: pd.DataFrame


def read_edition(folder: Path) -> Edition:
    """Read a report, or what was kept of one.

    Raises
    ------
    UsageError
        When the folder is not one.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        findings = json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
        with (folder / DEALS).open("rb") as file:
            deals = pd.read_parquet(file)
        if not isinstance(manifest, dict) or not isinstance(findings, list) or not set(KEY) <= set(deals):
            raise ValueError("these files are not those of a report")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(
            "This folder is no report that can be compared.",
            got=f"{folder}: {error.strerror if isinstance(error, OSError) else error}",
            expected=f"a folder with {MANIFEST}, {FINDINGS} and {DEALS}",
            do="name a folder such as reports/2025Q3",
        ) from None
    return Edition(folder, manifest, findings, deals)


@contextmanager
def working_folder(output: Path, label: str = "") -> Iterator[Path]:
    """Yield a folder beside the reports that is gone afterwards, whatever happens.

    Parameters
    ----------
    output : Path
        Folder of the reports; made where it is not there.
    label : str
        Name of the report to be written; by it `sweep` knows whose folder it was.

    Raises
    ------
    OutputBusy
        When the output folder cannot be written.
    """
    make_output(output)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f"{WRITING}{label}-" if label else WRITING, dir=output))
    except OSError as error:
        raise not_writable(error, output) from None
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def make_output(output: Path) -> None:
    """Make the folder of the reports where it is not there.

    Raises
    ------
    OutputBusy
        When it cannot be made.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(error, output) from None


def not_writable(error: OSError, output: Path) -> OutputBusy:
    """Return what to tell of an output folder that a file could not be written to."""
    way = "make room there" if error.errno in NO_ROOM else "make it writable"
    return OutputBusy(
        "The output folder cannot be written.", got=f"{output.name}: {error.strerror}",
        do=f"{way}, or choose another one with --output",
    )  # fmt: skip


def sweep(output: Path, label: str) -> None:
    """Remove what runs that were killed left of one report; an old one moved away and never replaced comes back.

    Only who holds the report may do this: see `postmortem.report.disk.lock`.
    """
    place = output / label
    for old in sorted(output.glob(f"{REPLACED}{label}-*"), reverse=True):
        if not place.exists():
            os.replace(old, place)
        shutil.rmtree(old, ignore_errors=True)
    for folder in (output, output / PREVIOUS):
        for left in folder.glob(f"{WRITING}{label}-*"):
            shutil.rmtree(left, ignore_errors=True)


def put_in_place(aside: Path, place: Path) -> None:
    """Let the finished report take its place in one step; the one it replaces is kept where it differs.

    Where a file system cannot exchange two folders, the old report is moved away first and back if need be.
    """
    os.chmod(aside, 0o755)
    if not place.exists():
        os.replace(aside, place)
        return
    old = aside if exchange(aside, place) else _moved(aside, place)
    if _content(old) not in (None, _content(place)):
        _keep(old, place.parent / PREVIOUS / place.name)
    shutil.rmtree(old, ignore_errors=True)


def _moved(aside: Path, place: Path) -> Path:
    """Put a report in place in two steps; return where the one before it lies now."""
    old = place.with_name(f"{REPLACED}{place.name}-{time.monotonic_ns():020}")
    os.replace(place, old)
    try:
        os.replace(aside, place)
    except OSError:
        os.replace(old, place)
        raise
    return old


def _keep(old: Path, kept: Path) -> None:
    """Leave of an old report what can be compared; the edition kept before it gives way."""
    kept.parent.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{WRITING}{kept.name}-", dir=kept.parent))
    try:
        for name in (MANIFEST, FINDINGS, DEALS):
            (aside / name).parent.mkdir(exist_ok=True)
            if (old / name).is_file():
                os.replace(old / name, aside / name)
        os.chmod(aside, 0o755)
        shutil.rmtree(kept, ignore_errors=True)
        os.replace(aside, kept)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _content(report: Path) -> str | None:
    """Return the content hash of a report; None where its manifest is damaged or gone."""
    try:
        told = json.loads((report / MANIFEST).read_text(encoding="utf-8")).get("content")
    except (OSError, ValueError):
        return None
    return str(told)
