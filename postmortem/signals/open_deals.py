"""What is on record of open deals: the warnings that hold, of how many any is known, how long buyers are silent."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days
from postmortem.result import Column, Table
from postmortem.signals.contract import Signal
from postmortem.signals.matrix import fired
from postmortem.signals.own import with_own

BUYER = ("buyer", "both")


def known_of(cohort: Cohort, rows: pd.DataFrame) -> int:
    """Return of how many open deals something is on record that a warning is read from."""
    if cohort.kind != "open_forecast" or rows.empty:
        return 0
    asked = fired(cohort, signals=with_own(cohort.signal_files))
    return int(asked.loc[asked["fired"].notna() & asked["deal_id"].isin(rows["deal_id"]), "deal_id"].nunique())


def silent_days(cohort: Cohort) -> pd.Series:
    """Return the days since each deal's buyer last took part in something, by deal."""
    if not cohort.book.has("events"):
        return pd.Series([], index=pd.Index([], dtype="str"), dtype="Int64")
    events = cohort.book.table("events")
    last = events[events["side"].isin(BUYER)].groupby("deal_id")["occurred_at"].max()
    days: pd.Series = (pd.Timestamp(cohort.as_of) - local_days(cohort.book, last)).dt.days.astype("Int64")
    return days


def signals_table(asked: pd.DataFrame, amounts: pd.Series, signals: Sequence[Signal], currency: str) -> Table:
    """Return one row a warning: on how many open deals it holds, on how many nothing is known of it.

    Parameters
    ----------
    asked : DataFrame
        What these signals say of the open deals, as from `postmortem.signals.matrix.fired`.
    amounts : Series of float
        By deal.
    signals : sequence of Signal
        The warnings.
    currency : str
        Of the amounts.
    """
    rows = []
    for signal in signals:
        own = asked[asked["signal"] == signal.name]
        held = own.loc[own["fired"].fillna(False), "deal_id"]
        rows.append(
            {
                "signal": signal.name, "warning": signal.label, "deals": len(held),
                "amount": float(amounts.reindex(held).sum()), "asked": int(own["fired"].notna().sum()),
                "unknown": int(own["fired"].isna().sum()),
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows).sort_values(["deals", "signal"], ascending=[False, True], ignore_index=True)
    columns = (
        Column("signal", "label", "Code", shown=False),
        Column("warning", "label", "Warning"),
        Column("deals", "count", "Open deals it holds on"),
        Column("amount", "money", "Amount", currency),
        Column("asked", "count", "Of how many known"),
        Column("unknown", "count", "Not known of"),
    )
    return Table(frame, columns, "Warnings, by how many open deals carry them", detail=True)


def fired_table(held: pd.DataFrame, frame: pd.DataFrame, signals: Sequence[Signal]) -> Table:
    """Return one row a deal and warning, in the order of the deals, with what shows it.

    Parameters
    ----------
    held : DataFrame
        Of what the signals say of the open deals, the rows that fired.
    frame : DataFrame
        The deals in order: ``deal_id``, ``deal``, ``account``.
    signals : sequence of Signal
        The warnings.
    """
    labels = {signal.name: signal.label for signal in signals}
    place = pd.Series(frame.index, index=frame["deal_id"])
    rows = held.assign(place=held["deal_id"].map(place), warning=held["signal"].map(labels))
    rows = rows.sort_values("place", kind="stable").merge(frame[["deal_id", "deal", "account"]], on="deal_id")
    rows = rows.rename(columns={"first_fired_at": "since"})
    columns = (
        Column("deal", "deal", "Deal"),
        Column("account", "account", "Customer", shown=False),
        Column("warning", "label", "Warning"),
        Column("since", "date", "Since"),
        Column("evidence", "text", "What shows it"),
    )
    names = [column.name for column in columns]
    return Table(rows[names].astype({"warning": "str"}), columns, "What shows each warning", detail=True)
