"""The command `export`: a finished report as a workbook, as picture files, as one PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from postmortem.cli.console import AsJson, emit

Browser = Annotated[str, typer.Option(help="Program that prints the PDF, where it has none of its usual names.")]
Paper = Annotated[Literal["A4", "Letter"], typer.Option(help="Size of a page of the PDF.")]


def export(
    report: Annotated[Path, typer.Argument(help="Folder of a report, such as reports/2025Q3.")],
    xlsx: Annotated[bool, typer.Option("--xlsx", help="One workbook: contents, and a sheet an answer.")] = False,
    charts: Annotated[bool, typer.Option("--charts", help="Every picture as SVG and PNG, with its sentence.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="All pages as one PDF; needs Chromium or one of its kin.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write to; exports in that of the report.")
    ] = None,
    browser: Browser = "",
    paper: Paper = "A4",
    as_json: AsJson = False,
) -> None:
    """Write a finished report for other programs; it holds what the team may see. Use `share` for anyone else.

    Without --xlsx, --charts or --pdf: the workbook and the pictures.
    """
    from postmortem.report.exports.export import Kind
    from postmortem.report.exports.export import export as make

    asked: dict[Kind, bool] = {"xlsx": xlsx, "charts": charts, "pdf": pdf}
    wanted = [kind for kind, told in asked.items() if told]
    made = make(report, wanted or ["xlsx", "charts"], output=output, browser=browser, paper=paper)
    lines = [str(made.folder / name) for name in made.files if not name.startswith("charts/")]
    pictures = sum(name.endswith(".png") for name in made.files)
    if pictures:
        lines.append(f"{made.folder / 'charts'}: {pictures} pictures")
    emit({"folder": str(made.folder), "files": list(made.files)}, "\n".join(lines), as_json)
