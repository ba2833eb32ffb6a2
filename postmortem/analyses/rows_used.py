"""How many rows of the exports could be used, and why the others were set aside."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count
from postmortem.intake.wording import is_without_meaning
from postmortem.result import Column, Result, Table, Tables

METHOD = (
    "Every row read is either used or set aside with its file, line and reason; the sum is checked on every run. "
    "Repairs follow stated rules and are counted."
)


def rows_used(cohort: Cohort) -> Result:
    """How many rows of the exports could be used?

    Parameters
    ----------
    cohort : Cohort
        Any kind; its book is looked at as a whole.

    Returns
    -------
    Result
        Table ``tables``, one row a table of the book: ``table``, ``read``, ``used``, ``set_aside`` (rows).
        Table ``reasons``, one row a reason for setting rows aside: ``table``, ``column``, ``reason``,
        ``rows``, ``example`` (file and line). Table ``repairs``, one row a repair or observation:
        ``table``, ``column``, ``rows``, ``what``; what has no meaning yet is left to `not_understood`.
    """
    book = cohort.book
    aside = book.quarantine.groupby("table").size()
    read = pd.Series(dict(book.rows_in), dtype="int64").sort_index()
    set_aside = aside.reindex(read.index, fill_value=0).astype("int64")
    frame = pd.DataFrame(
        {"table": read.index.astype("str"), "read": read.to_numpy(), "used": (read - set_aside).to_numpy(),
         "set_aside": set_aside.to_numpy()}
    )  # fmt: skip
    columns = (
        Column("table", "label", "Table"),
        Column("read", "count", "Rows read"),
        Column("used", "count", "Used"),
        Column("set_aside", "count", "Set aside"),
    )
    repairs = pd.DataFrame(
        [(note.table, note.column, note.rows, note.what) for note in book.notes if not is_without_meaning(note.what)],
        columns=["table", "column", "rows", "what"],
    ).astype({"table": "str", "column": "str", "rows": "int64", "what": "str"})
    repair_columns = (
        Column("table", "label", "Table"),
        Column("column", "label", "Column"),
        Column("rows", "count", "Rows"),
        Column("what", "text", "What was seen or done"),
    )
    tables = {
        "tables": Table(frame, columns, "Rows read and used"),
        "reasons": _reasons(book.quarantine),
        "repairs": Table(repairs, repair_columns, "Seen or repaired by a stated rule"),
    }
    if book.quarantine.empty:
        del tables["reasons"]
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table))


def headline(tables: Tables) -> str:
    """Say how many rows were read and how many set aside."""
    rows = tables["tables"].rows
    if any_missing(*rows["read"], *rows["set_aside"]):
        return WITHHELD
    read, aside = int(rows["read"].sum()), int(rows["set_aside"].sum())
    if not aside:
        return f"All {count(read, 'row')} read could be used."
    return f"Of {count(read, 'row')} read, {aside:,} {'was' if aside == 1 else 'were'} set aside, each with its reason."


def _reasons(quarantine: pd.DataFrame) -> Table:
    places = quarantine["file"].astype("str") + " line " + quarantine["line"].astype("str")
    grouped = quarantine.assign(place=places).groupby(["table", "column", "reason"], dropna=False)
    frame = grouped.agg(rows=("place", "size"), example=("place", "first")).reset_index()
    frame = frame.sort_values(["rows", "reason"], ascending=[False, True], ignore_index=True)
    frame = frame.astype({"table": "str", "column": "str", "reason": "str", "rows": "int64", "example": "str"})
    columns = (
        Column("table", "label", "Table"),
        Column("column", "label", "Column"),
        Column("reason", "text", "Why"),
        Column("rows", "count", "Rows"),
        Column("example", "text", "For example"),
    )
    return Table(frame, columns, "Why rows were set aside")


ANALYSIS = Analysis(rows_used, headline, None, family="fact", method=METHOD)
