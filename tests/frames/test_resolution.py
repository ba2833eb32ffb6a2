"""To whom a deal was lost: four rules in order, and what decides nothing. What became of it by a day."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import deal, make_book

from postmortem.frames.resolution import lost_to, resolve
from postmortem.ground.fates import FATE_LABELS, LOST, LOST_TO_LABELS, RESOLUTIONS
from postmortem.ground.schema import LOST_TO
from postmortem.taxonomies import load_taxonomy

REASONS = {reason.code: reason for reason in load_taxonomy("red_zone").reasons}


def code_whose_default_is(lost_to: str | None) -> str:
    """Return a code of the taxonomy that itself says to whom, or that leaves it open."""
    return next(code for code, reason in REASONS.items() if reason.lost_to == lost_to and not reason.group)


TO_COMPETITOR, TO_STATUS_QUO, LEFT_OPEN = map(code_whose_default_is, ("competitor", "status_quo", None))


def found(field=None, reasons=(), competitors=()):
    """Return what is said of one lost deal: to whom, and by which rule."""
    book = make_book(
        [deal(1, "lost", "2025-08-01", lost_to_recorded=field)],
        reasons=[{"deal_id": "D0001", "rater_type": "rep", "rank": "primary", **row} for row in reasons],
        competitors=[
            {"deal_id": "D0001", "competitor": f"Rival {number}", "status": status}
            for number, status in enumerate(competitors)
        ],
    )
    row = lost_to(book).iloc[0]
    return row["lost_to"], row["lost_to_source"]


def test_first_the_field_for_it():
    everything = found("disqualified", [{"code": TO_STATUS_QUO}], ["won"])
    assert everything == ("disqualified", "lost-to field")


def test_then_the_primary_loss_reason():
    assert found(None, [{"code": TO_STATUS_QUO}], ["won"]) == ("status_quo", "loss reason")
    assert found("unknown", [{"code": TO_STATUS_QUO}], ["won"]) == ("status_quo", "loss reason")


def test_then_the_one_competitor_marked_as_winner():
    assert found(None, [{"code": LEFT_OPEN}], ["won"]) == ("competitor", "competitor marked as winner")
    assert found(None, [], ["lost", "won", "present"]) == ("competitor", "competitor marked as winner")


def test_then_nothing_is_known():
    assert found() == ("unknown", "nothing recorded")


@pytest.mark.parametrize("statuses", [["present"], ["present", "present"], ["lost"], ["unknown"], [None]])
def test_a_competitor_that_was_merely_present_decides_nothing(statuses):
    assert found(None, [], statuses) == ("unknown", "nothing recorded")


def test_two_winners_decide_nothing():
    assert found(None, [], ["won", "won"]) == ("unknown", "nothing recorded")


def test_what_the_value_was_mapped_to_wins_over_the_default_of_its_code():
    assert found(None, [{"code": TO_COMPETITOR, "lost_to": "status_quo"}]) == ("status_quo", "loss reason")
    assert found(None, [{"code": None, "lost_to": "competitor"}]) == ("competitor", "loss reason")


@pytest.mark.parametrize("rater", ["manager", "analyst", "buyer"])
def test_what_others_say_never_changes_the_word_of_the_crm(rater):
    said = [{"rater_type": rater, "code": TO_COMPETITOR, "lost_to": "competitor"}]
    assert found(None, said) == ("unknown", "nothing recorded")
    assert found(None, [{"code": TO_STATUS_QUO}, *said]) == ("status_quo", "loss reason")


def contributing(*codes):
    return [{"rank": "contributing", "code": code} for code in codes]


def test_beside_a_primary_reason_contributing_ones_decide_nothing():
    assert found(None, [{"code": TO_STATUS_QUO}, *contributing(TO_COMPETITOR)]) == ("status_quo", "loss reason")
    assert found(None, [{"code": LEFT_OPEN}, *contributing(TO_COMPETITOR)]) == ("unknown", "nothing recorded")


def test_without_a_primary_reason_contributing_ones_decide_what_they_all_agree_on():
    assert found(None, contributing(TO_COMPETITOR, TO_COMPETITOR)) == ("competitor", "loss reason")
    assert found(None, contributing(TO_COMPETITOR, TO_STATUS_QUO)) == ("unknown", "nothing recorded")
    assert found(None, contributing(TO_COMPETITOR, LEFT_OPEN)) == ("unknown", "nothing recorded")


def test_a_code_the_taxonomy_does_not_know_decides_nothing():
    assert found(None, [{"code": "made_up"}]) == ("unknown", "nothing recorded")


def test_every_lost_deal_has_one_row_and_no_other_deal_has_any():
    book = make_book(
        [
            deal(1, "lost", "2025-08-01"),
            deal(2, "won", "2025-08-01", lost_to_recorded="competitor"),
            deal(3, "open", None),
            deal(4, "lost", None, lost_to_recorded="status_quo"),
        ],
        reasons=[
            {"deal_id": name, "rater_type": "rep", "rank": "primary", "code": TO_COMPETITOR}
            for name in ("D0001", "D0001", "D0002", "D0099")
        ],
        competitors=[{"deal_id": "D0002", "competitor": "Rival", "status": "won"}],
    )
    assert lost_to(book).set_index("deal_id")["lost_to"].to_dict() == {"D0001": "competitor", "D0004": "status_quo"}


def test_the_reason_is_kept_with_its_label_where_it_maps():
    book = make_book(
        [deal(1, "lost", "2025-08-01"), deal(2, "lost", "2025-08-01")],
        reasons=[{"deal_id": "D0001", "rater_type": "rep", "rank": "primary", "code": LEFT_OPEN}],
    )
    rows = lost_to(book).set_index("deal_id")
    assert (rows.loc["D0001", "reason_code"], rows.loc["D0001", "reason"]) == (LEFT_OPEN, REASONS[LEFT_OPEN].label)
    assert rows.loc["D0002", ["reason_code", "reason"]].isna().all()


def test_a_book_without_lost_deals_has_nobody_to_lose_to():
    rows = lost_to(make_book([deal(1, "won", "2025-08-01")]))
    assert rows.empty
    assert list(rows.columns) == ["deal_id", "lost_to", "lost_to_source", "reason_code", "reason"]


def fate(outcome, closed_at, to=None, end="2025-09-30", as_of="2025-10-06"):
    deals = pd.DataFrame({
        "outcome": pd.Series([outcome], dtype="str"),
        "closed_at": pd.Series([closed_at], dtype="datetime64[us]"),
        "lost_to": pd.Series([to], dtype="str"),
    })  # fmt: skip
    return resolve(deals, pd.Series([pd.Timestamp(end)]), pd.Timestamp(as_of)).iloc[0]


@pytest.mark.parametrize(
    ("outcome", "closed_at", "to", "expected"),
    [
        ("won", "2025-09-30", None, "won"),
        ("won", "2025-10-01", None, "slipped"),
        ("lost", "2025-07-01", "competitor", "lost_competitor"),
        ("lost", "2025-09-30", "status_quo", "lost_status_quo"),
        ("lost", "2025-09-30", "disqualified", "lost_disqualified"),
        ("lost", "2025-09-30", "unknown", "lost_unknown"),
        ("lost", "2025-09-30", None, "lost_unknown"),
        ("lost", "2025-10-01", "competitor", "slipped"),
        ("lost", None, "competitor", "slipped"),
        ("open", None, None, "slipped"),
        ("open", "2025-08-01", None, "slipped"),
    ],
)
def test_a_quarter_that_has_ended_leaves_no_deal_open(outcome, closed_at, to, expected):
    assert fate(outcome, closed_at, to) == expected


@pytest.mark.parametrize(
    ("outcome", "closed_at", "expected"),
    [("open", None, "open"), ("won", "2025-08-01", "won"), ("lost", "2025-08-01", "lost_unknown")],
)
def test_a_deal_is_open_only_while_the_quarter_is(outcome, closed_at, expected):
    assert fate(outcome, closed_at, as_of="2025-09-29") == expected
    assert fate("open", None, as_of="2025-09-30") == "slipped"


def test_every_resolution_and_every_destination_has_a_label_in_plain_words():
    assert tuple(f"lost_{to}" for to in LOST_TO) == LOST
    assert set(FATE_LABELS) == set(RESOLUTIONS)
    assert set(LOST_TO_LABELS) == set(LOST_TO)
    assert len(set(FATE_LABELS.values())) == len(RESOLUTIONS)
