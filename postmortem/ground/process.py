"""The sales process: stages, their order, which of them are the red zone, and what a buyer must have done.

The process file is an editable TOML. Without one, `Process.inferred` lists the stages the deals carry and
takes the stated probabilities as they are: a stage belongs to the red zone at 50% or more.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postmortem.ground.errors import ConfigError, nearest

RED_ZONE_FROM = 0.5
STAGE_KEYS = ("stage", "probability", "is_closed", "red_zone", "exit_commitments", "remedy")
FILE_KEYS = ("name", "stages", "categories")


@dataclass(frozen=True)
class Stage:
    """One stage of the process.

    Attributes
    ----------
    stage : str
        Name as the CRM writes it.
    order : int
        Position, from 1.
    probability : float or None
        Stated probability of winning, 0 to 1.
    is_closed : bool
        Whether a deal in this stage is won or lost.
    red_zone : bool
        Whether deals in this stage look ready to close.
    exit_commitments : tuple of str
        What the buyer must have done before the deal may leave the stage.
    remedy : str
        What to do with a deal that left the stage without; empty where the file does not say.
    """

    stage: str
    order: int
    probability: float | None = None
    is_closed: bool = False
    red_zone: bool = False
    exit_commitments: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class Process:
    """Stages in order, and the probabilities a company declares for its forecast categories."""

    name: str
    stages: tuple[Stage, ...]
    categories: Mapping[str, float]
    declared: bool = True

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Names of the stages in order."""
        return tuple(stage.stage for stage in self.stages)

    @property
    def red_zone(self) -> tuple[str, ...]:
        """Names of the open stages that are the red zone; empty where neither file nor data tell."""
        return tuple(stage.stage for stage in self.stages if stage.red_zone and not stage.is_closed)

    @classmethod
    def inferred(cls, probabilities: Mapping[str, float | None], closed: frozenset[str]) -> Process:
        """Make a process from the stages seen in the data.

        Parameters
        ----------
        probabilities : mapping of str to float or None
            Stage to the probability most deals in it carry, 0 to 1.
        closed : frozenset of str
            Stages of won and lost deals.
        """
        ordered = sorted(probabilities, key=lambda name: (name in closed, probabilities[name] or 0.0, name))
        stages = tuple(
            Stage(
                stage=name,
                order=order,
                probability=probabilities[name],
                is_closed=name in closed,
                red_zone=name not in closed and (probabilities[name] or 0.0) >= RED_ZONE_FROM,
            )
            for order, name in enumerate(ordered, start=1)
        )
        return cls(name="as found in the data", stages=stages, categories={}, declared=False)

    @classmethod
    def load(cls, path: Path) -> Process:
        """Read a process file.

        Raises
        ------
        ConfigError
            With every fault of the file.
        """
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise ConfigError("There is no such process file.", got=path.name) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError("The process file is not valid TOML.", got=str(error)) from None
        faults = [f"unknown key {key!r}: {nearest(key, FILE_KEYS)}" for key in raw if key not in FILE_KEYS]
        entries = raw.get("stages")
        if not isinstance(entries, list) or not entries:
            entries = []
            faults.append("it lists no [[stages]]")
        stages = tuple(_stage(entry, order, faults) for order, entry in enumerate(entries, start=1))
        names = [stage.stage for stage in stages]
        faults += [f"stage {name!r} is listed twice" for name in sorted({n for n in names if names.count(n) > 1})]
        categories = _categories(raw.get("categories", {}), faults)
        if faults:
            raise ConfigError(
                f"The process file {path.name} cannot be used.",
                rows=faults,
                do="correct these lines; docs/process.md shows a complete file",
            )
        return cls(name=str(raw.get("name", path.stem)), stages=stages, categories=categories)


def _stage(entry: Any, order: int, faults: list[str]) -> Stage:
    if not isinstance(entry, dict) or not isinstance(entry.get("stage"), str):
        faults.append(f"stage {order} has no name")
        return Stage(stage=f"stage {order}", order=order)
    name = entry["stage"]
    faults += [f"{name}: unknown key {key!r}: {nearest(key, STAGE_KEYS)}" for key in entry if key not in STAGE_KEYS]
    probability = entry.get("probability")
    if probability is not None and not _is_share(probability):
        faults.append(f"{name}: probability {probability!r} is not between 0 and 1")
        probability = None
    for key in ("is_closed", "red_zone"):
        if not isinstance(entry.get(key, False), bool):
            faults.append(f"{name}: {key} {entry[key]!r} is neither true nor false")
    commitments = entry.get("exit_commitments", [])
    if not (isinstance(commitments, list) and all(isinstance(item, str) for item in commitments)):
        faults.append(f"{name}: exit_commitments {commitments!r} is no list of texts")
        commitments = []
    remedy = entry.get("remedy", "")
    if not isinstance(remedy, str):
        faults.append(f"{name}: remedy {remedy!r} is no text")
        remedy = ""
    closed = bool(entry.get("is_closed", False))
    return Stage(
        stage=name,
        order=order,
        probability=None if probability is None else float(probability),
        is_closed=closed,
        red_zone=bool(entry.get("red_zone", not closed and (probability or 0.0) >= RED_ZONE_FROM)),
        exit_commitments=tuple(commitments),
        remedy=remedy,
    )


def _categories(raw: Any, faults: list[str]) -> dict[str, float]:
    if not isinstance(raw, dict):
        faults.append("[categories] is not a table of category = probability")
        return {}
    faults += [
        f"category {name}: probability {value!r} is not between 0 and 1"
        for name, value in raw.items()
        if not _is_share(value)
    ]
    return {str(name): float(value) for name, value in raw.items() if _is_share(value)}


def _is_share(value: Any) -> bool:
    # A bool is an int to Python, and TOML knows nan.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
