"""No CRM in particular: canonical names, and the plain words spreadsheets and small CRMs use."""

from __future__ import annotations

from typing import Final

from postmortem.intake.adapter import Adapter

DEAL_ID: Final = ("deal_id", "opportunity_id", "opp_id", "opportunity_number", "deal_number")
OWNER: Final = (
    "owner_id", "owner", "owner_name", "deal_owner", "opportunity_owner", "sales_agent", "sales_rep",
    "salesperson", "sales_person", "rep", "rep_id", "rep_name", "account_executive", "seller", "agent",
)  # fmt: skip
ACCOUNT: Final = (
    "account_name", "account", "customer", "customer_name", "company", "company_name", "client",
    "client_name", "organization", "organisation",
)  # fmt: skip
MANAGER: Final = ("manager_id", "manager", "manager_name", "sales_manager", "owner_manager", "team_lead")
REGION: Final = ("region", "sales_region", "regional_office", "territory", "geography", "geo", "area")
SEGMENT: Final = ("segment", "market_segment", "customer_segment", "industry", "sector", "vertical")
AMOUNT: Final = (
    "amount", "deal_amount", "opportunity_amount", "value", "deal_value", "close_value", "contract_value",
    "total_value", "deal_size", "revenue", "acv", "tcv", "arr", "amount_req", "requested_amount", "amount_requested",
    "loan_amount", "order_value",
)  # fmt: skip
CURRENCY: Final = (
    "currency", "currency_code", "amount_currency", "deal_currency", "deal_currency_code", "currency_iso_code",
)  # fmt: skip
STAGE: Final = ("stage", "deal_stage", "sales_stage", "stage_name", "opportunity_stage", "pipeline_stage")
EXPECTED: Final = (
    "expected_close_date", "expected_close", "expected_closing_date", "estimated_close_date", "est_close_date",
    "forecast_close_date", "target_close_date", "planned_close_date",
)  # fmt: skip
PROBABILITY: Final = ("probability", "win_probability", "probability_percent", "probability_pct", "likelihood")
CATEGORY: Final = ("forecast_category", "forecast", "forecast_status", "forecast_category_name", "commit_status")
RECORDED: Final = ("recorded_at", "recorded_on", "entered_at", "entered_on", "logged_at")

DEALS: Final = {
    "deal_id": (*DEAL_ID, "record_id", "id"),
    "account_id": ("account_id", "customer_id", "company_id", "client_id", "organization_id"),
    "account_name": ACCOUNT,
    "deal_name": ("deal_name", "opportunity_name", "deal_title", "title", "name", "deal", "opportunity", "subject"),
    "owner_id": OWNER,
    "manager_id": MANAGER,
    "team": ("team", "sales_team", "owner_role"),
    "segment": SEGMENT,
    "region": REGION,
    "product": ("product", "product_family", "product_name", "product_line", "solution"),
    "deal_type": ("deal_type", "opportunity_type", "type", "business_type"),
    "pipeline": ("pipeline", "pipeline_name", "sales_pipeline", "deal_pipeline"),
    "is_existing_customer": ("is_existing_customer", "existing_customer", "is_customer"),
    "created_at": (
        "created_at", "created", "created_date", "create_date", "created_on", "creation_date", "date_created",
        "deal_created", "engage_date", "open_date", "opened_at", "start_date", "reg_date",
        "registered_at", "registration_date",
    ),
    "outcome": ("outcome", "result", "deal_status", "opportunity_status", "won_lost", "win_loss", "status"),
    "closed_at": (
        "closed_at", "closed", "closed_date", "actual_close_date", "close_date", "closing_date", "date_closed",
        "closed_on", "close",
    ),
    "expected_close_date": EXPECTED,
    "stage": STAGE,
    "amount": AMOUNT,
    "currency": CURRENCY,
    "probability": PROBABILITY,
    "forecast_category": CATEGORY,
    "lost_to_raw": ("lost_to_raw", "lost_to", "lost_to_whom"),
    "loss_reason_raw": (
        "loss_reason_raw", "loss_reason", "lost_reason", "closed_lost_reason", "reason_lost", "reason_for_loss",
        "lost_reasons", "loss_reasons", "reason",
    ),
    "win_reason_raw": ("win_reason_raw", "win_reason", "won_reason", "closed_won_reason"),
    "loss_notes": ("loss_notes", "loss_details", "lost_details", "loss_comments", "lost_notes", "loss_description"),
    "competitor_raw": (
        "competitor_raw", "competitor", "competitors", "main_competitor", "main_competitors", "primary_competitor",
    ),
}  # fmt: skip

STATE: Final = {
    "stage": STAGE, "forecast_category": CATEGORY, "expected_close_date": (*EXPECTED, "close_date"),
    "amount": AMOUNT, "probability": PROBABILITY, "owner_id": OWNER,
}  # fmt: skip

SYNONYMS: Final = {
    "deals": DEALS,
    "history": {
        "deal_id": DEAL_ID,
        "field": ("field", "field_name", "property", "attribute", "changed_field"),
        "changed_at": ("changed_at", "changed_on", "change_date", "timestamp", "modified_at", "edit_date", "date"),
        "seq": ("seq", "sequence"),
        "old_value": ("old_value", "from_value", "previous_value", "old", "from"),
        "new_value": ("new_value", "to_value", "new", "to", "value"),
        **{f"_{column}": words for column, words in STATE.items()},
    },
    "snapshots": {"as_of": ("as_of", "snapshot_date", "snapshot"), "deal_id": DEAL_ID, **STATE},
    "forecast_sheet": {
        "as_of": ("as_of", "call_date", "forecast_date"),
        "deal_id": DEAL_ID,
        "category": ("category", "call", "forecast_call"),
        "amount": AMOUNT,
        "expected_close_date": (*EXPECTED, "close_date"),
    },
    "milestones": {"deal_id": DEAL_ID, "met_at": ("met_at", "met_on", "completed_at"), "recorded_at": RECORDED},
    "events": {
        "deal_id": DEAL_ID,
        "kind": ("kind", "event_type", "activity_type", "type", "activity"),
        "side": ("side", "initiated_by", "direction"),
        "occurred_at": ("occurred_at", "activity_date", "event_date", "completed_at", "date", "timestamp"),
        "contact_id": ("contact_id", "contact", "person_id"),
        "recorded_at": RECORDED,
    },
    "contacts": {
        "deal_id": DEAL_ID,
        "contact_id": ("contact_id", "contact", "person_id", "contact_name"),
        "role": ("role", "contact_role", "job_role"),
        "first_seen_at": ("first_seen_at", "first_seen", "added_at", "created_date"),
    },
    "competitors": {
        "deal_id": DEAL_ID,
        "competitor": ("competitor", "competitor_name"),
        "status": ("status", "competitor_status"),
        "recorded_at": RECORDED,
    },
    "reasons": {"deal_id": DEAL_ID, "code": ("code", "reason_code"), "text": ("text", "words", "quote")},
    "reps": {
        "rep_id": ("rep_id", *OWNER, "name"),
        "manager_id": MANAGER,
        "team": ("team", "sales_team"),
        "hired_at": ("hired_at", "hire_date", "start_date", "hired"),
        "left_at": ("left_at", "end_date", "termination_date", "left"),
        "territory": ("territory", *REGION),
    },
    "accounts": {
        "account_name": (*ACCOUNT, "name"),
        "account_id": ("account_id", "customer_id", "company_id", "id"),
        "segment": SEGMENT,
        "region": (*REGION, "office_location", "country", "location"),
    },
    "quotas": {"rep_id": ("rep_id", *OWNER), "quota": ("quota", "target"), "attained": ("attained", "attainment")},
    "fx_rates": {
        "currency": ("currency", "currency_code", "from_currency"),
        "rate": ("rate", "fx_rate", "exchange_rate", "conversion_rate"),
        "valid_from": ("valid_from", "start_date", "effective_from", "date"),
    },
}  # fmt: skip
"""Table to column to headers, best first."""

VALUES: Final = {
    "forecast_category": {
        "bestcase": "best_case", "upside": "best_case", "mostlikely": "most_likely", "probable": "most_likely",
        "committed": "commit", "omit": "omitted", "excluded": "omitted",
    },
    "kind": {
        "phone call": "call", "e-mail": "email", "mail": "email", "demonstration": "demo", "proof of concept": "pilot",
        "poc": "pilot", "quote sent": "proposal_sent", "proposal": "proposal_sent", "task": "other",
    },
    "side": {"inbound": "buyer", "customer": "buyer", "outbound": "seller", "us": "seller"},
}  # fmt: skip

TELLS: Final = {
    "history": frozenset({"field", "field_name", "property", "old_value", "new_value"}),
    "events": frozenset({"kind", "occurred_at", "activity_type", "event_type", "activity_date"}),
    "accounts": frozenset({*SEGMENT, *REGION, "office_location", "country", "employees"}),
    "reps": frozenset({*MANAGER, "team", "hired_at", "territory"}),
    "quotas": frozenset({"quota", "target"}),
    "fx_rates": frozenset({"rate", "fx_rate", "exchange_rate", "conversion_rate"}),
}

VERSIONS: Final = {"deals": frozenset({"_fivetran_start"})}
"""A warehouse that keeps every version of a row writes when each begins: many rows a deal."""

GENERIC: Final = Adapter(
    name="generic", title="plain table", synonyms=SYNONYMS, values=VALUES, tells=TELLS, rules_out=VERSIONS
)
