"""Zoho CRM: exports of the module Deals by labels or API names.

There is one closing date, and nothing shows that a loss resets it: a lost deal's may still be the old expectation.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import name_who_won, settle_one_date
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger

TO_COMPETITION: Final = "closed lost to competition"

DEALS: Final = {
    "deal_id": ("Record Id", "Deal Id", "id"),
    "account_id": ("Account Name.id", "Account Id"),
    "account_name": ("Account Name", "Account_Name"),
    "deal_name": ("Deal Name", "Deal_Name"),
    "owner_id": ("Deal Owner", "Owner"),
    "segment": ("Industry", "Segment"),
    "region": ("Territory", "Region"),
    "product": ("Product", "Product Name"),
    "deal_type": ("Type",),
    "pipeline": ("Pipeline", "Layout"),
    "created_at": ("Created Time", "Created_Time"),
    "stage": ("Stage",),
    "amount": ("Amount",),
    "currency": ("Currency",),
    "probability": ("Probability (%)", "Probability"),
    "forecast_category": ("Forecast Category", "Forecast_Category__s"),
    "loss_reason_raw": ("Reason For Loss", "Reason_For_Loss__s", "Reason for Loss#"),
    "competitor_raw": ("Competitor", "Competitors"),
    "_close_date": ("Closing Date", "Closing_Date"),
    "_stage_changed": ("Stage Modified Time", "Stage_Modified_Time"),
}  # fmt: skip

VALUES: Final = {
    "outcome": {TO_COMPETITION: "lost", "Identify Decision Makers": "open"},
    "forecast_category": {"Best Case": "best_case", "Committed": "commit", "Closed": "closed", "Omitted": "omitted"},
}

SIGNATURE: Final = frozenset({
    "Closing Date", "Created Time", "Modified Time", "Last Activity Time", "Stage Modified Time", "Reason For Loss",
    "Reason_For_Loss__s", "Lead Conversion Time", "Sales Cycle Duration", "Overall Sales Duration", "Deal Owner.id",
    "Account Name.id",
})  # fmt: skip


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """For deals: read the stage that names a competitor as winner, and the one closing date."""
    if table != "deals":
        return cells
    if "stage" in cells:
        named = cells["stage"].map(fold, na_action="ignore") == TO_COMPETITION
        cells = name_who_won(cells, cells["stage"].where(named)) if named.any() else cells
    return settle_one_date(cells, ledger)


ZOHO: Final = Adapter(
    name="zoho",
    title="Zoho CRM",
    synonyms={"deals": DEALS},
    values=VALUES,
    signature=SIGNATURE,
    per_cent=frozenset({"probability"}),
    prepare=prepare,
)
