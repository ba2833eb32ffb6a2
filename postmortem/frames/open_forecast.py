"""The open forecast: deals that are forecast and not closed yet, the ones a watchlist is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from postmortem.book import Book
from postmortem.frames.closed import arrange
from postmortem.frames.cohort import Cohort
from postmortem.frames.forecast import LABELS, NEEDED
from postmortem.frames.known import TODAY, Record, provenance
from postmortem.frames.resolution import lost_to
from postmortem.ground.errors import EmptyFrame, FrameRefused, PostmortemError, UsageError
from postmortem.ground.fates import OPEN
from postmortem.ground.schema import FORECAST_DEFAULT

PASSED = "whose expected close had already passed"
LATER = "expected to close in a later quarter"


def open_forecast(book: Book, as_of: dt.date | None = None, *, categories: Sequence[str] = FORECAST_DEFAULT) -> Cohort:
    """Take the open deals that are forecast to close in the quarter `as_of` lies in.

    Parameters
    ----------
    book : Book
        Needs `deals`; of an earlier day than its own, also categories and expected closes of that day, see
        `postmortem.frames.known`.
    as_of : datetime.date, optional
        The day looked at; the book's own date unless told.
    categories : sequence of str
        Forecast categories that count as forecast.

    Returns
    -------
    Cohort
        Of kind ``open_forecast``; every row is open, focus and window are the quarter of `as_of`. On the
        book's own day today's values are the evidence: the deals are open, so nothing was overwritten.

    Raises
    ------
    FrameRefused
        When category or expected close of an earlier day are not known.
    EmptyFrame
        When no open deal is forecast for the quarter.
    UsageError
        When `as_of` is later than the book.
    """
    as_of = as_of or book.meta.extracted_on
    if as_of > book.meta.extracted_on:
        raise UsageError(
            "The watchlist cannot know more than the book.",
            got=f"as of {as_of}",
            expected=f"{book.meta.extracted_on} (the day the data were extracted) or earlier",
        )
    focus = book.meta.calendar.quarter_of(as_of)
    deals, sources = _states(book, as_of)
    book = book.at(as_of)
    day = pd.Timestamp(as_of)
    is_open = deals["deal_id"].isin(book.deals.loc[book.deals["outcome"] == "open", "deal_id"])
    called = is_open & deals["forecast_category"].isin(categories)
    expected = deals["expected_close_date"]
    chosen = called & (expected >= day) & (expected <= pd.Timestamp(focus.end))
    if not chosen.any():
        raise EmptyFrame(
            f"No open deal is forecast for {focus.label} on {as_of}.",
            got=f"{int(called.sum())} open deals in these categories, expected at other times",
            expected=f"open deals in {', '.join(categories)}, expected to close from {as_of} to {focus.end}",
        )
    rows = deals[chosen].assign(quarter=focus.label, resolution=OPEN, ultimate=OPEN, entered_at=day)
    rows = rows.assign(outcome=OPEN, closed_at=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]"))
    rows = rows.merge(lost_to(book), on="deal_id", how="left")
    return Cohort(
        table=arrange(rows),
        kind="open_forecast",
        focus=focus,
        window=(focus,),
        provenance=provenance(sources[chosen], LABELS),
        book=book,
        as_of=as_of,
        counted_apart={
            PASSED: int((called & (expected < day)).sum()),
            LATER: int((called & (expected > pd.Timestamp(focus.end))).sum()),
        },
        remarks=(f"These are the deals open and forecast on {as_of}; what becomes of them is not known yet.",),
    )


def no_open_forecast(book: Book, as_of: dt.date | None, why: PostmortemError) -> Cohort:
    """Return the open forecast that holds no deal, with what is in its way as a remark.

    A watchlist without deals is an answer like any other: a report of ten notebooks must not end at it.
    """
    as_of = as_of or book.meta.extracted_on
    focus = book.meta.calendar.quarter_of(as_of)
    book = book.at(as_of)
    none = book.deals.iloc[:0]
    never = pd.Series([], index=none.index, dtype="datetime64[us]")
    rows = none.assign(quarter=focus.label, resolution=OPEN, ultimate=OPEN, entered_at=never, closed_at=never)
    return Cohort(
        table=arrange(rows.merge(lost_to(book), on="deal_id", how="left")),
        kind="open_forecast",
        focus=focus,
        window=(focus,),
        provenance={},
        book=book,
        as_of=as_of,
        remarks=(f"{why.what} Found: {why.got}." if why.got else why.what,),
    )


def _states(book: Book, as_of: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the deals as they stood, and where each field comes from."""
    if as_of == book.meta.extracted_on:
        deals = book.deals.reset_index(drop=True)
        return deals, pd.DataFrame(TODAY, index=deals.index, columns=list(LABELS), dtype="str")
    known = Record(book, (as_of,)).at(as_of)
    missing = [field.replace("_", " ") for field in NEEDED if field not in known.told]
    if missing:
        raise FrameRefused(
            f"The forecast of {as_of} cannot be rebuilt from these data.",
            got=f"only today's values of {' and '.join(missing)}",
            expected="a field history, or a snapshot or forecast sheet of that day",
            do=f"ask for {book.meta.extracted_on}, the day of the data",
        )
    deals = known.deals.copy()
    for field in NEEDED:
        deals[field] = deals[field].where(known.is_evidence(field))
    return deals, known.sources
