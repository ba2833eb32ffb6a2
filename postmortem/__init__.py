"""Deal post-mortems for the red zone: why forecast deals were lost, to whom, and how sure that is.

>>> import postmortem as pm
>>> frame = pm.load_frame("2025Q3")
>>> pm.quarter_outcome(frame).status
'ok'

Names are resolved when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

PUBLIC = {
    "load_frame": "postmortem.frames.engagement",
    "Engagement": "postmortem.frames.engagement",
    "Cohort": "postmortem.frames.cohort",
    "choose_cohort": "postmortem.frames.choose",
    "part_of": "postmortem.frames.cohort",
    "closed_cohort": "postmortem.frames.closed",
    "explore": "postmortem.explorer",
    "first_forecast_cohort": "postmortem.frames.first_forecast",
    "forecast_cohort": "postmortem.frames.forecast",
    "late_stage_cohort": "postmortem.frames.late_stage",
    "open_forecast": "postmortem.frames.open_forecast",
    "Book": "postmortem.book.book",
    "load_book": "postmortem.intake",
    "load_taxonomy": "postmortem.taxonomies",
    "Result": "postmortem.result",
    "PostmortemError": "postmortem.ground.errors",
}


def __getattr__(name: str) -> Any:
    if name in PUBLIC:
        return getattr(import_module(PUBLIC[name]), name)
    if name.startswith("_"):
        raise AttributeError(name)
    from postmortem.findings import ANALYSES, COMPARISONS, OVERVIEWS

    if name in {analysis.name for analysis in ANALYSES}:
        from postmortem.analyses.cache import cached

        return cached(name)
    for entry in (*OVERVIEWS, *COMPARISONS):
        if entry.name == name:
            return entry.function
    raise AttributeError(f"module 'postmortem' has no attribute {name!r}")


def __dir__() -> list[str]:
    from postmortem.findings import ANALYSES, COMPARISONS, OVERVIEWS

    return sorted([*PUBLIC, *(entry.name for entry in (*ANALYSES, *OVERVIEWS, *COMPARISONS)), "__version__"])
