"""What the record of one deal does not say, and whom to ask."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book.reductions import BUYER_SIDES
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.one_deal import one_deal
from postmortem.ground.formats import count
from postmortem.ground.schema import UNKNOWN
from postmortem.result import Column, Result, Table, Tables

LOST = Need(
    "deals", ("outcome",), 1, "lost deals in the quarter", "name a deal, or choose another quarter", "deals",
    lambda _, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
FIELDS = {
    "amount": "What was it worth?", "segment": "Which segment is the customer of?", "owner_id": "Who sold it?",
    "created_at": "When did it begin?", "expected_close_date": "When was it expected to close?",
}  # fmt: skip
CRM, OWNER, BUYER, REVIEWER = "in the CRM", "the sales person", "the buyer", "whoever reviewed or reviews the deal"
ALL_TOLD = "nothing this page looks for"
METHOD = (
    "A fixed list of what a post-mortem of one deal needs, asked of the record: fields of the deal, to whom it was "
    "lost and why by each rater, contacts and people, competitors and their prices, interviews and reviews. A question "
    "is open where the record is silent, says unknown, or where two raters differ."
)
Open = tuple[str, str, str]


def open_questions(cohort: Cohort, *, deal_id: str = "") -> Result:
    """What does the record of this deal not tell?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    deal_id : str
        A deal of its book; the costliest lost deal of the focus quarter unless told.

    Returns
    -------
    Result
        Table ``questions``, one row an open question: ``question``, ``record`` (what is there), ``ask`` (whom, or
        where). Table ``asked``, one row: ``open`` (questions).

    Raises
    ------
    UsageError
        When the book has no such deal, with the nearest ids.

    Notes
    -----
    Refused when no deal is named and none was lost in the focus quarter.
    """
    deal = one_deal(cohort, deal_id)
    if deal is None:
        return ANALYSIS.lack(cohort, LOST, deal_id=deal_id)
    found = [each for source in (_fields, _loss, _contacts, _competitors, _words) for each in source(cohort, deal)]
    rows = found or [("None", ALL_TOLD + " is missing", "nobody")]
    frame = pd.DataFrame(rows, columns=["question", "record", "ask"]).astype("str")
    columns = (
        Column("question", "label", "Question"), Column("record", "label", "On record"), Column("ask", "label", "Ask"),
    )  # fmt: skip
    tables = {
        "questions": Table(frame, columns, "Still open"),
        "asked": Table(pd.DataFrame({"open": [len(found)]}), (Column("open", "count", "Open questions"),),
                       "How many", detail=True),
    }  # fmt: skip
    n_used = int(deal["deal_id"] in set(cohort.table["deal_id"]))
    return ANALYSIS.answer(tables, cohort, n_used=n_used, deal_id=deal_id)


def headline(tables: Tables) -> str:
    """Say how many questions are open and which comes first."""
    number = tables["asked"].first["open"]
    if any_missing(number):
        return WITHHELD
    if not number:
        return f"The record of this deal leaves {ALL_TOLD} open."
    first = tables["questions"].first["question"].rstrip("?")
    return f"The record of this deal leaves {count(number, 'question')} open, the first of them: {first}."


def _fields(cohort: Cohort, deal: Mapping[Hashable, Any]) -> Iterator[Open]:
    for name, question in FIELDS.items():
        if pd.isna(deal.get(name)):
            yield question, "not recorded", CRM


def _loss(cohort: Cohort, deal: Mapping[Hashable, Any]) -> Iterator[Open]:
    if not str(deal["ultimate"]).startswith("lost_"):
        return
    reasons = _of(cohort, "reasons", deal)
    if deal["lost_to"] == UNKNOWN or pd.isna(deal["lost_to"]):
        yield "Who or what took it: a competitor, or the status quo?", "nobody wrote it down", OWNER
    said = set(reasons["lost_to"].dropna()) - {UNKNOWN} | ({deal["lost_to"]} - {UNKNOWN, None})
    if len({each for each in said if isinstance(each, str)}) > 1:
        yield "Who or what took it?", "those who say so differ", BUYER
    if reasons.loc[reasons["rater_type"] == "rep", "code"].isna().all():
        yield "Why was it lost, in the sales person's view?", "no reason that the taxonomy knows", OWNER
    main = reasons[(reasons["rank"] == "primary") & reasons["code"].notna()].groupby("rater_type")["code"].agg(set)
    if len(main) > 1 and not set.intersection(*main):
        yield "What was the main reason?", f"{len(main)} sides name different ones", BUYER


def _contacts(cohort: Cohort, deal: Mapping[Hashable, Any]) -> Iterator[Open]:
    events, people = _of(cohort, "events", deal), _of(cohort, "contacts", deal)
    if events.empty:
        yield "Who was in touch with whom, and when?", "no meeting, call or mail", CRM
    elif not events["side"].isin(BUYER_SIDES).any():
        yield "Did the buyer ever act?", f"{count(len(events), 'contact')}, none of them the buyer's", OWNER
    if people.empty:
        yield "Who decided on the buyer's side?", "no person named", OWNER
    elif people["role"].isna().all():
        yield "Which of these people decided?", f"{count(len(people), 'person', 'people')} without a role", OWNER


def _competitors(cohort: Cohort, deal: Mapping[Hashable, Any]) -> Iterator[Open]:
    rivals = _of(cohort, "competitors", deal)
    if deal["lost_to"] == "competitor" and not (rivals["status"] == "won").any() and len(rivals) != 1:
        there = f"{count(len(rivals), 'competitor')} present, none marked as winner" if len(rivals) else "none named"
        yield "Which competitor won it?", there, OWNER
    if len(rivals) and rivals["price"].isna().all():
        yield "What did the competitor ask for?", "no price of any competitor", BUYER


def _words(cohort: Cohort, deal: Mapping[Hashable, Any]) -> Iterator[Open]:
    interviews, reviews = _of(cohort, "interviews", deal), _of(cohort, "reviews", deal)
    heard = (_of(cohort, "reasons", deal)["rater_type"] == "buyer").any()
    if not heard and not (interviews["status"] == "held").any():
        asked = "asked, and not heard" if len(interviews) else "never asked"
        yield "What does the buyer say?", asked, BUYER
    if reviews.empty:
        yield "Which of the six causes were there?", "not reviewed", REVIEWER
    elif (reviews["answer"] == UNKNOWN).any():
        silent = reviews.loc[reviews["answer"] == UNKNOWN, "question"].nunique()
        yield "Were the other causes there?", f"{count(silent, 'cause')} answered with “don't know”", REVIEWER


def _of(cohort: Cohort, table: str, deal: Mapping[Hashable, Any]) -> pd.DataFrame:
    rows = cohort.book.table(table)
    own: pd.DataFrame = rows[rows["deal_id"] == deal["deal_id"]]
    return own


ANALYSIS = Analysis(open_questions, headline, None, family="fact", method=METHOD, needs=(LOST,))
