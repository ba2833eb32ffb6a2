"""New sales people: what they did in their first 90 days, and what became of their quota after a year."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from postmortem.book import Book
from postmortem.frames.entry import local_days
from postmortem.frames.quotas import known_quotas

FIRST_DAYS = 90
YEAR = pd.DateOffset(months=12)
BUYER = ("buyer", "both")
REACHED, MISSED, LEFT = "reached", "not reached", "left before"
EARLIER, GONE, FRESH, NO_QUOTA = "hired before the record begins", "left within 90 days", "hired too lately", "no quota"
FOLLOWED = (REACHED, MISSED, LEFT)
LEFT_OUT = (EARLIER, FRESH, GONE, NO_QUOTA)


def new_people(book: Book, as_of: dt.date) -> pd.DataFrame:
    """Return every sales person with a first day on record, and how far each can be followed.

    Parameters
    ----------
    book : Book
        Cut at `as_of`, with `reps`, their first days, and the history of the deals' owners.
    as_of : datetime.date
        Last day known.

    Returns
    -------
    DataFrame
        One row a person who has owned a deal or had a quota, in order of names: ``rep_id``, ``hired_at``, ``left_at``,
        ``quarter`` (label of the first full quarter that begins a year or more after the first day), ``became``
        (reached or not reached the quota of that quarter; left before its end; else one of `LEFT_OUT`).

    Notes
    -----
    Nobody hired before owners and closed deals are on record can be followed.
    """
    people = book.table("reps").dropna(subset=["hired_at"]).sort_values("rep_id", ignore_index=True)
    people = people[people["rep_id"].isin(_sellers(book))].reset_index(drop=True)
    calendar = book.meta.calendar
    # A quarter that begins on the day of the first year's end is a full one.
    quarters = [calendar.quarter_of(day.date()) + 1 for day in people["hired_at"] + YEAR - pd.Timedelta(days=1)]
    rows = people[["rep_id", "hired_at", "left_at"]].assign(
        quarter=pd.Series([quarter.label for quarter in quarters], dtype="str"),
        ends=pd.Series([pd.Timestamp(quarter.end) for quarter in quarters], dtype="datetime64[us]"),
    )
    return rows.assign(became=_became(book, rows, pd.Timestamp(as_of))).drop(columns="ends")


def first_days(book: Book, people: pd.DataFrame) -> pd.DataFrame:
    """Return what people did in their first 90 days.

    Parameters
    ----------
    book : Book
        As for `new_people`.
    people : DataFrame
        Rows of it: those who can be followed.

    Returns
    -------
    DataFrame
        On the index of `people`: ``opened`` (deals created in those days whose owner the person was at the end of that
        day), ``buyers`` (deals whose buyer took part in something in those days while they were the person's; missing
        for those hired before events are on record).

    Notes
    -----
    A deal counts for the person who owned it then: those of people who leave are handed on, and by today's owner they
    would seem never to have had them.
    """
    return pd.DataFrame({"opened": _opened(book, people), "buyers": _buyers(book, people)})


def record_begins(book: Book) -> pd.Timestamp | None:
    """Return the day from which all deals and their owners are on record; None where owners never are.

    Deals created before the first one closed may be on record only if they lasted; of owners before the first change
    nothing is told.
    """
    moved = _moves(book)
    closed = book.deals["closed_at"].min()
    return None if moved.empty or pd.isna(closed) else max(closed, local_days(book, moved["changed_at"]).min())


def _moves(book: Book) -> pd.DataFrame:
    history = book.table("history")
    moves: pd.DataFrame = history[(history["field"] == "owner_id") & history["changed_at"].notna()]
    return moves


def _sellers(book: Book) -> set[str]:
    """Return who has owned a deal or had a quota: a list of staff holds others as well."""
    moved, owners = _moves(book), book.deals["owner_id"]
    names = [owners, moved["old_value"], moved["new_value"], book.table("quotas")["rep_id"]]
    return set(pd.concat([each.dropna().astype("str") for each in names]))


def _became(book: Book, rows: pd.DataFrame, today: pd.Timestamp) -> pd.Series:
    begins = record_begins(book) or pd.Timestamp.max
    quotas = known_quotas(book).drop_duplicates(["rep_id", "quarter"])[["rep_id", "quarter", "quota", "attained"]]
    told = rows.merge(quotas, on=["rep_id", "quarter"], how="left")
    became = pd.Series(MISSED, index=rows.index, dtype="str")
    # Each line overrules those above it.
    became = became.mask(told["attained"] >= told["quota"], REACHED)
    became = became.mask(told["quota"].isna(), NO_QUOTA)
    became = became.mask(rows["left_at"] < rows["ends"], LEFT)
    became = became.mask(rows["ends"] > today, FRESH)
    became = became.mask(rows["left_at"] < rows["hired_at"] + pd.Timedelta(days=FIRST_DAYS - 1), GONE)
    return became.mask(rows["hired_at"] < begins, EARLIER)


def _opened(book: Book, rows: pd.DataFrame) -> pd.Series:
    """Count the deals created in each person's first days that were the person's at the end of that day."""
    deals = book.deals.dropna(subset=["created_at"])[["deal_id", "created_at"]]
    day = deals["created_at"].dt.normalize()
    evening = (day + pd.Timedelta(days=1)).dt.tz_localize(
        book.meta.time_zone, ambiguous=False, nonexistent="shift_forward"
    )
    made = deals.assign(day=day, moment=evening.dt.tz_convert("UTC") - pd.Timedelta(microseconds=1))
    return _counted(made, book, rows)


def _buyers(book: Book, rows: pd.DataFrame) -> pd.Series:
    """Count the deals whose buyer took part in something while they were the person's, in the first days."""
    events = book.table("events") if book.has("events") else None
    if events is None or events.empty:
        return pd.Series(pd.NA, index=rows.index, dtype="Int64")
    told = events.dropna(subset=["occurred_at"])
    days = local_days(book, told["occurred_at"])
    theirs = told["side"].isin(BUYER)
    made = told.loc[theirs, ["deal_id"]].assign(day=days[theirs], moment=told.loc[theirs, "occurred_at"])
    return _counted(made, book, rows).mask(rows["hired_at"] < days.min())


def _counted(made: pd.DataFrame, book: Book, rows: pd.DataFrame) -> pd.Series:
    """Count the different deals among what happened (deal_id, day, moment) in each person's first days, if theirs."""
    first, last = rows["hired_at"].min(), rows["hired_at"].max() + pd.Timedelta(days=FIRST_DAYS)
    near = made[(made["day"] >= first) & (made["day"] < last)]
    owned = near.assign(rep_id=_owner_then(book, near)).merge(rows[["rep_id", "hired_at"]], on="rep_id")
    since = (owned["day"] - owned["hired_at"]).dt.days
    number = owned[since.between(0, FIRST_DAYS - 1)].groupby("rep_id")["deal_id"].nunique()
    counted: pd.Series = rows["rep_id"].map(number.to_dict()).fillna(0).astype("Int64")
    return counted


def _owner_then(book: Book, made: pd.DataFrame) -> pd.Series:
    """Return whose deal it was at each moment; today's owner of a deal that never changed hands."""
    today = book.deals.drop_duplicates("deal_id").set_index("deal_id")["owner_id"].reindex(made["deal_id"])
    moves = _moves(book).merge(made[["deal_id"]].drop_duplicates(), on="deal_id")
    moves = moves.sort_values(["changed_at", "seq"], kind="stable")
    opening = moves.drop_duplicates("deal_id").set_index("deal_id")["old_value"]
    asked = made[["deal_id", "moment"]].assign(place=range(len(made))).sort_values("moment", kind="stable")
    then = pd.merge_asof(
        asked.astype({"moment": moves["changed_at"].dtype}), moves[["deal_id", "changed_at", "new_value"]],
        left_on="moment", right_on="changed_at", by="deal_id",
    ).sort_values("place")  # fmt: skip
    has_moved, is_later = made["deal_id"].isin(opening.index).to_numpy(), then["changed_at"].notna().to_numpy()
    before = opening.reindex(made["deal_id"]).set_axis(made.index)
    owner: pd.Series = then["new_value"].set_axis(made.index).where(is_later, before)
    return owner.where(has_moved, today.set_axis(made.index))
