"""What `run` is asked for beyond one quarter: parts of the deals, several engagements, and what is told of them all."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postmortem.cli.console import emit, say
from postmortem.ground.errors import UsageError

if TYPE_CHECKING:
    from postmortem.report.wanted import Outcome, Wanted

READER, RUNNER = "postmortem.report.read_ahead", "postmortem.report.batch"
GRAVEST_FIRST = (130, 124, 70, 6, 2, 3, 1, 5, 4, 0)
By = Annotated[str | None, typer.Option("--by", help="One part of the deals, such as segment=Enterprise.")]
Each = Annotated[str | None, typer.Option("--each", help="One report for each value of a column, such as segment.")]
Engagements = Annotated[
    list[str] | None,
    typer.Option("--engagements", help="Several engagements, such as 'clients/*'; each keeps its own output."),
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes at work at the same time.")]
IfChanged = Annotated[bool, typer.Option("--if-changed", help="Leave a report alone that would be the same.")]


def folders_of(patterns: Sequence[str]) -> dict[str, Path]:
    """Return the engagements that patterns name, by the name that tells each from the others.

    Raises
    ------
    UsageError
        When a pattern names none.
    """
    import glob

    from postmortem.ground.config import FILE_NAME

    found: dict[Path, str] = {}
    for pattern in patterns:
        there = [Path(path) for path in sorted(glob.glob(str(Path(pattern).expanduser())))]
        mine = [path.resolve() for path in there if (path / FILE_NAME).is_file()]
        if not mine:
            raise UsageError(
                "There is no engagement here.", got=pattern, expected=f"folders with {FILE_NAME}, such as 'clients/*'",
                do="quote the pattern, or make one with: postmortem init DIR --from EXPORT",
            )  # fmt: skip
        found |= {path: path.name for path in mine}
    names = list(found.values())
    return {name if names.count(name) == 1 else f"{path.parent.name}/{name}": path for path, name in found.items()}


def wanted_of(
    folders: Mapping[str, Path], quarters: str, options: Mapping[str, Any], by: str | None, each: str | None,
    if_changed: bool, fail_if_small: bool,
) -> tuple[Wanted, ...]:  # fmt: skip
    """Return what is asked of each engagement; one whose name is empty is the only one.

    Raises
    ------
    UsageError
        When parts are named in two ways, or several engagements are to share one output.
    """
    from postmortem.frames.parts import Part, known_column
    from postmortem.report.wanted import Wanted

    if by and each:
        raise UsageError("Deals are divided in one way a run.", got=f"--by {by} --each {each}", expected="one of them")
    if options.get("output") and any(folders):
        raise UsageError(
            "Engagements do not share an output.", got=f"--output {options['output']}",
            expected="each its own, [report] output in its postmortem.toml",
        )  # fmt: skip
    part, column = Part.read(by).text if by else "", known_column(each) if each else ""
    return tuple(
        Wanted(folder, quarters, options, part, column, if_changed, fail_if_small, name)
        for name, folder in folders.items()
    )


def tell(outcomes: Sequence[Outcome], as_json: bool) -> int:
    """Write what became of every report and return the gravest exit code of them."""
    reports = [dict(outcome.told) for outcome in outcomes]
    code = next((known for known in GRAVEST_FIRST if known in {outcome.code for outcome in outcomes}), 0)
    emit({"reports": reports, "exit_code": code}, "\n".join(map(_line, reports)), as_json)
    return code


def make(wanted: Sequence[Wanted], workers: int, as_json: bool) -> int:
    """Make the reports and tell of them."""
    with imported().read_ahead(wanted):
        outcomes = imported(RUNNER).batch(wanted, workers=workers, say=say)
    return tell(outcomes, as_json)


def imported(name: str = READER) -> ModuleType:
    """Import what a run wants and start no thread, so that processes can be forked from this one."""
    from postmortem.report.notebooks.threads import importing_without_threads

    if name not in sys.modules:
        # What is imported stays: the collector need not look through it, now or when all is over.
        gc.disable()
        with importing_without_threads():
            import_module(name)
        gc.freeze()
        gc.enable()
        # A run holds far more than it throws away, and is over in seconds.
        gc.set_threshold(50_000, 20, 20)
    return sys.modules[name]


def _line(report: Mapping[str, Any]) -> str:
    from postmortem.ground.formats import count

    name = ": ".join(str(report[key]) for key in ("engagement", "quarter", "part") if report.get(key))
    if "index" not in report:
        return f"{name}: {report['message']}"
    found = {"done": count(report["findings"], "finding"), "failed": f"{count(len(report['failed']), 'page')} missing"}
    return f"{name}: {report['index']} ({found.get(report['status'], report['status'])})"
