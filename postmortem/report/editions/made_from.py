"""What a report is made of, as one hash: where it is that of the report that stands there, nothing is to be done."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from postmortem.findings.actions import ACTIONS_FILE
from postmortem.frames.engagement import Engagement
from postmortem.ground import resources
from postmortem.ground.code import code_hash, versions
from postmortem.report.disk.folders import FINDINGS, MANIFEST
from postmortem.report.editions.manifest import content_hash
from postmortem.report.editions.preflight import too_old
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.commentary import read_commentary

TEMPLATES = "report"


def made_from(engagement: Engagement, chosen: Sequence[Notebook], asked: Parameters) -> str:
    """Return one hash over everything that a report depends on, worked out without reading the book.

    Parameters
    ----------
    engagement : Engagement
        Its settings, data, signals, actions, commentary and logo.
    chosen : sequence of Notebook
        Their names and texts.
    asked : Parameters
        As asked for: an `as_of` that follows from the data is left empty.
    """
    digest = hashlib.sha256()
    settings = {"config": engagement.config.model_dump(mode="json"), "asked": asdict(asked), "versions": versions()}
    digest.update(json.dumps([settings, code_hash()], sort_keys=True).encode())
    for name, content in _ingredients(engagement, chosen, asked):
        digest.update(b"\0".join((name.encode(), hashlib.sha256(content).digest())))
    return digest.hexdigest()


def standing(report: Path, made: str) -> dict[str, Any] | None:
    """Return the manifest of the report in a folder if it is whole, without failures and made of just this."""
    try:
        told = json.loads((report / MANIFEST).read_text(encoding="utf-8"))
        if told["made_from"] != made or told["content"] != _content(report):
            return None
        failed = [page for page in told.get("pages", {}).values() if page["status"] != "done"]
        return None if failed else dict(told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_fresh(engagement: Engagement, told: dict[str, Any], day: dt.date) -> bool:
    """Whether the data of a report that stands, being the same on a day, are still as young as is demanded."""
    return not any(too_old(engagement.config.preflight, told["book"], day))


def _content(report: Path) -> str:
    """Return the hash of what lies there; a page that says why there is no report has no findings."""
    tables, findings = (report / "tables").glob("*.csv"), report / FINDINGS
    return content_hash(report, [*report.glob("*.html"), *([findings] if findings.is_file() else []), *tables])


def _ingredients(engagement: Engagement, chosen: Sequence[Notebook], asked: Parameters) -> Iterator[tuple[str, bytes]]:
    brand = engagement.config.report.brand
    files = [*engagement.input_files(), engagement.folder / ACTIONS_FILE]
    files += [engagement.folder / brand.logo] if brand.logo else []
    for path in files:
        yield path.name, path.read_bytes() if path.is_file() else b""
    for path in sorted(resources.templates(TEMPLATES).glob("*")):
        yield f"templates/{path.name}", path.read_bytes()
    for notebook in chosen:
        yield f"notebooks/{notebook.name}", notebook.path.read_bytes()
    written = read_commentary(engagement.folder, asked.quarter, engagement.part)
    yield "commentary", written.text.encode() if written else b""
