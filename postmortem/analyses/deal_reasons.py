"""What each rater said of one deal: why, and to whom it was lost; nobody's word overwrites another's."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.one_deal import one_deal
from postmortem.frames.raters import RATER_LABELS
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count
from postmortem.ground.schema import RATERS, UNKNOWN
from postmortem.result import Column, Result, Table, Tables

RANKS = ("primary", "contributing")
LOST = Need(
    "deals", ("outcome",), 1, "lost deals in the quarter", "name a deal, or choose another quarter", "deals",
    lambda _, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
SAID = Need(
    "reasons", ("code",), 1, "words of anybody on why this deal ended as it did",
    "record the loss reason, review the deal, or ask the buyer", "reason",
    lambda cohort, rows: int(cohort.book.table("reasons")["deal_id"].isin(rows["deal_id"]).sum()), "focus",
)  # fmt: skip
OWN_VIEW = "Each row is one person's view. The buyer alone knows why it decided; nobody has to say so."
METHOD = (
    "All reasons on record for the deal, by rater. Words of an interview are shown only where the respondent consented "
    "(anonymous or named), and without a name. A main reason is compared between raters by its code; several coders of "
    "one interview count as one rater, who agrees with another where any of their codes is the same. Answers of deal "
    "reviews stand beside, by who gave them."
)


def deal_reasons(cohort: Cohort, *, deal_id: str = "") -> Result:
    """Why did this deal end as it did, according to whom?

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    deal_id : str
        A deal of its book; the costliest lost deal of the focus quarter unless told.

    Returns
    -------
    Result
        Table ``said``, one row a rater and reason: ``rater``, ``who`` (missing for buyers), ``rank``, ``reason``,
        ``taker`` (to whom, in the rater's word), ``words`` (missing without consent), ``recorded`` (day).
        Table ``reviewed``, one row an answer of a review: ``asked``, ``who``, ``answer``, ``evidence``. Table
        ``views``, one row: ``raters`` (kinds of raters with a main reason), ``reasons`` (different main
        reasons among them), ``shared`` (whether one main reason is named by all of them; missing below two
        raters).

    Raises
    ------
    UsageError
        When the book has no such deal, with the nearest ids.

    Notes
    -----
    Refused when nobody's word on the deal is on record.
    """
    deal = one_deal(cohort, deal_id)
    if deal is None:
        return ANALYSIS.lack(cohort, LOST, deal_id=deal_id)
    reasons = cohort.book.table("reasons")
    reasons = reasons[reasons["deal_id"] == deal["deal_id"]]
    reviews = cohort.book.table("reviews")
    reviews = reviews[reviews["deal_id"] == deal["deal_id"]]
    if reasons.empty and reviews.empty:
        return ANALYSIS.refuse(cohort, SAID.missing(0), unlock=SAID.unlock, gap=SAID.gap(cohort), deal_id=deal_id)
    tables = {"said": _said(cohort, reasons), "reviewed": _reviewed(cohort, reviews), "views": _views(reasons)}
    n_used = int(deal["deal_id"] in set(cohort.table["deal_id"]))
    return ANALYSIS.answer(tables, cohort, n_used=n_used, caveats=(OWN_VIEW,), deal_id=deal_id)


def headline(tables: Tables) -> str:
    """Say who named which main reason, and whether they agree."""
    view, rows = tables["views"].first, tables["said"].rows
    if any_missing(view["raters"], view["reasons"]):
        return WITHHELD
    if not view["raters"]:
        return "Nobody named a main reason for this deal."
    main = rows[(rows["rank"] == RANKS[0]) & rows["reason"].notna()]
    told = "; ".join(f"{rater}: {' or '.join(own)}" for rater, own in _by_rater(main).items())
    if view["raters"] == 1:
        return f"One side alone named a main reason. {told}."
    agreed = "name the same main reason" if view["shared"] is True else "do not agree"
    return f"{count(view['raters'], 'side')} {agreed}. {told}."


def _by_rater(main: pd.DataFrame) -> dict[str, list[str]]:
    return {str(rater): list(dict.fromkeys(own["reason"])) for rater, own in main.groupby("rater", sort=False)}


def _said(cohort: Cohort, reasons: pd.DataFrame) -> Table:
    labels = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
    consent = cohort.book.table("interviews").set_index("interview_id")["consent"]
    of_buyer = reasons["rater_type"] == "buyer"
    allowed = ~of_buyer | reasons["interview_id"].map(consent).isin(["anonymous", "named"])
    recorded = reasons["recorded_at"].dt.tz_convert(cohort.book.meta.time_zone).dt.tz_localize(None).dt.normalize()
    frame = pd.DataFrame({
        "rater": reasons["rater_type"].map(RATER_LABELS), "who": reasons["rater_id"].mask(of_buyer),
        "rank": reasons["rank"], "reason": reasons["code"].map(labels),
        "taker": reasons["lost_to"].map(LOST_TO_LABELS), "words": reasons["text"].where(allowed),
    }).astype("str").assign(recorded=recorded.astype("datetime64[us]"))  # fmt: skip
    order = pd.DataFrame({
        "side": reasons["rater_type"].map({rater: place for place, rater in enumerate(RATERS)}),
        "place": reasons["rank"].map({rank: place for place, rank in enumerate(RANKS)}),
    }).join(frame[["who", "reason", "words"]]).join(reasons["coder_id"])  # fmt: skip
    frame = frame.loc[order.sort_values(order.columns.tolist(), na_position="last").index].reset_index(drop=True)
    columns = (
        Column("rater", "label", "Who says so"), Column("who", "person", "Name"), Column("rank", "label", "Rank"),
        Column("reason", "label", "Reason"), Column("taker", "label", "Lost to"), Column("words", "quote", "In words"),
        Column("recorded", "date", "Recorded"),
    )  # fmt: skip
    return Table(frame, columns, "Who said what")


def _reviewed(cohort: Cohort, reviews: pd.DataFrame) -> Table:
    place = {reason.code: n for n, reason in enumerate(cohort.book.taxonomy.reasons)}
    labels = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
    ordered = reviews.assign(place=reviews["question"].map(place)).sort_values(["place", "question", "rater_id"])
    frame = pd.DataFrame({
        "asked": ordered["question"].map(labels).fillna(ordered["question"]), "who": ordered["rater_id"],
        "answer": ordered["answer"].replace({UNKNOWN: "not known"}), "evidence": ordered["evidence"],
    }).astype("str").reset_index(drop=True)  # fmt: skip
    columns = (
        Column("asked", "label", "Was it so?"), Column("who", "person", "Who answered"),
        Column("answer", "label", "Answer"), Column("evidence", "quote", "What shows it"),
    )  # fmt: skip
    return Table(frame, columns, "What reviewers answered, knowing the end")


def _views(reasons: pd.DataFrame) -> Table:
    main = reasons[(reasons["rank"] == RANKS[0]) & reasons["code"].notna()]
    codes = [set(own["code"]) for _, own in main.groupby("rater_type")]
    shared = (bool(set.intersection(*codes)) if len(codes) > 1 else None,)
    frame = pd.DataFrame({
        "raters": [len(codes)], "reasons": [main["code"].nunique()], "shared": pd.Series(shared, dtype="boolean"),
    })  # fmt: skip
    columns = (
        Column("raters", "count", "Sides with a main reason"), Column("reasons", "count", "Different main reasons"),
        Column("shared", "label", "One named by all"),
    )  # fmt: skip
    return Table(frame, columns, "Whether they agree", detail=True)


ANALYSIS = Analysis(deal_reasons, headline, None, family="fact", method=METHOD, needs=(LOST, SAID))
