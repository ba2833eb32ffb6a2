"""Where each CRM keeps what is missing: named menus for the systems that are listed, plain words for all others."""

from __future__ import annotations

import tomllib

import pytest

from postmortem.ground import resources
from postmortem.ground.errors import UsageError
from postmortem.ground.menus import NAMES, source_of
from postmortem.intake.adapters import ADAPTERS

FILE = resources.PACKAGE / "ground" / "menus.toml"
KINDS = tomllib.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_for_any_crm_and_names_only_crms_that_are_read(kind: str) -> None:
    places = KINDS[kind]
    assert set(places) - set(NAMES) == {"kept", "anywhere"}
    assert isinstance(places["kept"], bool)
    assert all(
        isinstance(text, str) and text and not text.endswith(".") for key, text in places.items() if key != "kept"
    )


def test_the_crms_are_those_with_an_adapter() -> None:
    # Plain files and logs have no menus.
    assert set(NAMES) | {"generic", "event_log"} == {adapter.name for adapter in ADAPTERS}


def test_salesforce_has_its_opportunity_history_in_an_ordinary_report() -> None:
    source = source_of("history", ("salesforce",))
    assert source.where.startswith("Salesforce: Reports → New Report → Opportunity History")
    assert source.kept


def test_the_first_listed_system_counts_and_a_plain_file_is_none() -> None:
    assert source_of("history", ("generic", "hubspot", "salesforce")).where.startswith("HubSpot: ")
    assert source_of("history", ("generic",)).where == source_of("history").where == KINDS["history"]["anywhere"]


def test_a_crm_without_a_menu_of_its_own_gets_the_plain_words() -> None:
    assert "odoo" not in KINDS["competitors"]
    assert source_of("competitors", ("odoo",)).where == KINDS["competitors"]["anywhere"]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UsageError, match="histories"):
        source_of("histories")
