"""The page of claims: its counts by hand, published figures with both denominators, and a book of deals alone."""

from __future__ import annotations

from typing import Any

import pytest
from analysis_cases import answer_of, closed_of, counted
from builders import FOCUS

from postmortem.findings import claims_scoreboard as module
from postmortem.findings.benchmarks import benchmarks_table, published
from postmortem.findings.claims import claims
from postmortem.findings.claims_scoreboard import claims_scoreboard, headline, margin_text
from postmortem.frames import Cohort
from postmortem.result import Result
from postmortem.stats import wilson

FATES = {"won": 60, "lost_competitor": 25, "lost_status_quo": 15, "lost_unknown": 5, "lost_disqualified": 5}


@pytest.fixture(scope="module")
def deals_only() -> Result:
    return claims_scoreboard(closed_of(counted(FATES, FOCUS)))


def benchmarks(cohort: Cohort) -> dict[tuple[str, str], dict[str, Any]]:
    table = benchmarks_table(cohort, None)
    return {(row["benchmark"], row["source"]): row for row in table.records}


def test_every_claim_stands_in_one_table_or_the_other() -> None:
    result = answer_of("claims_scoreboard", "forecast")
    numbers = [*result.tables["claims"].rows["number"], *result.tables["not_testable"].rows["number"]]
    assert sorted(numbers) == list(range(1, 23))
    assert list(result.tables) == ["claims", "benchmarks", "not_testable"]


def test_verdicts_come_from_the_closed_set_and_always_with_their_cases() -> None:
    rows = answer_of("claims_scoreboard", "forecast").tables["claims"].rows
    assert set(rows["verdict"]) <= {"supported", "contradicted", "inconclusive"}
    assert (rows["n"] > 0).all()
    decided = rows[rows["verdict"] != "inconclusive"]
    assert decided[["estimate", "low", "high"]].notna().all(axis=None)
    assert (decided["figure"] != "").all()
    assert (rows.loc[rows["estimate"].isna(), "figure"] == "").all(), "no figure in text that is not one in numbers"


def test_the_sentence_counts_the_rows() -> None:
    result = answer_of("claims_scoreboard", "forecast")
    verdicts = list(result.tables["claims"].rows["verdict"])
    assert result.headline.startswith(f"Of 22 claims {len(verdicts)} could be tested: ")
    for verdict, words in (("supported", "hold"), ("contradicted", "do"), ("inconclusive", "cannot be told yet")):
        number = verdicts.count(verdict)
        assert (f"{number} {words}" in result.headline) == (number > 0)


def test_the_sentence_in_plain_words() -> None:
    table = answer_of("claims_scoreboard", "forecast").tables["claims"]
    rest = answer_of("claims_scoreboard", "forecast").tables["not_testable"]
    rows = table.rows.head(7).assign(verdict=["supported"] * 3 + ["contradicted"] + ["inconclusive"] * 3)
    more = rest.rows.loc[[0] * 15].reset_index(drop=True)
    told = headline(
        {"claims": type(table)(rows, table.columns, ""), "not_testable": type(table)(more, rest.columns, "")}
    )
    assert told == "Of 22 claims 7 could be tested: 3 hold here, 1 does not, 3 cannot be told yet."


def test_a_book_of_deals_alone_says_what_each_claim_takes(deals_only: Result) -> None:
    waiting = deals_only.tables["not_testable"].rows
    assert len(waiting) >= 15
    assert (waiting["missing"] != "").all() and (waiting["fields"] != "").all()
    assert deals_only.status == "ok"


def test_nothing_testable_is_said_plainly_and_drawn_quietly() -> None:
    result = answer_of("claims_scoreboard", "one deal")
    assert "claims" not in result.tables
    assert result.headline.startswith("Of 22 claims none can be tested")
    assert [text.get_text() for text in result.plot().texts] == ["Nothing to draw"]


def test_own_shares_are_counted_over_the_denominator_that_is_printed() -> None:
    rows = benchmarks(closed_of(counted(FATES, FOCUS)))
    own = rows["Lost to a competitor", "CSO Insights"]
    share = wilson(25, 100)  # of 60 won, 25 and 15 with the taker on record
    assert (own["n"], own["own"], own["own_low"], own["own_high"]) == (100, 0.25, share.low, share.high)
    assert own["own_denominator"] == "closed deals, won or lost with the taker on record"


def test_competitors_and_contacts_are_counted_by_hand() -> None:
    stories = counted({"won": 12, "lost_competitor": 18}, FOCUS)
    ids = [story.deal["deal_id"] for story in stories]
    rivals = [{"deal_id": name, "competitor": "Kestrel"} for name in ids[8:20]]
    contacts = [{"deal_id": name, "contact_id": f"C{place}"} for name in ids[:11] for place in range(4)]
    contacts += [{"deal_id": name, "contact_id": f"C{place}"} for name in ids[11:] for place in range(3)]
    rows = benchmarks(closed_of(stories, competitors=rivals, contacts=contacts))
    present, absent = (
        rows["Won with a competitor present", "Bohanec et al."],
        rows["Won without a competitor", "Bohanec et al."],
    )
    assert (present["n"], present["own"]) == (12, pytest.approx(4 / 12))
    assert (absent["n"], absent["own"]) == (18, pytest.approx(8 / 18))
    assert (
        rows["Won with four or more contacts", "Gong"]["n"],
        rows["Won with four or more contacts", "Gong"]["own"],
    ) == (11, 1.0)


def test_every_published_figure_has_a_denominator_and_the_retold_one_a_warning() -> None:
    assert len(published()) == 13
    assert all(entry["denominator"] and entry["source"] for entry in published())
    (retold,) = [entry for entry in published() if entry["published"] == "40–60%"]
    assert "denominator" in retold["warning"]


def test_where_a_claim_holds_is_said_in_its_unit() -> None:
    told = {claim.number: margin_text(claim) for claim in claims()}
    assert (told[1], told[2], told[17]) == ("between 40% and 60%", "above +10 points", "below 20%")
    assert told[14] == "between −0.5 and 0.5"


def test_an_analysis_that_is_not_there_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANALYSES", ())
    result = claims_scoreboard(closed_of(counted(FATES, FOCUS)))
    assert len(result.tables["not_testable"].rows) == 22
    assert set(result.tables["not_testable"].rows["missing"]) == {"no analysis asks this yet"}
