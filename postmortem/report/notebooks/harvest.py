"""Take out of an executed notebook what a page may carry: its prose and its results, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from postmortem.findings import find
from postmortem.findings.gate import through_the_gate
from postmortem.result import MIME, Result


@dataclass(frozen=True)
class Harvest:
    """What one executed notebook yields.

    Attributes
    ----------
    blocks : tuple of (str or Result)
        Markdown text and results, in order; a result shown twice counts once.
    dropped : tuple of str
        Outputs that are no results and therefore on no page: cell number and kind.
    """

    blocks: tuple[str | Result, ...]
    dropped: tuple[str, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        """The results alone, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Result))


def harvest(path: Path) -> Harvest:
    """Read prose and results from the executed notebook at `path`."""
    notebook = nbformat.read(path, as_version=4)
    blocks: list[str | Result] = []
    dropped: list[str] = []
    seen: set[str] = set()
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown" and cell.source.strip():
            blocks.append(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME not in data:
                kinds = sorted(data) or [output.get("name", output.output_type)]
                dropped.append(f"cell {number}: {', '.join(kinds)}")
                continue
            result = find(data[MIME]["analysis"]).restore(data[MIME])
            key = known_by(result.analysis, result.params)
            if key not in seen:
                seen.add(key)
                blocks.append(result)
    return Harvest(tuple(blocks), tuple(dropped))


def known_by(analysis: str, params: Mapping[str, Any]) -> str:
    """Return what a result is known by in its notebook: two with the same analysis and parameters are one."""
    return f"{analysis}{sorted(params.items())}"


def gated(harvests: Sequence[Harvest]) -> tuple[Harvest, ...]:
    """Send the results of all notebooks of a report through the gate together, before any sentence is made of them.

    Raises
    ------
    UsageError
        When the notebooks declare more tests than may be named from.
    """
    decided = iter(through_the_gate([result for harvest in harvests for result in harvest.results]))
    return tuple(
        replace(one, blocks=tuple(next(decided) if isinstance(block, Result) else block for block in one.blocks))
        for one in harvests
    )
