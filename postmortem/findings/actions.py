"""What was decided after a finding: `actions.toml`, checked as a whole, one entry an action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from postmortem.analyses import ANALYSES, NAMES, find
from postmortem.analyses.asked import misasked
from postmortem.frames.figures import Figure
from postmortem.ground.errors import nearest
from postmortem.taxonomies.tomlfile import Fields, raise_faults, read_toml

ACTIONS_FILE = "actions.toml"
KNOWN = ("finding", "action", "owner", "measure", "target", "due")
OF_MEASURE = ("name", "analysis", "table", "column", "row", "asked")
Bound = Literal["at_most", "at_least"]
BOUNDS: tuple[Bound, ...] = ("at_most", "at_least")
FIGURES: Mapping[str, Figure] = {figure.label: figure for analysis in ANALYSES for figure in analysis.comparable}


@dataclass(frozen=True)
class Measure:
    """One figure of a quarter, by name: a share that analyses declare as comparable, or a cell of an analysis.

    Attributes
    ----------
    figure : str
        Label of the share; empty where a cell is meant.
    name : str
        What a cell is called on the page; made of its headings where it is not given.
    analysis, table, column : str
        Where the cell stands.
    row : mapping
        Values that pick its row; the first row where there are none.
    asked : mapping
        Keyword arguments of the analysis.
    """

    figure: str = ""
    name: str = ""
    analysis: str = ""
    table: str = ""
    column: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """One action, as the engagement wrote it down.

    Attributes
    ----------
    finding : str
        Name of the analysis whose finding it answers.
    action : str
        What is done.
    owner : str
        By whom.
    measure : Measure
        By what it is judged.
    bound : {"at_most", "at_least"}
        On which side of `target` the measure is to be.
    target : float
        In the unit of the measure; shares from 0 to 1.
    due : datetime.date or None
        By when.
    """

    finding: str
    action: str
    owner: str
    measure: Measure
    bound: Bound
    target: float
    due: dt.date | None = None


def read_actions(folder: Path) -> tuple[Action, ...]:
    """Read `actions.toml` of an engagement; none where it has no such file.

    Raises
    ------
    ConfigError
        With every fault at once.
    """
    path = folder / ACTIONS_FILE
    if not path.is_file():
        return ()
    raw, faults = read_toml(path), list[str]()
    top = Fields("", raw, faults)
    top.only(("action",))
    entries = raw.get("action", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        top.fault("action", "expected tables, each under a line [[action]]")
        entries = []
    read = [_action(Fields(f"action {place}", entry, faults)) for place, entry in enumerate(entries, start=1)]
    raise_faults(f"{ACTIONS_FILE} cannot be used", faults, "correct them; every field is described in docs/actions.md")
    return tuple(read)


def _action(fields: Fields) -> Action:
    fields.only(KNOWN)
    finding = fields.text("finding", required=True)
    if finding and finding not in NAMES:
        fields.fault("finding", f"no analysis is called {finding!r}; {nearest(finding, NAMES)}")
    bound, target = _target(fields)
    due = fields.table.get("due")
    if due is not None and (not isinstance(due, dt.date) or isinstance(due, dt.datetime)):
        fields.fault("due", f"expected a day without quotes such as 2026-03-31, got {due!r}")
    return Action(
        finding=finding,
        action=fields.text("action", required=True),
        owner=fields.text("owner", required=True),
        measure=_measure(fields),
        bound=bound,
        target=target,
        due=due if isinstance(due, dt.date) else None,
    )


def _target(fields: Fields) -> tuple[Bound, float]:
    told = fields.table.get("target")
    if isinstance(told, dict) and len(told) == 1:
        for bound in BOUNDS:
            value = told.get(bound)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return bound, float(value)
    fields.fault("target", f"expected {{ at_most = NUMBER }} or {{ at_least = NUMBER }}, got {told!r}")
    return "at_most", 0.0


def _measure(fields: Fields) -> Measure:
    told = fields.table.get("measure")
    if isinstance(told, str):
        if told not in FIGURES:
            fields.fault("measure", f"no figure is called {told!r}; {nearest(told, tuple(FIGURES))}")
        return Measure(figure=told)
    if not isinstance(told, dict):
        fields.fault("measure", f"expected the name of a figure or {{ analysis, table, column }}, got {told!r}")
        return Measure()
    inner = Fields(f"{fields.name}.measure", told, fields.faults)
    inner.only(OF_MEASURE)
    analysis = inner.text("analysis", required=True)
    row, asked = (_mapping(inner, key) for key in ("row", "asked"))
    if analysis and analysis not in NAMES:
        inner.fault("analysis", f"no analysis is called {analysis!r}; {nearest(analysis, NAMES)}")
    elif analysis:
        for fault in misasked(find(analysis).function, asked):
            inner.fault("asked", f"{fault.what}; {fault.do}")
    table, column = (inner.text(key, required=True) for key in ("table", "column"))
    return Measure("", inner.text("name"), analysis, table, column, row, asked)


def _mapping(fields: Fields, key: str) -> dict[str, Any]:
    told = fields.table.get(key, {})
    if not isinstance(told, dict):
        fields.fault(key, f"expected a table such as {{ name = value }}, got {told!r}")
        return {}
    return told
