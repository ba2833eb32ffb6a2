"""Proposals left alone, in books whose deals are known: hand counts, a planted difference, the immortal-time trap."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from analysis_cases import Told, closed_of, cohort_of, told
from builders import FOCUS, deal, make_book

from postmortem.analyses.proposal_left_alone import proposal_left_alone
from postmortem.findings.gate import through_the_gate
from postmortem.frames import Cohort, closed_cohort
from postmortem.frames.proposals import known_before, proposals_sent, silent_stretches, two_way_contacts
from postmortem.simulate import Company, simulate
from postmortem.stats import cause_specific_cox


def proposal(number: int, sent: int, contacts: tuple[float, ...], outcome: str, end: int | None, **more: Any) -> Any:
    """Return one deal and its events; days are of the quarter before the focus."""
    quarter = FOCUS - 1
    row = deal(number, outcome, None if end is None else str(quarter.day(sent + end)), created_at="2025-01-02", **more)
    start = pd.Timestamp(str(quarter.day(sent)) + "T12:00Z")
    events = [{"deal_id": row["deal_id"], "kind": "proposal_sent", "side": "seller", "occurred_at": start}]
    events += [
        {"deal_id": row["deal_id"], "kind": "call", "side": ("both", "buyer")[place % 2],
         "occurred_at": start + pd.Timedelta(days=days)}
        for place, days in enumerate(contacts)
    ]  # fmt: skip
    return row, events


def cohort_from(made: list[Any], **tables: Any) -> Cohort:
    events = [event for _, events in made for event in events]
    # the closed cohort wants a deal of the focus quarter; without a proposal it plays no part
    return closed_of([*(Told(row, []) for row, _ in made), told(9999, "won")], events=events, **tables)


def book_of_chances(alone: float, followed: float, *, number: int = 500, seed: int = 2) -> list[Any]:
    """Return proposals lost by day 60 with a chance that depends on whether the first week brought a contact."""
    generator = np.random.default_rng(seed)
    made = []
    for place in range(number):
        silent = generator.random() < 0.4
        contacts = () if silent else (float(generator.uniform(0.5, 6.5)),)
        lost = generator.random() < (alone if silent else followed)
        end = int(generator.integers(10, 60)) if lost else int(generator.integers(10, 90))
        made.append(proposal(place + 1, place % 60 + 1, contacts, "lost" if lost else "won", end,
                             owner_id=f"Rep {generator.integers(24)}"))  # fmt: skip
    return made


def clockwork(*, number: int = 500, seed: int = 4) -> list[Any]:
    """Return deals whose contacts and ends have nothing to do with each other: contacts come until the deal ends."""
    generator = np.random.default_rng(seed)
    made = []
    for place in range(number):
        end = int(min(1 + generator.exponential(45), 150))
        contacts = tuple(float(day) for day in np.cumsum(generator.exponential(14, 12)) if day < end)
        outcome = "lost" if generator.random() < 0.6 else "won"
        made.append(proposal(place + 1, place % 30 + 1, contacts, outcome, end,
                             owner_id=f"Rep {generator.integers(24)}"))  # fmt: skip
    return made


def declared(cohort: Cohort) -> dict[str, Any]:
    rows = proposal_left_alone(cohort).tables["landmarks"].rows
    return dict(rows[rows["declared"]].to_dict("records")[0])


def test_only_deals_still_open_at_the_landmark_count_and_contacts_after_it_do_not() -> None:
    made = book_of_chances(0.5, 0.3)
    extra = [
        proposal(900, 5, (), "lost", 6), proposal(901, 5, (), "lost", 7), proposal(902, 5, (7.5,), "lost", 30),
        proposal(903, 5, (6.9,), "lost", 30), proposal(904, 5, (-1.0,), "lost", 30),
    ]  # fmt: skip
    before, after = declared(cohort_from(made)), declared(cohort_from([*made, *extra]))
    assert after["alone"] - before["alone"] == 2, "902 was contacted too late and 904 too early; 900, 901 had closed"
    assert after["followed"] - before["followed"] == 1
    assert after["alone_lost"] - before["alone_lost"] == 2


def test_counts_are_those_of_a_walk_through_the_deals() -> None:
    made = book_of_chances(0.5, 0.3)
    row = declared(cohort_from(made))
    silent = [len(events) == 1 for _, events in made]
    assert (row["alone"], row["followed"]) == (sum(silent), len(made) - sum(silent))
    lost = [deal["outcome"] == "lost" for deal, _ in made]
    assert row["alone_lost"] == sum(a and b for a, b in zip(silent, lost, strict=True))
    # all are followed to their end, so the share is a plain one
    assert row["alone_share"] == pytest.approx(row["alone_lost"] / row["alone"])


def test_a_planted_difference_is_recovered_and_named_only_through_the_gate() -> None:
    cohort = cohort_from(book_of_chances(0.55, 0.3))
    row, result = declared(cohort), proposal_left_alone(cohort)
    assert row["low"] <= 0.25 <= row["high"] and row["low"] > 0
    assert result.headline.startswith("Worth a look: proposals without a two-way contact in their first week and ")
    assert "more often" not in result.headline
    apart = f"were lost {100 * row['difference']:.0f} points more often in the 60 days after it ("
    assert apart in through_the_gate([result])[0].headline


def test_e_values_are_those_of_the_ratio_to_the_others_share() -> None:
    row = declared(cohort_from(book_of_chances(0.55, 0.3)))
    ratio, limit = ((row["followed_share"] + row[name]) / row["followed_share"] for name in ("difference", "low"))
    assert row["e_value"] == pytest.approx(ratio + math.sqrt(ratio * (ratio - 1)))
    assert row["e_limit"] == pytest.approx(limit + math.sqrt(limit * (limit - 1)))


def test_ever_followed_up_shows_a_difference_where_there_is_none_and_the_landmark_does_not() -> None:
    """The trap: a deal has to live to be followed up. Time and contacts are unrelated in this book."""
    made = clockwork()
    time = np.array([(pd.Timestamp(row["closed_at"]) - events[0]["occurred_at"].tz_localize(None).normalize()).days
                     for row, events in made])  # fmt: skip
    ever = np.array([[float(len(events) > 1)] for _, events in made])
    (trap,) = cause_specific_cox(0 * time, time, np.ones(len(made), dtype=int), ever, names=("ever followed up",))
    assert trap.ratios[0].log_ratio < -0.8
    row = declared(cohort_from(made))
    assert row["low"] <= 0 <= row["high"]


@pytest.mark.thorough
def test_silence_goes_with_nothing_where_contacts_and_ends_are_unrelated() -> None:
    """Over four books the logarithms of the ratios average to none; one book's has a standard deviation under .08."""
    logs = []
    for seed in range(4):
        silence = proposal_left_alone(cohort_from(clockwork(seed=seed))).tables["silence"].rows
        logs.append(np.log(silence["ratio"].to_numpy()))
    assert np.abs(np.mean(logs, axis=0)).max() < 0.12


def test_refused_below_twenty_losses_in_either_group() -> None:
    made = book_of_chances(0.5, 0.3, number=60)
    lost = [sum(row["outcome"] == "lost" and (len(events) == 1) == side for row, events in made) for side in (0, 1)]
    assert proposal_left_alone(cohort_from(made)).headline == (
        f"Not answered yet: {min(lost)} of the 20 losses after proposals left alone for a week, and after the others, "
        "needed in 2024Q4 to 2025Q3."
    )


def test_a_landmark_with_too_few_losses_has_counts_only() -> None:
    rows = proposal_left_alone(cohort_from(book_of_chances(0.5, 0.3))).tables["landmarks"].rows
    few = rows[rows[["alone_lost", "followed_lost"]].min(axis=1) < 20]
    assert few[["alone_share", "difference", "e_value"]].isna().all(axis=None)


def test_what_was_known_before_is_read_before_the_proposal() -> None:
    row, events = proposal(1, 10, (), "lost", 30)
    day = (FOCUS - 1).day
    history = [
        {"deal_id": "D0001", "field": "amount", "changed_at": f"{day(2)}T09:00Z", "old_value": "5", "new_value": "7"},
        {"deal_id": "D0001", "field": "amount", "changed_at": f"{day(20)}T09:00Z", "old_value": "7", "new_value": "9"},
    ]
    cohort = cohort_from([(row, events)], history=history)
    sent = proposals_sent(cohort.book, cohort.window, cohort.as_of)
    assert list(known_before(cohort.book, sent, "amount")) == ["7"]
    assert known_before(cohort.book, sent, "stage").isna().all()


def test_silence_is_told_as_it_stood_three_days_before() -> None:
    cohort = cohort_from([proposal(1, 10, (8.5,), "lost", 25)])
    sent = proposals_sent(cohort.book, cohort.window, cohort.as_of)
    rows = silent_stretches(sent, two_way_contacts(cohort.book, sent), 67)
    # a contact on day 9 is seen from day 12 on
    assert rows[["start", "stop", "weeks", "cause"]].to_numpy().tolist() == [
        [3, 10, 0, 0], [10, 12, 1, 0], [12, 19, 0, 0], [19, 25, 1, 1],
    ]  # fmt: skip


def test_with_few_sales_people_nothing_is_adjusted_and_the_page_says_so() -> None:
    result = proposal_left_alone(cohort_of("closed"))
    assert any("With 16 sales people the comparison is not adjusted." in caveat for caveat in result.caveats)


def simulated(company: Company) -> Cohort:
    book = make_book([])
    tables = {**book.tables, **company.tables}
    return closed_cohort(replace(book, tables=tables, meta=replace(book.meta, extracted_on=company.as_of)), FOCUS)


@pytest.mark.slow
def test_simulated_companies_show_what_was_planted_and_nothing_where_nothing_was() -> None:
    null = declared(simulated(simulate("null", seed=7, deals_per_quarter=300)))
    assert null["low"] <= 0 <= null["high"]
    full = declared(simulated(simulate("full", deals_per_quarter=300)))
    assert full["low"] > 0
