"""How many dates of the record cannot be right, and what was done about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.book import Book
from postmortem.charts import style
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.charts.rows import nothing
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, per_cent
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CYCLE = ("won", "lost")
SET_ASIDE, KEPT = "set aside", "kept as it is"
# What the entry rules write, by the column it is written about: a kind of fault, and what was done.
NOTED = {
    ("created_at", "deals close before they were created"): ("Closed before it was created", "creation date emptied"),
    ("closed_at", "lost deals whose only Close Date lies ahead"): (
        "Lost, its close date still ahead", "counted as closed on the day of the export",
    ),
}  # fmt: skip
QUARANTINED = {
    ("closed_at", "is after the extraction date"): "Closed after the export",
    ("created_at", "is after the extraction date"): "Created after the export",
    ("closed_at", "is missing on a closed deal"): "Closed without a close date",
    ("closed_at", "likely a typing error"): "Closed in an unlikely year",
    ("created_at", "likely a typing error"): "Created in an unlikely year",
}
METHOD = (
    "Deals of the whole record, counted where the entry rules repaired a date, where they set a deal aside, and where "
    "the dates kept say that a deal was won or lost on the day it was created. Deals set aside are in no other figure; "
    "a repaired deal loses the date that cannot be right and keeps the one its quarter rests on."
)


def impossible_dates(cohort: Cohort) -> Result:
    """How many dates in the record cannot be right?

    Parameters
    ----------
    cohort : Cohort
        Any kind; its book is looked at as a whole.

    Returns
    -------
    Result
        Table ``dates``, one row a kind of fault: ``what``, ``deals``, ``of`` (deals that could have it), ``share``,
        ``done`` (what was done with them), ``impossible`` (yes; no for closing on the day of creation, which can be).
    """
    book = cohort.book
    read = max(book.rows_in.get("deals", 0), len(book.deals))
    rows = [*_repaired(book, read), *_set_aside(book, read), *_zero_days(book)]
    frame = pd.DataFrame(rows, columns=["what", "deals", "of", "done", "impossible"])
    share = (frame["deals"] / frame["of"].where(frame["of"] > 0)).fillna(0.0).astype("float64")
    frame.insert(3, "share", share)
    frame = frame.sort_values(["impossible", "deals"], ascending=False, kind="stable", ignore_index=True)
    columns = (
        Column("what", "label", "What cannot be"),
        Column("deals", "count", "Deals"),
        Column("of", "count", "Of"),
        Column("share", "estimate", "Share", "share"),
        Column("done", "text", "What was done"),
        Column("impossible", "label", "Impossible", shown=False),
    )
    tables = {"dates": Table(frame, columns, "Dates that cannot be right, whole record")}
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table))


def headline(tables: Tables) -> str:
    """Say how many deals have a date that cannot be right, and which fault is the commonest."""
    rows = tables["dates"].rows
    if any_missing(*rows["deals"], *rows["of"]):
        return WITHHELD
    wrong = rows[rows["impossible"] == "yes"]
    same_day = int(rows.loc[rows["impossible"] == "no", "deals"].sum())
    closed = int(rows.loc[rows["impossible"] == "no", "of"].sum())
    quick = f"{same_day:,} of {count(closed, 'closed deal')} were won or lost on the day they were created"
    if not wrong["deals"].sum():
        return f"No date in the record is impossible; {quick}."
    first = wrong.iloc[0]
    return (
        f"{count(int(wrong['deals'].sum()), 'date')} cannot be right, most often “{first['what'].lower()}” "
        f"({first['deals']:,} of {count(int(first['of']), 'deal')}, {per_cent(first['share'])}); {quick}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the deals with each kind of fault that occurs, and what was done with them."""
    rows = tables["dates"].rows
    found = rows[rows["deals"].isna() | (rows["deals"] > 0)]
    if found.empty:
        style.fit_height(axes, 0.5)
        return nothing(axes, "None of the faults below occurs")
    return ranked_bars(found, axes, name="what", value="deals", note="done")


def _repaired(book: Book, read: int) -> list[tuple[str, int, int, str, str]]:
    """Return the faults that an entry rule repaired and noted."""
    notes = [note for note in book.notes if note.table == "deals"]
    return [
        (what, sum(n.rows for n in notes if n.column == column and n.what.startswith(begins)), read, done, "yes")
        for (column, begins), (what, done) in NOTED.items()
    ]


def _set_aside(book: Book, read: int) -> list[tuple[str, int, int, str, str]]:
    """Return the faults for which deals were set aside."""
    aside = book.quarantine[book.quarantine["table"] == "deals"]
    told = aside["column"].astype("str") + ": " + aside["reason"].astype("str")
    found = []
    for (column, words), what in QUARANTINED.items():
        n = int(sum(any(_names(part, column, words) for part in text.split("; ")) for text in told))
        found.append((what, n, read, SET_ASIDE, "yes"))
    return found


def _names(part: str, column: str, words: str) -> bool:
    return part.startswith(f"{column}: ") and words in part


def _zero_days(book: Book) -> list[tuple[str, int, int, str, str]]:
    """Return the deals won or lost on the day they were created."""
    deals = book.deals[book.deals["closed_at"].notna() & book.deals["created_at"].notna()]
    same = deals["closed_at"].dt.normalize() == deals["created_at"].dt.normalize()
    return [
        (f"{outcome.capitalize()} on the day it was created", int((same & of).sum()), int(of.sum()), KEPT, "no")
        for outcome in CYCLE
        for of in (deals["outcome"] == outcome,)
    ]


ANALYSIS = Analysis(impossible_dates, headline, draw, family="fact", method=METHOD)
