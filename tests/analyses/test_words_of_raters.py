"""What raters say of the same deals, counted again: reasons, price, to whom, coders, wins, and the list's habits."""

import pytest
from analysis_cases import closed_of, counted, reason, told
from by_hand import exact, newcombe, wilson

from postmortem.analyses.double_coding import double_coding
from postmortem.analyses.first_in_list import first_in_list
from postmortem.analyses.lost_to_by_rater import lost_to_by_rater
from postmortem.analyses.price_and_its_other_names import price_and_its_other_names
from postmortem.analyses.reasons_by_rater import reasons_by_rater
from postmortem.analyses.why_we_win import why_we_win

LOST = counted({"lost_competitor": 24})
# 12 losses put down to price, of which buyers confirm 3; 4 to timing; 4 with the buyer's word alone.
WORDS = [
    *(reason(f"D{n:04d}", "price_value" if n <= 12 else "no_urgency") for n in range(1, 17)),
    *(reason(f"D{n:04d}", "price_value" if n <= 3 else "missing_capability" if n <= 14 else "no_urgency",
             rater="buyer", lost_to="competitor" if n % 4 else "status_quo") for n in range(1, 21)),
    reason("D0004", "price_value", rater="buyer", rank="contributing"),
]  # fmt: skip


def test_reasons_of_the_same_losses_side_by_side():
    result = reasons_by_rater(closed_of(LOST, reasons=WORDS))
    rows = {(row["reason"], row["rank"]): row for row in result.tables["reasons"].records}
    price = rows[("Price against value", "main")]
    assert (price["deals"], price["rep"], price["other"]) == (16, 12, 3)
    assert (price["rep_low"], price["rep_high"]) == pytest.approx(wilson(12, 16))
    assert price["difference"] == pytest.approx(9 / 16) and price["low"] > 0
    assert rows[("Price against value", "any")]["other"] == 4
    assert result.headline == (
        "On 16 losses with a main reason from both, sales people gave price for 12 and buyers for 3; buyers named "
        "“Capability missing” most often (11, sales people 0)."
    )


def test_price_and_what_buyers_said_instead():
    result = price_and_its_other_names(closed_of(LOST, reasons=WORDS))
    row = result.tables["price"].first
    assert (row["asked"], row["priced"], row["same"], row["next_deals"]) == (20, 12, 3, 9)
    assert (row["low"], row["high"]) == pytest.approx(exact(3, 12, 0.95))
    flows = {(row["said"], row["heard"]): row["deals"] for row in result.tables["flow"].records}
    assert flows == {
        ("Price against value", "Price against value"): 3, ("Price against value", "Capability missing"): 9,
        ("No reason to act now", "Capability missing"): 2, ("No reason to act now", "No reason to act now"): 2,
        ("No main reason written", "No reason to act now"): 4,
    }  # fmt: skip


def test_to_whom_by_the_record_and_by_the_buyer():
    result = lost_to_by_rater(closed_of(LOST, reasons=WORDS))
    cells = {(row["crm"], row["buyer"]): row["deals"] for row in result.tables["grid"].records}
    assert cells == {
        ("competitor", "competitor"): 15,
        ("competitor", "status_quo"): 5,
        ("competitor", "disqualified"): 0,
    }
    low, high = exact(15, 20, 0.95)
    alike = result.tables["alike"].first
    assert (alike["same_low"], alike["same_high"]) == pytest.approx((low, high))
    assert "for 15 of 20 losses with a record (75%" in result.headline


def coded(n, differ):
    return [
        reason(f"D{i:04d}", "no_urgency" if coder == 2 and i <= differ else ("price_value", "budget_lost")[i % 2],
               rater="buyer", interview_id=f"I{i}", coder_id=f"C{coder}")
        for i in range(1, n + 1) for coder in (1, 2)
    ]  # fmt: skip


def test_two_coders_are_compared_from_thirty_interviews():
    lost = counted({"lost_competitor": 30})
    row = double_coding(closed_of(lost, reasons=coded(30, 6))).tables["agreement"].first
    assert (row["interviews"], row["same"], row["coders"]) == (30, 24, 2)
    assert (row["low"], row["high"]) == pytest.approx(wilson(24, 30))
    assert row["alpha_low"] < row["alpha"] < 0.8 and row["fleiss"] == pytest.approx(row["alpha"], abs=0.02)
    few = double_coding(closed_of(lost, reasons=coded(29, 6)))
    assert few.headline.startswith("Not answered yet: 29 of the 30 interviews on lost deals that two coders read")


def test_wins_beside_losses_by_the_same_kind_of_rater():
    deals = counted({"lost_competitor": 20, "won": 15})
    words = [reason(f"D{n:04d}", "price_value" if n <= 6 or n > 27 else "no_trust_in_delivery", rater="buyer")
             for n in range(1, 36)]  # fmt: skip
    result = why_we_win(closed_of(deals, reasons=words))
    rows = {row["reason"]: row for row in result.tables["reasons"].records}
    price = rows["Price against value"]
    assert (price["won"], price["won_n"], price["lost"], price["lost_n"]) == (8, 15, 6, 20)
    assert (price["difference"], price["low"], price["high"]) == pytest.approx(newcombe(8, 15, 6, 20))
    assert why_we_win(closed_of(deals, reasons=words[:29])).status == "refused"


def test_signs_of_a_list_that_is_picked_from():
    deals = [told(n, "lost_competitor", loss_reason_raw=raw) for n, raw in enumerate(
        ["Alpha"] * 5 + ["Price;Alpha"] * 8 + ["Other"] * 3 + [None] * 4, start=1)]  # fmt: skip
    words = [reason(f"D{n:04d}", "other") for n in (14, 15, 16)]
    # one person's three losses within one minute, and others at moments of their own
    owned = [
        story._replace(deal={**story.deal, "owner_id": "Rep 1"}) if i < 3 else story for i, story in enumerate(deals)
    ]
    words += [reason(f"D{n:04d}", "price_value", recorded_at=f"2025-09-0{1 if n < 4 else n}T10:00:{n}0Z")
              for n in range(1, 6)]  # fmt: skip
    cohort = closed_of(owned, reasons=words)
    rows = {row["sign"]: row for row in first_in_list(cohort, first="alpha").tables["signs"].records}
    counts = {sign: (row["deals"], row["n"]) for sign, row in rows.items()}
    assert counts == {
        "Nothing chosen": (4, 20), "“Other” alone": (3, 20), "The list's first value": (5, 16),
        "The commonest value": (8, 16), "Written for three or more losses in one minute": (3, 5),
    }  # fmt: skip
    assert (rows["Nothing chosen"]["low"], rows["Nothing chosen"]["high"]) == pytest.approx(wilson(4, 20))
    assert "the first of the list, alpha, takes 31% of those chosen" in first_in_list(cohort, first="alpha").headline
    assert any("name the first one" in caveat for caveat in first_in_list(cohort).caveats)
