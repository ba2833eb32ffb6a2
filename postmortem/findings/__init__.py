"""Floor 6: what the answers say together. `OVERVIEWS` are answers about answers, under the same contract."""

from __future__ import annotations

from importlib import import_module

from postmortem.analyses import ANALYSES, Analysis
from postmortem.ground.errors import UsageError, nearest

OVERVIEW_NAMES: tuple[str, ...] = ("readiness",)
OVERVIEWS: tuple[Analysis, ...] = tuple(import_module(f"{__name__}.{name}").ANALYSIS for name in OVERVIEW_NAMES)


def find(name: str) -> Analysis:
    """Return the analysis or overview called `name`."""
    known = (*ANALYSES, *OVERVIEWS)
    for analysis in known:
        if analysis.name == name:
            return analysis
    raise UsageError("There is no such analysis.", got=name, do=nearest(name, [entry.name for entry in known]))


__all__ = ["ANALYSES", "OVERVIEWS", "find"]
