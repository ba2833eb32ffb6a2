"""Rules for the rows of any table: required values, keys, long names and spellings."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.membership import among
from postmortem.intake.folding import spellings
from postmortem.intake.quarantine import Ledger
from postmortem.intake.wording import listed, shortened, toml_string

LONG_NAME: Final = 300
NAMES: Final = ("account_name", "deal_name")
SPELLED_TWICE_SHOWN: Final = 10

_MADE_A_DATE = re.compile(
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{1,2}|\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


def require_values(table: str, frame: pd.DataFrame, ledger: Ledger) -> None:
    """Set aside rows that lack a required value."""
    for name in schema.table(table).required:
        if name in frame:
            ledger.set_aside(frame[name].isna(), name, None, "is missing")
        else:
            ledger.set_aside(frame.index, name, None, "is missing")


def settle_keys(table: str, frame: pd.DataFrame, ledger: Ledger) -> None:
    """Decide which of several rows with one key counts.

    Rows of one deal that disagree on its outcome are all set aside: which one is right cannot be told.
    In every other case the last row of the file counts and the earlier ones are set aside.
    """
    key = [name for name in schema.table(table).key if name in frame]
    if not key or len(key) < len(schema.table(table).key):
        return
    shared = frame[frame.duplicated(key, keep=False)]
    if shared.empty:
        return
    shown = shared[key].astype("str").agg(" / ".join, axis=1) if len(key) > 1 else shared[key[0]]
    groups = shared.groupby(key, dropna=False, sort=False)
    if table == "deals":
        torn = groups["outcome"].transform("nunique") > 1
        ledger.set_aside(torn, "deal_id", shown, "occurs with two outcomes")
        shared = shared[~torn]
    earlier = shared.duplicated(key, keep="last")
    kept = ledger.lines.loc[shared.index].groupby([shared[name] for name in key], dropna=False).transform("last")
    why = "occurs again further down (line " + kept.astype("str") + "), and the last row counts"
    ledger.set_aside(earlier, key[0], shown.loc[shared.index], why)
    if earlier.any():
        ledger.note(
            key[0], earlier.sum(), "earlier rows of the same key were set aside; the last row of the file counts"
        )


def report_names(table: str, frame: pd.DataFrame, ledger: Ledger) -> None:
    """Note very long names, and names that are likely the same but for case, spaces and hyphens."""
    for column in schema.table(table).columns:
        if column.name not in frame or not (column.kind == "category" or column.name in NAMES):
            continue
        names = frame[column.name]
        long = names.str.len() > LONG_NAME
        if long.any():
            ledger.note(column.name, long.sum(), f"names of more than {LONG_NAME} letters were kept as they are")
        if column.name != "deal_name":
            _report_made_dates(table, column.name, names, ledger)
            report_spellings(table, column.name, names, ledger)


def _report_made_dates(table: str, column: str, names: pd.Series[str], ledger: Ledger) -> None:
    """Note values that a spreadsheet made of numbers, such as "May-20" of the size 5-20."""
    made = names[names.str.fullmatch(_MADE_A_DATE).fillna(False).astype(bool)]
    if len(made):
        what = (
            f"look like dates a spreadsheet made of numbers such as 5-20: {listed(made)}; kept as they are, to "
            f"correct them add lines under [tables.{table}.values.{column}]"
        )
        ledger.note(column, len(made), what)


def report_strangers(table: str, frame: pd.DataFrame, deals: pd.DataFrame, ledger: Ledger) -> None:
    """Note rows of deals that are not among the deals: set aside there, or left out of that export."""
    if table == "deals" or "deal_id" not in frame:
        return
    strangers = ~among(frame["deal_id"], deals["deal_id"])
    if strangers.any():
        deals_missed = frame.loc[strangers, "deal_id"].nunique()
        what = f"rows belong to {deals_missed} deals that are not among the deals; they are kept"
        ledger.note("deal_id", strangers.sum(), what)


def report_spellings(table: str, column: str, names: pd.Series[str], ledger: Ledger) -> None:
    """Note values that differ in case, spaces or hyphens alone, with the lines that would make them one."""
    counts = names.value_counts()
    groups = spellings(str(name) for name in counts.index)
    for group in groups[:SPELLED_TWICE_SHOWN]:
        best = max(group, key=lambda name: (counts[name], name))
        others = [name for name in group if name != best]
        lines = ", ".join(f"{toml_string(name)} = {toml_string(best)}" for name in others if len(name) <= LONG_NAME)
        what = (
            f"likely the same: {', '.join(f'{shortened(name)} ({counts[name]})' for name in group)}; "
            f"to make them one add under [tables.{table}.values.{column}]: {lines}"
        )
        ledger.note(column, int(counts[others].sum()), what)
    if len(groups) > SPELLED_TWICE_SHOWN:
        ledger.note(column, 0, f"{len(groups) - SPELLED_TWICE_SHOWN} more groups of spellings are likely the same")
