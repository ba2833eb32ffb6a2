"""What a batch is asked for, the reports that are to be made of it, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from postmortem.frames.engagement import Engagement
from postmortem.frames.parts import Part
from postmortem.ground.fiscal import RANGE

if TYPE_CHECKING:
    from postmortem.report.lanes import Trouble
    from postmortem.report.notebooks.forked_kernels import Engine

NOT_MADE = "not made"


@dataclass(frozen=True)
class Wanted:
    """What is asked of one engagement.

    Attributes
    ----------
    folder : Path
        The engagement.
    quarters : str
        One, a range, or ``last``.
    options : mapping of str to object
        Keyword arguments of `run_quarter`; `output` is the folder of the reports on all deals.
    part : str
        One part of the deals, ``segment=Enterprise``; empty for all of them.
    each : str
        A column: one report for each of its values.
    if_changed : bool
        Leave a report alone that is made of the same data, settings, parameters and code.
    fail_if_small : bool
        Whether a report that answers nothing, or a part with too few deals, counts as code 4.
    name : str
        What lines of progress begin with; empty where there is one engagement only.
    """

    folder: Path
    quarters: str = "last"
    options: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""
    each: str = ""
    if_changed: bool = False
    fail_if_small: bool = False
    name: str = ""

    @property
    def engagement(self) -> Engagement:
        """The engagement, opened with the window that is asked for."""
        return Engagement.open(self.folder, {"frame.window": self.options.get("window")})

    @property
    def engine(self) -> Engine:
        """How kernels are started."""
        return cast("Engine", self.options.get("engine", "forked"))

    @property
    def is_one(self) -> bool:
        """Whether it is one report that is asked for."""
        return not self.each and RANGE.match(self.quarters.strip()) is None

    @property
    def told(self) -> dict[str, str]:
        """What every outcome says of it."""
        return {"engagement": self.name} if self.name else {}

    @property
    def output(self) -> Path:
        """Folder of the reports on all deals."""
        told: Path | None = self.options.get("output")
        return (told or self.folder / self.engagement.config.report.output).resolve()


@dataclass(frozen=True)
class Job:
    """One report to be made: of whom, of which quarter, on which part of the deals."""

    wanted: Wanted
    quarter: str
    part: str = ""

    @property
    def label(self) -> str:
        """What lines of progress call it."""
        told = (self.wanted.name, self.quarter, Part.read(self.part).label if self.part else "")
        return ": ".join(each for each in told if each)

    @property
    def engine(self) -> Engine:
        """How kernels are started."""
        return self.wanted.engine

    @property
    def output(self) -> Path:
        """Folder that holds a folder a quarter."""
        return self.wanted.output / Part.read(self.part).folder if self.part else self.wanted.output


@dataclass(frozen=True)
class Outcome:
    """What became of one report: its exit code, and what is told of it as JSON values."""

    code: int
    told: Mapping[str, Any]

    @classmethod
    def of(cls, trouble: Trouble, wanted: Wanted, job: Job | None = None) -> Outcome:
        """Return the outcome of a report, or of an engagement, that could not be made."""
        place = {"quarter": job.quarter if job else wanted.quarters, "part": job.part if job else wanted.part}
        return cls(trouble.exit_code, {
            **wanted.told, **place, "status": NOT_MADE, "exit_code": trouble.exit_code, "message": trouble.message,
            "rows": list(trouble.rows),
        })  # fmt: skip
