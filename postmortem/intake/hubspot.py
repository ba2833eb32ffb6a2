"""HubSpot: deal exports by their labels or internal names, warehouse loads, and the history of properties.

HubSpot overwrites the close date when a deal is won or lost, so it is the actual one of closed deals and the
expected one of open deals. When a lost deal entered its stage is better still, where the export says so.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter, LookupKind
from postmortem.intake.crm_habits import missing, set_deleted_aside
from postmortem.intake.quarantine import Ledger
from postmortem.intake.stage_entries import STAGE_ID, WIDE_MARK, entered_stage_of, entries_in, unfold_entries
from postmortem.intake.values import FALSE, TRUE

LOADED_AS: Final = ("", "property_", "properties_")
"""How warehouse loads begin the internal name of a property."""


def _internal(*names: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in names for prefix in LOADED_AS)


ID_OF_DEAL: Final = ("Record ID", "Record ID - Deal", "Deal ID", "deal_id", *_internal("hs_object_id"))
STAGE: Final = ("Deal Stage", "deal_pipeline_stage_id", *_internal("dealstage"))
OUTCOMES: Final = {
    "_is_closed": ("Is Deal Closed?", "Is Closed", *_internal("hs_is_closed")),
    "_is_won": ("Is Closed Won", *_internal("hs_is_closed_won")),
    "_is_lost": ("Is Closed Lost", *_internal("hs_is_closed_lost")),
}

DEALS: Final = {
    "deal_id": (*ID_OF_DEAL, "id"),
    "account_id": ("Associated Company IDs (Primary)", "Associated Company IDs", "Associated Company ID"),
    "account_name": ("Associated Company (Primary)", "Associated Company", "Company name", "Primary Company"),
    "deal_name": ("Deal Name", *_internal("dealname")),
    "owner_id": ("Deal owner", "owner_id", *_internal("hubspot_owner_id")),
    "team": ("HubSpot Team", *_internal("hubspot_team_id")),
    "segment": ("Industry", "Segment", "Market Segment"),
    "region": ("Region", "Sales Region", "Territory"),
    "product": ("Product", "Product Family", "Product Line"),
    "deal_type": ("Deal Type", *_internal("dealtype")),
    "pipeline": ("Pipeline", "deal_pipeline_id", *_internal("pipeline")),
    "created_at": ("Create Date", *_internal("createdate", "hs_createdate")),
    "stage": STAGE,
    "amount": ("Amount", *_internal("amount")),
    "currency": ("Currency", *_internal("deal_currency_code")),
    "probability": ("Deal probability", *_internal("hs_deal_stage_probability", "hs_forecast_probability")),
    "forecast_category": ("Forecast category", *_internal("hs_manual_forecast_category")),
    "loss_reason_raw": ("Closed Lost Reason", *_internal("closed_lost_reason", "hs_closed_lost_reason")),
    "win_reason_raw": ("Closed Won Reason", *_internal("closed_won_reason")),
    "competitor_raw": ("Competitors", "Competitor", *_internal("competitor", "competitors")),
    "lost_to_raw": ("Lost To", *_internal("lost_to")),
    "_close_date": ("Close Date", *_internal("closedate")),
    "_stage_changed": ("Date entered current stage", *_internal("hs_v2_date_entered_current_stage")),
    "_is_deleted": ("is_deleted", "Is Deleted", "archived"),
    **OUTCOMES,
}  # fmt: skip

SYNONYMS: Final = {
    "deals": DEALS,
    "history": {
        "deal_id": (*ID_OF_DEAL, "objectId"),
        "field": ("name", "property", "property_name", "Property name"),
        "changed_at": ("timestamp", "Change date", "Changed at"),
        "new_value": ("value", "Property value", "New value"),
        "old_value": ("Old value",),
        "_date_entered": ("date_entered",),
        "_stage_now": STAGE,
    },
}
"""Table to column to headers: export labels and internal names."""

VALUES: Final = {
    "forecast_category": {
        "OMIT": "omitted", "Not forecasted": "omitted", "PIPELINE": "pipeline", "BEST_CASE": "best_case",
        "MOST_LIKELY": "most_likely", "COMMIT": "commit", "CLOSED": "closed", "Closed won": "closed",
    },
}  # fmt: skip

SIGNATURE: Final = frozenset({
    "Record ID", "Record ID - Deal", "Deal Stage", "Create Date", "Associated Company", "Associated Company (Primary)",
    "Associated Contact", "Associated Company IDs", "Number of Associated Contacts", "Is Deal Closed?",
    "Is Closed Won", "Is Closed Lost", "Date entered current stage", "HubSpot Team", "Deal probability",
    "deal_pipeline_stage_id", "deal_pipeline_id", "portal_id", "amount_in_home_currency",
    *_internal(
        "hs_object_id", "dealname", "dealstage", "hubspot_owner_id", "createdate", "closedate",
        "hs_manual_forecast_category", "hs_is_closed_won", "hs_is_closed_lost", "hs_is_closed",
        "hs_deal_stage_probability", "hs_forecast_probability", "hs_lastmodifieddate", "hs_next_step",
    ),
})  # fmt: skip

ENTRIES: Final = (
    re.compile(r"date entered\s+[\"“”„«'‘’]+(?P<stage>.+?)[\"“”»'‘’]+", re.IGNORECASE),
    re.compile(r"(?:propert(?:y|ies)_)?hs_v2_date_entered_(?!current_stage$)(?P<stage>.+)", re.IGNORECASE),
    re.compile(r"(?:propert(?:y|ies)_)?hs_date_entered_(?P<stage>.+)", re.IGNORECASE),
)
MILLISECONDS: Final = r"\d{13}"
DAYS: Final = ("created_at", "_close_date", "_stage_changed", "changed_at", "_date_entered")

LOOKUPS: Final = (
    LookupKind(
        "stage",
        ("stage_id", "stageId", "Stage ID"),
        (("label",), ("stage_label",), ("Stage name",)),
        {
            "is_won": ("closed_won", "is_closed_won", "metadata_is_won"),
            "is_closed": ("is_closed", "metadata_is_closed"),
            "probability": ("probability", "metadata_probability"),
        },
    ),
    LookupKind(
        "pipeline",
        ("pipeline_id", "pipelineId"),
        (("label",), ("pipeline_label",), ("Pipeline name",)),
        rules_out=frozenset({"stage_id"}),
    ),
    LookupKind(
        "owner_id",
        ("owner_id", "Owner ID", "id"),
        (("first_name", "last_name"), ("email",)),
        tells=frozenset({"email", "first_name"}),
    ),
)
"""Tables of stages, pipelines and owners that warehouse loads keep beside the deals."""


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Read moments written as milliseconds; for deals, decide outcomes and close dates; for history, unfold."""
    days = [column for column in (*DAYS, *entries_in(cells)) if column in cells]
    cells = cells.assign(**{column: _moments(cells[column]) for column in days})
    if table == "deals":
        set_deleted_aside(cells, ledger, "HubSpot's recycle bin (is_deleted)")
        return _with_close_dates(_with_outcomes(cells), ledger)
    if table != "history":
        return cells
    if "field" not in cells and "_date_entered" in cells:
        # A table of stages alone: each row is a deal and a stage it entered.
        cells = cells.assign(
            field=pd.Series("stage", index=cells.index, dtype="str"), changed_at=cells["_date_entered"]
        )
    if "field" not in cells:
        return unfold_entries(cells, ledger) if entries_in(cells) else cells
    of_days = cells["field"].str.contains("date", case=False, na=False)
    cells = cells.assign(
        **{
            name: cells[name].mask(of_days, _moments(cells[name]))
            for name in ("new_value", "old_value")
            if name in cells
        }
    )
    # A history of properties holds new values alone; the ones before follow from the order.
    return cells if "old_value" in cells else cells.assign(old_value=missing(cells), **{WIDE_MARK: "yes"})


def _with_outcomes(cells: pd.DataFrame) -> pd.DataFrame:
    """Complete what the flags say where there is one for lost deals."""
    if "_is_lost" not in cells:
        return cells
    lost = cells["_is_lost"].str.strip().str.lower()
    won = cells["_is_won"].str.strip().str.lower() if "_is_won" in cells else missing(cells)
    outcome = cells["outcome"].mask(lost.isin(FALSE) & won.isin(FALSE), "open").mask(lost.isin(TRUE), "lost")
    return cells.assign(outcome=outcome)


def _with_close_dates(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if "closed_at" in cells:
        return cells
    nothing = missing(cells)
    won, lost = cells["outcome"] == "won", cells["outcome"] == "lost"
    close = cells.get("_close_date", nothing)
    # Columns of stage entries are called by the ids of stages, which may have been looked up.
    stages = cells.get(STAGE_ID, cells.get("stage", nothing))
    entered = entered_stage_of(cells, stages).fillna(cells.get("_stage_changed", nothing))
    by_entry = entered.where(lost).fillna(entered.where(won & close.isna()))
    if by_entry.notna().any():
        ledger.note("closed_at", by_entry.notna().sum(), "deals are closed on the day they entered their last stage")
    made = {"closed_at": by_entry.fillna(close.where(won | lost)).astype("str")}
    if "expected_close_date" not in cells:
        # What stood there before a deal was closed is overwritten.
        made["expected_close_date"] = close.where(~(won | lost))
    return cells.assign(**made)


def _moments(cells: pd.Series[str]) -> pd.Series[str]:
    """Write milliseconds since 1970, which the interface gives, as moments; others stay."""
    milliseconds = cells.str.strip().str.fullmatch(MILLISECONDS).fillna(False).astype(bool)
    if not milliseconds.any():
        return cells
    return cells.mask(milliseconds, cells[milliseconds].map(_moment).astype("str"))


def _moment(text: str) -> str:
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(text))).isoformat()


HUBSPOT: Final = Adapter(
    name="hubspot",
    title="HubSpot",
    synonyms=SYNONYMS,
    values=VALUES,
    signature=SIGNATURE,
    signed_by={
        "history": (
            frozenset({"deal_id", "name", "value", "timestamp"}),
            frozenset({"deal_id", "value", "date_entered"}),
            frozenset({"deal_id", "property", "value", "timestamp"}),
        )
    },
    tells={"history": frozenset({"timestamp", "property_name", "Property name", "date_entered"})},
    stands_in={
        "deals": {"outcome": (("_is_lost", "_is_won"),)},
        "history": {"field": (("_date_entered",),), "changed_at": (("_date_entered",),)},
    },
    called={"history": "deal property history"},
    lookups=LOOKUPS,
    entries=ENTRIES,
    prepare=prepare,
)
