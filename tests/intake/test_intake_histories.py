"""Field history: long and wide, fields and values in canonical words."""

from __future__ import annotations

import pandas as pd
import pytest
from intake_files import DEALS, as_csv

from postmortem.ground.errors import DataError

LONG = (
    {"deal_id": "D1", "field": "Stage", "changed_at": "2025-01-10T09:00:00Z", "old_value": "", "new_value": "Proposal"},
    {
        "deal_id": "D1",
        "field": "Close Date",
        "changed_at": "2025-01-10T09:00:00Z",
        "old_value": "2/28/2025",
        "new_value": "3/15/2025",
    },
    {
        "deal_id": "D1",
        "field": "Amount",
        "changed_at": "2025-02-01T10:00:00+02:00",
        "old_value": "$1,000",
        "new_value": "",
    },
    {
        "deal_id": "D2",
        "field": "Forecast Category",
        "changed_at": "2025-02-01 10:00",
        "old_value": "Pipeline",
        "new_value": "Best Case",
    },
    {
        "deal_id": "D2",
        "field": "Probability (%)",
        "changed_at": "2025-02-01 10:00",
        "old_value": "5",
        "new_value": "60",
    },
    {"deal_id": "D2", "field": "Next Step", "changed_at": "2025-02-01 10:00", "old_value": "", "new_value": "Call"},
)


@pytest.fixture
def history(book_of):
    def read(rows, **table):
        files = {"deals.csv": as_csv(DEALS), "history.csv": as_csv(rows)}
        tables = {"deals": {"file": "deals.csv"}, "history": {"file": "history.csv", **table}}
        return book_of(files, tables, data={"extracted_on": "2025-06-01"}, company={"time_zone": "Europe/Berlin"})

    return read


def test_fields_and_values_are_written_as_deals_have_them(history) -> None:
    table = history(LONG).table("history")
    assert table["field"].tolist() == [
        "stage", "expected_close_date", "amount", "forecast_category", "probability", "Next Step",
    ]  # fmt: skip
    assert table["new_value"].fillna("").tolist() == ["Proposal", "2025-03-15", "", "best_case", "0.6", "Call"]
    assert table["old_value"].fillna("").tolist() == ["", "2025-02-28", "1000", "pipeline", "0.05", ""]


def test_moments_are_one_line_of_time_and_keep_the_order_of_the_file(history) -> None:
    table = history(LONG).table("history")
    moments = ["2025-01-10 09:00", "2025-01-10 09:00", "2025-02-01 08:00", *["2025-02-01 09:00"] * 3]
    assert table["changed_at"].tolist() == [pd.Timestamp(moment, tz="UTC") for moment in moments]
    assert table["seq"].tolist() == [0, 1, 0, 0, 1, 2]


def test_a_sequence_of_the_source_is_kept(history) -> None:
    table = history([{**row, "seq": 9 - n} for n, row in enumerate(LONG)]).table("history")
    assert table["seq"].tolist() == [9, 8, 7, 6, 5, 4]


def test_values_that_cannot_be_read_set_their_row_aside_once(history) -> None:
    rows = [*LONG, {**LONG[2], "old_value": "lots", "new_value": "-5"}, {**LONG[2], "changed_at": "", "old_value": "1"}]
    book = history(rows)
    assert book.quarantine[["line", "column"]].to_numpy().tolist() == [[8, "old_value"], [9, "changed_at"]]
    assert len(book.table("history")) == len(LONG) and book.rows_in["history"] == len(LONG) + 2


def test_days_of_one_field_up_to_twelve_are_refused(history) -> None:
    rows = [{**LONG[1], "old_value": "2/8/2025", "new_value": "3/5/2025"}]
    with pytest.raises(DataError, match=r"history\.csv has 1 column") as refused:
        history(rows)
    assert "expected_close_date" in refused.value.message and "%m/%d/%Y" in refused.value.message


def test_changes_after_the_extraction_are_set_aside(history) -> None:
    book = history(
        [LONG[0], {**LONG[0], "changed_at": "2025-06-01 23:59"}, {**LONG[0], "changed_at": "2025-06-02 00:00"}]
    )
    assert len(book.table("history")) == 2
    assert "after the extraction date" in book.quarantine["reason"][0]


WIDE = (
    {
        "OpportunityId": "D1",
        "StageName": "Proposal",
        "Amount": "100",
        "CloseDate": "2025-03-31",
        "ForecastCategory": "Pipeline",
        "CreatedDate": "2025-01-10T09:00:00Z",
        "CreatedById": "u",
    },
    {
        "OpportunityId": "D1",
        "StageName": "Proposal",
        "Amount": "120",
        "CloseDate": "2025-03-31",
        "ForecastCategory": "Forecast",
        "CreatedDate": "2025-02-10T09:00:00Z",
        "CreatedById": "u",
    },
    {
        "OpportunityId": "D1",
        "StageName": "Closed Won",
        "Amount": "",
        "CloseDate": "2025-03-20",
        "ForecastCategory": "Closed",
        "CreatedDate": "2025-03-20T09:00:00Z",
        "CreatedById": "u",
    },
    {
        "OpportunityId": "D2",
        "StageName": "Proposal",
        "Amount": "x",
        "CloseDate": "2025-05-31",
        "ForecastCategory": "Pipeline",
        "CreatedDate": "2025-02-01T09:00:00Z",
        "CreatedById": "u",
    },
)


@pytest.mark.parametrize("turned", [False, True])
def test_a_wide_history_becomes_one_row_a_change(history, turned: bool) -> None:
    book = history(WIDE[::-1] if turned else WIDE, adapter="salesforce")
    table = book.table("history").sort_values(["deal_id", "field", "changed_at"])
    found = [(row.deal_id, row.field, str(row.old_value), str(row.new_value)) for row in table.itertuples()]
    assert found == [
        ("D1", "amount", "nan", "100"), ("D1", "amount", "100", "120"), ("D1", "amount", "120", "nan"),
        ("D1", "expected_close_date", "nan", "2025-03-31"), ("D1", "expected_close_date", "2025-03-31", "2025-03-20"),
        ("D1", "forecast_category", "nan", "pipeline"), ("D1", "forecast_category", "pipeline", "commit"),
        ("D1", "forecast_category", "commit", "closed"),
        ("D1", "stage", "nan", "Proposal"), ("D1", "stage", "Proposal", "Closed Won"),
        ("D2", "expected_close_date", "nan", "2025-05-31"), ("D2", "forecast_category", "nan", "pipeline"),
        ("D2", "stage", "nan", "Proposal"),
    ]  # fmt: skip
    assert book.quarantine["value"].tolist() == ["x"]
    assert book.rows_in["history"] == len(found) + 1
    assert [note.rows for note in book.notes if note.table == "history" and "no changes" in note.what] == [2]


def test_a_stage_that_deals_left_is_not_closed_though_one_was_lost_in_it(book_of) -> None:
    deals = [{**DEALS[0], "stage": "Won"}, {**DEALS[1], "stage": "Demo"}, DEALS[2]]
    moves = "deal_id,field,changed_at,old_value,new_value\nD1,stage,2025-02-01,Demo,Won\n"
    book = book_of({"deals.csv": as_csv(deals), "history.csv": moves})
    assert {stage.stage for stage in book.process.stages if stage.is_closed} == {"Won"}
    without = book_of({"deals.csv": as_csv(deals)})
    assert {stage.stage for stage in without.process.stages if stage.is_closed} == {"Won", "Demo"}


def test_the_process_is_read_from_the_stages_deals_passed_through(history) -> None:
    book = history(
        [
            *(
                {**LONG[0], "changed_at": f"2025-02-0{n} 10:00", "old_value": old, "new_value": new}
                for n, (old, new) in enumerate(
                    (("", "Discovery"), ("Discovery", "Proposal"), ("Proposal", "Closed Won")), 1
                )
            ),
            {
                **LONG[0],
                "field": "probability",
                "changed_at": "2025-02-02 10:00",
                "old_value": "0.2",
                "new_value": "0.7",
            },
        ]
    )
    stages = {stage.stage: (stage.is_closed, stage.probability) for stage in book.process.stages}
    assert stages == {
        "Discovery": (False, None), "Proposal": (False, 0.7), "Closed Won": (True, None), "Closed Lost": (True, None),
    }  # fmt: skip
    assert book.process.red_zone == ("Proposal",)


@pytest.mark.parametrize("left", [(), ("old_value",)])
def test_a_history_that_does_not_say_what_a_field_became_is_refused(history, left: tuple[str, ...]) -> None:
    rows = [{name: row[name] for name in ("deal_id", "field", "changed_at", *left)} for row in LONG]
    with pytest.raises(DataError, match="new_value: no column holds what a field was changed to") as refused:
        history(rows)
    assert "[tables.history.columns]" in str(refused.value)
