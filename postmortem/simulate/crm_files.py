"""Extracts of Salesforce's tables: its objects, fields and words, gzipped; canonical names where it has no object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from postmortem.ground import schema
from postmortem.simulate.company import Company
from postmortem.simulate.market import identifiers

CANONICAL_TABLES = (
    "milestones", "reasons", "interviews", "ratings", "reviews", "guesses", "reps", "quotas", "rollouts",
)  # fmt: skip
DATE, TIMESTAMP = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"
CATEGORIES = {
    "pipeline": "Pipeline", "best_case": "Best Case", "most_likely": "Most Likely", "commit": "Commit",
    "closed": "Closed", "omitted": "Omitted",
}  # fmt: skip
FIELDS = {
    "stage": "StageName", "forecast_category": "ForecastCategoryName", "expected_close_date": "CloseDate",
    "amount": "Amount", "owner_id": "Owner",
}  # fmt: skip
OPPORTUNITIES = {
    "Id": "deal_id", "Name": "deal_name", "AccountId": "account_id", "Account.Name": "account_name",
    "Owner.Name": "owner_id", "Owner.Manager.Name": "manager_id", "Sales_Team__c": "team", "Type": "deal_type",
    "Market_Segment__c": "segment", "Sales_Region__c": "region", "Product_Family__c": "product",
    "StageName": "stage", "IsClosed": "is_closed", "IsWon": "is_won", "Probability": "probability",
    "ForecastCategoryName": "forecast_category", "CurrencyIsoCode": "currency", "Amount": "amount",
    "CreatedDate": "created_at", "CloseDate": "expected_close_date", "LastStageChangeDate": "stage_changed",
    "Lost_To__c": "lost_to_raw", "Loss_Reason__c": "loss_reason_raw", "Competitors__c": "competitor_raw",
}  # fmt: skip
CHANGES = {"OpportunityId": "deal_id", "Field": "field", "OldValue": "old_value", "NewValue": "new_value",
           "CreatedDate": "changed_at"}  # fmt: skip
ROLES = {"OpportunityId": "deal_id", "ContactId": "contact_id", "Role": "role", "CreatedDate": "first_seen_at"}
RIVALS = {"OpportunityId": "deal_id", "CompetitorName": "competitor", "Status__c": "status", "Price__c": "price",
          "CurrencyIsoCode": "currency", "CreatedDate": "recorded_at"}  # fmt: skip
ACTIVITIES = {"WhatId": "deal_id", "WhoId": "contact_id", "Type": "kind", "Side__c": "side",
              "CompletedDateTime": "occurred_at", "Next_Step_Agreed__c": "next_step_agreed",
              "CreatedDate": "recorded_at"}  # fmt: skip


def table_files(company: Company) -> dict[str, bytes]:
    """Return a company's tables as CSV, by the names of the files they are packed into."""
    tables = company.tables
    events, rivals, roles = tables["events"], tables["competitors"], tables["contacts"]
    activities = events.assign(kind=events["kind"].str.replace("_", " ").str.title())
    users = _users(company)
    files = {
        "opportunities": _renamed(_texts(_opportunities(company)), OPPORTUNITIES),
        "opportunity_field_history": _by(users, _history(tables["history"]), CHANGES),
        "opportunity_contact_roles": _by(users, _texts(roles), ROLES),
        "opportunity_competitors": _by(users, _texts(rivals.assign(status=rivals["status"].str.title())), RIVALS),
        "activities": _by(users, _texts(activities.assign(side=activities["side"].str.title())), ACTIVITIES),
    }
    return {
        **{f"{name}.csv.gz": as_csv(frame) for name, frame in files.items()},
        **{f"{name}.csv.gz": canonical_csv(company, name) for name in CANONICAL_TABLES},
    }


def canonical_csv(company: Company, name: str) -> bytes:
    """Return canonical table `name` as CSV: ISO dates, UTC timestamps, columns without values left out.

    Of the reasons, only those that are not the rep's: these stand in the opportunities.
    """
    frame = company.tables[name]
    if name == "reasons":
        frame = frame[frame["rater_type"] != "rep"]
    required = schema.table(name).required
    return as_csv(_texts(frame[[column for column in frame if column in required or frame[column].notna().any()]]))


def as_csv(written: pd.DataFrame) -> bytes:
    """Return a table of text as CSV."""
    return written.to_csv(index=False, lineterminator="\n", na_rep="").encode("utf-8")


def money(values: pd.Series[Any]) -> pd.Series[str]:
    """Return amounts with two digits after the point."""
    return values.map("{:.2f}".format, na_action="ignore")


def _opportunities(company: Company) -> pd.DataFrame:
    deals, history = company.tables["deals"], company.tables["history"]
    entered = history[history["field"] == "stage"].groupby("deal_id")["changed_at"].max()
    return deals.assign(
        is_closed=deals["outcome"].ne("open"),
        is_won=deals["outcome"].eq("won"),
        probability=(deals["probability"] * 100).round().astype("int64"),
        forecast_category=deals["forecast_category"].map(CATEGORIES),
        stage_changed=entered.reindex(deals["deal_id"]).dt.tz_localize(None).dt.normalize().to_numpy(),
    )


def _history(history: pd.DataFrame) -> pd.DataFrame:
    is_category = history["field"] == "forecast_category"
    values = {
        name: history[name].mask(is_category, history[name].map(CATEGORIES)) for name in ("old_value", "new_value")
    }
    return _texts(history.assign(field=history["field"].map(FIELDS), **values))


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: _text(frame[name]) for name in frame})


def _text(values: pd.Series[Any]) -> pd.Series[str]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        moments: pd.Series[str] = values.dt.strftime(TIMESTAMP)
        return moments
    if pd.api.types.is_datetime64_dtype(values.dtype):
        days: pd.Series[str] = values.dt.strftime(DATE)
        return days
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.map({True: "true", False: "false"})
    if values.name in ("amount", "price", "quota", "attained"):
        return money(values)
    return values.astype("str")


def _users(company: Company) -> pd.Series[str]:
    """Return the user identifier of every deal's owner, by deal: who wrote down what is on it."""
    reps, deals = company.tables["reps"]["rep_id"], company.tables["deals"]
    ids = identifiers(company.parameters.stream("users"), "005", len(reps), company.parameters)
    return deals.set_index("deal_id")["owner_id"].map(dict(zip(reps, ids, strict=True)))


def _by(users: pd.Series[str], frame: pd.DataFrame, headers: Mapping[str, str]) -> pd.DataFrame:
    return _renamed(frame, headers).assign(CreatedById=frame["deal_id"].map(users))


def _renamed(frame: pd.DataFrame, headers: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({header: frame[column] for header, column in headers.items()})
