"""The command `diff`: why figures moved between two editions of a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import UsageError


def diff(
    earlier: Annotated[Path | None, typer.Argument(help="Folder of the earlier edition.")] = None,
    later: Annotated[Path | None, typer.Argument(help="Folder of the later edition.")] = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", "-q", help="Quarter to compare; the report that changed last.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the reports are.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name every figure that moved between two editions of a report, and why.

    Without folders, a report is compared with the edition it replaced.
    """
    from postmortem.report.disk.folders import read_edition
    from postmortem.report.editions.diff import compare, latest_pair, told

    if earlier is not None and later is not None:
        pair = (earlier, later)
    elif earlier is not None:
        raise UsageError(
            "Two folders are needed, or none.", got=str(earlier), expected="postmortem diff OLD NEW",
            do="leave both out to compare a report with the edition it replaced",
        )  # fmt: skip
    else:
        pair = latest_pair(*_asked(quarter, folder, output))
    difference = compare(*(read_edition(each) for each in pair))
    emit(difference.to_dict(), told(difference), as_json)


def _asked(quarter: str | None, folder: Path | None, output: Path | None) -> tuple[Path, str | None]:
    """Return the folder of the reports and the label of the quarter that was asked for."""
    from postmortem.frames.engagement import Engagement

    if output is not None and quarter is None:
        return output, None
    config = Engagement.open(folder).config
    place = output or config.folder / config.report.output
    return place, None if quarter is None else config.fiscal.calendar.parse(quarter).label
