"""What buyers of lost deals said in their own words, as far as they let it be shown."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import main_words, words_on
from postmortem.ground.formats import count
from postmortem.result import Column, Result, Table, Tables

MOST = 3
ANONYMOUS, NAMED = "anonymous", "named"
NOT_TOLD = "a buyer"
LEAST_LETTERS = 3
ALLOWED = Need(
    "interviews", ("consent",), 1, "interviews on lost deals whose words may be shown",
    "ask in every interview whether the words may be used, with or without the name", "interviews",
    lambda cohort, rows: len(_allowed(_spoken(cohort, rows))),
)  # fmt: skip
METHOD = (
    "Words of buyers in interviews held on losses of the window, under the main reason they were coded to. Shown only "
    "with consent: “anonymous” without name, role and customer, and not at all where the words name the customer; "
    "“named” with role and customer. Without consent, or where none is on record, they are counted and never shown. At "
    "most three a reason, the latest interviews first; they illustrate and prove nothing."
)


def verbatims(cohort: Cohort) -> Result:
    """What did the buyers of lost deals say in their own words?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``quotes``, one row a quote, at most three a reason, the reason most often given first: ``reason``,
        ``given`` (interviews with this main reason, whatever their consent), ``quote``, ``role`` and ``account`` (of
        the respondent, where named). Table ``consent``, one row: ``interviews`` (on lost deals, with words),
        ``free`` (that may be shown), ``anonymous`` (those of them without a name), ``kept`` (without consent),
        ``naming`` (anonymous ones set aside, as the words name the customer), ``shown`` (quotes in the table).

    Notes
    -----
    Refused where no interview on a lost deal has words that may be shown.
    """
    if not ALLOWED.met(cohort):
        return ANALYSIS.lack(cohort, ALLOWED)
    spoken = _spoken(cohort, cohort.window_rows)
    free = _allowed(spoken)
    given = spoken["reason"].value_counts()
    shown = free.drop_duplicates(["reason", "text"]).assign(given=lambda rows: rows["reason"].map(given))
    shown = shown.sort_values(
        ["given", "reason", "held_at", "interview_id"], ascending=[False, True, False, True], kind="stable"
    )
    shown = shown.groupby("reason", sort=False).head(MOST)
    named = shown["consent"] == NAMED
    quotes = pd.DataFrame(
        {
            "reason": shown["reason"].astype("str"),
            "given": shown["given"].astype("int64"),
            "quote": shown["text"].astype("str"),
            "role": shown["respondent_role"].where(named, NOT_TOLD).fillna(NOT_TOLD).astype("str"),
            "account": shown["account_name"].where(named).astype("str"),
        }
    ).reset_index(drop=True)
    columns = (
        Column("reason", "label", "Main reason"),
        Column("given", "count", "Interviews with it"),
        Column("quote", "quote", "In the buyer's words"),
        Column("role", "person", "Who"),
        Column("account", "account", "Customer"),
    )
    allowed = spoken["consent"].isin((ANONYMOUS, NAMED))
    tables = {
        "quotes": Table(quotes, columns, f"Buyers' words, {cohort.window_label}"),
        "consent": _consent(spoken, allowed, free, len(quotes)),
    }
    caveats = ("Quotes illustrate a reason; how often it was given is in the column beside, and proves nothing more.",)
    return ANALYSIS.answer(tables, cohort, n_used=free["deal_id"].nunique(), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say of how many interviews the words may be shown."""
    row = tables["consent"].first
    if any_missing(row["interviews"], row["free"], row["kept"], row["shown"]):
        return WITHHELD
    kept = f"; {row['kept']} gave no leave to show theirs" if row["kept"] else ""
    return (
        f"The words of {row['free']} of {count(row['interviews'], 'buyer')} who were asked may be shown, "
        f"{count(row['shown'], 'quote')} of them here{kept}."
    )


def _spoken(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row an interview on a lost deal with words: its main reason, consent, role, customer."""
    lost = lost_rows(rows).drop_duplicates("deal_id")
    words = words_on(cohort.book, lost["deal_id"], ("buyer",))
    said = words[words["text"].notna() & words["interview_id"].notna()]
    said = main_words(said)[["deal_id", "interview_id", "reason", "text"]]
    held = cohort.book.table("interviews")[["interview_id", "consent", "respondent_role", "held_at"]]
    joined = said.merge(held, on="interview_id", how="left")
    names = lost[["deal_id", "account_name"]]
    return joined.merge(names, on="deal_id", how="left").sort_values("interview_id", ignore_index=True)


def _names_customer(spoken: pd.DataFrame) -> pd.Series:
    """Say of each row whether the words hold the customer's name."""
    names = spoken["account_name"].fillna("")
    found = [
        len(name) >= LEAST_LETTERS and name.casefold() in text.casefold()
        for name, text in zip(names, spoken["text"], strict=True)
    ]
    return pd.Series(found, index=spoken.index, dtype="bool")


def _allowed(spoken: pd.DataFrame) -> pd.DataFrame:
    anonymous = (spoken["consent"] == ANONYMOUS) & ~_names_customer(spoken)
    return spoken[anonymous | (spoken["consent"] == NAMED)]


def _consent(spoken: pd.DataFrame, allowed: pd.Series, free: pd.DataFrame, shown: int) -> Table:
    made = {
        "interviews": [len(spoken)], "free": [len(free)], "anonymous": [int((free["consent"] == ANONYMOUS).sum())],
        "kept": [int((~allowed).sum())], "naming": [int(allowed.sum()) - len(free)], "shown": [shown],
    }  # fmt: skip
    columns = (
        Column("interviews", "count", "Interviews with words"),
        Column("free", "count", "May be shown"),
        Column("anonymous", "count", "Without a name"),
        Column("kept", "count", "No consent"),
        Column("naming", "count", "Set aside: the words name the customer"),
        Column("shown", "count", "Quotes shown"),
    )
    return Table(pd.DataFrame(made), columns, "What may be shown", detail=True)


ANALYSIS = Analysis(verbatims, headline, None, family="fact", method=METHOD, needs=(ALLOWED,))
