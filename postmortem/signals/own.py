"""An engagement's own signals: Python files of its folder `signals/`, run here and held to the same contract."""

from __future__ import annotations

import hashlib
import importlib.util
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pandas as pd

from postmortem.frames.engagement import nearest_engagement, signal_files
from postmortem.ground import schema
from postmortem.ground.errors import PostmortemError
from postmortem.signals import NAMES, SIGNALS
from postmortem.signals.contract import Signal, SignalError
from postmortem.signals.landmark import LandmarkBook

EXAMPLE = "docs/signals.md shows a complete file"
Told = TypeVar("Told")


def engagement_signals(folder: Path | str | None = None) -> tuple[Signal, ...]:
    """Return the signals of the package and those of an engagement.

    Parameters
    ----------
    folder : path, optional
        The engagement; the nearest one at or above the working folder unless told.

    Returns
    -------
    tuple of Signal
        `SIGNALS`, then one signal a file of the engagement's folder ``signals``, by name of file; files whose name
        begins with an underscore are left out. These files are run: they can do what their author can do.

    Raises
    ------
    SignalError
        With the file and line of the first fault.
    """
    place = Path(folder) if folder is not None else nearest_engagement(Path.cwd())
    return with_own(() if place is None else signal_files(place))


def with_own(files: Sequence[Path]) -> tuple[Signal, ...]:
    """Return the signals of the package and those these files hold; as for `engagement_signals`."""
    own = [_read(path) for path in files]
    names = [signal.name for signal in own]
    twice = sorted({name for name in names if names.count(name) > 1 or name in NAMES})
    if twice:
        raise SignalError(
            "Two signals have one name.",
            got=", ".join(twice), expected="a name of its own for every signal",
            rows=[signal.origin for signal in own if signal.name in twice], do="rename yours",
        )  # fmt: skip
    return (*SIGNALS, *own)


def _read(path: Path) -> Signal:
    """Return the signal that a file holds, its detector guarded."""
    spec = importlib.util.spec_from_file_location(f"own_signal_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SignalError("This file cannot be read as Python.", got=path.name)
    module, loader = importlib.util.module_from_spec(spec), spec.loader
    _guarded(path, lambda: loader.exec_module(module))
    signal = _declared(module, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    detector = signal.function

    def ask(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
        # Shallow copies: a column that is written goes into the copy alone, and is found out.
        handed = replace(book, tables={name: frame.copy(deep=False) for name, frame in book.tables.items()})
        asked = landmarks.copy(deep=False)
        found = _guarded(path, lambda: detector(handed, asked))
        changed = [name for name, frame in book.tables.items() if not frame.equals(handed.tables[name])]
        changed += [] if landmarks.equals(asked) else ["landmarks"]
        if changed:
            raise SignalError(
                f"The signal {signal.name} of {path.name} changes what it is given.",
                got=", ".join(changed), expected="tables left as they are", do="work on a copy: frame = frame.copy()",
            )  # fmt: skip
        return found

    return replace(signal, function=ask, origin=path.name, digest=digest)


def _declared(module: ModuleType, path: Path) -> Signal:
    """Return the module's SIGNAL, or raise all that is wrong with it."""
    signal = getattr(module, "SIGNAL", None)
    if not isinstance(signal, Signal):
        raise SignalError(
            f"{path.name} holds no signal.",
            got=type(signal).__name__, expected="SIGNAL = Signal(function=..., name=..., ...)", do=EXAMPLE,
        )  # fmt: skip
    tables = [table.name for table in schema.TABLES]
    faults = [f"{key} is empty" for key in ("name", "label", "meaning") if not getattr(signal, key)]
    faults += [] if signal.name.isidentifier() and signal.name.islower() else [f"name {signal.name!r} is no snake_case"]
    faults += [f"there is no table {name!r}" for name in signal.needs if name not in tables]
    if faults:
        raise SignalError(f"The signal of {path.name} cannot be used.", rows=faults, do=EXAMPLE)
    return signal


def _guarded(path: Path, run: Callable[[], Told]) -> Told:
    """Run a user's code; whatever it raises becomes an error that names the file and the line."""
    try:
        return run()
    except PostmortemError:
        raise
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        raise SignalError(
            f"The signal of {path.name} stopped with an error of its own.",
            got=f"{type(error).__name__}: {error}",
            rows=[f"{path.name} line {line}"] if line else [path.name],
            do="correct the file, or move it out of the folder signals",
        ) from error
