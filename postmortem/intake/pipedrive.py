"""Pipedrive: deal exports ("Deal - Title"), loads by API names, and the changelog of deals.

Won and lost time are the actual dates; the expected close date is kept apart. There is no forecast
category: that of an open deal is derived from its own probability, and a note says so.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import missing, settle_two_dates
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger
from postmortem.intake.values import parse, read_share

CATEGORIES: Final = (("commit", 0.8), ("best_case", 0.5), ("pipeline", 0.0))
"""Forecast category and the least probability that stands for it; a convention, none of Pipedrive's."""

ID_OF_DEAL: Final = ("Deal - ID", "deal_id")

DEALS: Final = {
    "deal_id": (*ID_OF_DEAL, "ID"),
    "account_id": ("Organization - ID", "Deal - Organization ID", "org_id"),
    "account_name": ("Deal - Organization", "Organization - Name", "org_name"),
    "deal_name": ("Deal - Title", "Title"),
    "owner_id": ("Deal - Owner", "owner_name", "user_id", "owner_id"),
    "segment": ("Organization - Industry", "Deal - Industry", "Deal - Segment"),
    "region": ("Deal - Region", "Organization - Region"),
    "product": ("Deal - Product name", "Deal - Product"),
    "deal_type": ("Deal - Type", "Deal - Deal type"),
    "pipeline": ("Deal - Pipeline", "pipeline_name", "pipeline_id"),
    "created_at": ("Deal - Deal created", "Deal - Created", "add_time"),
    "outcome": ("Deal - Status", "status"),
    "expected_close_date": ("Deal - Expected close date", "expected_close_date"),
    "stage": ("Deal - Stage", "stage_name", "stage_id"),
    "amount": ("Deal - Value", "value"),
    "currency": ("Deal - Currency of Value", "Deal - Currency", "currency"),
    "probability": ("Deal - Probability", "probability"),
    "loss_reason_raw": ("Deal - Lost reason", "lost_reason"),
    "competitor_raw": ("Deal - Competitor", "Deal - Competitors"),
    "_won_on": ("Deal - Won time", "won_time"),
    "_lost_on": ("Deal - Lost time", "lost_time"),
    "_closed_on": ("Deal - Deal closed on", "close_time"),
    "_stage_changed": ("Deal - Last stage change", "stage_change_time"),
}  # fmt: skip

SYNONYMS: Final = {
    "deals": DEALS,
    "history": {
        "deal_id": ID_OF_DEAL,
        "field": ("field_key",),
        "changed_at": ("time", "log_time", "Change time"),
        "old_value": ("old_value",),
        "new_value": ("new_value",),
    },
}
"""Table to column to headers: export labels and API names."""

SIGNATURE: Final = frozenset({
    "Deal - Currency of Value", "Deal - Won time", "Deal - Lost time", "Deal - Deal created",
    "Deal - Last stage change", "Deal - Weighted value", "Deal - Deal closed on", "Deal - Update time",
    "Deal - Next activity date", "Deal - Last activity date", "Deal - Contact person", "Deal - Organization",
    "Deal - Visible to", "Deal - Done activities", "Deal - Expected close date", "Deal - Lost reason",
    "won_time", "lost_time", "add_time", "close_time", "stage_change_time", "stage_order_nr", "weighted_value",
    "org_name", "person_name", "formatted_value", "update_time",
})  # fmt: skip


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """For deals: leave deleted ones out, date the closed ones, and derive the category of the open ones."""
    if table != "deals":
        return cells
    gone = cells["outcome"].map(fold, na_action="ignore") == "deleted"
    ledger.set_aside(gone, "deal_id", cells.get("deal_id"), "is deleted in Pipedrive (status)")
    return _with_categories(settle_two_dates(cells, ledger), ledger)


def _with_categories(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if "forecast_category" in cells or "probability" not in cells:
        return cells
    shares = parse(cells["probability"].str.strip(), partial(read_share, decimal=".", hundred=True), "float64").values
    known = shares.notna() & (cells["outcome"] == "open")
    if not known.any():
        return cells
    category = missing(cells)
    for name, least in CATEGORIES:
        category = category.mask(known & category.isna() & (shares >= least), name)
    limits = ", ".join(f"{name} from {least:.0%}" for name, least in CATEGORIES)
    what = f"Pipedrive has no forecast category: that of open deals was derived from their probability ({limits})"
    ledger.note("forecast_category", known.sum(), what)
    return cells.assign(forecast_category=category)


PIPEDRIVE: Final = Adapter(
    name="pipedrive",
    title="Pipedrive",
    synonyms=SYNONYMS,
    signature=SIGNATURE,
    signed_by={"history": (frozenset({"deal_id", "field_key", "old_value", "new_value"}),)},
    tells={"history": frozenset({"field_key"})},
    per_cent=frozenset({"probability"}),
    prepare=prepare,
)
