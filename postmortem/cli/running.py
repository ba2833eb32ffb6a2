"""Commands that make reports: `run` and `demo`."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from postmortem.cli.console import AsJson, emit, say

if TYPE_CHECKING:
    from postmortem.frames.engagement import Engagement
    from postmortem.report.run import Run

GRAVEST_FIRST = (130, 124, 70, 6, 2, 3, 1, 5, 4, 0)
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
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds for everything; then it ends with 124, to be gone on with.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for another run on the same report.")] = 0.0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Execute every notebook, whatever was kept.")] = False,
    as_json: AsJson = False,
) -> int:
    """Make the report of one quarter or of several."""
    from postmortem.frames.engagement import Engagement

    engagement = Engagement.open(folder, {"frame.window": window})
    options: dict[str, Any] = {"output": output, "kind": kind, "window": window, "as_of": as_of}
    options |= {"notebooks": page or (), "accept_changes": accept_changes, "engine": engine}
    options |= {"wait": wait, "fresh": fresh, "deadline": None if timeout is None else time.monotonic() + timeout}
    return _reports(engagement, quarter, options, fail_on, as_json)


def demo(
    full: Annotated[bool, typer.Option("--full/--plain", help="The sample with history, or the plain one.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the report goes.")] = Path("reports"),
    as_json: AsJson = False,
) -> int:
    """Make the report of a bundled sample: invented deals, the real thing otherwise."""
    from postmortem.frames.engagement import Engagement
    from postmortem.ground import resources

    engagement = Engagement.open(resources.sample("full" if full else "plain"))
    return _reports(engagement, "last", {"output": output, "accept_changes": True}, None, as_json)


def _reports(engagement: Engagement, quarters: str, options: dict[str, Any], fail_on: str | None, as_json: bool) -> int:
    """Make one report a quarter; a quarter that cannot be reported on does not stop the others."""
    from postmortem.frames.engagement import read_day
    from postmortem.report.forked_kernels import kernels_of

    as_of = read_day(options.get("as_of"))
    book = engagement.book()
    calendar = engagement.config.fiscal.calendar
    wanted = calendar.parse_range(quarters, last=calendar.last_ended(as_of or book.meta.extracted_on))
    # Several reports share the server that their kernels are forked from.
    with kernels_of(options.get("engine", "forked") if len(wanted) > 1 else "local"):
        made = [
            _report(engagement, quarter.label, options | {"as_of": as_of}, fail_on, alone=len(wanted) == 1)
            for quarter in wanted
        ]
    reports = [told for told, _ in made]
    code = next(known for known in GRAVEST_FIRST if known in {0, *(code for _, code in made)})
    lines = [f"{report['quarter']}: {report.get('index', report.get('message'))}{_found(report)}" for report in reports]
    emit({"reports": reports, "exit_code": code}, "\n".join(lines), as_json)
    return code


def _report(
    engagement: Engagement, quarter: str, options: dict[str, Any], fail_on: str | None, *, alone: bool
) -> tuple[dict[str, Any], int]:
    """Make one report; return what is told of it and its exit code."""
    from postmortem.ground.errors import PostmortemError
    from postmortem.report.run import run_quarter

    say(f"{quarter}: {engagement.config.company.name}")
    try:
        made = run_quarter(engagement, quarter, **options, progress=lambda line: say(f"  {line}"))
    except PostmortemError as error:
        if alone:
            raise
        say(error.message)
        why = {"message": error.message, "rows": list(error.rows)}
        return {"quarter": quarter, "status": "not made", **why}, error.exit_code
    small = fail_on is not None and _says_nothing(made)
    return _told(made), 4 if small else made.exit_code


def _told(made: Run) -> dict[str, Any]:
    return {
        "quarter": made.quarter,
        "status": "failed" if made.failed else "done",
        "index": str(made.folder / "index.html"),
        "deals": made.deals,
        "frame": made.frame,
        "pages": list(made.pages),
        "failed": list(made.failed),
        "findings": made.findings,
        "content": made.content,
        "preflight": [asdict(finding) for finding in made.preflight],
        "commentary": list(made.commentary),
    }


def _found(report: dict[str, Any]) -> str:
    from postmortem.ground.formats import count

    return f" ({count(report['findings'], 'finding')})" if "findings" in report else ""


def _says_nothing(made: Run) -> bool:
    import json

    results = json.loads((made.folder / "findings.json").read_text(encoding="utf-8"))
    return all(result["status"] == "refused" for result in results)
