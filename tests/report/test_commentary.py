"""A commentary goes where its headings say, quotes the figures of this report, and says where it no longer fits."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from hostile import HOSTILE

from postmortem.ground.errors import ConfigError
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.commentary import Commentary, Placed, place, read_commentary, record_of
from postmortem.report.pages.quoted import figure, loose_numbers
from postmortem.result import Column, Result, Table, refused

FATES = Table(
    pd.DataFrame(
        {
            "fate": ["won", "lost_competitor", "withheld one"], "label": ["Won", "Lost to a competitor", "**x**"],
            "deals": pd.Series([119, 20, None], dtype="Int64"), "share": [0.664, 0.112, None],
            "low": [0.59, 0.07, None], "high": [0.73, 0.17, None], "amount": [9_255_610.0, 1_257_390.0, None],
            "suppressed": [False, False, True],
        }
    ),
    (
        Column("fate", "label", "Fate", shown=False), Column("label", "label", "What became of it"),
        Column("deals", "count", "Deals"), Column("share", "estimate", "Share", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("amount", "money", "Amount", "USD"), Column("suppressed", "label", "s", shown=False),
    ),
    "What became of the deals",
)  # fmt: skip
TOTAL = Table(pd.DataFrame({"deals": [179]}), (Column("deals", "count", "Deals"),), "All")
OUTCOME = Result(
    "quarter_outcome", "What became of the deals?", {"fates": FATES, "total": TOTAL},
    headline_of=lambda tables: "Of 179 deals, 119 won.",
)  # fmt: skip
SHARES = [
    Result("loss_share", "Which?", {"total": TOTAL}, params={"by": by, "measure": "lost"})
    for by in ("segment", "region")
]
LATER = Notebook("02-competitor-losses", "Lost to competitors", Path("02.ipynb"), ())
FIRST = Notebook("01-quarter-overview", "The quarter at a glance", Path("01.ipynb"), ())
PAGES = [
    (FIRST, Harvest(("## What became of the deals", OUTCOME, "## By segment", SHARES[0]), ())),
    (LATER, Harvest(("## By region", SHARES[1], "## Open", refused("deal_path", "Q?", "history")), ())),
]
RESULTS = [OUTCOME, *SHARES]


def placed(text: str) -> Placed:
    return place(Commentary("commentary/2025Q3.md", text), PAGES)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("quarter_outcome.fates.won.deals", "119"),
        ("quarter_outcome.fates.lost-to-a-competitor.share", "11%"),
        ("quarter-outcome.fates.lost_competitor.share.range", "7–17%"),
        ("quarter_outcome.fates.won.amount", "$9.3M"),
        ("quarter_outcome.total.deals", "179"),
        ("loss-share-segment-lost.total.deals", "179"),
        ("quarter_outcome.fates.withheld_one.deals", "withheld"),
    ],
)
def test_a_key_takes_its_figure_from_the_report(key: str, text: str) -> None:
    assert figure(key, RESULTS) == text


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("quarter_outcom.fates.won.deals", "there is no answer 'quarter_outcom', did you mean 'quarter_outcome'?"),
        ("quarter_outcome.fate.won.deals", "there is no table 'fate', did you mean 'fates'?"),
        ("quarter_outcome.fates.wonn.deals", "there is no row 'wonn', did you mean 'won'?"),
        ("quarter_outcome.fates.won.deal", "there is no column 'deal', did you mean 'deals'?"),
        ("quarter_outcome.fates.deals", "the table has 3 rows; name one"),
        ("quarter_outcome.fates.won.deals.range", "'deals' has no interval"),
        ("loss_share.total.deals", "is there 2 times; name one of loss_share_region_lost, loss_share_segment_lost"),
        ("quarter_outcome", "there is no table"),
        ("7 * 7", "there is no answer"),
        ("", "there is no answer"),
        ("quarter_outcome.fates.won.deals.share.range", "expected analysis.table.row.column"),
    ],
)
def test_a_key_that_names_nothing_says_which_part_and_what_would(key: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        figure(key, RESULTS)


def test_words_go_where_their_headings_say() -> None:
    made = placed(
        "A good quarter.\n\n## 01\nOn the page.\n\n### By segment\nOn the answer.\n\n"
        "## Lost to competitors\nOn the other.\n### loss_share\nBelow the same analysis there.\n# Summary\nIn short.\n"
    )
    assert made.flags == ()
    assert made.summary == "<p>A good quarter.</p>\n\n<p>In short.</p>\n"
    assert made.notes["01-quarter-overview"].of_page == "<p>On the page.</p>\n"
    assert made.notes["01-quarter-overview"].of_answers == {"loss-share-segment-lost": "<p>On the answer.</p>\n"}
    assert made.notes["02-competitor-losses"].of_answers == {
        "loss-share-region-lost": "<p>Below the same analysis there.</p>\n"
    }


def test_what_does_not_fit_is_flagged_with_its_line_and_keeps_the_rest() -> None:
    made = placed(
        "Won: {{ quarter_outcome.total.deals }}.\n\n## By segmnt\nGone.\n## 02\n\nLost {{ nothing.at.all }}.\n"
    )
    assert made.summary == "<p>Won: 179.</p>\n"
    assert "Lost unknown." in str(made.notes["02-competitor-losses"].of_page)
    assert [flag.split(":")[0] for flag in made.flags] == [f"commentary/2025Q3.md line {line}" for line in (3, 7)]
    assert "did you mean 'By segment'?" in made.flags[0]


def test_a_note_on_a_question_left_open_has_no_place() -> None:
    made = placed("## Open\nSee below.")
    assert made.notes == {} and "no answer under 'Open'" in made.flags[0]


def test_numbers_that_the_report_no_longer_shows_are_flagged_and_no_others() -> None:
    text = (
        "In 2025Q3, FY26 Q1 and 2024 (as of 2025-10-06) 119 of 179 were won: 66%, 66 per cent, $9.3M, 9,255,610.\n"
        "1. Competitors took 21, that is 7% to 17%, or 12 %.\n"
        "It was {{ quarter_outcome.fates.won.deals }}, not $9.4M."
    )
    assert list(loose_numbers(text, RESULTS)) == [(2, "21"), (2, "12 %"), (3, "9.4M")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_and_hostile_figures_are_shown_and_never_run(text: str) -> None:
    table = Table(pd.DataFrame({"who": pd.Series([text], dtype="str")}), (Column("who", "account", "Who"),), "T")
    pages = [(FIRST, Harvest((Result("a", "Q?", {"t": table}),), ()))]
    made = place(Commentary("c.md", f"{text}\n\nBy key: {{{{ a.t.who }}}}\n\n## 01\n\n{text}"), pages)
    html = f"{made.summary}{made.notes['01-quarter-overview'].of_page}"
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9]+)", html))
    assert tags <= {"p", "br", "em", "strong", "code", "pre"}


def test_a_figure_is_never_taken_for_markdown() -> None:
    made = placed("{{ quarter_outcome.fates.x.label }} and \ue0000\ue001")
    assert made.summary == "<p>**x** and 0</p>\n"


def test_without_a_file_nothing_is_said_and_an_unreadable_one_is_named(tmp_path: Path) -> None:
    assert read_commentary(tmp_path, "2025Q3") is None
    assert place(None, PAGES) == Placed() and record_of(None, Placed()) == {}
    (tmp_path / "commentary").mkdir()
    (tmp_path / "commentary" / "2025Q3.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"commentary/2025Q3\.md"):
        read_commentary(tmp_path, "2025Q3")
