"""Salesforce tasks and events: those that belong to a deal and took place, with their kind and moment."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from postmortem.intake.crm_habits import missing
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger

OF_OPPORTUNITIES: Final = "006"
"""Begins the id of an opportunity; activities also hang on accounts (001), cases (500) and others."""

PLAIN_KINDS: Final = frozenset({"task", "event", "other"})
"""Subtypes that say nothing, as written and as a configuration may have replaced them; the type may say more."""

NOT_DONE: Final = frozenset({"not started", "in progress", "waiting on someone else", "deferred", "open"})

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def activities_of_deals(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Keep the activities of deals that took place.

    Parameters
    ----------
    cells : DataFrame
        Text; the helpers ``_type``, ``_day`` and ``_status`` may be there.
    ledger : Ledger
        Counts what was left out: no faults, so they are not set aside.

    Returns
    -------
    DataFrame
        Completed tasks without a moment of completion have the day they were due.
    """
    ids = cells["deal_id"]
    elsewhere = ids.isna() | ids.map(_is_of_another, na_action="ignore").fillna(False).astype(bool)
    ledger.merged(int(elsewhere.sum()), "deal_id", "activities that belong to no opportunity were left out")
    status = cells.get("_status", missing(cells)).map(fold, na_action="ignore")
    planned = status.isin(NOT_DONE) & ~elsewhere
    ledger.merged(int(planned.sum()), "occurred_at", "tasks that are not completed are no events and were left out")
    kept = cells[~elsewhere & ~planned]
    kind, word = kept.get("kind", missing(kept)), kept.get("_type", missing(kept))
    plain = kind.isna() | kind.map(fold, na_action="ignore").isin(PLAIN_KINDS)
    kind = word.where(plain & word.notna(), kind)
    if "_day" not in kept:
        return kept.assign(kind=kind.astype("str"))
    moment = kept.get("occurred_at", missing(kept))
    by_day = moment.isna() & kept["_day"].notna()
    if by_day.any():
        ledger.note("occurred_at", by_day.sum(), "activities without a moment have their activity date")
    return kept.assign(kind=kind.astype("str"), occurred_at=moment.fillna(kept["_day"]).astype("str"))


def _is_of_another(text: str) -> bool:
    return _ID.fullmatch(text) is not None and not text.startswith(OF_OPPORTUNITIES)
