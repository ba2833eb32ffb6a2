"""A report on one part of the deals: which notebooks can make it, when there are too few, and the page that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from postmortem.analyses.needs import AT_ONCE, Need
from postmortem.frames.cohort import Cohort
from postmortem.frames.parts import Part
from postmortem.ground.config import Config
from postmortem.ground.errors import ConfigError, FrameRefused
from postmortem.ground.markup import render
from postmortem.report.disk.folders import MANIFEST
from postmortem.report.editions.manifest import content_hash, write_json
from postmortem.report.notebooks.parameters import ONE_PART
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.not_yet import of_report
from postmortem.report.pages.pages import about
from postmortem.result import Result, refused

QUESTION = "What became of the deals of this part?"
REFUSED = "refused"
WIDER = "a wider window, or the report of all deals, which holds these as well"
FLOOR = (
    Need("deals", (), 5, "deals of this part", WIDER, "deals", lambda cohort, rows: len(rows), "focus"),
    Need("deals", (), 20, "deals of this part", WIDER, "deals", lambda cohort, rows: len(rows), "window"),
)
"""Below this a report tells single deals, and no share of the window can be told from any other."""


class PartTooSmall(FrameRefused):
    """Too few deals of a part for a report of its own.

    Attributes
    ----------
    cohort : Cohort
        The deals there are.
    """

    def __init__(self, cohort: Cohort, lacking: Sequence[str]) -> None:
        self.cohort = cohort
        super().__init__(f"Too few deals of {cohort.part} for a report of their own.", got="; ".join(lacking), do=WIDER)


def enough(cohort: Cohort, part: Part | None) -> None:
    """Check that a part has deals enough for a report.

    Raises
    ------
    PartTooSmall
        When it has not.
    """
    lacking = [] if part is None else [need.lacking(cohort) for need in FLOOR if not need.met(cohort)]
    if lacking:
        raise PartTooSmall(cohort, lacking)


def of_parts(chosen: Sequence[Notebook], part: Part | None) -> None:
    """Check that every notebook can be told which part a report is about: one that cannot would tell all deals.

    Raises
    ------
    ConfigError
        With the notebooks that declare no such parameter.
    """
    deaf = [] if part is None else [notebook.name for notebook in chosen if ONE_PART not in notebook.parameters]
    if deaf:
        raise ConfigError(
            "These notebooks cannot be cut to a part of the deals.", rows=deaf,
            expected=f'{ONE_PART} = "" in the cell of parameters, and load_frame(…, {ONE_PART}={ONE_PART})',
            do="add both, or eject the notebook anew",
        )  # fmt: skip


def refusals(cohort: Cohort) -> tuple[Result, ...]:
    """Return what a part's report lacks, as refused answers."""
    return tuple(_refusal(need, cohort) for need in FLOOR if not need.met(cohort))


def write_refusal(aside: Path, cohort: Cohort, config: Config, beside: dict[str, Any]) -> dict[str, Any]:
    """Write the page that says why there is no report, and its manifest, which also holds `beside`; return this."""
    told = about(cohort, config)
    html = render(
        "refusal.html.j2",
        page_title=f"{cohort.noun.capitalize()} of {told.quarter}: {told.part}",
        current="index",
        about=told,
        pages=(),
        deals=len(cohort.focus_rows),
        refusals=of_report(refusals(cohort)),
    )
    (aside / "index.html").write_text(html, encoding="utf-8")
    content = content_hash(aside, [aside / "index.html"])
    data = {
        "company": told.company, "quarter": told.quarter, "as_of": told.as_of, "frame": cohort.kind,
        "part": cohort.part, "status": REFUSED, "rows": {"deals_in_focus": len(cohort.focus_rows)},
        "lacking": [need.lacking(cohort) for need in FLOOR if not need.met(cohort)],
    }  # fmt: skip
    data |= beside | {"content": content}
    write_json(aside / MANIFEST, data)
    return data


def _refusal(need: Need, cohort: Cohort) -> Result:
    # No export holds more deals of a quarter than there were.
    gap = need.gap(cohort)
    gap = replace(gap, arrives=gap.arrives.removeprefix(f"{AT_ONCE}; else "), where="")
    return refused("part", QUESTION, need.lacking(cohort), unlock=need.unlock, gap=gap, n_in=len(cohort.table))
