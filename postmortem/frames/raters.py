"""Who said what of a deal: the words of sales people, managers, analysts and buyers, one main reason a rater."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import pandas as pd

from postmortem.book import Book
from postmortem.ground.schema import RATERS

RATER_LABELS = MappingProxyType({"rep": "Sales person", "manager": "Manager", "analyst": "Analyst", "buyer": "Buyer"})
RATERS_LABELS = MappingProxyType(
    {"rep": "Sales people", "manager": "Managers", "analyst": "Analysts", "buyer": "Buyers"}
)
PRICE = "price"
NO_WORD = "not_recorded"


def words_on(book: Book, deals: pd.Series, raters: Sequence[str] = RATERS) -> pd.DataFrame:
    """Return what every rater said of these deals, in codes of the taxonomy.

    Parameters
    ----------
    book : Book
        As known on its day.
    deals : Series of str
        Identifiers; repeated ones count once.
    raters : sequence of str
        Kinds of raters asked for.

    Returns
    -------
    DataFrame
        One row a word, as in the table ``reasons``, those without a code the taxonomy knows and those that say no
        more than "not recorded" left out. Three columns more: ``broad`` (the code, or the one above it that a deal
        can be given too, so that "could not choose" and "could not decide" are no disagreement), ``reason`` (its
        label) and ``to`` (to whom it was lost: the rater's word, else what the code itself says; missing where
        neither tells).
    """
    reasons, taxonomy = book.table("reasons"), book.taxonomy
    reasons = reasons[reasons["rater_type"].isin(raters) & reasons["deal_id"].isin(deals)]
    known = {code: taxonomy.successor(code) for code in reasons["code"].dropna().unique()}
    live = reasons["code"].map(known)
    reasons = reasons[live.notna() & (live != NO_WORD)]
    live = live[reasons.index]
    above = {code: _broad(book, code) for code in live.unique()}
    labels = {reason.code: reason.label for reason in taxonomy.reasons}
    implied = {reason.code: reason.lost_to for reason in taxonomy.reasons if reason.lost_to}
    broad = live.map(above)
    said = reasons["lost_to"].where(reasons["lost_to"] != "unknown")
    return reasons.assign(
        code=live.astype("str"),
        broad=broad.astype("str"),
        reason=broad.map(labels).astype("str"),
        to=said.fillna(live.map(implied)).astype("str"),
    )


def main_words(words: pd.DataFrame) -> pd.DataFrame:
    """Return one main reason a deal and kind of rater.

    Parameters
    ----------
    words : DataFrame
        As `words_on` returns them.

    Returns
    -------
    DataFrame
        The rows of primary reasons, one a ``deal_id`` and ``rater_type``, in their order. Where several coders read
        one buyer's words, the coder who read most counts; of several words of one kind of rater, the latest.
    """
    main = words[words["rank"] == "primary"]
    read = main["coder_id"].map(main.groupby("coder_id")["deal_id"].nunique())
    main = main.assign(read=read.fillna(0)).sort_values(
        ["deal_id", "rater_type", "read", "recorded_at", "coder_id", "rater_id", "broad", "code"],
        ascending=[True, True, True, True, False, True, True, True],
        na_position="first",
        kind="stable",
    )
    last = main.drop_duplicates(["deal_id", "rater_type"], keep="last").drop(columns="read")
    return last.reset_index(drop=True)


def side_by_side(main: pd.DataFrame, column: str = "reason") -> pd.DataFrame:
    """Return what each kind of rater said, one row a deal.

    Parameters
    ----------
    main : DataFrame
        As `main_words` returns them.
    column : {"reason", "broad", "to"}
        What to set side by side.

    Returns
    -------
    DataFrame
        Indexed by deal, a column for every kind of rater, missing where that one gave no main reason.
    """
    return main.pivot(index="deal_id", columns="rater_type", values=column).reindex(columns=list(RATERS))


def both_spoke(beside: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return the rows on which two kinds of rater gave an answer, these two columns only."""
    return beside[[first, second]].dropna()


def spoken_on(book: Book, deals: pd.Series) -> dict[str, set[str]]:
    """Return by kind of rater those of the deals for which it gave a main reason, as `words_on` understands it."""
    reasons, taxonomy = book.table("reasons"), book.taxonomy
    main = reasons.loc[reasons["rank"] == "primary", ["deal_id", "rater_type", "code"]]
    main = main[main["deal_id"].isin(deals)]
    live = [code for code in main["code"].dropna().unique() if taxonomy.successor(code) not in (None, NO_WORD)]
    known = main[main["code"].isin(live)]
    return {rater: set(known.loc[known["rater_type"] == rater, "deal_id"]) for rater in RATERS}


def heard(book: Book, deals: pd.Series, column: str = "reason", raters: Sequence[str] = RATERS) -> pd.DataFrame:
    """Return what each kind of rater gave as the main reason of these deals, one row a deal anyone spoke on."""
    return side_by_side(main_words(words_on(book, deals, raters)), column)


def tally(values: pd.Series, kinds: Sequence[str]) -> list[int]:
    """Count how many of the values are of each kind, in the order of the kinds."""
    found = values.value_counts()
    return [int(found.get(kind, 0)) for kind in kinds]


def _broad(book: Book, code: str) -> str:
    """Return the topmost code above `code` that is no heading; itself where only headings are above."""
    reason, seen = book.taxonomy.reason(code), {code}
    while reason.parent is not None and reason.parent not in seen:
        parent = book.taxonomy.reason(reason.parent)
        if parent.group:
            break
        seen.add(parent.code)
        reason = parent
    return reason.code
