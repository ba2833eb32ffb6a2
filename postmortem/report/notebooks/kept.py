"""Executed notebooks kept between runs: what one run has finished, no later one executes again.

A notebook is known by everything it can see: the book, the parameters, its own text, the settings, the code and the
libraries. One of the engagement's own may read other files beside it as well, so that for these every file of the
engagement counts, by name, size and time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.ground.code import code_hash, versions
from postmortem.ground.errors import PostmortemError
from postmortem.report.notebooks.harvest import Harvest, harvest
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook

PAGES: Final = "pages"
CUT_OFF, EARLIER = "the run that was cut off", "an earlier run on the same data"
MOST: Final = {PAGES: 480, "books": 12, "results": 6000, "signals": 200}
"""How many entries of each kind a cache holds, the last used: some dozens of reports."""


@dataclass(frozen=True)
class Kept:
    """The executed notebooks of one report, as far as there are any.

    Attributes
    ----------
    folder : Path
        Where they lie.
    made_of : str
        Hash of what all notebooks of the report can see.
    engagement : Path
        Folder whose own notebooks may read the files beside them.
    output : Path
        Folder of the reports: what lies there is nothing that goes in.
    told : Parameters
        What the notebooks are told.
    fresh : bool
        Take nothing; what is executed is kept all the same.
    source : str
        What people are told they are taken from.
    """

    folder: Path
    made_of: str
    engagement: Path
    output: Path
    told: Parameters
    fresh: bool = False
    source: str = ""

    @classmethod
    def of(
        cls, cache: Path, engagement: Engagement, cohort: Cohort, told: Parameters, output: Path, *, fresh: bool,
        cut_off: bool,
    ) -> Kept:  # fmt: skip
        """Return what is kept in `cache` of a report on `cohort`; `cut_off` is whether the run before did not end."""
        seen = [cohort.fingerprint, engagement.config.model_dump(mode="json"), code_hash(), versions()]
        made_of = hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()
        source = CUT_OFF if cut_off else EARLIER
        return cls(cache / PAGES, made_of, engagement.folder, output, told, fresh, source)

    def take(self, notebook: Notebook, executed: Path) -> Harvest | None:
        """Put a kept notebook where an executed one belongs, and read it; None where there is none that can be read."""
        place = self._place(notebook)
        if self.fresh or not place.is_file():
            return None
        try:
            shutil.copyfile(place, executed)
            taken = harvest(executed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, PostmortemError):
            executed.unlink(missing_ok=True)
            return None
        # Where it is not ours, somebody else says how long it stays.
        with suppress(OSError):
            os.utime(place)
        return taken

    def keep(self, notebook: Notebook, executed: Path) -> None:
        """Keep a notebook that was executed, whole or not at all; a disk that is full costs time, not the report."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, aside = tempfile.mkstemp(dir=self.folder, prefix=".writing-")
            os.close(handle)
            try:
                shutil.copyfile(executed, aside)
                os.replace(aside, self._place(notebook))
            finally:
                Path(aside).unlink(missing_ok=True)

    def _place(self, notebook: Notebook) -> Path:
        digest = hashlib.sha256(json.dumps([self.made_of, self.told.of(notebook.parameters)]).encode())
        digest.update(notebook.path.read_bytes())
        if not notebook.is_built_in:
            digest.update(self._beside.encode())
        return self.folder / f"{notebook.name}-{digest.hexdigest()[:32]}.ipynb"

    @cached_property
    def _beside(self) -> str:
        """What an own notebook may read beside the book."""
        files = sorted(_files(self.engagement, leave_out=self.output))
        return json.dumps([(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files])


def prune(cache: Path) -> None:
    """Remove from a cache what was not used for longest, where it holds more than `MOST`; others may be reading it."""
    for name, most in MOST.items():
        for path in _oldest_first(cache / name)[:-most]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def _oldest_first(folder: Path) -> list[Path]:
    used = []
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            used.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(used)]


def _files(folder: Path, *, leave_out: Path) -> Iterator[Path]:
    for path in _visible(folder.iterdir()):
        if path.is_dir() and path != leave_out:
            yield from _files(path, leave_out=leave_out)
        elif path.is_file():
            yield path


def _visible(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if not path.name.startswith(".") and path.name != "__pycache__")
