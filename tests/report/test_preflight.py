"""The pre-flight on small books that differ from the one before in one thing at a time."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import FOCUS, change, closed, deal, forecast, make_book

from postmortem.book import Book
from postmortem.frames import late_stage_cohort
from postmortem.ground.config import Config, build_config
from postmortem.ground.errors import DataError
from postmortem.ground.process import Process, Stage
from postmortem.report.editions.book_record import describe_book, tier_of
from postmortem.report.editions.preflight import (
    Finding,
    book_findings,
    changes,
    frame_findings,
    last_manifest,
    new_values,
    refuse,
    too_old,
    too_poor,
)

REGIONS = ("North", "South")


def deals(number: int = 60, **more: Any) -> list[dict[str, Any]]:
    return [
        deal(
            n, ("won", "lost", "open")[n % 3], None if n % 3 == 2 else f"2025-08-{n % 28 + 1:02d}",
            stage="Proposal" if n % 3 == 2 else "Closed", region=REGIONS[n % 2],
            loss_reason_raw="Price" if n % 3 == 1 else None, lost_to_raw="Rival" if n % 3 == 1 else None, **more,
        )
        for n in range(number)
    ]  # fmt: skip


def book(rows: list[dict[str, Any]] | None = None, **tables: Any) -> Book:
    history = [change(n, "stage", "2025-08-30", "Demo", "Proposal") for n in range(4)]
    return make_book(deals() if rows is None else rows, **{"history": history, **tables})


def found(before: Book, now: Book) -> list[tuple[str, str]]:
    """Return grade and sentence of what differs; through JSON, as a manifest keeps it."""
    kept = json.loads(json.dumps(describe_book(before)))
    told = [*changes(kept, describe_book(now))]
    told += new_values(kept["values"], describe_book(now)["values"], now, None)
    return [(finding.grade, finding.what) for finding in told]


def test_equal_books_have_no_findings():
    assert found(book(), book()) == []


def test_a_record_that_went_backwards_is_suspicious():
    rows = [{**row, "closed_at": row["closed_at"] and min(row["closed_at"], "2025-08-20")} for row in deals()]
    said = ("suspicious", "The newest record of deals is of 2025-08-20; it was 2025-08-28 in the last report.")
    assert found(book(), book(rows)) == [said]
    assert found(book(rows), book()) == []


def test_more_than_half_of_the_rows_gone_is_suspicious_and_fewer_are_a_change():
    south = [row for row in deals() if row["region"] == "South"]
    few = [row for row in deals() if row["region"] == "North" or row["deal_id"] > "D0025"]
    assert ("suspicious", 'Deals of the region "North": 0; the last report had 30.') in found(book(), book(south))
    assert found(book(), book(few)) == [
        ("change", "Rows of deals: 47; the last report had 60."),
        ("change", 'Deals of the region "South": 17; the last report had 30.'),
    ]
    assert found(book(south), book()) == []


def test_half_of_very_few_rows_is_a_change_only():
    assert found(book(), book(history=[change(0, "stage", "2025-08-30", "Demo", "Proposal")])) == [
        ("change", "Rows of history: 1; the last report had 4.")
    ]


def test_a_table_that_is_gone_is_suspicious_however_small():
    now = make_book(deals())
    assert found(book(), now) == [("suspicious", "Rows of history: 0; the last report had 4.")]


def test_a_column_without_values_is_named():
    assert found(book(), book([{**row, "segment": None} for row in deals()])) == [
        ("change", "deals.segment holds no value any more.")
    ]


def test_a_fill_rate_that_dropped_is_named_and_one_that_rose_is_not():
    # Of 20 lost deals 12 keep their reason: 60%, where it was all.
    lost = [row["deal_id"] for row in deals() if row["outcome"] == "lost"]
    rows = [{**row, "loss_reason_raw": None} if row["deal_id"] in lost[:8] else row for row in deals()]
    assert found(book(), book(rows)) == [("change", "deals.loss_reason_raw is filled in 60%; it was 100%.")]
    assert found(book(rows), book()) == []


def test_new_stages_and_picklist_values_come_with_the_line_to_add():
    rows = deals()
    rows[1] |= {"loss_reason_raw": "Went dark", "lost_to_raw": "Nobody"}
    rows[2] |= {"stage": "Legal"}
    rows[4] |= {"lost_to_raw": "Them", "lost_to_recorded": "competitor"}
    said = {"deal_id": rows[1]["deal_id"], "rater_type": "rep", "rank": "primary", "text": "Went dark"}
    now = book(rows, reasons=[said])
    before, after = (describe_book(each)["values"] for each in (book(), now))
    told = [(each.what, each.do) for each in new_values(before, after, now, None)]
    assert told == [
        ('New stage "Legal" on 1 deal.',
         'If it is an old one renamed, add under [tables.deals.values.stage]: "Legal" = "old name"'),
        ('New loss reason "Went dark" on 1 deal: it stands for no code yet.',
         'Under [taxonomy.reasons]: "Went dark" = "a code of the taxonomy"'),
        ('New word in the lost-to field "Nobody" on 1 deal: it is not understood.',
         'Under [taxonomy.lost_to]: "Nobody" = "unknown"  # or competitor, status_quo, disqualified'),
        ('New word in the lost-to field "Them" on 1 deal: it is read as competitor.',
         'Under [taxonomy.lost_to]: "Them" = "unknown"  # or competitor, status_quo, disqualified'),
    ]  # fmt: skip
    stage = next(new_values(before, after, now, "process.toml"))
    assert stage.do == 'Add to process.toml: [[stages]] stage = "Legal"'


def test_many_new_values_are_counted_and_free_text_is_not_compared():
    rows = [{**row, "stage": f"S{n % 30:02d}"} for n, row in enumerate(deals(90))]
    told = [what for _, what in found(book(deals(90)), book(rows)) if "stage" in what]
    assert len(told) == 11
    assert told[-1] == "20 more new values of deals.stage."
    free = [{**row, "stage": f"S{n}"} for n, row in enumerate(deals(120))]
    assert found(book(deals(120)), book(free)) == []


def config(**preflight_settings: Any) -> Config:
    return build_config({"preflight": preflight_settings}, Path())


DAY = dt.date(2025, 10, 6)


@pytest.mark.parametrize(("days", "met"), [(37, True), (36, False)])
def test_the_age_is_counted_from_the_newest_record_of_the_crm(days, met):
    # The newest record is a change of 30 August; a snapshot of yesterday is our own doing.
    now = describe_book(book(snapshots=[{"as_of": "2025-10-05", "deal_id": "D0002"}]))
    told = [each.what for each in too_old(config(max_age_days=days).preflight, now, DAY)]
    assert told == ([] if met else ["The newest record is of 2025-08-30, 37 days before 2025-10-06."])


def test_a_tier_below_the_demanded_one_is_a_demand_not_met():
    tiers = ("snapshots", "history", "sheet", "stage entries", "current")
    for demanded in tiers:
        met = [tier for tier in tiers if not list(too_poor(config(require_tier=demanded).preflight, tier))]
        assert met == list(tiers[: tiers.index(demanded) + 1])


def test_the_tier_is_the_least_good_source_of_what_chose_the_deals():
    rows = [deal(n, "won", "2025-08-20", stage="Proposal") for n in range(4)]
    sheet = [{"as_of": "2025-07-04", "deal_id": f"D{n:04d}", "category": "commit", "expected_close_date": "2025-09-01"}
             for n in range(4)]  # fmt: skip
    told = [
        change(n, field, "2025-06-01", None, value)
        for n in range(4)
        for field, value in (("forecast_category", "commit"), ("expected_close_date", "2025-09-01"))
    ]
    snapshots = [
        {"as_of": "2025-07-04", "deal_id": row["deal_id"], "forecast_category": "commit",
         "expected_close_date": "2025-09-01"} for row in sheet
    ]  # fmt: skip
    assert tier_of(forecast(make_book(rows, history=told))) == "history"
    assert tier_of(forecast(make_book(rows, snapshots=snapshots))) == "snapshots"
    assert tier_of(forecast(make_book(rows, history=told, snapshots=snapshots[:3]))) == "history"
    assert tier_of(forecast(make_book(rows, forecast_sheet=sheet))) == "sheet"
    half = [row for row in told if row["field"] == "forecast_category"]
    assert tier_of(forecast(make_book(rows, forecast_sheet=sheet, history=half))) == "sheet"
    assert tier_of(closed(make_book(rows))) == "current"


def report(output: Path, quarter: str, made: Book, written: str, **more: Any) -> None:
    (output / quarter).mkdir(parents=True)
    told = {"company": "Testing Ltd", "quarter": quarter, "book": describe_book(made), "written_at": written, **more}
    (output / quarter / "manifest.json").write_text(json.dumps(told), encoding="utf-8")


def test_the_report_written_last_is_compared_with_whichever_quarter_it_is_about(tmp_path):
    report(tmp_path, "2025Q1", book(), "2025-10-01T03:00:00+00:00")
    report(tmp_path, "2025Q2", book(deals(12)), "2025-07-01T03:00:00+00:00")
    report(tmp_path, "other", book(deals(12)), "2025-12-01T03:00:00+00:00", company="Another Ltd")
    report(tmp_path, ".writing-x", book(deals(12)), "2025-12-01T03:00:00+00:00")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text("{", encoding="utf-8")
    last = last_manifest(tmp_path, "Testing Ltd")
    assert last is not None
    assert last["quarter"] == "2025Q1"
    assert last_manifest(tmp_path / "nowhere", "Testing Ltd") is None


@pytest.mark.parametrize(("quarter", "said"), [("2025Q2", True), ("2025Q3", True), ("2025Q4", False)])
def test_a_tier_that_dropped_is_said_unless_the_last_report_is_of_a_later_quarter(tmp_path, quarter, said):
    report(tmp_path, quarter, book(), "2025-10-01T03:00:00+00:00", tier="history")
    last = last_manifest(tmp_path, "Testing Ltd")
    told = frame_findings(last, config().preflight, closed(book(), FOCUS))
    text = "The deals of this report are known from today's values; those of the last one from the field history."
    assert [each.what for each in told] == ([text] if said else [])


def test_the_first_report_has_nothing_to_compare_with(tmp_path):
    assert last_manifest(tmp_path, "Testing Ltd") is None
    assert book_findings(None, config(), book(), DAY) == frame_findings(None, config().preflight, closed(book())) == ()


def test_what_differs_and_what_is_too_old_are_found_together(tmp_path):
    report(tmp_path, "2025Q2", book(deals(90)), "2025-10-01T03:00:00+00:00")
    last = last_manifest(tmp_path, "Testing Ltd")
    found = book_findings(last, config(max_age_days=7), book(), DAY)
    assert [each.grade for each in found] == ["demand", "change", "change", "change"]


CHANGE, STRANGE, UNMET = (Finding(grade, f"A {grade}.", "this") for grade in ("change", "suspicious", "demand"))


@pytest.mark.parametrize(
    ("findings", "settings", "accepted", "stops"),
    [
        ((), {}, False, ()),
        ((CHANGE,), {}, False, ()),
        ((CHANGE, STRANGE), {}, False, ("A suspicious.",)),
        ((CHANGE, STRANGE), {}, True, ()),
        ((CHANGE, STRANGE), {"fail_on_change": True}, False, ("A change.", "A suspicious.")),
        ((CHANGE,), {"fail_on_change": True}, True, ()),
        ((UNMET, STRANGE), {}, True, ("A demand.",)),
        ((STRANGE, UNMET), {}, False, ("A demand.", "A suspicious.")),
    ],
)
def test_what_stops_a_run(findings, settings, accepted, stops):
    demanded = config(**settings).preflight
    if not stops:
        refuse(findings, demanded, accept_changes=accepted)
        return
    with pytest.raises(DataError) as refused:
        refuse(findings, demanded, accept_changes=accepted)
    assert refused.value.rows == stops
    assert refused.value.exit_code == 3
    assert ("--accept-changes" in refused.value.message) == any(each != "A demand." for each in stops)


def test_the_late_stage_cohort_is_known_from_stages():
    stages = (Stage("Demo", 1, 0.2, False, False, ()), Stage("Proposal", 2, 0.6, False, True, ()))
    rows = [deal(n, "won", "2025-08-20", stage="Proposal") for n in range(4)]
    history = [change(n, "stage", "2025-08-01", "Demo", "Proposal") for n in range(4)]
    made = make_book(rows, history=history)
    process = Process("Ours", stages, {}, declared=True)
    assert tier_of(late_stage_cohort(replace(made, process=process), FOCUS)) == "stage entries"


def test_what_is_kept_of_a_book_counts_what_the_tables_hold():
    told = describe_book(book())
    assert told["rows"] == {"deals": 60, "history": 4}
    assert told["regions"] == {"North": 30, "South": 30}
    assert told["newest"] == {"deals": "2025-08-28", "history": "2025-08-30"}
    assert told["values"] == {
        "stage": {"Closed": 40, "Proposal": 20}, "loss_reason_raw": {"Price": 20}, "lost_to_raw": {"Rival": 20},
    }  # fmt: skip
    assert told["filled"]["loss_reason_raw"] == 1.0
    assert told["filled"]["forecast_category"] == 0.0
    assert pd.Timestamp(told["extracted_on"]) == pd.Timestamp("2025-10-06")
