"""One report of the plain sample beside the stock papermill command line on the same notebooks.

Both execute the notebooks with cold caches in turn, A B A B; ours also makes the pages, the stock run does not.
The ratio is taken pair by pair, so that a machine whose speed drifts does not decide.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from postmortem.ground import resources

PAIRS = 3
BIN = Path(sys.executable).parent


def ours(folder: Path) -> None:
    """Make the report with one command."""
    sample = resources.sample("plain")
    _run([BIN / "postmortem", "run", "--engagement", sample, "--output", folder / "reports"], folder)


def stock(folder: Path) -> None:
    """Execute each notebook with papermill's command line, one after the other."""
    for path in resources.notebooks():
        _run(
            [BIN / "papermill", path, folder / path.name, "--cwd", resources.sample("plain"), "--no-progress-bar"],
            folder,
        )


def main(arguments: Sequence[str] = ()) -> None:
    """Time both in turn and print seconds and the ratio; takes no option."""
    pairs = [(_seconds(ours), _seconds(stock)) for _ in range(PAIRS)]
    ratios = [theirs / mine for mine, theirs in pairs]
    print(f"one report, four notebooks, caches cold, {PAIRS} interleaved pairs")
    print(f"  postmortem run (with pages)      {statistics.median(mine for mine, _ in pairs):6.1f} s")
    print(f"  papermill command line (without) {statistics.median(theirs for _, theirs in pairs):6.1f} s")
    print(
        f"  ratio, median and range          {statistics.median(ratios):6.2f}   {min(ratios):.2f} to {max(ratios):.2f}"
    )


def _seconds(run: object) -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run(Path(folder))  # type: ignore[operator]
        return time.perf_counter() - started


def _run(command: list[object], folder: Path) -> None:
    environment = {**os.environ, "POSTMORTEM_CACHE": str(folder / "cache")}
    subprocess.run([str(word) for word in command], check=True, capture_output=True, env=environment)


if __name__ == "__main__":
    main()
