"""Salesforce: report exports by their labels, API and warehouse extracts by their field names.

Close dates: a lost deal's CloseDate may still be the old expectation, so the day its stage last changed is
preferred. Ids of 15 letters are completed to 18. Reports without an Opportunity ID get a composite key.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from postmortem.intake.adapter import Adapter, LookupKind
from postmortem.intake.crm_habits import set_deleted_aside, settle_one_date
from postmortem.intake.quarantine import Ledger
from postmortem.intake.salesforce_activities import activities_of_deals

CHECK_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
COMPOSITE_KEY: Final = ("account_name", "deal_name", "created_at")
KEY_MARK: Final = " · "
IDS: Final = {
    "deal_id": "",
    "account_id": "",
    "contact_id": "",
    "owner_id": "005",
    "rep_id": "005",
    "manager_id": "005",
}
"""Columns of Salesforce ids, with the prefix that tells an id from a name."""

_SHORT_ID = re.compile(r"[A-Za-z0-9]{15}")

ID_OF_DEAL: Final = ("Opportunity ID", "Opportunity ID (18)", "Opportunity 18 Digit ID")
CLOSE_DATE: Final = ("Close Date", "CloseDate")
STAGE: Final = ("Stage", "StageName", "To Stage")
CATEGORY: Final = ("Forecast Category", "ForecastCategoryName")
OWNER: Final = (
    "Opportunity Owner", "Opportunity Owner: Full Name", "Owner: Full Name", "Owner Name", "Owner", "OwnerId",
)  # fmt: skip

VERSION_BEGINS: Final = ("_fivetran_start",)
"""Columns of a warehouse that keeps every version of an opportunity: when a version begins."""

DEALS: Final = {
    "deal_id": (*ID_OF_DEAL, "Id"),
    "account_id": ("Account ID",),
    "account_name": ("Account Name", "Account: Account Name", "Account"),
    "deal_name": ("Opportunity Name", "Opportunity: Opportunity Name", "Name"),
    "owner_id": OWNER,
    "manager_id": (
        "Opportunity Owner: Manager", "Opportunity Owner: Manager: Full Name", "Owner: Manager",
        "Owner.Manager.Name", "Manager",
    ),
    "team": ("Owner Role", "Opportunity Owner: Role", "Opportunity Owner: Role: Name", "Role Name", "Sales Team"),
    "segment": ("Market Segment", "Segment", "Industry", "Account: Industry"),
    "region": ("Sales Region", "Region", "Territory", "Opportunity Territory"),
    "product": ("Product Family", "Product: Product Family", "Product Name", "Primary Product", "Product"),
    "deal_type": ("Type", "Opportunity Type", "Deal Type"),
    "pipeline": ("Opportunity Record Type", "Record Type", "Record Type: Name", "RecordTypeId"),
    "created_at": ("Created Date", "CreatedDate"),
    "stage": STAGE,
    "amount": ("Amount",),
    "currency": ("Amount Currency", "CurrencyIsoCode", "Opportunity Currency", "Currency"),
    "probability": ("Probability (%)", "Probability"),
    "forecast_category": (*CATEGORY, "ForecastCategory"),
    "lost_to_raw": ("Lost To", "Lost_To__c"),
    "loss_reason_raw": (
        "Loss Reason", "Closed Lost Reason", "Lost Reason", "Reason Lost", "Reason for Loss", "Loss Reasons",
    ),
    "win_reason_raw": ("Win Reason", "Won Reason", "Closed Won Reason"),
    "loss_notes": ("Loss Details", "Loss Notes", "Loss Comments", "Closed Lost Notes", "Closed Lost Details"),
    "competitor_raw": ("Main Competitor(s)", "Main Competitor", "Primary Competitor", "Competitor", "Competitors"),
    "_close_date": CLOSE_DATE,
    "_stage_changed": ("Last Stage Change Date",),
    "_is_closed": ("IsClosed", "Closed"),
    "_is_won": ("IsWon", "Won"),
    "_is_deleted": ("IsDeleted",),
}  # fmt: skip

SYNONYMS: Final = {
    "deals": DEALS,
    "history": {
        "deal_id": (*ID_OF_DEAL, "Id"),
        "field": ("Field / Event", "Field"),
        "changed_at": (*VERSION_BEGINS, "Edit Date", "Last Modified", "Last Modified Date", "Created Date"),
        "old_value": ("Old Value",),
        "new_value": ("New Value",),
        "_stage": STAGE,
        "_amount": ("Amount",),
        "_expected_close_date": CLOSE_DATE,
        "_probability": ("Probability (%)", "Probability"),
        "_forecast_category": (*CATEGORY, "ForecastCategory"),
        "_owner_id": ("OwnerId",),
        "_is_deleted": ("IsDeleted",),
    },
    "contacts": {
        "deal_id": ID_OF_DEAL,
        "contact_id": ("Contact ID", "Contact: Full Name", "Contact Name"),
        "role": ("Role", "Contact Role", "Opportunity Contact Role"),
        "first_seen_at": ("Created Date",),
        "_is_deleted": ("IsDeleted",),
    },
    "competitors": {
        "deal_id": ID_OF_DEAL,
        "competitor": ("Competitor Name", "Competitor"),
        "recorded_at": ("Created Date",),
        "_is_deleted": ("IsDeleted",),
    },
    "events": {
        "deal_id": ("What ID", *ID_OF_DEAL, "Related To ID"),
        "kind": ("Task Subtype", "Event Subtype", "Activity Type", "Type"),
        "occurred_at": ("CompletedDateTime", "StartDateTime", "ActivityDateTime", "ActivityDate", "Date"),
        "contact_id": ("Who ID", "Contact ID"),
        "recorded_at": ("Created Date",),
        "_type": ("Type",),
        "_day": ("ActivityDate", "Due Date"),
        "_status": ("Status",),
        "_is_deleted": ("IsDeleted",),
    },
    "accounts": {
        "account_name": ("Account Name", "Name"),
        "account_id": ("Account ID", "Id"),
        "segment": ("Market Segment", "Segment", "Industry"),
        "region": ("Sales Region", "Region", "Billing Country", "Billing Country Code"),
    },
    "reps": {
        "rep_id": ("Full Name", "User: Full Name", "Name", "User ID", "Id"),
        "manager_id": ("Manager", "Manager: Full Name", "ManagerId"),
        "team": ("Role", "Role: Name", "UserRole", "UserRoleId", "Department"),
    },
}  # fmt: skip
"""Table to column to headers: report labels, and API names where they are not the same letters."""

VALUES: Final = {
    "forecast_category": {
        "Pipeline": "pipeline", "Best Case": "best_case", "BestCase": "best_case", "Most Likely": "most_likely",
        "MostLikely": "most_likely", "Commit": "commit", "Forecast": "commit", "Closed": "closed",
        "Omitted": "omitted",
    },
    "field": {
        "Stage": "stage", "StageName": "stage", "Amount": "amount", "Close Date": "expected_close_date",
        "CloseDate": "expected_close_date", "Probability (%)": "probability", "Probability": "probability",
        "Forecast Category": "forecast_category", "ForecastCategoryName": "forecast_category",
        "ForecastCategory": "forecast_category", "Opportunity Owner": "owner_id", "Owner": "owner_id",
        "OwnerId": "owner_id", "Created": "created",
    },
    "kind": {"Call": "call", "Email": "email", "ListEmail": "email", "Meeting": "meeting", "Event": "meeting",
             "Task": "other", "Demo": "demo", "Cadence": "other", "LinkedIn": "other"},
}  # fmt: skip

SIGNATURE: Final = frozenset({
    "Opportunity ID", "Opportunity Name", "Opportunity Owner", "StageName", "ForecastCategoryName", "IsWon",
    "IsClosed", "Probability (%)", "Last Stage Change Date", "Owner Role", "Main Competitor(s)",
    "CurrencyIsoCode", "Amount Currency", "RecordTypeId", "Opportunity Owner: Manager", "Field / Event",
    "CreatedById", "SystemModstamp", "WhatId", "TaskSubtype", "UserRoleId", "LastModifiedById",
    "MasterRecordId", "LastReferencedDate",
})  # fmt: skip

SIGNED_BY: Final = {
    "reps": (frozenset({"Username", "ManagerId"}), frozenset({"Username", "UserRoleId"})),
    "events": (frozenset({"WhatId", "ActivityDate"}), frozenset({"WhatId", "StartDateTime"})),
    "contacts": (frozenset({"OpportunityId", "ContactId"}),),
    "history": (frozenset({"OpportunityId", "Field", "NewValue"}), frozenset({"OpportunityId", "StageName"})),
}

TELLS: Final = {
    "history": frozenset({
        "Field / Event", "Field", "Old Value", "New Value", "Edit Date", "To Stage", "From Stage", "PrevAmount",
        "PrevCloseDate", *VERSION_BEGINS,
    }),
    "contacts": frozenset({"Contact ID", "Contact Role"}),
    "competitors": frozenset({"Competitor Name"}),
    "events": frozenset({"What ID", "ActivityDate", "ActivityDateTime", "Task Subtype", "Activity Type"}),
    "accounts": frozenset({"Industry", "Billing Country", "Account Type"}),
    "reps": frozenset({"User ID", "ManagerId", "UserRoleId", "User: Full Name", "Username"}),
}  # fmt: skip

LOOKUPS: Final = (
    LookupKind("owner_id", ("User ID", "Id"), (("Full Name",), ("Name",)), tells=TELLS["reps"]),
    LookupKind("pipeline", ("Record Type ID", "Id"), (("Name",),), tells=frozenset({"SobjectType"})),
)
"""Tables of users and record types: what the ids in other extracts stand for."""

CALLED: Final = {
    "deals": "opportunities", "history": "opportunity history", "events": "tasks and events", "reps": "users",
    "contacts": "opportunity contact roles", "competitors": "opportunity competitors",
}  # fmt: skip

FOOTERS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"grand totals?\b.*", r"(sub)?totals?(\s*\(.*\))?:?", r"count", r"confidential information\b.*",
        r"copyright\s*(©|\(c\)).*", r".*\bsalesforce\.com\b.*", r"generated by\b.*", r"[\d,.]+ records?",
        r"total records?:?.*",
    )
)  # fmt: skip


def long_id(text: str) -> str:
    """Complete a case-sensitive id of 15 letters to the 18 that the API gives; others stay as they are."""
    if not _SHORT_ID.fullmatch(text):
        return text
    parts = (text[0:5], text[5:10], text[10:15])
    check = (sum(1 << place for place, letter in enumerate(part) if "A" <= letter <= "Z") for part in parts)
    return text + "".join(CHECK_LETTERS[position] for position in check)


def prepare(table: str, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Complete ids and leave out what is deleted; for deals, make keys and settle close dates; choose activities."""
    cells = cells.assign(
        **{column: _completed(cells[column], prefix, ledger) for column, prefix in IDS.items() if column in cells}
    )
    set_deleted_aside(cells, ledger, "Salesforce's recycle bin (IsDeleted)")
    if table == "events":
        return activities_of_deals(cells, ledger)
    if table != "deals":
        return cells
    if "deal_id" not in cells:
        cells = _with_composite_key(cells, ledger)
    return settle_one_date(cells, ledger)


def _completed(ids: pd.Series[str], prefix: str, ledger: Ledger) -> pd.Series[str]:
    distinct = {text: long_id(text) for text in ids.dropna().unique() if text.startswith(prefix)}
    short = {text for text, full in distinct.items() if full != text}
    if not short:
        return ids
    ledger.note(str(ids.name), int(ids.isin(short).sum()), "ids of 15 letters were completed to 18")
    return ids.map(lambda text: distinct.get(text, text), na_action="ignore").astype("str")


def _with_composite_key(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    parts = [cells[column].fillna("") for column in COMPOSITE_KEY]
    key = (parts[0] + KEY_MARK + parts[1] + KEY_MARK + parts[2]).where(cells["deal_name"].notna())
    ledger.note(
        "deal_id",
        len(key),
        "no Opportunity ID: deals are told apart by account name, opportunity name and created date",
    )
    shared = key.notna() & key.duplicated(keep=False)
    ledger.set_aside(shared, "deal_id", key, "several rows share this account, opportunity name and created date")
    return cells.assign(deal_id=key.astype("str"))


SALESFORCE: Final = Adapter(
    name="salesforce",
    title="Salesforce",
    synonyms=SYNONYMS,
    values=VALUES,
    signature=SIGNATURE,
    signed_by=SIGNED_BY,
    tells=TELLS,
    rules_out={"deals": frozenset(VERSION_BEGINS)},
    stands_in={"deals": {"deal_id": (COMPOSITE_KEY,)}},
    called=CALLED,
    lookups=LOOKUPS,
    footers=FOOTERS,
    per_cent=frozenset({"probability"}),
    prepare=prepare,
)
