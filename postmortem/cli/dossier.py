"""The command `deal`: everything on record of one deal, on one page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit


def deal(
    deal_id: Annotated[str, typer.Argument(metavar="ID", help="The deal's id in the CRM.")],
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", "-q", help="Whose deals it is set beside; those of its own quarter.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The page; dossiers/ID.html in the folder of reports.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the dossier of one deal: its life, who said what, deals like it, and questions still open."""
    from postmortem.analyses.deal_timeline import deal_timeline
    from postmortem.frames.engagement import Engagement
    from postmortem.report.pages.dossier import cohort_with, write_dossier

    engagement = Engagement.open(folder)
    cohort, found = cohort_with(engagement, deal_id, quarter)
    place = engagement.folder / engagement.config.report.output / "dossiers"
    # An id is whatever a CRM wrote: of its letters only plain ones become part of a path.
    file = output or place / f"{re.sub(r'[^A-Za-z0-9_-]+', '-', found)[:80].strip('-') or 'deal'}.html"
    write_dossier(file, cohort, found, engagement.config)
    said = deal_timeline(cohort, deal_id=found).headline
    emit({"written": str(file), "deal_id": found, "quarter": cohort.focus.label, "headline": said},
         f"{file}: {said}", as_json)  # fmt: skip
