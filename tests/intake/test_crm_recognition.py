"""Every sample export is taken for its own CRM from its headers alone, and for no other's."""

from __future__ import annotations

import csv

import pytest
from intake_files import DEALS, EXPORTS

from postmortem.intake import propose
from postmortem.intake.adapters import ADAPTERS, recognise

ADAPTER_OF = {
    "hubspot": "hubspot", "hubspot_internal": "hubspot", "pipedrive": "pipedrive", "dynamics": "dynamics",
    "dynamics_api": "dynamics", "odoo": "odoo", "odoo_default": "odoo", "zoho": "zoho",
    "salesforce_api": "salesforce", "event_log": "event_log", "hubspot_warehouse": "hubspot",
}  # fmt: skip
LOOKED_UP = ("cases", "deal_pipeline", "deal_pipeline_stage", "owner")
FILES = [path for path in sorted(EXPORTS.rglob("*.csv")) if path.stem not in LOOKED_UP]


def headers_of(path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    return next(csv.reader(text.splitlines()[:1], delimiter=";" if ";" in text.splitlines()[0] else ","))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_headers_alone_name_the_crm_with_a_stated_confidence(path) -> None:
    headers = headers_of(path)
    guess = recognise(headers)
    assert guess is not None and guess.adapter.name == ADAPTER_OF[path.parent.name]
    assert guess.confidence == round(len(set(guess.mapped.values())) / len(headers), 2) > 0.4


@pytest.mark.parametrize("folder", ["event_log", "hubspot_warehouse"])
def test_tables_of_ids_are_no_tables_of_a_book_and_are_looked_up(folder: str) -> None:
    told = {each.file: each for each in propose(EXPORTS / folder).recognised}
    for path in (EXPORTS / folder).glob("*.csv"):
        each = told[path.name]
        assert bool(each.explains) == (path.stem in LOOKED_UP) == (each.table is None)


def test_there_is_a_sample_of_every_crm() -> None:
    every = {each.name for each in ADAPTERS} - {"generic"}
    assert {ADAPTER_OF[path.parent.name] for path in FILES} == every


def test_a_plain_table_is_no_crms() -> None:
    guess = recognise(list(DEALS[0]))
    assert guess is not None and guess.adapter.name == "generic"
    plain = ["deal_id", "deal_title", "deal_value", "deal_owner", "deal_stage", "status", "closing_date", "lost_reason"]
    guess = recognise(plain)
    assert guess is not None and guess.adapter.name == "generic"


@pytest.mark.parametrize(
    ("headers", "adapter", "table", "mapped"),
    [
        (
            "_airbyte_raw_id id archived createdAt properties_dealname properties_dealstage properties_closedate",
            "hubspot", "deals", {"deal_id": "id", "stage": "properties_dealstage", "_is_deleted": "archived"},
        ),
        (
            "_airbyte_raw_id dealId property value timestamp sourceType",
            "hubspot", "history", {"deal_id": "dealId", "field": "property", "new_value": "value"},
        ),
        (
            "_airbyte_raw_id Id Name StageName IsWon IsClosed Amount CloseDate CreatedDate OwnerId",
            "salesforce", "deals", {"deal_id": "Id", "stage": "StageName", "_close_date": "CloseDate"},
        ),
        (
            "_airbyte_raw_id Id OpportunityId StageName Amount CloseDate CreatedDate ForecastCategory PrevAmount",
            "salesforce", "history", {"deal_id": "OpportunityId", "changed_at": "CreatedDate", "_stage": "StageName"},
        ),
        (
            "_fivetran_synced deal_id value date_entered source",
            "hubspot", "history", {"_date_entered": "date_entered", "new_value": "value"},
        ),
    ],
)  # fmt: skip
def test_names_that_warehouse_loads_write_are_known(headers: str, adapter: str, table: str, mapped: dict) -> None:
    guess = recognise(headers.split())
    assert guess is not None and (guess.adapter.name, guess.table) == (adapter, table)
    assert mapped.items() <= guess.mapped.items()
