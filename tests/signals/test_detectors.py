"""Every detector on one deal made by hand: where it fires and since when, where it does not, where it is unknown."""

from __future__ import annotations

import pytest
from asked import RED, ask, book_of, closes, cut, event, milestone, person, stages
from builders import change, deal

from postmortem.signals import NAMES
from postmortem.signals.stalled_in_stage import usual_days

PROPOSAL = event("proposal_sent", "2025-05-02", "seller")
OWNED = [change(1, "owner_id", "2025-01-15", None, "A"), change(1, "owner_id", "2025-04-01", "A", "B")]
ELSEWHERE = [event("discovery", "2025-02-01", number=2), event("pilot", "2025-02-01", number=2),
             event("procurement", "2025-02-01", number=2)]  # fmt: skip
TWO = (deal(1, "lost", "2025-08-20"), deal(2, "won", "2025-08-20"))
CUSTOMER = (deal(1, "lost", "2025-08-20", is_existing_customer=True), TWO[1])


def forecast(*steps: tuple[str, str]) -> list[dict[str, object]]:
    before = [None, *(value for _, value in steps)]
    return [change(1, "forecast_category", at, old, new) for (at, new), old in zip(steps, before, strict=False)]


def amounts(at: str, old: str | None, new: str) -> list[dict[str, object]]:
    return [*RED, change(1, "amount", at, old, new)]


def rival(at: str | None) -> dict[str, object]:
    return {"deal_id": "D0001", "competitor": "Rival", "status": "won", "recorded_at": at and f"{at}T12:00Z"}


def steps(*agreed: bool | None) -> list[dict[str, object]]:
    return [event("meeting", f"2025-06-{day:02d}", next_step_agreed=value) for day, value in enumerate(agreed, start=1)]


# name, the tables, what it says: (fired, since when); (None, None) is unknown.
CASES = [
    ("no_qualification_commitment", {"history": RED, "milestones": [milestone("Needs confirmed", "2025-04-01")]},
     (True, "2025-02-10")),
    ("no_qualification_commitment", {"history": RED, "milestones": [milestone("budget  CONFIRMED", "2025-02-01")]},
     (False, None)),
    ("no_qualification_commitment", {"history": RED[:1], "milestones": [milestone("Needs confirmed", "2025-04-01")]},
     (False, None)),
    ("no_qualification_commitment", {"history": RED}, (None, None)),
    ("forecast_soon_after_creation", {"history": forecast(("2025-01-15", "pipeline"), ("2025-01-20", "commit"))},
     (True, "2025-01-20")),
    ("forecast_soon_after_creation", {"history": forecast(("2025-01-15", "pipeline"), ("2025-01-23", "commit"))},
     (False, None)),
    ("forecast_soon_after_creation", {"history": RED}, (None, None)),
    ("stage_skipped_or_back", {"history": stages(("2025-01-15", "Qualification"), ("2025-03-01", "Proposal"))},
     (True, "2025-03-01")),
    ("stage_skipped_or_back",
     {"history": stages(("2025-01-15", "Qualification"), ("2025-03-01", "Needs"), ("2025-04-01", "Qualification"))},
     (True, "2025-04-01")),
    ("stage_skipped_or_back", {"history": RED}, (False, None)),
    ("stage_skipped_or_back", {"history": OWNED}, (None, None)),
    ("no_buyer_contact", {"events": [event("email", "2025-06-20", "buyer")]}, (True, "2025-07-05")),
    ("no_buyer_contact", {"events": [event("email", "2025-06-21", "buyer")]}, (False, None)),
    ("no_buyer_contact", {"events": [event("meeting", "2025-07-04", "both")]}, (True, "2025-01-30")),
    ("no_buyer_contact", {"events": [event("email", "2025-07-04", "unknown")]}, (None, None)),
    ("no_buyer_contact", {}, (None, None)),
    ("exit_commitment_unmet",
     {"history": RED, "milestones": [milestone(name, "2025-02-01") for name in ("Budget confirmed", "Date named")]},
     (True, "2025-05-01")),
    ("exit_commitment_unmet",
     {"history": RED, "milestones": [milestone(name, "2025-02-01") for name in
                                     ("Budget confirmed", "Date named", "Needs confirmed")]},
     (False, None)),
    ("exit_commitment_unmet", {"history": RED}, (None, None)),
    ("no_agreed_next_step", {"events": steps(True, False, False)}, (True, "2025-06-03")),
    ("no_agreed_next_step", {"events": steps(False, True, False, None)}, (False, None)),
    ("no_agreed_next_step", {"events": steps(None)}, (None, None)),
    ("pushed_twice", {"history": closes(("2025-01-15", "2025-05-31"), ("2025-05-20", "2025-07-31"),
                                        ("2025-06-30", "2025-09-30"))}, (True, "2025-06-30")),
    ("pushed_twice", {"history": closes(("2025-01-15", "2025-05-31"), ("2025-05-20", "2025-07-31"),
                                        ("2025-06-30", "2025-06-30"))}, (False, None)),
    ("pushed_twice", {"history": RED}, (None, None)),
    ("expected_close_passed", {"history": closes(("2025-01-15", "2025-05-31"), ("2025-06-20", "2025-09-30"))},
     (True, "2025-06-01")),
    ("expected_close_passed", {"history": closes(("2025-01-15", "2025-07-04"))}, (True, "2025-07-05")),
    ("expected_close_passed", {"history": closes(("2025-01-15", "2025-07-05"))}, (False, None)),
    ("expected_close_passed", {}, (None, None)),
    ("committed_while_silent",
     {"history": forecast(("2025-06-30", "commit")), "events": [event("email", "2025-06-10", "buyer")]},
     (True, "2025-06-30")),
    ("committed_while_silent",
     {"history": forecast(("2025-03-30", "commit")), "events": [event("meeting", "2025-07-01", "both")]},
     (False, None)),
    ("committed_while_silent",
     {"history": forecast(("2025-03-30", "best_case")), "events": [event("email", "2025-06-10", "buyer")]},
     (False, None)),
    ("committed_while_silent", {"events": [event("email", "2025-06-10", "buyer")]}, (None, None)),
    ("no_proof_of_value", {"history": RED, "events": [PROPOSAL, *ELSEWHERE]}, (True, "2025-05-01")),
    ("no_proof_of_value", {"history": RED, "events": [event("reference", "2025-06-01"), *ELSEWHERE]}, (False, None)),
    ("no_proof_of_value", {"history": RED[:2], "events": [event("call", "2025-02-01"), *ELSEWHERE]}, (False, None)),
    ("no_proof_of_value", {"history": RED, "events": [PROPOSAL]}, (None, None)),
    ("proposal_left_alone", {"events": [PROPOSAL, event("call", "2025-05-10", "buyer")]}, (True, "2025-05-10")),
    ("proposal_left_alone", {"events": [PROPOSAL, event("call", "2025-05-09", "both")]}, (False, None)),
    ("proposal_left_alone", {"events": [event("proposal_sent", "2025-06-28", "seller")]}, (False, None)),
    ("proposal_left_alone", {"events": [event("proposal_sent", "2025-06-27", "seller")]}, (True, "2025-07-05")),
    ("proposal_left_alone", {"events": [PROPOSAL, event("call", "2025-05-05", "unknown")]}, (None, None)),
    ("proposal_left_alone", {"events": [event("call", "2025-05-05")]}, (None, None)),
    ("single_contact", {"contacts": [person("A", "Champion", "2025-02-01")]}, (True, "2025-02-01")),
    ("single_contact", {"contacts": [person("A", None, "2025-02-01"), person("B", None, "2025-03-01")]}, (False, None)),
    ("single_contact", {"contacts": [person("A", None, "2025-02-01"), person("B", None, None)]}, (None, None)),
    ("single_contact", {}, (None, None)),
    ("no_economic_buyer", {"contacts": [person("A", "Champion", "2025-02-01")]}, (True, "2025-02-01")),
    ("no_economic_buyer", {"contacts": [person("A", "Economic Buyer", "2025-02-01")]}, (False, None)),
    ("no_economic_buyer",
     {"contacts": [person("A", "Decision Maker", "2025-02-01"), person("B", "Champion", "2025-02-02")],
      "events": [event("call", f"2025-03-{day:02d}", "buyer", contact_id="B") for day in range(1, 11)]},
     (True, "2025-02-01")),
    ("no_economic_buyer",
     {"contacts": [person("A", "Decision Maker", "2025-02-01"), person("B", "Champion", "2025-02-02")],
      "events": [event("call", f"2025-03-{day:02d}", "buyer", contact_id="AB"[day > 1]) for day in range(1, 12)]},
     (False, None)),
    ("no_economic_buyer", {"contacts": [person("A", None, "2025-02-01")]}, (None, None)),
    ("new_decision_maker_late", {"history": RED, "contacts": [person("A", "Decision maker", "2025-05-02")]},
     (True, "2025-05-02")),
    ("new_decision_maker_late", {"history": RED, "contacts": [person("A", "Decision maker", "2025-05-01")]},
     (False, None)),
    ("new_decision_maker_late", {"contacts": [person("A", "Decision maker", "2025-05-02")]}, (None, None)),
    ("new_decision_maker_late", {"history": RED[:2], "contacts": [person("A", "Decision maker", "2025-02-01")]},
     (None, None)),
    ("late_review_contact", {"history": RED, "events": [PROPOSAL]}, (None, None)),
    ("scope_changed_late", {"history": amounts("2025-06-01", "1000", "900")}, (True, "2025-06-01")),
    ("scope_changed_late", {"history": amounts("2025-06-01", "1000", "901")}, (False, None)),
    ("scope_changed_late", {"history": amounts("2025-05-01", "1000", "2000")}, (False, None)),
    ("scope_changed_late", {"history": RED}, (None, None)),
    ("scope_changed_late", {"history": [*RED[:2], change(1, "amount", "2025-02-01", "1000", "900")]}, (None, None)),
    ("proposal_before_discovery", {"events": [PROPOSAL, event("discovery", "2025-05-03")]}, (True, "2025-05-02")),
    ("proposal_before_discovery", {"events": [PROPOSAL, event("discovery", "2025-05-02T23:00")]}, (False, None)),
    ("proposal_before_discovery", {"events": [event("discovery", "2025-05-02")]}, (None, None)),
    ("proposal_before_discovery", {"events": [PROPOSAL]}, (None, None)),
    ("existing_customer_without_discovery", {"events": [PROPOSAL, *ELSEWHERE]}, (True, "2025-05-02")),
    ("existing_customer_without_discovery", {"events": [PROPOSAL, event("discovery", "2025-05-30")]}, (False, None)),
    ("existing_customer_without_discovery", {"events": [event("call", "2025-05-30"), *ELSEWHERE]}, (False, None)),
    ("competitor_named_late", {"history": RED, "competitors": [rival("2025-06-01")]}, (True, "2025-06-01")),
    ("competitor_named_late", {"history": RED, "competitors": [rival("2025-04-01")]}, (False, None)),
    ("competitor_named_late", {"history": RED, "competitors": [rival(None)]}, (None, None)),
    ("owner_changed", {"history": OWNED}, (True, "2025-04-01")),
    ("owner_changed", {"history": OWNED[:1]}, (False, None)),
    ("owner_changed", {"history": RED}, (None, None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tables", "said"), CASES, ids=[f"{case[0]}-{case[2][0]}" for case in CASES])
def test_what_a_detector_says_of_a_deal(name, tables, said):
    deals = CUSTOMER if name == "existing_customer_without_discovery" else TWO
    landmarks = ("2025-07-05", "2025-07-05")
    fired, since, evidence = ask(name, book_of(*deals, **tables), *landmarks)
    assert (fired, since) == said
    assert bool(evidence) == (fired is not False)


def test_every_detector_has_a_deal_on_which_it_fires_one_on_which_not_and_one_of_which_it_knows_nothing():
    said = {name: {case[2][0] for case in CASES if case[0] == name} for name in NAMES}
    apart = {"stalled_in_stage", "existing_customer_without_discovery", "late_review_contact"}
    assert [name for name in NAMES if said[name] != {True, False, None} and name not in apart] == []


def test_who_is_no_existing_customer_is_not_asked():
    events = {"events": [PROPOSAL, *ELSEWHERE]}
    said = ask("existing_customer_without_discovery", book_of(*TWO, **events), "2025-07-05", "2025-07-05")
    assert said == (None, None, "not known whether it is an existing customer")


def test_a_customer_that_bought_before_is_known_from_an_earlier_won_deal():
    bought = deal(3, "won", "2024-12-01", created_at="2024-06-01", account_name="Account 1")
    later = deal(3, "won", "2025-08-01", created_at="2024-06-01", account_name="Account 1")
    events = {"events": [PROPOSAL, *ELSEWHERE]}
    name, days = "existing_customer_without_discovery", ("2025-07-05", "2025-07-05")
    assert ask(name, book_of(*TWO, bought, **events), *days)[0] is True
    assert ask(name, book_of(*TWO, later, **events), *days)[0] is None


def test_stalled_is_measured_by_deals_won_before_the_landmark():
    # Twenty-one won deals stood 10, 11, ... 30 days in Proposal: nine of ten took at most 28 days.
    won, history = [], list(RED)
    for number in range(11, 32):
        won.append(deal(number, "won", f"2025-03-{number:02d}", created_at="2025-01-02"))
        history += stages(("2025-01-02", "Needs"), ("2025-03-01", "Proposal"), (f"2025-03-{number:02d}", "Closed Won"),
                          number=number)  # fmt: skip
    book = book_of(TWO[0], *won, history=history)
    known, _ = cut(book, "2025-07-05")
    assert usual_days(known)["Proposal"] == 28
    assert ask("stalled_in_stage", book, "2025-05-29")[:2] == (False, None)
    assert ask("stalled_in_stage", book, "2025-05-30")[:2] == (True, "2025-05-30")
    assert ask("stalled_in_stage", book, "2025-02-20")[0] is None


WON_BEFORE = [deal(number, "won", "2025-03-31", created_at="2025-01-02") for number in range(11, 31)]


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ([event("legal_review", "2025-05-01"), event("procurement", "2025-06-01")], (False, None)),
        ([event("legal_review", "2025-05-02")], (True, "2025-05-01")),
        ([PROPOSAL], (True, "2025-05-01")),
        ([], (None, None)),
    ],
)
def test_those_who_weigh_the_risk_are_asked_before_the_red_zone_or_late(reviews, said):
    usual = [event("legal_review", "2025-02-01", number=number) for number in range(11, 21)]
    book = book_of(TWO[0], *WON_BEFORE, history=RED, events=[*reviews, *usual])
    assert ask("late_review_contact", book)[:2] == said
    assert ask("late_review_contact", book, "2025-04-30")[0] is None


def test_where_deals_are_won_without_a_review_its_absence_says_nothing():
    nine_of_twenty = [event("legal_review", "2025-02-01", number=number) for number in range(11, 20)]
    book = book_of(TWO[0], *WON_BEFORE, history=RED, events=[PROPOSAL, *nine_of_twenty])
    assert ask("late_review_contact", book)[0] is None
    every_one = [event("legal_review", "2025-02-01", number=number) for number in range(11, 30)]
    fewer = book_of(TWO[0], *WON_BEFORE[:19], history=RED, events=[PROPOSAL, *every_one])
    assert ask("late_review_contact", fewer)[0] is None


def test_stalled_is_unknown_before_enough_deals_were_won():
    fired, _, why = ask("stalled_in_stage", book_of(TWO[0], history=RED))
    assert fired is None
    assert why == "fewer than 20 earlier won deals went through this stage"
