"""What the exports of one report weigh, and the seconds of a processor that each of them takes.

Takes the folder of a report; without one the report of the plain sample is made first. The issue asks for a workbook of
the full sample under 5 MB in under 15 s.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from postmortem.frames.engagement import Engagement
from postmortem.ground import resources
from postmortem.ground.errors import UsageError
from postmortem.report.exports.export import KINDS, Kind, export
from postmortem.report.run import run_quarter


def main(arguments: Sequence[str] = ()) -> None:
    """Write every export once and print its size and its cost; takes the folder of a report."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        report = Path(arguments[0]) if arguments else _plain(place)
        print(f"exports of {report.name}, browser included")
        for kind in KINDS:
            try:
                seconds, size, files = _measured(report, kind, place / kind)
            except UsageError as error:
                print(f"  {kind:7} {error.what}")
            else:
                print(f"  {kind:7} {size / 1e6:6.2f} MB in {files:3} files {seconds:6.1f} s of a processor")


def _plain(place: Path) -> Path:
    return run_quarter(Engagement.open(resources.sample("plain")), output=place / "reports").folder


def _measured(report: Path, kind: Kind, output: Path) -> tuple[float, int, int]:
    """Return the processor seconds of one kind of export, of this process and those it starts, its bytes and files."""
    made: list[Path] = []

    def once() -> None:
        told = export(report, [kind], output=output)
        made.extend(told.folder / name for name in told.files)

    seconds = _processor_seconds(once)
    return seconds, sum(path.stat().st_size for path in made), len(made)


def _processor_seconds(run: Callable[[], None]) -> float:
    def spent() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used)

    before = spent()
    run()
    return spent() - before
