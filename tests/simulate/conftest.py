"""The bundled samples as pandas reads them, and the companies they were written from."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from postmortem.ground import resources
from postmortem.simulate import Company, simulate

FOOTER_LINES = 5
OPPORTUNITY = {
    "Id": "deal_id", "Account.Name": "account_name", "AccountId": "account_id", "Owner.Name": "owner_id",
    "Market_Segment__c": "segment", "StageName": "stage", "Probability": "probability", "Amount": "amount",
    "ForecastCategoryName": "forecast_category", "CreatedDate": "created_at", "CloseDate": "expected_close_date",
    "Lost_To__c": "lost_to_raw", "Loss_Reason__c": "loss_reason_raw",
}  # fmt: skip
FIELD = {
    "StageName": "stage", "ForecastCategoryName": "forecast_category", "CloseDate": "expected_close_date",
    "Amount": "amount", "Owner": "owner_id",
}  # fmt: skip


@pytest.fixture(scope="session")
def plain_folder() -> Path:
    return resources.sample("plain")


@pytest.fixture(scope="session")
def full_folder() -> Path:
    return resources.sample("full")


@pytest.fixture(scope="session")
def plain_company() -> Company:
    return simulate("plain")


@pytest.fixture(scope="session")
def full_company() -> Company:
    return simulate("full")


@pytest.fixture(scope="session")
def half_company() -> Company:
    """A company like the full sample's, of half its size, for tests that need no more."""
    return simulate("full", deals_per_quarter=300)


@pytest.fixture(scope="session")
def null_company() -> Company:
    return simulate("null", seed=7, deals_per_quarter=300)


@pytest.fixture(scope="session")
def plain_report(plain_folder: Path) -> pd.DataFrame:
    """Read the committed report without its footer: text, missing where empty, dates as dates."""
    lines = (plain_folder / "opportunities.csv").read_text(encoding="utf-8-sig").splitlines()
    report = pd.read_csv(io.StringIO("\n".join(lines[:-FOOTER_LINES])), dtype="str")
    for column in ("Created Date", "Close Date", "Last Stage Change Date"):
        report[column] = pd.to_datetime(report[column], format="%m/%d/%Y")
    report["Amount"] = report["Amount"].astype("float64")
    return report


@pytest.fixture(scope="session")
def full_deals(full_folder: Path) -> pd.DataFrame:
    """Read the committed opportunities, under names of our own: a closed deal's stage changed last when it closed."""
    dates = ["CreatedDate", "CloseDate", "LastStageChangeDate"]
    table = pd.read_csv(full_folder / "opportunities.csv.gz", parse_dates=dates, dtype={"Amount": "float64"})
    deals = table.rename(columns=OPPORTUNITY)
    deals["outcome"] = deals["IsWon"].map({True: "won", False: "lost"}).where(deals["IsClosed"], "open")
    deals["closed_at"] = deals["LastStageChangeDate"].where(deals["IsClosed"])
    deals["forecast_category"] = deals["forecast_category"].str.lower().str.replace(" ", "_")
    return deals.assign(probability=deals["probability"] / 100)


@pytest.fixture(scope="session")
def full_history(full_folder: Path) -> pd.DataFrame:
    """Read the committed field history in the order of the file, under names of our own."""
    text = {"OldValue": "str", "NewValue": "str"}
    table = pd.read_csv(full_folder / "opportunity_field_history.csv.gz", parse_dates=["CreatedDate"], dtype=text)
    names = ["deal_id", "field", "old_value", "new_value", "changed_at"]
    history = table.drop(columns="CreatedById").set_axis(names, axis=1)
    history["field"] = history["field"].map(FIELD)
    category = history["field"] == "forecast_category"
    for name in ("old_value", "new_value"):
        spelt = history[name].str.lower().str.replace(" ", "_")
        history[name] = history[name].mask(category, spelt)
    history["seq"] = history.groupby(["deal_id", "changed_at"]).cumcount() + 1
    return history


@pytest.fixture(scope="session")
def full_truth(full_folder: Path) -> dict[str, Any]:
    return json.loads((full_folder / "truth.json").read_text(encoding="utf-8"))
