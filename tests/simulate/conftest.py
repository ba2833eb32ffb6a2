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
    dates = ["created_at", "closed_at", "expected_close_date"]
    return pd.read_csv(full_folder / "deals.csv.gz", parse_dates=dates, dtype={"amount": "float64"})


@pytest.fixture(scope="session")
def full_history(full_folder: Path) -> pd.DataFrame:
    text = {"old_value": "str", "new_value": "str"}
    return pd.read_csv(full_folder / "history.csv.gz", parse_dates=["changed_at"], dtype=text)


@pytest.fixture(scope="session")
def full_truth(full_folder: Path) -> dict[str, Any]:
    return json.loads((full_folder / "truth.json").read_text(encoding="utf-8"))
