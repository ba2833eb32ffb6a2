"""Dynamics 365 Sales: opportunities by the labels of a view or by field names, states as words or numbers.

Estimated and actual dates and values are kept apart. Amounts in the base currency are not read: they are in
another currency than the deal's. A cancelled opportunity is a candidate for the status quo, never more.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import missing, name_who_won, settle_two_dates
from postmortem.intake.folding import Lookup
from postmortem.intake.quarantine import Ledger

CANCELED, OUT_SOLD = "Canceled", "Out-Sold"
STATUS_REASONS: Final = Lookup({
    "1": "In Progress", "2": "On Hold", "3": "Won", "4": CANCELED, "Cancelled": CANCELED, "5": OUT_SOLD,
    "Out Sold": OUT_SOLD, "Outsold": OUT_SOLD,
})  # fmt: skip
ZERO: Final = r"\D*0+(?:[.,]0+)?\D*"
ENDS: Final = {"In Progress": "open", "On Hold": "open", "Won": "won", CANCELED: "lost", OUT_SOLD: "lost"}

DEALS: Final = {
    "deal_id": ("opportunityid", "(Do Not Modify) Opportunity", "Opportunity ID"),
    "account_id": ("_parentaccountid_value", "parentaccountid", "_customerid_value", "customerid"),
    "account_name": ("Potential Customer", "Account", "parentaccountidname", "customeridname", "accountname"),
    "deal_name": ("Topic", "name"),
    "owner_id": ("Owner", "owneridname", "_ownerid_value", "ownerid"),
    "team": ("Owning Team", "owningteamname", "Sales Team"),
    "segment": ("Industry", "Segment"),
    "region": ("Territory", "Region"),
    "product": ("Product", "Product Family"),
    "deal_type": ("Opportunity Type", "Type"),
    "created_at": ("Created On", "createdon"),
    "outcome": ("Status", "statecode", "statecodename"),
    "expected_close_date": ("Est. Close Date", "Estimated Close Date", "estimatedclosedate"),
    "stage": ("Pipeline Phase", "stepname", "Sales Stage", "salesstage"),
    "amount": ("Est. Revenue", "Estimated Revenue", "estimatedvalue"),
    "currency": ("Currency", "transactioncurrencyidname", "isocurrencycode", "transactioncurrencyid"),
    "probability": ("Probability", "closeprobability"),
    "forecast_category": ("Forecast Category", "msdyn_forecastcategory", "msdyn_forecastcategoryname"),
    "loss_reason_raw": ("Loss Reason", "Lost Reason", "Close Reason"),
    "competitor_raw": ("Competitor", "Competitors", "competitorname"),
    "_actual_amount": ("Actual Revenue", "actualvalue"),
    "_closed_on": ("Actual Close Date", "actualclosedate"),
    "_status_reason": ("Status Reason", "statuscode", "statuscodename"),
}  # fmt: skip

VALUES: Final = {
    "outcome": {"0": "open", "1": "won", "2": "lost"},
    "forecast_category": {
        "100000001": "pipeline", "100000002": "best_case", "100000003": "commit", "100000004": "omitted",
        "100000005": "closed", "100000006": "omitted", "Committed": "commit", "Won": "closed", "Lost": "omitted",
    },
}  # fmt: skip

SIGNATURE: Final = frozenset({
    "Potential Customer", "Topic", "Est. Close Date", "Est. Revenue", "Status Reason", "Pipeline Phase",
    "(Do Not Modify) Opportunity", "(Do Not Modify) Modified On", "Actual Revenue", "opportunityid", "statecode",
    "statuscode", "estimatedvalue", "estimatedclosedate", "actualclosedate", "actualvalue", "closeprobability",
    "stepname", "transactioncurrencyid", "msdyn_forecastcategory", "estimatedvalue_base", "actualvalue_base",
})  # fmt: skip


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """For deals: read status reasons, date closed deals, and value won ones at what they brought."""
    if table != "deals":
        return cells
    if "_status_reason" in cells:
        cells = _with_status_reasons(cells, ledger)
    won = cells["outcome"] == "won"
    if "_actual_amount" in cells:
        # A won deal whose actual revenue nobody entered has 0 there.
        entered = ~cells["_actual_amount"].str.fullmatch(ZERO).fillna(True).astype(bool)
        actual = cells["_actual_amount"].where(won & entered)
        if actual.notna().any():
            ledger.note("amount", actual.notna().sum(), "won deals are valued at their actual revenue")
        cells = cells.assign(amount=actual.fillna(cells.get("amount", missing(cells))).astype("str"))
    return settle_two_dates(cells, ledger)


def _with_status_reasons(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Take out-sold deals for lost to a competitor, flag cancelled ones, and keep other words as reasons."""
    reasons = cells["_status_reason"].str.strip()
    reasons = reasons.map(lambda word: STATUS_REASONS.get(word) or word, na_action="ignore").astype("str")
    cells = cells.assign(outcome=cells["outcome"].fillna(reasons.map(ENDS)).astype("str"))
    lost = cells["outcome"] == "lost"
    cells = name_who_won(cells, reasons.where(lost & reasons.isin([OUT_SOLD, CANCELED])))
    canceled = lost & (reasons == CANCELED)
    if canceled.any():
        what = (
            "lost deals are canceled: candidates for the status quo, but some may never have been opportunities. "
            f'Look before you decide under [taxonomy.lost_to]: "{CANCELED}" = "status_quo" or "disqualified"'
        )
        ledger.note("lost_to_raw", canceled.sum(), what)
    others = reasons.where(lost & ~reasons.isin([*ENDS, "Lost"]))
    if others.notna().any():
        ledger.note(
            "loss_reason_raw", others.notna().sum(), "the company's own status reasons are read as loss reasons"
        )
        cells = cells.assign(loss_reason_raw=cells.get("loss_reason_raw", missing(cells)).fillna(others))
    return cells


DYNAMICS: Final = Adapter(
    name="dynamics",
    title="Dynamics 365 Sales",
    synonyms={"deals": DEALS},
    values=VALUES,
    signature=SIGNATURE,
    stands_in={"deals": {"outcome": (("_status_reason",),)}},
    per_cent=frozenset({"probability"}),
    prepare=prepare,
)
