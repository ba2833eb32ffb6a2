"""One notebook on an engagement of ten thousand deals, caches cold: `python -m benchmarks notebook_at_scale 04`.

The engagement is a company of the preset `full`, written as a client's files would be and read through its
`postmortem.toml`. The time is that of `postmortem run --page`: reading the files, running the notebook in its
kernel, making the pages. A second run on warm caches shows what of it is reading.
"""

from __future__ import annotations

import argparse
import os
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
    """Write the engagement, run the notebook on cold and on warm caches, print the seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks notebook_at_scale", description=__doc__)
    parser.add_argument("notebook", nargs="?", help="number of the notebook; the last one")
    parser.add_argument("--deals", type=int, default=10_000)
    asked = parser.parse_args(list(arguments))
    name = notebook(asked.notebook)
    with tempfile.TemporaryDirectory(prefix="notebook-at-scale-") as made:
        folder, report = Path(made) / "engagement", Path(made) / "report"
        write_files(
            build(chosen_parameters("full", quarters=QUARTERS, deals_per_quarter=asked.deals // QUARTERS)), folder
        )
        print(f"{name}, about {asked.deals:,} deals over {QUARTERS} quarters, {os.cpu_count()} cores", flush=True)
        for caches in ("cold", "warm"):
            started = time.perf_counter()
            ran = subprocess.run(
                [str(BIN / "postmortem"), "run", "--engagement", str(folder), "--output", str(report), "--page", name],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "POSTMORTEM_CACHE": str(Path(made) / "cache")},
            )
            if ran.returncode:
                raise SystemExit(ran.stderr)
            print(f"  caches {caches}: {time.perf_counter() - started:6.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
