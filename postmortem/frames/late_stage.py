"""The late-stage cohort: deals that stood in the red zone in a quarter, whatever the forecast said of them."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import tracked_fields
from postmortem.frames.closed import arrange, known_by
from postmortem.frames.cohort import Cohort, pooled
from postmortem.frames.entry import LABELS, local_days, observed, spells, told_quarters
from postmortem.frames.known import provenance
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fiscal import Quarter

UNTOLD = "that closed without a stage history on record"


def late_stage_cohort(book: Book, focus: Quarter, *, window: int = 4, as_of: dt.date | None = None) -> Cohort:
    """Take the deals that stood in a stage of the red zone in a quarter.

    A deal counts if it was in the red zone when the quarter opened, or entered it before the quarter ended,
    and was not closed by then.

    Parameters
    ----------
    book : Book
        Needs `deals`, a `history` of stages and a process with a red zone.
    focus : Quarter
        The quarter whose facts are told.
    window : int
        Quarters pooled for rates and comparisons, the focus included.
    as_of : datetime.date, optional
        Last day known; the book's own date unless told.

    Returns
    -------
    Cohort
        Of kind ``late_stage``; a deal that stays in the red zone over two quarters has two rows. `entered_at`
        is the day it entered, or the quarter's first day; stage and amount are those of that day.

    Raises
    ------
    FrameRefused
        When the stages of earlier days are not known, or no stage is known to be the red zone.
    EmptyFrame
        When no deal stood in the red zone in the focus quarter.

    Notes
    -----
    As in the forecast cohort, a quarter in which more than a fifth of the deals that closed have no stage
    history is refused as the focus and left out before it.
    """
    book, as_of = known_by(book, focus, as_of)
    zone = book.process.red_zone
    _refuse_untold(book, zone)
    every = spells(book, "stage")
    quarters, silent = told_quarters(book, set(every["deal_id"]), focus, "stage history")
    red = every[every["value"].isin(zone)].merge(book.deals[["deal_id", "outcome", "closed_at"]], on="deal_id")
    parts = [_entries(book, red, quarter) for quarter in quarters]
    entries = pd.concat([part for part in parts if not part.empty] or parts, ignore_index=True)
    if not (entries["quarter"] == focus.label).any():
        raise EmptyFrame(
            f"No deal stood in the red zone in {focus.label}.",
            got=f"{len(entries)} such deals in earlier quarters",
            expected=f"deals in {', '.join(zone)}",
            do="choose another quarter with --quarter, or correct the red zone in the process file",
        )
    rows, sources = observed(book, entries, "stage", as_of)
    return Cohort(
        table=arrange(rows),
        kind="late_stage",
        focus=focus,
        window=pooled(focus, window, as_of),
        provenance=provenance(sources[rows["quarter"] == focus.label], LABELS),
        book=book,
        as_of=as_of,
        counted_apart={UNTOLD: silent},
        remarks=(f"These are the deals that stood in {_joined(zone)} in the quarter, whatever the forecast said.",),
    )


def _refuse_untold(book: Book, zone: tuple[str, ...]) -> None:
    if "stage" not in tracked_fields(book):
        raise FrameRefused(
            "The deals that reached the red zone are not known from these data.",
            got="only today's stages",
            expected="a history of stages",
            do="export the CRM's field history (in Salesforce: Reports, Opportunity History), or use the closed cohort",
        )
    if not zone:
        raise FrameRefused(
            "No stage of this process is known to be the red zone.",
            got=f"stages {', '.join(book.process.stage_names) or 'without names'}, none open at 50% or more",
            expected="at least one open stage with red_zone = true, or a probability of 50% or more",
            do="write a process file and name it under [process], or export the stages' probabilities",
        )


def _entries(book: Book, red: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """Return the first spell in the red zone of each deal within one quarter."""
    opening, ending = book.meta.end_of_day(quarter.start - dt.timedelta(days=1)), book.meta.end_of_day(quarter.end)
    moment = red["since"].where(red["since"] > opening, opening)
    within = (red["since"] < ending) & (red["until"].isna() | (red["until"] > opening))
    last = red["closed_at"].fillna(pd.Timestamp(quarter.end))
    # The day a deal closed may be written before the stage is.
    is_open = (red["outcome"] == "open") | (last >= local_days(book, moment))
    found = red.assign(moment=moment, quarter=quarter.label, end=pd.Timestamp(quarter.end))[within & is_open]
    found = found.sort_values(["moment", "since"], kind="stable").drop_duplicates("deal_id")
    return found.loc[:, ["deal_id", "quarter", "end", "moment", "value"]]


def _joined(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
