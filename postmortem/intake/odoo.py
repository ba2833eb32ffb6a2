"""Odoo CRM: exports of leads and opportunities by labels or field names.

A lost opportunity is archived and has probability 0, whatever its stage. Default views hide archived records,
so that an export may hold no losses at all, which is said. Expected and actual close date are kept apart.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import missing, settle_two_dates
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger
from postmortem.intake.values import FALSE, TRUE, parse, read_share

WON_STATUS: Final = {"won": "won", "lost": "lost", "pending": "open"}

DEALS: Final = {
    "deal_id": ("External ID", ".id", "ID"),
    "account_id": ("partner_id/id", "partner_id/.id", "Customer/External ID"),
    "account_name": (
        "Customer", "Customer/Display Name", "partner_id/name", "partner_id", "Company Name", "partner_name",
    ),
    "deal_name": ("Opportunity", "name"),
    "owner_id": ("Salesperson", "user_id/name", "user_id"),
    "team": ("Sales Team", "team_id/name", "team_id"),
    "segment": ("Industry", "Segment"),
    "region": ("Country", "country_id/name", "country_id"),
    "deal_type": ("Opportunity Type",),
    "created_at": ("Created on", "create_date"),
    "expected_close_date": ("Expected Closing", "date_deadline"),
    "stage": ("Stage", "stage_id/name", "stage_id"),
    "amount": ("Expected Revenue", "expected_revenue"),
    "currency": ("Currency", "company_currency/name", "company_currency"),
    "probability": ("Probability", "probability"),
    "loss_reason_raw": ("Lost Reason", "lost_reason_id/name", "lost_reason_id", "lost_reason"),
    "competitor_raw": ("Competitor", "x_competitor", "x_studio_competitor"),
    "_active": ("Active", "active"),
    "_won_status": ("won_status", "Is Won"),
    "_won_stage": ("stage_id/is_won", "Stage/Is Won Stage?", "Is Won Stage?"),
    "_closed_on": ("Closed Date", "date_closed"),
    "_stage_changed": ("Last Stage Update", "date_last_stage_update"),
}  # fmt: skip

SIGNATURE: Final = frozenset({
    "Expected Revenue", "Expected Closing", "Prorated Revenue", "Assignment Date", "Last Stage Update",
    "Recurring Revenue", "Days to Close", "Days to Assign", "lost_reason_id", "lost_reason_id/name", "date_deadline",
    "date_closed", "partner_id", "partner_id/name", "team_id", "team_id/name", "expected_revenue", "stage_id/name",
    "date_last_stage_update", "won_status", "date_open",
})  # fmt: skip


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """For deals: tell lost from archived ones, and say so where there is no loss at all."""
    if table != "deals":
        return cells
    cells = _with_outcomes(cells, ledger)
    if len(cells) and not (cells["outcome"] == "lost").any():
        what = (
            "this export holds no lost deal: Odoo archives lost opportunities, and its default views hide archived "
            "records. Export again with the filters Lost and Archived, or every share of losses will be 0"
        )
        ledger.note("outcome", 0, what)
    return settle_two_dates(cells, ledger)


def _with_outcomes(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    nothing = missing(cells)
    stated = cells.get("_won_status", nothing).map(fold, na_action="ignore").map(WON_STATUS)
    share = partial(read_share, decimal=".", hundred=True)
    chance = parse(cells.get("probability", nothing).str.strip(), share, "float64").values
    active = cells.get("_active", nothing).str.strip().str.lower()
    won_stage = cells.get("_won_stage", nothing).str.strip().str.lower()
    words = cells.get("stage", nothing).map(fold, na_action="ignore")
    archived = active.isin(FALSE)
    won = won_stage.isin(TRUE) | (chance == 1) | (words == "won")
    # A reason of loss stands on restored opportunities, too, so it proves nothing on its own.
    lost = archived & (chance == 0) & ~won
    outcome = nothing.mask(lost, "lost").mask(won, "won").fillna("open")
    unclear = archived & ~won & ~lost & stated.isna()
    ledger.set_aside(
        unclear, "outcome", cells.get("_active"), "is archived in Odoo without being lost (probability above 0)"
    )
    return cells.assign(outcome=stated.fillna(outcome).astype("str"))


ODOO: Final = Adapter(
    name="odoo",
    title="Odoo",
    synonyms={"deals": DEALS},
    signature=SIGNATURE,
    stands_in={"deals": {"outcome": (("_won_status",), ("_active", "probability"), ("probability",))}},
    per_cent=frozenset({"probability"}),
    decides=frozenset({"_active", "_won_status", "_won_stage", "probability"}),
    prepare=prepare,
)
