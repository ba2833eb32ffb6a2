"""Which values of the CRM's lists are never or hardly used, and how much the commonest one takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import AT_ONCE, WITHHELD, Analysis, any_missing, spoken
from postmortem.book import Book
from postmortem.charts.list_strips import list_strips
from postmortem.frames.cohort import Cohort
from postmortem.ground import schema
from postmortem.ground.formats import count, per_cent
from postmortem.result import Column, Gap, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More different values than a list that people choose from has: free text.
MOST_VALUES = 60
NEVER, ONCE, OFTEN = "never", "once", "more than once"
METHOD = (
    "Every value of a list and the deals that ever had it, over the whole record, changes in the history included. "
    "The values there are come from the process (stages), the closed lists of forecast categories and of who took a "
    "deal, the taxonomy (reasons), and, for the loss reasons as written, from the record itself, so that reasons which "
    "nobody ever chose cannot be seen. A field with more than sixty different values is free text and left out."
)


def unused_categories(cohort: Cohort) -> Result:
    """Which values of the lists that people choose from are never used?

    Parameters
    ----------
    cohort : Cohort
        Any kind; its book is looked at as a whole.

    Returns
    -------
    Result
        Table ``lists``, one row a list: ``list``, ``deals`` (with any value), ``values`` (there are), ``never`` and
        ``once`` (values used so), ``first`` (the commonest value), ``first_deals``, ``first_share`` (of the deals with
        any value). Table ``values``, one row a value: ``list``, ``value``, ``deals``, ``use`` (more than once, once,
        never).

    Notes
    -----
    Refused where no deal has a stage, a forecast category or a loss reason.
    """
    book = cohort.book
    every = _lists(book)
    if not every:
        missing, unlock = "a stage, forecast category or loss reason on any deal", "export these columns as well"
        return ANALYSIS.refuse(cohort, missing, unlock=unlock, gap=Gap(AT_ONCE))
    values = pd.DataFrame(
        [(name, value, n) for name, used, _ in every for value, n in used.items()], columns=["list", "value", "deals"]
    ).astype({"list": "str", "value": "str", "deals": "int64"})
    values["use"] = values["deals"].map(lambda n: OFTEN if n > 1 else ONCE if n else NEVER).astype("str")
    lists = pd.DataFrame([_summary(name, used, deals) for name, used, deals in every])
    tables = {
        "lists": Table(lists, LIST_COLUMNS, "Lists that people choose from, whole record"),
        "values": Table(values, VALUE_COLUMNS, "Every value and its deals", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.table))


def headline(tables: Tables) -> str:
    """Say how many values are never used, and which list leans most on one value."""
    rows = tables["lists"].rows
    if any_missing(*rows["values"], *rows["never"], *rows["once"]):
        return WITHHELD
    chosen, codes = rows[rows["list"] != CODES], rows[rows["list"] == CODES]
    never, once, every = (int(chosen[name].sum()) for name in ("never", "once", "values"))
    told = f"Of {count(every, 'value')} in the CRM's lists, {never:,} are never used and {once:,} once"
    if not never and not once:
        told = f"All {count(every, 'value')} in the CRM's lists are used more than once"
    if len(codes):
        told += (
            f"; of the taxonomy's {count(codes['values'].iloc[0], 'reason')}, {codes['never'].iloc[0]:,} have no loss"
        )
    known = [row for row in tables["lists"].records if not any_missing(row["first_share"], row["first"])]
    reasons = [row for row in known if row["list"] == REASONS]
    if not reasons:
        return f"{told}."
    first = reasons[0]
    return (
        f"{told}; {per_cent(first['first_share'])} of {count(first['deals'], 'deal')} with a loss reason have the "
        f"commonest one, “{spoken(first['first'], 'withheld')}”."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how often each value of a list is used, and how many never are."""
    list_strips(tables["values"].rows, axes, group="list", value="value", n="deals")


CODES = "Reasons of the taxonomy"
REASONS = "Loss reasons, as written"
LIST_COLUMNS = (
    Column("list", "label", "List"),
    Column("deals", "count", "Deals with a value"),
    Column("values", "count", "Values"),
    Column("never", "count", "Never used"),
    Column("once", "count", "Used once"),
    Column("first", "quote", "Commonest value"),
    Column("first_deals", "count", "Deals with it"),
    Column("first_share", "estimate", "Share", "share"),
)
VALUE_COLUMNS = (
    Column("list", "label", "List"),
    Column("value", "quote", "Value"),
    Column("deals", "count", "Deals"),
    Column("use", "label", "Use"),
)


def _lists(book: Book) -> list[tuple[str, dict[str, int], int]]:
    """Return each list's name, its values with the deals that ever had them, and the deals with any value."""
    deals, reasons = book.deals, book.table("reasons")
    lost = deals[deals["outcome"] == "lost"]
    words = reasons.loc[reasons["rater_type"].eq("rep") & reasons["deal_id"].isin(lost["deal_id"]), ["deal_id", "text"]]
    words = words.set_axis(["deal_id", "value"], axis=1)
    coded = reasons[["deal_id", "code"]].set_axis(["deal_id", "value"], axis=1)
    labels = {reason.code: reason.label for reason in book.taxonomy.reasons}
    coded = coded.assign(value=coded["value"].map(labels).astype("str"))
    takers = lost[["deal_id", "lost_to_recorded"]].set_axis(["deal_id", "value"], axis=1)
    stages = book.process.stage_names if book.process.declared else ()
    categories = _ever(book, "forecast_category")
    made = (
        ("Stages", _ever(book, "stage"), stages),
        ("Forecast categories", _spelled(categories), _words(schema.FORECAST_CATEGORIES)),
        (REASONS, words, ()),
        (CODES, coded, tuple(labels.values())),
        ("Lost to", _spelled(takers), _words(schema.LOST_TO)),
    )
    found = [(name, _used(pairs, known)) for name, pairs, known in made]
    return [(name, used, deals) for name, (used, deals) in found if deals and len(used) <= MOST_VALUES]


def _spelled(pairs: pd.DataFrame) -> pd.DataFrame:
    """Write the codes of a closed list as words."""
    return pairs.assign(value=pairs["value"].str.replace("_", " "))


def _words(codes: Sequence[str]) -> tuple[str, ...]:
    return tuple(code.replace("_", " ") for code in codes)


def _ever(book: Book, field: str) -> pd.DataFrame:
    """Return every value of a field that each deal has or ever had."""
    history = book.table("history")
    changes = history.loc[history["field"] == field, ["deal_id", "new_value"]].set_axis(["deal_id", "value"], axis=1)
    now = book.deals[["deal_id", field]].set_axis(["deal_id", "value"], axis=1)
    return pd.concat([now, changes], ignore_index=True)


def _used(pairs: pd.DataFrame, known: Sequence[str]) -> tuple[dict[str, int], int]:
    pairs = pairs.dropna().drop_duplicates()
    pairs = pairs[~pairs["value"].isin(("", schema.UNKNOWN))]
    counts = pairs["value"].value_counts()
    used = {str(value): int(n) for value, n in counts.items()}
    every = {**{value: 0 for value in known if value != schema.UNKNOWN}, **used}
    ordered = sorted(every, key=lambda value: (-every[value], value))
    return {value: every[value] for value in ordered}, int(pairs["deal_id"].nunique())


def _summary(name: str, used: dict[str, int], deals: int) -> dict[str, object]:
    first = next(iter(used))
    return {
        "list": name, "deals": deals, "values": len(used), "never": sum(n == 0 for n in used.values()),
        "once": sum(n == 1 for n in used.values()), "first": first, "first_deals": used[first],
        "first_share": used[first] / deals,
    }  # fmt: skip


ANALYSIS = Analysis(unused_categories, headline, draw, family="fact", method=METHOD)
