"""The first 90 days against quotas after a year: companies with many new people whose success was planted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from analysis_cases import Told, closed_of
from builders import FOCUS, change, deal
from scipy import special, stats

from postmortem.analyses.first_90_days import BOTH_ENDS, PEOPLE, first_90_days
from postmortem.findings.claims import CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE, SUPPORTED, claims, judge
from postmortem.frames import Cohort

HIRED, QUARTER = "2023-02-15", "2024Q2"
(CLAIM,) = (claim for claim in claims() if claim.number == 20)


def company(opened: list[int], became: list[str], *, buyers: list[int] | None = None) -> Cohort:
    """Return a company where person number `i` opened `opened[i]` deals and then reached, missed or left."""
    deals = [Told(deal(1, "lost", "2023-01-10", owner_id="Old"), [change(1, "owner_id", "2022-12-01", "Older", "Old")]),
             Told(deal(2, "won", str(FOCUS.day(20)), owner_id="P000"), [])]  # fmt: skip
    reps, quotas, events = [], [], []
    for person, (number, end) in enumerate(zip(opened, became, strict=True)):
        name = f"P{person:03d}"
        reps.append({"rep_id": name, "hired_at": HIRED, "left_at": "2024-01-20" if end == "left" else None})
        attained = {"reached": 100.0, "missed": 60.0, "left": 0.0}[end]
        quotas.append({"rep_id": name, "quarter": QUARTER, "quota": 100.0, "attained": attained})
        first = 10 + sum(opened[:person])
        # Deals of those who leave are handed on: by today's owner they would have opened none.
        owner = "Old" if end == "left" else name
        for place in range(number):
            handed = [change(first + place, "owner_id", "2024-01-20", name, "Old")] if end == "left" else []
            made = deal(first + place, "lost", "2024-03-01", owner_id=owner, created_at="2023-03-01")
            deals.append(Told(made, handed))
        if buyers is not None:
            events += [
                {"deal_id": f"D{first + place:04d}", "kind": "call", "side": "both", "occurred_at": "2023-04-01T09:00Z"}
                for place in range(buyers[person])
            ]
    if buyers is not None:
        events.append({"deal_id": "D0001", "kind": "call", "side": "both", "occurred_at": "2022-12-01T09:00Z"})
    history = [row for story in deals for row in story.history]
    return closed_of(deals, reps=reps, quotas=quotas, history=history, **({"events": events} if buyers else {}))


@cache
def planted(slope: float, people: int, *, seed: int, leavers: float = 0.15) -> tuple[Cohort, float]:
    """Return a company in which each deal opened adds `slope` to the log-odds of reaching the quota, and the truth.

    The truth is the chance that of two of its kind the one who reaches had opened more, worked out from the model.
    """
    rng = np.random.default_rng(seed)
    opened = rng.poisson(6, people)
    reaches = special.expit(slope * (opened - 6))
    end = np.where(rng.random(people) < reaches, "reached", "missed")
    end = np.where((end == "missed") & (rng.random(people) < leavers), "left", end)
    cases = np.arange(40)
    chance, good = stats.poisson(6).pmf(cases), special.expit(slope * (cases - 6))
    of_good, of_poor = chance * good / (chance @ good), chance * (1 - good) / (chance @ (1 - good))
    truth = float(of_good @ (np.cumsum(of_poor) - of_poor / 2))
    return company([int(number) for number in opened], [str(each) for each in end]), truth


OPENED = [*range(1, 11), *range(4, 14), 2, 3]
BECAME = [*["missed"] * 10, *["reached"] * 10, "left", "left"]


def test_counts_pairs_by_hand_and_spans_both_readings_of_those_who_left() -> None:
    row = first_90_days(company(OPENED, BECAME)).tables["metrics"].first
    good, poor, left = range(4, 14), range(1, 11), (2, 3)

    def pairs(high: list[int], low: list[int]) -> float:
        return sum((a > b) + 0.5 * (a == b) for a in high for b in low) / (len(high) * len(low))

    failed, reached = pairs([*good], [*poor, *left]), pairs([*good, *left], [*poor])
    assert (row["auc"], row["auc_left_reached"]) == (pytest.approx(failed), pytest.approx(reached))
    limits = [hanley(failed, 10, 12), hanley(reached, 12, 10)]
    assert row["low"] == pytest.approx(min(low for low, _ in limits))
    assert row["high"] == pytest.approx(max(high for _, high in limits))
    assert [row[name] for name in ("people", "reached", "missed", "left")] == [22, 10, 10, 2]


def hanley(area: float, good: int, poor: int) -> tuple[float, float]:
    """Return Hanley and McNeil's interval on the logit scale, from their formula."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (good - 1) * (q1 - area**2) + (poor - 1) * (q2 - area**2)) / (good * poor)
    half = stats.norm.ppf(0.975) * np.sqrt(variance) / (area * (1 - area))
    low, high = special.expit(special.logit(area) - half), special.expit(special.logit(area) + half)
    return float(low), float(high)


@pytest.mark.parametrize(
    ("slope", "people", "verdict"), [(1.2, 120, SUPPORTED), (0.0, 120, CONTRADICTED), (0.35, 30, INCONCLUSIVE)]
)
def test_the_claim_on_companies_where_it_is_true_false_and_cannot_be_told(
    slope: float, people: int, verdict: str
) -> None:
    cohort, truth = planted(slope, people, seed=5)
    answer = first_90_days(cohort)
    row = answer.tables["metrics"].first
    assert row["low"] < truth < row["high"]
    judged = judge(CLAIM, answer)
    assert (judged.verdict, judged.n) == (verdict, people)
    assert verdict == INCONCLUSIVE or (truth > CLAIM.at_least) == (verdict == SUPPORTED)


@pytest.mark.slow
def test_the_interval_holds_the_planted_truth_as_often_as_it_says() -> None:
    """Nobody leaves, so that the interval is that of one reading: 95%, give or take 3.6 points over 150 companies."""
    held = 0
    for seed in range(150):
        cohort, truth = planted(0.4, 50, seed=seed, leavers=0.0)
        row = first_90_days(cohort).tables["metrics"].first
        held += row["low"] <= truth <= row["high"]
    low, _ = stats.binomtest(held, 150).proportion_ci(0.99)
    assert held / 150 >= 0.91 and low < 0.95


def test_sentences_say_what_can_be_told() -> None:
    strong = first_90_days(planted(1.2, 120, seed=5)[0]).headline
    nothing = first_90_days(planted(0.0, 120, seed=5)[0]).headline
    assert strong.endswith("a coin: 50%): worth a look.")
    assert nothing.endswith("a coin: 50%): it does not tell yet.")
    turned = first_90_days(planted(-1.2, 120, seed=5)[0]).headline
    assert turned.endswith("the other way round.")


def test_the_second_figure_stands_beside_the_first_where_events_are_on_record() -> None:
    """Of those who missed no buyer took part, of those who reached every one did."""
    buyers = [0 if end == "missed" else number for number, end in zip(OPENED, BECAME, strict=True)]
    rows = first_90_days(company(OPENED, BECAME, buyers=buyers)).tables["metrics"].keyed("metric")
    assert list(rows) == ["opened", "buyers"]
    assert rows["buyers"]["auc_left_reached"] == pytest.approx(1 - 0.5 / 120)
    without = first_90_days(company(OPENED, BECAME))
    assert list(without.tables["metrics"].rows["metric"]) == ["opened"]
    assert any("second figure" in caveat for caveat in without.caveats)


def test_few_people_are_refused_with_what_became_of_all_on_record() -> None:
    cohort = company(OPENED[5:], BECAME[5:])
    answer = first_90_days(cohort)
    assert answer.what_is_missing[0] == f"17 of the {PEOPLE.least} new sales people seen into their second year needed"
    assert (answer.gap is not None) and (answer.gap.have, answer.gap.needed) == (17, 20)
    assert (judge(CLAIM, answer).verdict, PEOPLE.have(cohort)) == (NOT_TESTABLE, 17)


def test_few_of_one_end_are_refused() -> None:
    cohort = company(list(range(24)), [*["reached"] * 17, *["missed"] * 7])
    assert first_90_days(cohort).what_is_missing[0].startswith(f"7 of the {BOTH_ENDS.least} new sales people of the")
    assert BOTH_ENDS.have(cohort) == 7


def test_a_refusal_says_why_people_on_record_are_not_counted() -> None:
    cohort = company([3], ["reached"])
    late = {**cohort.book.tables, "history": cohort.book.tables["history"].head(0)}
    answer = first_90_days(replace(cohort, book=replace(cohort.book, tables=late)))
    assert answer.what_is_missing[1:] == ("no history of the deals' owners: whose a deal was then is not told",)
    # On the day before the quarter is over nobody's year has been seen.
    early = replace(cohort, as_of=dt.date(2024, 6, 29))
    assert first_90_days(early).what_is_missing[1:] == ("of 1 first day on record: 1 hired too lately",)
