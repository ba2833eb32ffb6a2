"""What differs between two editions, on editions made by hand: deals, causes, figures, and what is said of them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from builders import change, closed, deal, forecast, make_book

from postmortem.cli.app import start
from postmortem.frames import Cohort, Engagement
from postmortem.ground import resources
from postmortem.ground.errors import UsageError
from postmortem.report.disk.folders import RAW, Edition
from postmortem.report.editions.causes import causes
from postmortem.report.editions.deal_moves import deal_moves
from postmortem.report.editions.diff import compare, latest_pair, told
from postmortem.report.editions.figures import figures_moved
from postmortem.report.run import run_quarter
from postmortem.result import Column, Result, Table, refused

Q = "2025Q3"


def rows(cohort: Cohort) -> pd.DataFrame:
    """Return what a report keeps of its deals."""
    return cohort.table.merge(cohort.book.deals[["deal_id", *RAW]], on="deal_id", how="left")


def called(*deals: dict[str, Any], as_of: str = "2025-10-06") -> pd.DataFrame:
    """Return the kept deals of a forecast cohort in which every deal was forecast for the third quarter."""
    history = [
        change(int(each["deal_id"][1:]), field, "2025-06-01", None, value)
        for each in deals
        for field, value in (("forecast_category", "commit"), ("expected_close_date", "2025-09-01"))
    ]
    return rows(forecast(make_book(list(deals), history=history, as_of=as_of)))


def said(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str, str]]:
    return [(move.deal_id, move.kind, move.what) for move in deal_moves(before, after, Q)]


STILL = deal(9, "won", "2025-08-01")


def test_equal_cohorts_have_no_moves_whatever_their_order():
    kept = called(STILL, deal(1, "lost", "2025-08-03", lost_to_recorded="competitor"), deal(2, "open", None))
    assert said(kept, kept.iloc[::-1]) == []


def test_a_deal_that_closed_after_the_quarter_is_closed_late():
    before = called(STILL, deal(1, "open", None), deal(2, "open", None))
    after = called(
        STILL, deal(1, "won", "2025-10-20"), deal(2, "lost", "2025-10-21", loss_reason_raw="Price"), as_of="2025-11-06"
    )
    assert said(before, after) == [
        ("D0001", "closed", "closed late, on 2025-10-20: won, was still open"),
        ("D0002", "closed", "closed late, on 2025-10-21: lost, to whom not recorded, was still open"),
    ]


def test_a_close_within_the_quarter_that_was_written_down_late():
    before = called(STILL, deal(1, "open", None))
    after = called(STILL, deal(1, "won", "2025-09-20"))
    text = "closed on 2025-09-20, known only now: won, was slipped past the quarter"
    assert said(before, after) == [("D0001", "closed", text)]
    back = "not closed within the quarter any more: slipped past the quarter, was won"
    assert ("D0001", "reopened", back) in said(after, before)


def test_another_taker_says_whether_the_crm_was_recoded_or_is_read_otherwise():
    lost = deal(1, "lost", "2025-08-03", lost_to_raw="They", lost_to_recorded="unknown")
    before = called(STILL, lost)
    recoded = called(STILL, {**lost, "lost_to_raw": "Rival Inc", "lost_to_recorded": "competitor"})
    mapped = called(STILL, {**lost, "lost_to_recorded": "competitor"})
    assert said(before, recoded) == [
        ("D0001", "lost_to", "lost to a competitor, was not recorded: the CRM says Rival Inc, it said They")
    ]
    assert said(before, mapped) == [
        ("D0001", "lost_to", "lost to a competitor, was not recorded: read otherwise, the CRM's words being the same")
    ]


def test_another_reason_says_the_same():
    kept = called(STILL, deal(1, "lost", "2025-08-03", loss_reason_raw="Price", lost_to_raw="They"))
    kept = kept[kept["deal_id"] == "D0001"].assign(reason_code="price", reason="Price against value")
    recoded = kept.assign(reason_code="timing", reason="Timing", loss_reason_raw="Too early")
    words = "the CRM says Too early, it said Price"
    assert said(kept, recoded) == [("D0001", "reason", f"reason Timing, was Price against value: {words}")]
    mapped = kept.assign(reason_code="timing", reason="Timing")
    how = "read otherwise, the CRM's words being the same"
    assert said(kept, mapped) == [("D0001", "reason", f"reason Timing, was Price against value: {how}")]
    same = kept.assign(loss_reason_raw="Too early")
    assert said(kept, same) == [("D0001", "reason", f"reason still Price against value: {words}")]
    uncoded = kept.assign(reason_code=None, reason=None)
    text = f"reason no code, was not recorded: {words.replace('Price', 'not recorded')}"
    unsaid = uncoded.assign(loss_reason_raw=None)
    assert said(unsaid, uncoded.assign(loss_reason_raw="Too early")) == [("D0001", "reason", text)]
    taker = kept.assign(lost_to_raw=None)
    text = "lost to still not recorded: the CRM says not recorded, it said They"
    assert said(kept, taker) == [("D0001", "lost_to", text)]


def test_amounts_and_other_fields():
    before = called(STILL, deal(1, "open", None, amount=100.0))
    after = called(STILL, deal(1, "open", None, amount=None, segment="Space"))
    assert said(before, after) == [
        ("D0001", "amount", "amount 100, now not recorded"),
        ("D0001", "other", "segment Health, now Space"),
    ]


def test_deals_that_come_in_or_are_gone_and_the_focus_quarter_first():
    early = deal(3, "won", "2025-05-01")
    before = rows(closed(make_book([STILL, early, deal(1, "won", "2025-08-03")])))
    after = rows(closed(make_book([STILL, deal(2, "lost", "2025-08-03")])))
    assert said(before, after) == [
        ("D0002", "entered", "is among the deals now: lost, to whom not recorded"),
        ("D0001", "left", "is not among the deals any more: was won"),
        ("D0003", "left", "is not among the deals any more: was won"),
    ]


MANIFEST = {
    "company": "Testing Ltd", "quarter": Q, "as_of": "2025-10-06", "frame": "forecast", "window": ["2025Q2", Q],
    "parameters": {"kind": "auto", "window": 2, "as_of": "2025-10-06"}, "taxonomy": "red_zone 1", "code": "a",
    "settings": {"taxonomy": "x", "preflight": "y"}, "versions": {"deal-postmortem": "1.0", "pandas": "3.0"},
    "provenance": {"amount": "field history"}, "written_at": "2025-10-07T03:00:00+00:00",
    "inputs": [{"file": "postmortem.toml", "sha256": "1"}, {"file": "data/deals.csv", "sha256": "2"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, []),
        ({"as_of": "2025-11-06"}, ["parameter"]),
        ({"frame": "closed"}, ["parameter"]),
        ({"window": [Q]}, ["parameter"]),
        ({"parameters": {"kind": "closed"}}, ["parameter"]),
        ({"settings": {"taxonomy": "z", "preflight": "y"}}, ["setting"]),
        ({"settings": {"taxonomy": "x", "preflight": "z"}}, []),
        ({"taxonomy": "red_zone 2"}, ["taxonomy"]),
        ({"code": "b"}, ["code"]),
        ({"code": "b", "versions": {"deal-postmortem": "1.1", "pandas": "3.0"}}, ["code"]),
        ({"versions": {"deal-postmortem": "1.0", "pandas": "3.1"}}, ["library"]),
        ({"provenance": {"amount": "current value"}}, ["source"]),
        ({"inputs": [{"file": "postmortem.toml", "sha256": "9"}, {"file": "data/deals.csv", "sha256": "2"}]}, []),
        ({"inputs": [{"file": "data/deals.csv", "sha256": "3"}, {"file": "data/x.csv", "sha256": "3"}]},
         ["input", "input"]),
        ({"written_at": "2026-01-01", "content": "other"}, []),
    ],
)  # fmt: skip
def test_what_the_editions_were_made_of_one_thing_at_a_time(changed, kinds):
    assert [cause.kind for cause in causes(MANIFEST, {**MANIFEST, **changed})] == kinds


def test_an_edition_of_an_older_version_is_compared_as_far_as_it_goes():
    old = {name: MANIFEST[name] for name in ("company", "quarter", "as_of", "frame", "window", "inputs", "parameters")}
    kinds = {cause.kind for cause in causes(old, MANIFEST)}
    assert kinds == {"code", "library", "source"}


COLUMNS = (
    Column("fate", "label", "Code", shown=False),
    Column("label", "label", "What became of it"),
    Column("deals", "count", "Deals"),
    Column("share", "estimate", "Share", "share"),
    Column("exact", "estimate", "Exact", shown=False),
)
FATES = [("won", "Won", 20, 0.4, 1.0), ("lost_competitor", "Lost to a competitor", 30, 0.6, 2.0)]


def answer(values: list[tuple[Any, ...]], headline: str = "So it is.", page: str = "01-x", **more: Any) -> Any:
    frame = pd.DataFrame(values, columns=[column.name for column in COLUMNS])
    result = Result(
        "quarter_outcome", "What became of the deals?", {"fates": Table(frame, COLUMNS, "T")},
        headline_of=lambda _: headline, **more,
    )  # fmt: skip
    return {"page": page, **json.loads(json.dumps(result.to_dict()))}


def moved(before: list[Any], after: list[Any], moves: Any = ()) -> list[tuple[Any, ...]]:
    return [(each.row, each.column, each.text, each.deals) for each in figures_moved(before, after, moves)]


def test_equal_findings_have_no_figures_moved_nor_do_rounding_errors():
    assert (
        moved(
            [answer(FATES)], [answer([*FATES[:1], ("lost_competitor", "Lost to a competitor", 30, 0.6 + 1e-12, 2.0)])]
        )
        == []
    )
    assert moved([answer(FATES)], [answer(FATES[::-1])]) == []
    assert moved([answer(FATES)], [answer(FATES, page="02-y"), answer(FATES)]) == []


def test_a_figure_is_named_by_row_and_column_and_a_hidden_one_is_marked():
    after = [("won", "Won", 21, 0.4001, 1.5), FATES[1]]
    assert moved([answer(FATES)], [answer(after, "So it is now.")]) == [
        ((), "headline", "“So it is now.”, was “So it is.”", ()),
        (("Won",), "deals", "21, was 20", ()),
        (("Won",), "share", "0.4001, was 0.4", ()),
        (("Won",), "exact", "1.5, was 1", ()),
    ]
    assert [each.shown for each in figures_moved([answer(FATES)], [answer(after)], ())] == [True, True, False]


def test_rows_that_come_in_or_are_gone_show_their_numbers():
    new = ("slipped", "Slipped past the quarter", 3, 0.05, 1.0)
    assert moved([answer(FATES)], [answer([*FATES, new])]) == [
        (("Slipped past the quarter",), "deals", "3, a new row", ()),
        (("Slipped past the quarter",), "share", "5%, a new row", ()),
    ]
    gone = figures_moved([answer([*FATES, new])], [answer(FATES)], ())
    assert [(each.before, each.after, each.text) for each in gone] == [
        (3, None, "row gone, was 3"), (0.05, None, "row gone, was 5%"),
    ]  # fmt: skip


def test_a_figure_names_the_deals_whose_own_changes_are_about_its_row():
    moves = deal_moves(called(STILL, deal(1, "open", None)), called(STILL, deal(1, "won", "2025-09-20")), Q)
    after = [("won", "Won", 21, 0.4, 1.0), ("lost_competitor", "Lost to a competitor", 29, 0.6, 2.0)]
    assert moved([answer(FATES)], [answer(after)], moves) == [
        (("Won",), "deals", "21, was 20", ("D0001",)),
        (("Lost to a competitor",), "deals", "29, was 30", ()),
    ]


def test_answers_that_are_new_gone_or_refused_now():
    no = {"page": "01-x", **refused("quarter_outcome", "What became of the deals?", "20 more deals").to_dict()}
    assert [each[:3] for each in moved([answer(FATES)], [no])][:2] == [
        ((), "status", "refused, was ok"),
        ((), "headline", "“Not answered yet: 20 more deals.”, was “So it is.”"),
    ]
    other = answer(FATES, params={"by": "segment"})
    assert [(each[1], each[2]) for each in moved([answer(FATES)], [other])] == [
        ("status", "is asked now, it was not before"), ("status", "is not asked any more"),
    ]  # fmt: skip


def edition(deals: pd.DataFrame, findings: list[Any], **manifest: Any) -> Edition:
    return Edition(Path(), {**MANIFEST, **manifest}, findings, deals)


def test_equal_editions_say_so():
    kept = called(STILL)
    same = compare(edition(kept, [answer(FATES)]), edition(kept, [answer(FATES)], written_at="2025-10-08"))
    assert same.is_equal
    assert "The two editions are equal" in told(same)
    assert same.to_dict()["figures"] == []


@pytest.mark.parametrize("other", [{"quarter": "2025Q2"}, {"company": "Another Ltd"}])
def test_editions_of_different_quarters_or_companies_are_refused(other):
    with pytest.raises(UsageError, match=f"different {'companies' if 'company' in other else 'quarters'}"):
        compare(edition(called(STILL), []), edition(called(STILL), [], **other))


def write(folder: Path, made: Edition) -> None:
    (folder / "internal").mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(made.manifest), encoding="utf-8")
    (folder / "findings.json").write_text(json.dumps(made.findings), encoding="utf-8")
    made.deals.to_parquet(folder / "internal" / "cohort.parquet", index=False)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Write a report and the edition it replaced."""
    first = edition(called(STILL, deal(1, "open", None, deal_name="Renewal")), [answer(FATES)])
    after = [("won", "Won", 21, 0.42, 1.5), FATES[1]]
    second = edition(
        called(STILL, deal(1, "won", "2025-09-20", deal_name="Renewal")), [answer(after)],
        inputs=[{"file": "data/deals.csv", "sha256": "3"}], written_at="2025-10-08T03:00:00+00:00",
    )  # fmt: skip
    write(tmp_path / ".previous" / Q, first)
    write(tmp_path / Q, second)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        start(["diff", *words])
    caught = capsys.readouterr()
    return int(left.value.code or 0), caught.out, caught.err


def test_the_command_compares_a_report_with_the_edition_it_replaced(capsys, output):
    code, out, _ = call(capsys, "--output", str(output))
    assert code == 0
    assert out.splitlines() == [
        "Testing Ltd, 2025Q3: the report written on 2025-10-08 03:00 UTC, compared with that of 2025-10-07 03:00 UTC.",
        "",
        "What they were made of",
        "  data/deals.csv has other content",
        "",
        "Deals (1 deal)",
        "  D0001 Account 1 · Renewal: closed on 2025-09-20, known only now: won, was slipped past the quarter",
        "",
        "Figures (2 and 1 behind pictures, which --json has); <- names the deals above that a row is about",
        "  What became of the deals? (01-x)",
        "    Won | Deals: 21, was 20; Share: 42%, was 40%  <- D0001",
    ]
    folders = call(capsys, str(output / ".previous" / Q), str(output / Q), "--json")[1]
    alone = call(capsys, "--output", str(output), "--json")[1]
    assert json.loads(folders) == json.loads(alone)
    document = json.loads(alone)
    assert document["deals"][0]["deal"] == "Account 1 · Renewal"
    assert [each["column"] for each in document["figures"]] == ["deals", "share", "exact"]


def test_a_wrong_call_says_what_is_needed(capsys, output):
    code, _, err = call(capsys, str(output / Q))
    assert (code, "Two folders are needed" in err) == (2, True)
    code, _, err = call(capsys, str(output / "nowhere"), str(output / Q))
    assert (code, "no report that can be compared" in err) == (2, True)
    with pytest.raises(UsageError, match="no earlier edition"):
        latest_pair(output, "2025Q2")
    with pytest.raises(UsageError, match="no earlier edition"):
        latest_pair(output / "nowhere")


@pytest.mark.slow
def test_one_deal_recoded_between_two_real_runs_is_the_one_thing_named(capsys, tmp_path):
    acme, out = tmp_path / "acme", tmp_path / "out"
    shutil.copytree(resources.sample("plain"), acme)
    export = acme / "opportunities.csv"
    with pytest.raises(UsageError, match="no earlier edition"):
        latest_pair(out)
    run_quarter(Engagement.open(acme), "2025Q3", notebooks=["01"], output=out)
    kept = pd.read_parquet(out / "2025Q3" / "internal" / "cohort.parquet")
    here = kept[kept["quarter"] == "2025Q3"]
    chosen = here.loc[here["resolution"] == "lost_competitor", "deal_id"].iloc[0]
    with export.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    reason = header.index("Loss Reason")
    for line in lines:
        if line[0][:15] == chosen[:15]:
            line[reason] = "No Decision / Non-Responsive"
    with export.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *lines])
    run_quarter(Engagement.open(acme), "2025Q3", notebooks=["01"], output=out)
    code, document, _ = call(capsys, "--output", str(out), "--json")
    told = json.loads(document)
    assert (code, told["equal"]) == (0, False)
    assert [cause["what"] for cause in told["causes"]] == ["data/opportunities.csv has other content"]
    assert [(each["deal_id"], each["kind"]) for each in told["deals"]] == [(chosen, "lost_to"), (chosen, "reason")]
    assert all("the CRM says No Decision / Non-Responsive" in each["what"] for each in told["deals"])
    fates = {
        each["row"][0]: each["after"] - each["before"]
        for each in told["figures"]
        if (each["analysis"], each["table"], each["column"]) == ("quarter_outcome", "fates", "deals")
    }
    assert fates == {"Lost to the status quo": 1, "Lost to a competitor": -1}
    assert (
        call(capsys, str(out / "2025Q3"), str(out / "2025Q3"))[1].splitlines()[1].startswith("The two editions are eq")
    )
