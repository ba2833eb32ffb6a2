"""Snapshots of the pipeline: taken from a book, turned into a history of changes, and back.

A snapshot says how deals stood at the end of a day. Between two of them a change is only known to have happened
after the one and by the end of the other, so it is written at the beginning of the later day: the end of that
day sees it, the end of the day before does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import narwhals as nw
import pandas as pd

from postmortem.book.book import Book
from postmortem.book.states import validity_spans, values_at
from postmortem.ground import schema

TABLE: Final = "snapshots"
FIELDS: Final = tuple(name for name in schema.SNAPSHOTS.names if name not in ("as_of", "deal_id"))
LISTED: Final = "listed"
"""Field of a history made from snapshots: whether the deal was on the list, ``true`` or ``false``."""
YES, NO = "true", "false"
JUST_CLOSED_DAYS: Final = 7


def take_snapshot(book: Book, day: dt.date, before: dt.date | None = None) -> pd.DataFrame:
    """Return how the deals of a book stand: those that are open, and those that closed just now.

    Parameters
    ----------
    book : Book
        As of `day`; amounts are in its currency.
    day : datetime.date
        Day the snapshot speaks for.
    before : datetime.date, optional
        Day of the snapshot before it: deals closed since are in this one. Without one, those of the last week.

    Returns
    -------
    DataFrame
        Canonical `snapshots`, one row a deal, by deal.
    """
    deals = book.deals
    last = before or day - dt.timedelta(days=JUST_CLOSED_DAYS)
    wanted = (deals["outcome"] == "open") | (deals["closed_at"] > pd.Timestamp(last))
    rows = deals[wanted].sort_values("deal_id", kind="stable").assign(as_of=pd.Timestamp(day))
    return canonical(rows)


def canonical(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the columns and dtypes of the table `snapshots`, in order, numbered from 0."""
    dtypes = {column.name: schema.DTYPES[column.kind] for column in schema.SNAPSHOTS.columns}
    return rows.loc[:, list(dtypes)].astype(dtypes).reset_index(drop=True)


def snapshots_to_history(snapshots: pd.DataFrame, time_zone: str) -> pd.DataFrame:
    """Return what changed between snapshots.

    Parameters
    ----------
    snapshots : DataFrame
        Canonical; one row a day and deal.
    time_zone : str
        Zone in which days begin.

    Returns
    -------
    DataFrame
        Canonical `history`, one row a change, by moment and deal. Besides the fields of a snapshot there is the
        field ``listed``: a deal that appears becomes ``true``, one that is gone from the next list ``false``.
        At its first appearance every field that has a value changes from missing to it.

    Notes
    -----
    A first appearance is no evidence of what was before: as the `history` of a book these rows would say that
    fields were empty then.
    """
    rows = canonical(snapshots).sort_values(["deal_id", "as_of"], kind="stable", ignore_index=True)
    days = rows["as_of"].drop_duplicates().sort_values(ignore_index=True)
    place = days.searchsorted(rows["as_of"])
    by_deal = pd.Series(place).groupby(rows["deal_id"])
    earlier, later = by_deal.shift(1), by_deal.shift(-1)
    is_first, appears = earlier.isna(), earlier != place - 1
    vanishes = (later != place + 1) & (place < len(days) - 1)
    came = _changes(rows[appears], LISTED, is_first[appears].map({True: None, False: NO}), YES)
    gone = _changes(rows[vanishes], LISTED, YES, NO)
    gone["as_of"] = days.take(place[vanishes.to_numpy()] + 1).to_numpy()
    parts = [came, gone]
    for field in FIELDS:
        values = _texts(rows[field])
        before = values.groupby(rows["deal_id"]).shift(1)
        moved = (values != before).fillna(True).astype("bool") & ~(values.isna() & before.isna())
        parts.append(_changes(rows[moved], field, before[moved], values[moved]))
    changes = pd.concat(parts, ignore_index=True).sort_values(["as_of", "deal_id"], kind="stable", ignore_index=True)
    return _canonical_history(changes, time_zone)


def moved_since(earlier: pd.DataFrame, later: pd.DataFrame, time_zone: str) -> dict[str, int]:
    """Count what changed from one snapshot to the next: deals that are ``new`` or ``gone``, and values by field.

    Parameters
    ----------
    earlier, later : DataFrame
        Canonical `snapshots` of one day each.
    time_zone : str
        Zone in which days begin.
    """
    changes = snapshots_to_history(pd.concat([earlier, later], ignore_index=True), time_zone)
    moved = changes[changes["changed_at"] > changes["changed_at"].min()]
    listed = moved.loc[moved["field"] == LISTED, ["deal_id", "new_value"]]
    appeared = set(listed.loc[listed["new_value"] == YES, "deal_id"])
    fields = moved.loc[(moved["field"] != LISTED) & ~moved["deal_id"].isin(appeared), "field"].value_counts()
    told = {"new": len(appeared), "gone": len(listed) - len(appeared)}
    return told | {field: int(fields.get(field, 0)) for field in FIELDS}


def history_to_snapshots(history: pd.DataFrame, days: Sequence[dt.date], time_zone: str) -> pd.DataFrame:
    """Return how deals stood at the end of each of some days; the way back from `snapshots_to_history`.

    Parameters
    ----------
    history : DataFrame
        Canonical. Where it tells ``listed``, a deal is in the snapshots of the days on which it was; where it
        does not, as in the field history of a CRM, from the day of its first change on.
    days : sequence of datetime.date
        Days wanted.
    time_zone : str
        Zone in which days end.

    Returns
    -------
    DataFrame
        Canonical `snapshots`, by day and deal. A field is missing where the history never tells it.
    """
    ordered = sorted(set(days))
    known = history[history["field"].isin((*FIELDS, LISTED))]
    if not ordered or known.empty:
        return schema.empty(TABLE)
    ends = [_midnights(pd.Series([pd.Timestamp(day + dt.timedelta(days=1))]), time_zone)[0] for day in ordered]
    told = values_at(nw.from_native(validity_spans(known).collect().to_native()).lazy(), ends).collect().to_pandas()
    wide = told.pivot(index=["place", "deal_id"], columns="field", values="value").reindex(columns=[*FIELDS, LISTED])
    wide = wide.rename_axis(columns=None).reset_index()
    begun = wide["deal_id"].map(known.groupby("deal_id")["changed_at"].min())
    has_begun = begun < wide["place"].map(dict(enumerate(ends)))
    is_silent = ~wide["deal_id"].isin(known.loc[known["field"] == LISTED, "deal_id"])
    is_listed = (wide[LISTED] == YES).fillna(False).astype("bool") | is_silent
    columns = {name: _typed(wide[name], name) for name in FIELDS}
    columns["as_of"] = pd.to_datetime(wide["place"].map(dict(enumerate(ordered))))
    rows = wide[["deal_id"]].assign(**columns)[is_listed & has_begun]
    return canonical(rows.sort_values(["as_of", "deal_id"], kind="stable"))


def _changes(rows: pd.DataFrame, field: str, old: Any, new: Any) -> pd.DataFrame:
    made = rows[["as_of", "deal_id"]].assign(field=field, old_value=old, new_value=new)
    return made.astype({"field": "str", "old_value": "str", "new_value": "str"})


def _canonical_history(changes: pd.DataFrame, time_zone: str) -> pd.DataFrame:
    seq = changes.groupby(["as_of", "deal_id"]).cumcount()
    made = changes.assign(changed_at=_midnights(changes["as_of"], time_zone), seq=seq)
    dtypes = {column.name: schema.DTYPES[column.kind] for column in schema.HISTORY.columns}
    return made.loc[:, list(dtypes)].astype(dtypes)


def _midnights(days: pd.Series, time_zone: str) -> pd.Series:
    """Return the moment each day begins in a zone, as UTC."""
    local = days.dt.tz_localize(time_zone, ambiguous=False, nonexistent="shift_forward")
    moments: pd.Series = local.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return moments


def _texts(values: pd.Series) -> pd.Series:
    """Write values as a history does: days as ISO dates, numbers so that they read back exactly."""
    written = values
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        written = values.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_float_dtype(values.dtype):
        written = values.map(lambda number: repr(float(number)).removesuffix(".0"), na_action="ignore")
    return written.astype("str")


def _typed(texts: pd.Series, field: str) -> pd.Series:
    kind = schema.SNAPSHOTS.column(field).kind
    if kind == "date":
        days = texts.astype("str").str.slice(0, 10)
        return pd.Series(pd.to_datetime(days, format="%Y-%m-%d", errors="coerce"), index=texts.index)
    if kind in ("money", "number"):
        return pd.Series(texts.map(float, na_action="ignore"), dtype="float64")
    return texts.astype("str")
