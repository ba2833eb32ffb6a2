"""The command `share`: one archive of a report for one recipient, looked through before it exists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from postmortem.cli.console import AsJson, emit, say
from postmortem.cli.exporting import Browser, Paper


def share(
    report: Annotated[Path, typer.Argument(help="Folder of a report, such as reports/2025Q3.")],
    audience: Annotated[
        Literal["team", "client", "outside"],
        typer.Option(help="team: all; client: no people, words by consent; outside: pseudonyms, no small counts."),
    ],
    recipient: Annotated[str, typer.Option("--for", help="Who gets it: its file name, its manifest, its pseudonyms.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the archive.")] = None,
    show_people: Annotated[bool, typer.Option("--show-people", help="Show a client its own sales people.")] = False,
    show_deals: Annotated[
        bool, typer.Option("--show-deals", help="Show outsiders deals one by one, under pseudonyms and coarse.")
    ] = False,
    also: Annotated[list[str] | None, typer.Option(help="A page this audience gets all the same; repeatable.")] = None,
    siblings: Annotated[
        list[Path] | None, typer.Option(help="Further engagements whose names must not be in it; repeatable.")
    ] = None,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="With a workbook of what is in it.")] = False,
    charts: Annotated[bool, typer.Option("--charts", help="With its pictures as SVG and PNG.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="With its pages as one PDF; needs Chromium or its kin.")] = False,
    browser: Browser = "",
    paper: Paper = "A4",
    as_json: AsJson = False,
) -> int:
    """Share a finished report: redact its results, make its pages again, look for leaks, and pack one archive."""
    from postmortem.ground.errors import ROWS_SHOWN, SharingRefused
    from postmortem.report.exports.export import Kind
    from postmortem.report.sharing.share import Options
    from postmortem.report.sharing.share import share as make

    asked: dict[Kind, bool] = {"xlsx": xlsx, "charts": charts, "pdf": pdf}
    options = Options(
        audience, recipient, show_people, show_deals, tuple(also or ()), tuple(siblings or ()),
        tuple(kind for kind, told in asked.items() if told), browser, paper,
    )  # fmt: skip
    try:
        made = make(report, options, output=output)
    except SharingRefused as refused:
        if not as_json and len(refused.rows) > ROWS_SHOWN:
            for row in refused.rows:
                say(row)
        raise
    for kind, number in sorted(made.passed_over.items()):
        say(f"{number} of the names ({kind}) are ordinary words or short figures and cannot be looked for.")
    for folder in made.unread:
        say(f"The engagement {folder} has no report: only its company's name was looked for.")
    told = {
        "archive": str(made.archive), "sha256": made.sha256, "audience": audience, "for": recipient,
        "pages": list(made.pages), "left_out": list(made.left_out), "passed_over": dict(made.passed_over),
        "unread_engagements": list(made.unread),
    }  # fmt: skip
    emit(told, f"{made.archive}\n{len(made.pages)} pages, {len(made.left_out)} things left out", as_json)
    return 0
