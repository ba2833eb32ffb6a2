"""The engagement's own snapshots become the book's table, beside a configured one, and make a forecast."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from builders import frame_of

from postmortem.book.snapshot_store import append_snapshot
from postmortem.frames.engagement import Engagement
from postmortem.ground.errors import DataError

DEALS = """deal_id,outcome,closed_at,created_at,amount,currency,stage
D1,lost,2025-08-20,2025-02-01,100,EUR,Closed Lost
D2,won,2025-08-21,2025-02-01,200,EUR,Closed Won
D3,open,,2025-02-01,300,USD,Proposal
"""
RATES = "currency,rate,valid_from\nUSD,0.5,2025-01-01\n"
TOML = """
[company]
currency = "EUR"
[tables.deals]
file = "deals.csv"
[tables.fx_rates]
file = "rates.csv"
"""
CONFIGURED = '[tables.snapshots]\nfile = "weekly.csv"\n'
WEEKLY = "as_of,deal_id,forecast_category,amount\n2025-07-04,D3,commit,300\n2025-07-11,D3,commit,300\n"
DAY = dt.date(2025, 7, 4)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Make an engagement of three deals, one of them in dollars."""
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "rates.csv").write_text(RATES, encoding="utf-8")
    (tmp_path / "postmortem.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


def store(acme: Path, day: dt.date = DAY, currency: str = "EUR") -> None:
    told = [
        {"deal_id": "D1", "forecast_category": "commit", "expected_close_date": "2025-09-12", "amount": 110.0},
        {"deal_id": "D2", "forecast_category": "best_case", "expected_close_date": "2025-09-20", "amount": 200.0},
        {"deal_id": "D3", "forecast_category": "pipeline", "expected_close_date": "2025-12-20", "amount": 150.0},
    ]
    append_snapshot(acme / "snapshots", frame_of("snapshots", [{"as_of": day, **row} for row in told]), day, currency)


def test_the_forecast_is_frozen_from_the_store_without_configuration(acme):
    store(acme)
    cohort = Engagement.open(acme).frame("2025Q3", kind="forecast")
    told = cohort.focus_rows[["deal_id", "resolution", "amount"]].values.tolist()
    assert told == [["D1", "lost_unknown", 110.0], ["D2", "won", 200.0]]
    assert set(cohort.provenance.values()) == {"snapshot of 2025-07-04", "current value"}
    assert cohort.provenance["forecast category"] == "snapshot of 2025-07-04"


def test_stored_amounts_are_not_converted_again_and_rows_add_up(acme):
    store(acme)
    book = Engagement.open(acme).book()
    assert book.deals["amount"].tolist() == [100.0, 200.0, 150.0]
    assert book.table("snapshots")["amount"].tolist() == [110.0, 200.0, 150.0]
    assert book.rows_in["snapshots"] == 3


def test_a_day_of_the_configured_table_counts_and_the_stored_one_of_it_is_left_out(acme):
    (acme / "postmortem.toml").write_text(TOML + CONFIGURED, encoding="utf-8")
    (acme / "weekly.csv").write_text(WEEKLY, encoding="utf-8")
    store(acme)
    store(acme, dt.date(2025, 7, 18))
    book = Engagement.open(acme).book()
    rows = book.table("snapshots")
    days = rows["as_of"].dt.strftime("%d.%m.").tolist()
    assert days == ["04.07.", "11.07.", "18.07.", "18.07.", "18.07."]
    # The configured rows are in the deal's dollars, 0.5 euros each; the stored ones are in euros.
    assert rows["amount"].tolist() == [150.0, 150.0, 110.0, 200.0, 150.0]
    assert book.rows_in["snapshots"] == 5
    (note,) = [note for note in book.notes if "left out" in note.what]
    assert (note.rows, note.what) == (3, "of 1 days in snapshots were left out: the configured table holds them")


def test_the_day_of_a_snapshot_is_a_day_the_book_was_known_on(acme):
    store(acme, dt.date(2025, 10, 2))
    assert Engagement.open(acme).book().meta.extracted_on == dt.date(2025, 10, 2)


def test_a_snapshot_later_than_the_stated_extraction_is_set_aside(acme):
    (acme / "postmortem.toml").write_text(TOML + "[data]\nextracted_on = 2025-09-30\n", encoding="utf-8")
    store(acme)
    store(acme, dt.date(2025, 10, 2))
    book = Engagement.open(acme).book()
    assert book.table("snapshots")["as_of"].dt.date.unique().tolist() == [DAY]
    late = book.quarantine[book.quarantine["table"] == "snapshots"]
    assert len(late) == 3
    assert late["reason"].str.contains("after the extraction date").all()
    assert book.rows_in["snapshots"] == 6


def test_a_snapshot_in_another_currency_is_refused(acme):
    store(acme, currency="GBP")
    with pytest.raises(DataError, match="another currency") as refused:
        Engagement.open(acme).book()
    assert refused.value.rows == ("snapshots/2025-07-04.parquet",)


def test_the_store_is_input_of_the_engagement(acme):
    engagement = Engagement.open(acme)
    assert len(engagement.book().table("snapshots")) == 0
    store(acme)
    assert [path.name for path in engagement.input_files()][-1] == "2025-07-04.parquet"
    # The book of the same configuration and exports is in the cache already, without the snapshot.
    assert len(engagement.book().table("snapshots")) == 3


def test_the_folder_of_the_store_can_be_named(acme):
    (acme / "postmortem.toml").write_text(TOML + '[data]\nsnapshots = "kept"\n', encoding="utf-8")
    store(acme)
    assert not Engagement.open(acme).book().has("snapshots")
    (acme / "snapshots").rename(acme / "kept")
    assert Engagement.open(acme).book().has("snapshots")
