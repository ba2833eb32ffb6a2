"""Which signals fired on which deals of a cohort, each as of its landmark: the table all else is worked out from."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import TRACKED
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import CACHE_VARIABLE
from postmortem.frames.known import TODAY, Record
from postmortem.ground.code import code_hash
from postmortem.signals import SIGNALS
from postmortem.signals.contract import Signal, checked, silent
from postmortem.signals.days import Landmark, landmarks_of
from postmortem.signals.landmark import Cutter, LandmarkBook

COLUMNS = ("deal_id", "quarter", "signal", "fired", "first_fired_at", "evidence")
# Above this many different days the states are read off the cut history alone.
MOST_DAYS = 40


def fired(
    cohort: Cohort, *, signals: Sequence[Signal] = SIGNALS, landmark: Landmark = "snapshot", days: int = 0
) -> pd.DataFrame:
    """Ask every signal about every deal of a cohort, blind to all that came after the deal's landmark.

    Parameters
    ----------
    cohort : Cohort
        Any kind. A book of `deals` alone does: what needs other tables is then unknown.
    signals : sequence of Signal
        Those of the package unless told; `postmortem.signals.own.engagement_signals` adds a client's own.
    landmark : {"snapshot", "stage_entry", "before_close"}
        ``snapshot`` is the day from which the cohort observes the deal: for forecast deals the day on which the
        forecast was frozen, for late-stage deals that on which they were in the red zone. ``stage_entry`` is
        the deal's first day in the red zone. ``before_close`` is 14 days before the close expected on the day of
        the snapshot, no earlier than that. All include that day.
    days : int
        Days after that, such as 30; deals that had ended by then are unknown, not left out.

    Returns
    -------
    DataFrame
        One row a (deal, quarter) of the cohort and signal, in their order: ``deal_id``, ``quarter``, ``signal``
        (name), ``fired`` (nullable flag; missing is unknown), ``first_fired_at`` (day since when it holds; missing
        where it did not fire or no day is on record), ``evidence`` (what shows it, or why it is unknown).

    Raises
    ------
    SignalError
        When a signal breaks its contract; `LandmarkViolation` when it fires after a landmark.
    UsageError
        When there is no such landmark, or `days` is negative.

    Notes
    -----
    Closed cohorts have no day on which their deals were observed, and counting back from the close would pick the
    day by the outcome: their ``snapshot`` is unknown throughout. ``stage_entry`` can be asked of them.
    With ``POSTMORTEM_CACHE`` set, the answer is kept and read again.
    """
    place = _place(cohort, signals, landmark, days)
    if place is not None and place.is_file():
        # Another run may have pruned it in this moment: then it is worked out again.
        with suppress(OSError):
            return pd.read_parquet(place)
    asked = landmarks_of(cohort, landmark, days)
    known = asked[asked["unknown"] == ""]
    cutter, states = Cutter(cohort.book), _states(cohort, known)
    parts = []
    for _, rows in known.groupby("quarter", sort=True):
        handed = rows[["deal_id", "quarter", "landmark", "created_at"]].reset_index(drop=True)
        book = cutter.at(handed, states(handed))
        parts += [
            _ask(signal, cohort.book, book, handed).set_axis(rows.index).assign(signal=signal.name)
            for signal in signals
        ]
    unasked = asked[asked["unknown"] != ""]
    parts += [silent(unasked, unasked["unknown"]).assign(signal=signal.name) for signal in signals]
    table = _arranged(asked, parts, [signal.name for signal in signals])
    if place is not None:
        # A cache that cannot be written, the disk being full, costs time and no answer.
        with suppress(OSError):
            _keep(table, place)
    return table


def _ask(signal: Signal, whole: Book, book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Return a signal's answer, held to its contract; unknown where one of its tables has no row at all."""
    missing = [name for name in signal.needs if not whole.has(name)]
    if missing:
        return silent(landmarks, f"the book has no {' and no '.join(missing).replace('_', ' ')}")
    return checked(signal, signal.function(book, landmarks.copy()), landmarks)


def _states(cohort: Cohort, known: pd.DataFrame) -> Callable[[pd.DataFrame], dict[str, pd.Series]]:
    """Return what gives the tracked fields as they stood at landmarks, where more than the cut history tells them.

    A change made later says what a field had been until then; snapshots and sheets tell their own days. Landmarks
    of too many different days are left to the history up to them.
    """
    moments = sorted({day.date() for day in known["landmark"]})
    if not moments or len(moments) > MOST_DAYS:
        return lambda rows: {}
    record = Record(cohort.book, tuple(moments))

    def at(rows: pd.DataFrame) -> dict[str, pd.Series]:
        parts = []
        for day in sorted({day.date() for day in rows["landmark"]}):
            own, told = rows[rows["landmark"] == pd.Timestamp(day)], record.at(day)
            # The history cannot tell a field that it does not follow; today's value is none of that day.
            values = told.deals[list(TRACKED)].where(told.sources != TODAY).set_index(told.deals["deal_id"])
            parts.append(values.loc[own["deal_id"]].set_axis(own.index))
        found = pd.concat(parts).loc[rows.index]
        return {name: found[name] for name in TRACKED}

    return at


def _arranged(asked: pd.DataFrame, parts: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    order = {name: place for place, name in enumerate(names)}
    table = pd.concat([part for part in parts if len(part)] or parts).rename_axis("row").reset_index()
    table["quarter"] = asked["quarter"].reindex(table["row"]).to_numpy()
    table = table.assign(place=table["signal"].map(order)).sort_values(["row", "place"], kind="stable")
    kinds = {"deal_id": "str", "quarter": "str", "signal": "str", "fired": "boolean",
             "first_fired_at": "datetime64[us]", "evidence": "str"}  # fmt: skip
    return table[list(COLUMNS)].astype(kinds).reset_index(drop=True)


def _place(cohort: Cohort, signals: Sequence[Signal], landmark: Landmark, days: int) -> Path | None:
    """Return the file an answer is kept in; None without a store, or with a signal whose code has no hash."""
    store = os.environ.get(CACHE_VARIABLE)
    if not store or not all(signal in SIGNALS or signal.digest for signal in signals):
        return None
    named = [[signal.name, signal.digest] for signal in signals]
    key = json.dumps([cohort.fingerprint, named, landmark, days, code_hash()])
    return Path(store) / "signals" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.parquet"


def _keep(table: pd.DataFrame, place: Path) -> None:
    """Write whole or not at all, since another notebook may be reading."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=place.parent, prefix=".writing-")
    os.close(handle)
    try:
        table.to_parquet(aside, index=False)
        os.replace(aside, place)
    finally:
        Path(aside).unlink(missing_ok=True)
