"""When a deal entered a state, from the field history: spells of one field, and what else was known at entry.

A spell is a time in which a field of a deal had one value. The first one begins with the deal, its value being
the old value of the first change; a closed deal without any change of the field has no spells, because CRMs
overwrite stage and category at closing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import DATES, NUMBERS, tracked_fields
from postmortem.frames.cohort import QUARTERS_BACK
from postmortem.frames.known import HISTORY, TODAY
from postmortem.frames.resolution import lost_to, resolve
from postmortem.ground.errors import FrameRefused
from postmortem.ground.fates import SLIPPED
from postmortem.ground.fiscal import Quarter
from postmortem.ground.membership import among

LABELS = {"stage": "stage", "forecast_category": "forecast category", "expected_close_date": "expected close",
          "amount": "amount"}  # fmt: skip
MOST_SILENT = 0.2
BEGINNING = pd.Timestamp("1900-01-01", tz="UTC")


def spells(book: Book, field: str) -> pd.DataFrame:
    """Return every spell of one tracked field.

    Returns
    -------
    DataFrame
        ``deal_id``, ``value`` (text), ``since`` (UTC; of a first spell the beginning of the day the deal was
        created), ``until`` (UTC; missing while it lasts), by deal and time.
    """
    history, deals = book.table("history"), book.deals
    changes = history[(history["field"] == field) & among(history["deal_id"], deals["deal_id"])]
    changes = changes.sort_values(["changed_at", "seq"], kind="stable")
    opening = changes.drop_duplicates("deal_id")[["deal_id", "old_value"]].rename(columns={"old_value": "value"})
    # each name once: a lookup takes as long as the names it is given, told ten times or not
    still = deals[(deals["outcome"] == "open") & ~among(deals["deal_id"], opening["deal_id"])]
    unchanged = pd.DataFrame({"deal_id": still["deal_id"], "value": still[field].astype("str")})
    first = pd.concat([opening, unchanged], ignore_index=True)
    created = deals.set_index("deal_id")["created_at"].reindex(first["deal_id"]).reset_index(drop=True)
    midnight = created.dt.tz_localize(book.meta.time_zone, ambiguous=False, nonexistent="shift_forward")
    first["since"] = midnight.dt.tz_convert("UTC").fillna(BEGINNING)
    later = changes.rename(columns={"new_value": "value", "changed_at": "since"})[["deal_id", "value", "since"]]
    # A change can be stamped on the day of creation, never before the deal begins.
    begun = later[["deal_id"]].merge(first[["deal_id", "since"]], on="deal_id", how="left")["since"]
    # Moments with a zone are compared as columns: as an array each of them would be an object.
    begun = begun.set_axis(later.index)
    later = later.assign(since=later["since"].where(later["since"] >= begun, begun))
    every = pd.concat([first, later], ignore_index=True).sort_values("since", kind="stable")
    every["until"] = every.groupby("deal_id")["since"].shift(-1)
    return every.sort_values(["deal_id", "since"], kind="stable", ignore_index=True)


def silent_in(deals: pd.DataFrame, is_told: pd.Series, quarter: Quarter) -> tuple[int, int]:
    """Return how many deals that closed in a quarter have no spell, and how many closed in it."""
    inside = (deals["closed_at"] >= pd.Timestamp(quarter.start)) & (deals["closed_at"] <= pd.Timestamp(quarter.end))
    closed = inside & (deals["outcome"] != "open")
    return int((closed & ~is_told).sum()), int(closed.sum())


def told_quarters(book: Book, told: Collection[str], focus: Quarter, what: str) -> tuple[list[Quarter], int]:
    """Return the quarters whose closed deals have a history, and the deals of the focus that have none.

    Raises
    ------
    FrameRefused
        When more than a fifth of the deals that closed in the focus quarter have none.
    """
    # asked once: looking thousands of names up takes longer than all else here
    is_told = book.deals["deal_id"].isin(told)
    silent, closings = silent_in(book.deals, is_told, focus)
    if silent > MOST_SILENT * closings:
        raise FrameRefused(
            f"The deals of {focus.label} cannot be followed in these data.",
            got=f"no {what} on record for {silent} of the {closings} deals that closed in it",
            expected=f"at most {MOST_SILENT:.0%} without one",
            do="export a longer field history, or use the closed cohort",
        )
    pairs = [(quarter, *silent_in(book.deals, is_told, quarter)) for quarter in focus.trailing(QUARTERS_BACK)]
    return [quarter for quarter, missing, number in pairs if missing <= MOST_SILENT * number], silent


def local_days(book: Book, moments: pd.Series) -> pd.Series:
    """Return the day of each moment in the book's zone."""
    days: pd.Series = moments.dt.tz_convert(book.meta.time_zone).dt.tz_localize(None).dt.normalize()
    return days


def observed(book: Book, entries: pd.DataFrame, field: str, as_of: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complete entries to rows of a cohort: the state at entry, and what became of the deal.

    Parameters
    ----------
    book : Book
        Cut at `as_of`.
    entries : DataFrame
        One row a (deal_id, quarter): ``deal_id``, ``quarter`` (label), ``end`` (its last day), ``moment``
        (UTC), ``value`` of `field` then.
    field : str
        The field the entry is about.
    as_of : datetime.date
        Last day known.

    Returns
    -------
    (DataFrame, DataFrame)
        Rows with the columns of a cohort, and where each field of `LABELS` comes from.
    """
    rows = entries.merge(book.deals, on="deal_id", how="left").merge(lost_to(book), on="deal_id", how="left")
    sources = pd.DataFrame(TODAY, index=rows.index, columns=list(LABELS), dtype="str")
    for name in LABELS:
        if name == field:
            rows[name] = rows["value"]
            sources[name] = HISTORY
        elif name in tracked_fields(book):
            value, is_told = _value_at(spells(book, name), rows[["deal_id", "moment"]], name)
            # Today's category of a closed deal is no evidence of an earlier day.
            rows[name] = value if name == "forecast_category" else value.where(is_told, rows[name])
            sources[name] = sources[name].mask(is_told, HISTORY)
        elif name == "forecast_category":
            rows[name] = pd.Series(pd.NA, index=rows.index, dtype="str")
            sources[name] = "not on record"
    rows["probability"] = float("nan")
    if "probability" in tracked_fields(book):
        rows["probability"] = _value_at(spells(book, "probability"), rows[["deal_id", "moment"]], "probability")[0]
    rows["entered_at"] = local_days(book, rows["moment"])
    rows["resolution"] = resolve(rows, rows["end"], pd.Timestamp(as_of))
    last = pd.Series(pd.Timestamp(as_of), index=rows.index)
    rows["ultimate"] = resolve(rows, last, pd.Timestamp(as_of)).replace(SLIPPED, "open")
    return rows, sources


def _value_at(known: pd.DataFrame, wanted: pd.DataFrame, field: str) -> tuple[pd.Series, pd.Series[bool]]:
    """Return the value of a field at each wanted moment, and whether any spell tells it."""
    left = wanted.reset_index().sort_values("moment", kind="stable")
    right = known.sort_values("since", kind="stable")[["deal_id", "since", "value"]]
    found = pd.merge_asof(left, right, left_on="moment", right_on="since", by="deal_id").set_index("index")
    found = found.reindex(wanted.index)
    value = found["value"]
    if field in DATES:
        value = pd.to_datetime(value.str.slice(0, 10), format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    elif field in NUMBERS:
        value = pd.to_numeric(value, errors="coerce").astype("float64")
    return value, found["since"].notna()
