"""Commands that make reports: `run` and `demo`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from postmortem.cli.batching import By, Each, Engagements, IfChanged, Workers, folders_of, imported, make, wanted_of
from postmortem.cli.console import AsJson
from postmortem.ground.errors import UsageError

Kind = Literal["auto", "forecast", "late_stage", "closed"]


def run(
    quarter: Annotated[
        str, typer.Option("--quarter", "-q", help="2025Q3, FY26Q1, a range such as 2025Q1..2025Q3, or last.")
    ] = "last",
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the reports go.")] = None,
    kind: Annotated[Kind | None, typer.Option("--frame", help="Which deals a report is about.")] = None,
    window: Annotated[int | None, typer.Option(help="Quarters pooled for rates and comparisons.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Last day known, YYYY-MM-DD.")] = None,
    page: Annotated[list[str] | None, typer.Option(help="Only this notebook; may be repeated.")] = None,
    fail_on: Annotated[
        Literal["too-small"] | None, typer.Option(help="End with 4 when every question is refused.")
    ] = None,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Go on where the data look unlike those of the last report.")
    ] = False,
    engine: Annotated[
        Literal["forked", "local"], typer.Option(help="How kernels are started; forked is faster, on Linux.")
    ] = "forked",
    by: By = None,
    each: Each = None,
    engagements: Engagements = None,
    workers: Workers = 1,
    if_changed: IfChanged = False,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds for everything; then it ends with 124, to be gone on with.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for another run on the same report.")] = 0.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Execute every notebook, whatever was kept.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make the report of one quarter or of several, of a part of the deals, or of several engagements."""
    imported()
    from postmortem.frames.engagement import Engagement, read_day

    if engagements and folder:
        raise UsageError(
            "Name one engagement or several.", got="--engagement and --engagements", expected="one of them"
        )
    folders = folders_of(engagements) if engagements else {"": Engagement.open(folder).folder}
    options: dict[str, Any] = {"output": output, "kind": kind, "window": window, "as_of": read_day(as_of)}
    options |= {"notebooks": page or (), "accept_changes": accept_changes, "engine": engine}
    options |= {"wait": wait, "fresh": fresh, "deadline": None if timeout is None else time.monotonic() + timeout}
    return make(wanted_of(folders, quarter, options, by, each, if_changed, fail_on is not None), workers, as_json)


def demo(
    full: Annotated[bool, typer.Option("--full/--plain", help="The sample with history, or the plain one.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the report goes.")] = Path("reports"),
    as_json: AsJson = False,
) -> int:
    """Make the report of a bundled sample: invented deals, the real thing otherwise."""
    imported()
    from postmortem.ground import resources

    folders = {"": resources.sample("full" if full else "plain")}
    options = {"output": output, "accept_changes": True}
    return make(wanted_of(folders, "last", options, None, None, False, False), 1, as_json)
