"""What the sales people's notes suggest for losses whose reason field says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground import schema
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, per_cent
from postmortem.notes import Reader, Suggestion, load_words, suggest
from postmortem.notes.measured import measured
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats.proportions import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAYS_NOTHING = ("other", "not_recorded")
NOTHING = "Nothing suggested"
SHOWN_LETTERS = 300
METHOD = (
    "Lost deals of the focus quarter without a usable reason of the sales person (none, “other”, or one that stands "
    "for no code) whose free-text note is read by a list of words and phrases for each reason. What the note denies, "
    "and sentences about other customers, do not count; a competitor's name alone is no loss to it. The score says "
    "how much speaks for a suggestion, from 0 to 1, and is no probability; below its threshold nothing is suggested. "
    "Suggestions are for reading and enter no other figure: they are nobody's rating. "
    "docs/notes.md says how often they were right."
)


def note_suggestions(cohort: Cohort) -> Result:
    """What do the notes suggest for lost deals without a usable reason?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``by_reason``, one row a suggested reason: ``reason``, ``deals``, ``share`` of the notes read. Table
        ``notes``, one row a note, the costliest deal first: ``deal_id``, ``deal``, ``account``, ``note`` (its first
        300 letters), ``suggested`` (reasons, the best first), ``words`` of the note that speak for them, ``score`` of
        the best (missing without a suggestion), ``to_whom`` and ``competitor``, both only where the note suggests
        them. Table ``counts``, one row: ``lost`` (deals), ``unexplained`` (without a usable reason), ``read`` (of
        these, with a note), ``suggested`` and ``abstained`` (notes).

    Notes
    -----
    Refused when no lost deal without a usable reason carries a note.
    """
    lost = lost_rows(cohort.focus_rows)
    unexplained = lost[~lost["deal_id"].isin(_explained(cohort))]
    noted = _noted(cohort, unexplained)
    if noted.empty:
        return ANALYSIS.lack(cohort, NOTED)
    taxonomy = cohort.book.taxonomy
    known = cohort.book.table("competitors")["competitor"].dropna().unique()
    reader = Reader(load_words(taxonomy), sorted(name for name in known if name != schema.UNKNOWN))
    pairs = zip(noted["loss_notes"], noted["account_name"], strict=True)
    made = [suggest(note, reader, taxonomy, account=None if pd.isna(name) else name) for note, name in pairs]
    labels = {reason.code: reason.label for reason in taxonomy.reasons}
    with_one = sum(bool(suggestion.codes) for suggestion in made)
    columns = tuple(
        replace(column, shown=not _named_after_account(noted)) if column.name == "account" else column
        for column in NOTE_COLUMNS
    )
    tables = {
        "by_reason": _by_reason([labels[each.code] for suggestion in made for each in suggestion.codes], len(noted)),
        "notes": Table(
            _rows(noted, made, labels), columns, f"Notes on losses of {cohort.focus.label} without a usable reason"
        ),
        "counts": Table(
            pd.DataFrame(
                {
                    "lost": [len(lost)], "unexplained": [len(unexplained)], "read": [len(noted)],
                    "suggested": [with_one], "abstained": [len(noted) - with_one],
                }
            ),
            COUNT_COLUMNS, "How many notes were read", detail=True,
        ),
    }  # fmt: skip
    return ANALYSIS.answer(tables, cohort, n_used=len(noted), caveats=_caveats())


def headline(tables: Tables) -> str:
    """Say how many notes suggest a reason, and which one most often."""
    counts, rows = tables["counts"].first, tables["by_reason"].rows
    if any_missing(*counts.values(), *rows["deals"]):
        return WITHHELD
    read, told = counts["read"], counts["suggested"]
    start = f"{count(read, 'lost deal')} without a usable reason {'carries' if read == 1 else 'carry'} a note"
    if not told:
        return f"{start}; {'it suggests no reason' if read == 1 else 'none of them suggests a reason'}."
    top = rows.loc[rows["deals"] == rows["deals"].max(), "reason"]
    most = f", most often “{top.iloc[0]}” ({rows['deals'].max()})" if len(top) == 1 and told > 1 else ""
    return f"{start}; the words of {told} suggest a reason{most}. Read them before taking one over."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how many notes suggest each reason."""
    ranked_bars(tables["by_reason"].rows, axes, name="reason", value="deals")


def _explained(cohort: Cohort) -> pd.Series:
    """Return the deals for which the sales person gave a reason that says something."""
    reasons = cohort.book.table("reasons")
    known = set(cohort.book.taxonomy.assignable) - set(SAYS_NOTHING)
    return reasons.loc[(reasons["rater_type"] == "rep") & reasons["code"].isin(known), "deal_id"]


def _noted(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return these rows with their notes, where there is something to read, the costliest first."""
    notes = cohort.book.deals[["deal_id", "loss_notes"]].dropna()
    notes = notes[notes["loss_notes"].str.strip() != ""]
    return rows.merge(notes, on="deal_id").sort_values(["amount", "deal_id"], ascending=[False, True])


def _rows(noted: pd.DataFrame, made: list[Suggestion], labels: dict[str, str]) -> pd.DataFrame:
    found: list[dict[str, object]] = []
    for row, suggestion in zip(noted.to_dict("records"), made, strict=True):
        note = str(row["loss_notes"])
        found.append(
            {
                "deal_id": row["deal_id"],
                "deal": row["deal_id"] if pd.isna(row["deal_name"]) else row["deal_name"],
                "account": row["account_name"],
                "note": note if len(note) <= SHOWN_LETTERS else f"{note[: SHOWN_LETTERS - 1]}…",
                "suggested": "; ".join(labels[each.code] for each in suggestion.codes) or NOTHING,
                "words": "; ".join(word for each in suggestion.codes for word in each.words) or None,
                "score": round(suggestion.codes[0].score, 2) if suggestion.codes else None,
                "to_whom": LOST_TO_LABELS[suggestion.lost_to] if suggestion.lost_to else None,
                "competitor": suggestion.competitor,
            }
        )
    frame = pd.DataFrame(found, columns=[column.name for column in NOTE_COLUMNS])
    return frame.astype({column.name: "float64" if column.name == "score" else "str" for column in NOTE_COLUMNS})


def _by_reason(suggested: list[str], read: int) -> Table:
    deals = pd.Series(suggested, dtype="str").value_counts().rename_axis("reason")
    frame = deals.reset_index(name="deals").sort_values(["deals", "reason"], ascending=[False, True])
    frame = frame.assign(reason=frame["reason"].astype("str"), share=frame["deals"] / read).reset_index(drop=True)
    columns = (
        Column("reason", "label", "Suggested reason"),
        Column("deals", "count", "Notes"),
        Column("share", "estimate", f"Share of {count(read, 'note')} read", "share"),
    )
    return Table(frame, columns, "Reasons that the notes suggest; a note may suggest several")


def _named_after_account(noted: pd.DataFrame) -> bool:
    """Whether every deal's name says the customer already, as CRMs suggest."""
    pairs = zip(noted["deal_name"], noted["account_name"], strict=True)
    return all(pd.notna(deal) and pd.notna(account) and account in deal for deal, account in pairs)


def _caveats() -> tuple[str, ...]:
    seen = measured()
    right = wilson(seen.right, seen.made)
    return (
        f"Suggestions are read off words and are nobody's rating. On {seen.notes} invented notes set aside for it, "
        f"{seen.right} of {seen.made} suggested reasons were right ({per_cent(right.estimate)}, 95% interval "
        f"{per_cent(right.low)} to {per_cent(right.high)}), and {seen.right} of {seen.wanted} reasons were found; "
        f"real notes may do worse.",
        "Only English is read, and irony is taken at its word.",
    )


NOTE_COLUMNS = (
    Column("deal_id", "deal", "Deal id", shown=False),
    Column("deal", "deal", "Deal"),
    Column("account", "account", "Customer"),
    Column("note", "quote", "Note"),
    Column("suggested", "label", "Suggested reason"),
    Column("words", "quote", "Words that speak for it"),
    Column("score", "estimate", "Score, 0 to 1"),
    Column("to_whom", "label", "To whom, suggested"),
    Column("competitor", "competitor", "Competitor, suggested"),
)
COUNT_COLUMNS = (
    Column("lost", "count", "Lost deals"),
    Column("unexplained", "count", "Without a usable reason"),
    Column("read", "count", "Of these, with a note"),
    Column("suggested", "count", "Notes with a suggestion"),
    Column("abstained", "count", "Notes without one"),
)
NOTED = Need(
    "deals", ("loss_notes",), 1, "lost deals without a usable reason that carry a note",
    "export the free-text note on the loss beside its reason", "reason",
    lambda cohort, rows: len(
        _noted(cohort, (lost := lost_rows(rows))[~lost["deal_id"].isin(_explained(cohort))])
    ), "focus",
)  # fmt: skip
ANALYSIS = Analysis(note_suggestions, headline, draw, family="fact", method=METHOD, needs=(NOTED,))
