"""Commands about the forecast: `forecast add` keeps the spreadsheet of a forecast call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import UsageError

app = typer.Typer(help="The forecast as it was called.", no_args_is_help=True)


@app.callback()
def forecast() -> None:
    """Keep what was forecast, so that a quarter can be held against it later."""


@app.command()
def add(
    sheet: Annotated[Path, typer.Argument(help="Spreadsheet of the forecast call, XLSX or CSV.")],
    as_of: Annotated[str, typer.Option("--as-of", help="Day of the call, YYYY-MM-DD.")],
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add the sheet of a forecast call to the engagement; the sheet of the same day is replaced."""
    from postmortem.frames.engagement import Engagement, read_day
    from postmortem.intake.forecast_call import add_sheet

    day = read_day(as_of)
    if day is None:
        raise UsageError("The day of the call is needed.", expected="--as-of YYYY-MM-DD")
    engagement = Engagement.open(folder)
    stated = engagement.config.data.extracted_on
    if stated is not None and day > stated:
        raise UsageError(
            "The call is later than the data.",
            got=f"--as-of {day}, [data] extracted_on = {stated}",
            do="export the deals again, or correct the day",
        )
    book = engagement.book()
    added = add_sheet(sheet, day, engagement.config, book.deals)
    lines = [f"{added.file}: {added.rows} rows of {day}, {added.replaced} of that day replaced."]
    if added.is_new:
        lines.append("[tables.forecast_sheet] was added to postmortem.toml.")
    if added.without_close:
        lines.append(f"{added.without_close} rows name no expected close: the sheet alone cannot place these deals.")
    if day > book.meta.extracted_on:
        lines.append(f"The call is later than the deals, which are as of {book.meta.extracted_on}: export them again.")
    if added.left_out is not None:
        lines += [f"{len(added.not_added)} rows were not added; they are in {added.left_out}:"]
        lines += [f"  {line}" for line in added.not_added]
    told = {
        "written": str(added.file),
        "as_of": day,
        "rows": added.rows,
        "replaced": added.replaced,
        "not_added": added.not_added,
        "not_added_file": None if added.left_out is None else str(added.left_out),
        "without_expected_close": added.without_close,
        "configured": added.is_new,
    }
    emit(told, "\n".join(lines), as_json)
