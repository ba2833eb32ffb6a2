"""The parameters a notebook may declare: a closed list of JSON scalars, typed, checked before anything runs.

papermill pastes parameter names into code and only warns about unknown ones; so names come from here
alone, and values never reach a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from postmortem.ground.errors import ConfigError, nearest

TAG = "parameters"


@dataclass(frozen=True)
class Parameters:
    """What a run tells every notebook.

    Attributes
    ----------
    quarter : str
        Label of the focus quarter; ``last`` is resolved before.
    kind : str
        Kind of cohort: auto, forecast or closed.
    window : int
        Quarters pooled for rates and comparisons.
    as_of : str
        Last day known, ``YYYY-MM-DD``.
    deal_id : str
        One deal, for a notebook about one; empty for the costliest loss of the quarter.
    part : str
        One part of the deals, ``segment=Enterprise``; empty for all of them.
    """

    quarter: str
    kind: str
    window: int
    as_of: str
    deal_id: str = ""
    part: str = ""

    def of(self, names: Sequence[str]) -> dict[str, str | int]:
        """Return the values of the parameters a notebook declares."""
        return {name: getattr(self, name) for name in names}


ONE_DEAL, ONE_PART = "deal_id", "part"
KNOWN = tuple(field.name for field in fields(Parameters))


def declared(notebook: Any, path: Path) -> tuple[str, ...]:
    """Return the parameters that the tagged cell of a notebook declares.

    Raises
    ------
    ConfigError
        When there is no tagged cell, or it declares a name that no run can fill.
    """
    from papermill.translators import PythonTranslator

    cells = [cell for cell in notebook.cells if TAG in cell.get("metadata", {}).get("tags", [])]
    if len(cells) != 1:
        raise ConfigError(
            f"The notebook {path.name} needs exactly one cell tagged {TAG!r}.",
            got=f"{len(cells)} such cells",
            do="tag its parameter cell in JupyterLab's property inspector",
        )
    names = tuple(parameter.name for parameter in PythonTranslator.inspect(cells[0]))
    unknown = [name for name in names if name not in KNOWN]
    if unknown:
        raise ConfigError(
            f"The notebook {path.name} declares a parameter that no run can fill.",
            got=", ".join(unknown),
            do=nearest(unknown[0], KNOWN),
        )
    return names
