"""Floor 6: what the answers say together. `OVERVIEWS` are answers about answers, under the same contract.

`COMPARISONS` keep to it as well, but take two cohorts where everything else takes one. `OF_REPORTS` are made of the
results of a whole report, after its gate.
"""

from __future__ import annotations

from importlib import import_module

from postmortem.analyses import ANALYSES, Analysis
from postmortem.ground.errors import UsageError, nearest

OVERVIEW_NAMES: tuple[str, ...] = ("readiness", "guesses_against_facts", "claims_scoreboard")
OVERVIEWS: tuple[Analysis, ...] = tuple(import_module(f"{__name__}.{name}").ANALYSIS for name in OVERVIEW_NAMES)

COMPARISON_NAMES: tuple[str, ...] = ("compare",)
COMPARISONS: tuple[Analysis, ...] = tuple(import_module(f"{__name__}.{name}").ANALYSIS for name in COMPARISON_NAMES)

OF_REPORT_NAMES: tuple[str, ...] = ("report_findings", "looking_back")
OF_REPORTS: tuple[Analysis, ...] = tuple(import_module(f"{__name__}.{name}").ANALYSIS for name in OF_REPORT_NAMES)


def find(name: str) -> Analysis:
    """Return the analysis, overview, comparison or answer of a report called `name`."""
    known = (*ANALYSES, *OVERVIEWS, *COMPARISONS, *OF_REPORTS)
    for analysis in known:
        if analysis.name == name:
            return analysis
    raise UsageError("There is no such analysis.", got=name, do=nearest(name, [entry.name for entry in known]))


__all__ = ["ANALYSES", "COMPARISONS", "OF_REPORTS", "OVERVIEWS", "find"]
