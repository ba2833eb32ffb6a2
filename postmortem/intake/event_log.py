"""Event logs of any system: one row an event of a case, read as deals, as a history of stages and as events.

Which activities end a deal is the analyst's to say, under ``[tables.deals.values.outcome]``: every other
activity goes on with it. A deal is won or lost as its last end says, and closed when that end was first reached.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from postmortem.intake import generic
from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import missing
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger

CASE: Final = (
    "case_id", "case", "case:concept:name", "case_number", "case_key", "trace_id", "process_instance",
    "process_instance_id",
)  # fmt: skip
ACTIVITY: Final = ("activity", "concept:name", "activity_name", "event", "event_name", "state", "task", "action")
MOMENT: Final = (
    "timestamp", "time:timestamp", "complete_timestamp", "completed_at", "end_timestamp", "end_time", "event_time",
    "event_timestamp", "occurred_at", "time", "start_timestamp", "start_time", "date",
)  # fmt: skip
LIFECYCLE: Final = ("lifecycle", "lifecycle:transition", "transition")
RESOURCE: Final = ("resource", "org:resource", *generic.OWNER, "user", "performed_by")
NOT_DONE: Final = frozenset({"schedule", "assign", "reassign", "start", "suspend", "resume"})
"""Transitions before an activity is done; a log that holds them has a row for its completion as well."""

AT_THE_END: Final = ("stage", "lost_to_raw", "loss_reason_raw", "win_reason_raw", "loss_notes")
"""Columns that a closed deal has from the event that ended it, not from the last one in the log."""

SYNONYMS: Final = {
    "deals": {
        **generic.DEALS,
        "deal_id": CASE,
        "stage": ACTIVITY,
        "outcome": (),
        "owner_id": RESOURCE,
        "amount": ("amount", "case:amount", *generic.AMOUNT, *(f"case:{word}" for word in generic.AMOUNT)),
        "created_at": (),
        "closed_at": (),
        "_moment": MOMENT,
        "_lifecycle": LIFECYCLE,
        "_seq": ("seq", "sequence", "event_number"),
    },
    "history": {
        "deal_id": CASE,
        "changed_at": MOMENT,
        "seq": ("seq", "sequence", "event_number"),
        "_stage": ACTIVITY,
        "_lifecycle": LIFECYCLE,
    },
    "events": {"deal_id": CASE, "kind": ACTIVITY, "occurred_at": MOMENT, "_lifecycle": LIFECYCLE},
}  # fmt: skip


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Leave out what was only begun; for deals, make one row a case; `cells` are in the order of their moments."""
    if "_lifecycle" in cells:
        begun = cells["_lifecycle"].map(fold, na_action="ignore").isin(NOT_DONE)
        ledger.merged(
            int(begun.sum()), "", "events that schedule or begin an activity were left out: only done ones count"
        )
        cells = cells[~begun]
    if table == "history" and "_stage" in cells:
        unnamed = cells["_stage"].isna()
        ledger.set_aside(unnamed, "new_value", None, "is missing: the event names no activity")
        return cells[~unnamed]
    return _cases(cells, ledger) if table == "deals" else cells


def _cases(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    nameless = cells["deal_id"].isna()
    ledger.set_aside(nameless, "deal_id", None, "is missing")
    cells = cells[~nameless]
    moment = cells["_moment"] if "_moment" in cells else missing(cells)
    ends = cells.assign(_at=moment)[cells["outcome"].isin(("won", "lost"))]
    closing = _first_of_last_run(ends).set_index("deal_id")
    cases = cells.groupby("deal_id", sort=False)
    origins = pd.Series(cells.index, index=cells.index).groupby(cells["deal_id"], sort=False).first()
    # The last value that is filled: an attribute of the case is often written on its first event alone.
    made = cases.last().drop(columns="_moment", errors="ignore")
    made["outcome"] = closing["outcome"].reindex(made.index).fillna("open")
    for column in AT_THE_END:
        if column in made:
            made[column] = closing[column].reindex(made.index).fillna(made[column])
    if "closed_at" not in made:
        made["closed_at"] = closing["_at"].reindex(made.index)
    if "created_at" not in made:
        made["created_at"] = moment.groupby(cells["deal_id"], sort=False).first()
    result = made.reset_index()
    events = pd.Series(origins.reindex(made.index).to_numpy(), index=result.index, dtype="int64")
    ledger.unfold(events, "deal_id", f"events of a log were read as {len(result)} deals, one a case")
    open_ended = int((result["outcome"] == "open").sum())
    ledger.note("outcome", open_ended, "cases reached none of the activities that end a deal and are open")
    return result.astype("str")


def _first_of_last_run(ends: pd.DataFrame) -> pd.DataFrame:
    """Return, for each case, the event from which on its outcome did not change any more."""
    final = ends.groupby("deal_id", sort=False)["outcome"].transform("last")
    changes = (ends["outcome"] != final).astype("int64")
    later = changes[::-1].groupby(ends["deal_id"][::-1], sort=False).cumsum()[::-1]
    return ends[later == 0].drop_duplicates("deal_id", keep="first")


EVENT_LOG: Final = Adapter(
    name="event_log",
    title="event log",
    synonyms=SYNONYMS,
    values={"kind": generic.VALUES["kind"], "side": generic.VALUES["side"]},
    signature=frozenset({*CASE, *ACTIVITY, *LIFECYCLE, "org:resource", "time:timestamp", "timestamp", "resource"}),
    tells={table: frozenset(CASE) for table in SYNONYMS},
    called={"deals": "cases", "history": "activities as stages", "events": "events"},
    besides=("history", "events"),
    chronological=True,
    prepare=prepare,
)
