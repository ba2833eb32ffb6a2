"""The best frame the data allow, and the sentence that says which one it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from postmortem.book import Book
from postmortem.frames.closed import closed_cohort
from postmortem.frames.cohort import Cohort
from postmortem.frames.forecast import forecast_cohort
from postmortem.ground.errors import FrameRefused
from postmortem.ground.fiscal import Quarter
from postmortem.ground.schema import FORECAST_DEFAULT

Choice = Literal["auto", "forecast", "closed"]


def choose_cohort(
    book: Book,
    focus: Quarter,
    *,
    kind: Choice = "auto",
    window: int = 4,
    categories: Sequence[str] = FORECAST_DEFAULT,
    snapshot_day: int = 5,
    as_of: dt.date | None = None,
) -> Cohort:
    """Take the forecast cohort where the forecast can be rebuilt, the closed cohort elsewhere.

    Parameters
    ----------
    kind : {"auto", "forecast", "closed"}
        ``auto`` chooses; the others insist.

    Raises
    ------
    FrameRefused
        When `kind` insists on a forecast that cannot be rebuilt.

    See Also
    --------
    postmortem.frames.forecast.forecast_cohort, postmortem.frames.closed.closed_cohort
    """
    if kind == "closed":
        return closed_cohort(book, focus, window=window, as_of=as_of)
    try:
        return forecast_cohort(
            book, focus, window=window, categories=categories, snapshot_day=snapshot_day, as_of=as_of
        )
    except FrameRefused as refusal:
        if kind == "forecast":
            raise
        cohort = closed_cohort(book, focus, window=window, as_of=as_of)
        why = f"The forecast as it was is not known: the data hold {refusal.got}."
        return replace(cohort, remarks=(*cohort.remarks, why))
