"""The best frame the data allow, and the sentence that says which one it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from postmortem.book import Book
from postmortem.frames.closed import closed_cohort
from postmortem.frames.cohort import Cohort
from postmortem.frames.first_forecast import first_forecast_cohort
from postmortem.frames.forecast import forecast_cohort
from postmortem.frames.late_stage import late_stage_cohort
from postmortem.frames.open_forecast import no_open_forecast, open_forecast
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fiscal import Quarter
from postmortem.ground.schema import FORECAST_DEFAULT

Choice = Literal["auto", "forecast", "late_stage", "first_forecast", "open_forecast", "closed"]


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
    """Take the forecast cohort where the forecast can be rebuilt, else the late-stage cohort, else the closed one.

    Parameters
    ----------
    kind : {"auto", "forecast", "late_stage", "first_forecast", "open_forecast", "closed"}
        ``auto`` chooses among the others but ``first_forecast``, whose deals belong to the quarter in which they were
        first called, not to the one they were called for, and ``open_forecast``, whose deals have not ended; the
        others insist. ``open_forecast`` takes the deals open on the day `as_of`, whatever quarter is asked for; where
        there are none, or none are known, it is a cohort without rows whose remark says so.

    Returns
    -------
    Cohort
        Its remarks say which deals these are, and why not those of a better frame. A frame that can be built
        and holds no deal is not replaced by another one.

    Raises
    ------
    FrameRefused
        When `kind` insists on a frame that the data cannot support.
    EmptyFrame
        When the frame holds no deal of the focus quarter.

    See Also
    --------
    postmortem.frames.forecast.forecast_cohort, postmortem.frames.late_stage.late_stage_cohort,
    postmortem.frames.first_forecast.first_forecast_cohort, postmortem.frames.open_forecast.open_forecast,
    postmortem.frames.closed.closed_cohort
    """
    reasons = []
    if kind == "first_forecast":
        return first_forecast_cohort(book, focus, window=window, categories=categories, as_of=as_of)
    if kind == "open_forecast":
        try:
            return open_forecast(book, as_of, categories=categories)
        except (EmptyFrame, FrameRefused) as reason:
            return no_open_forecast(book, as_of, reason)
    if kind in ("auto", "forecast"):
        try:
            return forecast_cohort(
                book, focus, window=window, categories=categories, snapshot_day=snapshot_day, as_of=as_of
            )
        except FrameRefused as refusal:
            if kind == "forecast":
                raise
            reasons.append(f"The forecast as it was is not known: the data hold {refusal.got}.")
    if kind in ("auto", "late_stage"):
        try:
            cohort = late_stage_cohort(book, focus, window=window, as_of=as_of)
            return replace(cohort, remarks=(*cohort.remarks, *reasons))
        except FrameRefused as refusal:
            if kind == "late_stage":
                raise
            reasons.append(f"The deals that reached a late stage are not known: the data hold {refusal.got}.")
    cohort = closed_cohort(book, focus, window=window, as_of=as_of)
    return replace(cohort, remarks=(*cohort.remarks, *reasons))
