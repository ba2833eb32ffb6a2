"""Notebooks on an engagement of ten thousand deals, caches cold: `python -m benchmarks notebook_at_scale 04`.

The engagement is a company of the preset `full`, written as a client's files would be and read through its
`postmortem.toml`. The time is that of `postmortem run --page`: reading the files, running the notebooks in their
kernels, making the pages. A second run on warm caches shows what of it is reading. Seconds by the clock grow with
whatever else the machine does; seconds of the processors, user and system, of the run and its kernels do not.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from postmortem.ground import resources
from postmortem.simulate import build, chosen_parameters, write_files

BIN = Path(sys.executable).parent
QUARTERS = 12


def notebook(number: str | None) -> str:
    """Return the name of the notebook with this number, the last one unless told, or end with those there are."""
    names = [path.stem for path in resources.notebooks() if path.stem[:1].isdigit()]
    if number is None:
        return names[-1]
    found = [name for name in names if name.startswith(f"{int(number):02d}-")]
    if not found:
        raise SystemExit(f"There is no notebook {number}. There are: {', '.join(names)}")
    return found[0]


def main(arguments: Sequence[str] = ()) -> None:
    """Write the engagement, run the notebooks on cold and on warm caches, print the seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks notebook_at_scale", description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="numbers of the notebooks, run together; the last one")
    parser.add_argument("--deals", type=int, default=10_000)
    asked = parser.parse_args(list(arguments))
    names = [notebook(number) for number in asked.notebooks or (None,)]
    pages = [word for name in names for word in ("--page", name)]
    with tempfile.TemporaryDirectory(prefix="notebook-at-scale-") as made:
        folder, report = Path(made) / "engagement", Path(made) / "report"
        write_files(
            build(chosen_parameters("full", quarters=QUARTERS, deals_per_quarter=asked.deals // QUARTERS)), folder
        )
        print(
            f"{', '.join(names)}, about {asked.deals:,} deals over {QUARTERS} quarters, {os.cpu_count()} cores",
            flush=True,
        )
        for caches in ("cold", "warm"):
            started, worked = time.perf_counter(), _processor_seconds()
            ran = subprocess.run(
                [str(BIN / "postmortem"), "run", "--fresh", "-e", str(folder), "-o", str(report), *pages],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "POSTMORTEM_CACHE": str(Path(made) / "cache")},
            )
            if ran.returncode:
                raise SystemExit(ran.stderr)
            clock, processor = time.perf_counter() - started, _processor_seconds() - worked
            print(f"  caches {caches}: {clock:6.1f} s by the clock, {processor:6.1f} s of processors", flush=True)


def _processor_seconds() -> float:
    """Return what children that have ended used so far, user and system."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(sys.argv[1:])
