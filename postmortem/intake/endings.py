"""Which activities of an event log end a deal: a proposal from their names and from what follows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pandas as pd

from postmortem.intake.chronology import in_order
from postmortem.intake.evidence import UTC_DAYS, Looked, Meaning
from postmortem.intake.outcomes import outcome_of
from postmortem.intake.wording import listed

WON_ENDS: Final = frozenset({"approved", "accepted", "won", "granted", "awarded", "signed", "ordered"})
LOST_ENDS: Final = frozenset({
    "declined", "rejected", "denied", "refused", "lost", "cancelled", "canceled", "withdrawn", "expired",
})  # fmt: skip
CONTRADICTED_FROM: Final = 0.01
NOTHING_NEW: Final = 0.99

_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Endings:
    """What ends the cases of a log.

    Attributes
    ----------
    meanings : list of Meaning
        Activities whose names speak of an end: won, lost, or None where that is doubtful, with the reason.
    question : str
        What the analyst should look at.
    """

    meanings: list[Meaning]
    question: str


def endings_of(deals: Looked) -> Endings:
    """Propose which activities end a case.

    An activity whose name speaks of an end is one unless cases often reach the opposite end after it, or
    it ends no case that a commoner one does not end as well.
    """
    named = {"deal_id": "deal_id", "stage": "stage", "_moment": "_moment", "_seq": "_seq"}
    columns = {name: deals.raw.frame[deals.guess.mapped[name]] for name in named if name in deals.guess.mapped}
    events = in_order(pd.DataFrame(columns), UTC_DAYS).dropna(subset=["deal_id", "stage"])
    events = events.reset_index(drop=True)
    counts = events["stage"].value_counts()
    speaks = {str(name): outcome for name in counts.index if (outcome := _named_end(str(name))) is not None}
    cases = {name: set(events.loc[events["stage"] == name, "deal_id"]) for name in speaks}
    against = {name: _reach_the_opposite(events, name, speaks) for name in speaks}
    meanings: list[Meaning] = []
    ended: dict[str, set[str]] = {"won": set(), "lost": set()}
    for name in sorted(speaks, key=lambda each: (-len(cases[each]), each)):
        outcome, rows = speaks[name], int(counts[name])
        if against[name] > CONTRADICTED_FROM * len(cases[name]):
            why = f"{against[name]} of {len(cases[name])} cases reach the opposite end after it"
            meanings.append(Meaning(name, rows, None, why))
        elif len(cases[name] & ended[outcome]) >= NOTHING_NEW * len(cases[name]):
            meanings.append(Meaning(name, rows, None, "its cases are ended by those above"))
        else:
            ended[outcome] |= cases[name]
            meanings.append(Meaning(name, rows, outcome, f"ends {len(cases[name])} cases"))
    left = events[~events["deal_id"].isin(ended["won"] | ended["lost"])]
    return Endings(meanings, _question(meanings, left, events["deal_id"].nunique(), deals.raw.file))


def _question(meanings: list[Meaning], left: pd.DataFrame, cases: int, file: str) -> str:
    ends = ", ".join(f"{each.value} ({each.taken_for})" for each in meanings if each.taken_for)
    taken = f"are taken to end a deal: {ends}" if ends else "end a deal cannot be told from their names"
    last = left.drop_duplicates("deal_id", keep="last")["stage"]
    rest = f" {len(last)} of {cases} cases reach none of them and count as open; they stand in {listed(last)}."
    return f"Which activities of {file} {taken}.{rest if len(last) else ''} See [tables.deals.values.outcome]."


def _named_end(activity: str) -> str | None:
    plain = outcome_of(activity)
    if plain in ("won", "lost"):
        return plain
    words = {word.casefold() for word in _WORDS.findall(activity)}
    if words & LOST_ENDS:
        return "lost"
    return "won" if words & WON_ENDS else None


def _reach_the_opposite(events: pd.DataFrame, name: str, speaks: dict[str, str]) -> int:
    """Count the cases that reach an activity of the opposite end after their last `name`."""
    opposite = [other for other, outcome in speaks.items() if outcome != speaks[name]]
    position = events.index.to_series()
    last = position[events["stage"] == name].groupby(events["deal_id"]).max()
    later = position[events["stage"].isin(opposite)].groupby(events["deal_id"]).max()
    return int((later.reindex(last.index) > last).sum())
