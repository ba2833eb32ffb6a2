"""Which columns and values of the exports have no meaning yet, and the lines that give them one."""

from __future__ import annotations

import re

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, any_missing
from postmortem.book import Book
from postmortem.frames.cohort import Cohort
from postmortem.ground import schema
from postmortem.ground.formats import count
from postmortem.intake.wording import UNREAD, toml_string
from postmortem.result import Column, Result, Table, Tables

READ_AS_UNKNOWN = re.compile(r"values read as unknown: (?P<values>.*); map them under (?P<section>\[.*\])$", re.DOTALL)
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
QUOTED_COUNT = re.compile(r'("(?:[^"\\]|\\.)*") \((\d+)\)')
SUM_COLUMNS = (
    Column("columns", "count", "Columns not read"),
    Column("values", "count", "Values without a meaning"),
    Column("rows", "count", "Rows with them"),
)
METHOD = (
    "Columns that no adapter knows are left unread; values that the mapping does not know are kept as they are and "
    "counted as unknown. Nothing is guessed: each line is to be completed and added to postmortem.toml."
)


def not_understood(cohort: Cohort) -> Result:
    """What in the exports has no meaning yet?

    Parameters
    ----------
    cohort : Cohort
        Any kind; its book is looked at as a whole.

    Returns
    -------
    Result
        Table ``values``, one row a value: ``section`` (of postmortem.toml, or the process file), ``value``, ``rows``
        (with this value), ``line`` (to complete and add there). Table ``columns``, one row a column of a file that
        was not read: ``table``, ``column``. Table ``sums``, one row: ``columns``, ``values``, ``rows`` (with these
        values).
    """
    book = cohort.book
    values = [*_reasons(book), *_takers(book), *_enums(book), *_stages(book)]
    frame = pd.DataFrame(values, columns=["section", "value", "rows", "line"]).astype(
        {"section": "str", "value": "str", "rows": "int64", "line": "str"}
    )
    frame = frame.sort_values(["section", "rows", "value"], ascending=[True, False, True], ignore_index=True)
    value_columns = (
        Column("section", "label", "Where to say it"),
        Column("value", "quote", "Value"),
        Column("rows", "count", "Rows"),
        Column("line", "quote", "Line to complete and add"),
    )
    unread = [
        (note.table, header)
        for note in book.notes
        if note.what.startswith(UNREAD)
        for header in QUOTED.findall(note.what)
    ]
    columns = pd.DataFrame(unread, columns=["table", "column"]).astype("str")
    tables = {
        "values": Table(frame, value_columns, "Values without a meaning"),
        "columns": Table(
            columns.sort_values(["table", "column"], ignore_index=True),
            (Column("table", "label", "Table"), Column("column", "text", "Column")),
            "Columns that were not read",
            detail=True,
        ),
    }
    sums = pd.DataFrame({"columns": [len(columns)], "values": [len(frame)], "rows": [int(frame["rows"].sum())]})
    tables["sums"] = Table(sums, SUM_COLUMNS, "How much has no meaning yet", detail=True)
    caveats = () if columns.empty else ("A column is read once it is named under [tables.TABLE.columns].",)
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say how many columns and values have no meaning yet."""
    columns, values, rows = (tables["sums"].first[name] for name in ("columns", "values", "rows"))
    if any_missing(columns, values, rows):
        return WITHHELD
    if not columns and not values:
        return "Every column and every value of the exports was understood."
    told = [
        count(columns, "column") + (" was not read" if columns == 1 else " were not read"),
        f"{count(values, 'value')} on {count(rows, 'row')} {'has' if values == 1 else 'have'} no meaning yet",
    ]
    return " and ".join(text for text, some in zip(told, (columns, values), strict=True) if some) + "."


def _reasons(book: Book) -> list[tuple[str, str, int, str]]:
    """Return the values of the CRM's reasons that stand for no code and name no taker; others speak freely."""
    reasons = book.table("reasons")
    reasons = reasons[reasons["rater_type"] == "rep"]
    texts = reasons.loc[reasons["code"].isna() & reasons["lost_to"].isna(), "text"]
    return [("[taxonomy.reasons]", *_line(text, n, '"code"')) for text, n in texts.value_counts().items()]


def _takers(book: Book) -> list[tuple[str, str, int, str]]:
    """Return the words that do not tell to whom a deal was lost."""
    deals = book.deals
    words = deals.loc[(deals["outcome"] == "lost") & deals["lost_to_recorded"].isna(), "lost_to_raw"].dropna()
    meanings = '"unknown"  # or competitor, status_quo, disqualified'
    return [("[taxonomy.lost_to]", *_line(text, n, meanings)) for text, n in words.value_counts().items()]


def _enums(book: Book) -> list[tuple[str, str, int, str]]:
    """Return the words of closed lists that were read as unknown, as intake noted them."""
    found = []
    for note in book.notes:
        match = READ_AS_UNKNOWN.match(note.what)
        if match is None:
            continue
        known = schema.table(note.table).column(note.column).values
        choice = f'"{known[0]}"  # or {", ".join(known[1:])}'
        for quoted, n in QUOTED_COUNT.findall(match["values"]):
            found.append((match["section"], quoted[1:-1], int(n), f"{quoted} = {choice}"))
    return found


def _stages(book: Book) -> list[tuple[str, str, int, str]]:
    """Return the stages that a declared process does not list."""
    if not book.process.declared:
        return []
    stages = book.deals["stage"].dropna()
    strange = stages[~stages.isin(book.process.stage_names)].value_counts()
    return [("[[stages]] of the process", str(name), int(n), f"stage = {toml_string(str(name))}")
            for name, n in strange.items()]  # fmt: skip


def _line(text: object, rows: int, meaning: str) -> tuple[str, int, str]:
    return str(text), int(rows), f"{toml_string(str(text))} = {meaning}"


ANALYSIS = Analysis(not_understood, headline, None, family="fact", method=METHOD)
