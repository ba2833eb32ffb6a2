"""Gray's test and the cause-specific log-rank against R, and what must hold for any rows."""

import math

import numpy as np
import pandas as pd
import pytest
from r_values import r_values, small_books, tied_rows

from postmortem.ground.errors import UsageError
from postmortem.stats import GroupTest, cause_specific_logrank, gray_test

BOTH = pytest.mark.parametrize("test", [gray_test, cause_specific_logrank])


@pytest.mark.parametrize(("cause", "statistic", "p"), [(1, 1.30163454, 0.25391487), (2, 7.08227803, 0.00778500)])
def test_gray_on_bone_marrow_transplants(real_data, cause, statistic, p):
    rows = pd.read_csv(real_data / "survival_reference" / "bmt.csv")
    found = gray_test(rows["ftime"], rows["status"], rows["dis"], of=cause)
    assert (found.statistic, found.p) == pytest.approx((statistic, p), abs=5e-9)
    assert (found.degrees, found.groups, found.sizes) == (1, (0, 1), (17, 18))


@pytest.mark.parametrize("case", ["gray", "gray, strata", "gray, two groups"])
@pytest.mark.parametrize("cause", [1, 2, 3])
def test_gray_is_rs_with_ties_three_groups_and_strata(case, cause):
    rows, values = tied_rows(), r_values(case)
    if "two" in case:
        rows = rows[rows["group"] != "c"]
    stratum = rows["stratum"] if "strata" in case else None
    found = gray_test(rows["exit"], rows["cause"], rows["group"], of=cause, stratum=stratum)
    assert found.statistic == pytest.approx(values[f"statistic{cause}"], rel=1e-9)
    assert found.p == pytest.approx(values[f"p{cause}"], rel=1e-9)
    assert found.degrees == values[f"df{cause}"]
    assert found.events == (rows["cause"] == cause).sum()


def test_gray_is_rs_where_a_group_is_gone_before_the_others():
    values = r_values("gray, small books")
    for book, rows in small_books().groupby("book"):
        found = gray_test(rows["exit"], rows["cause"], rows["group"], of=1)
        assert found.statistic == pytest.approx(values[f"statistic{book}"], rel=1e-9)


@pytest.mark.parametrize("strata", [False, True])
def test_logrank_is_rs(strata):
    rows = tied_rows()
    values = r_values("logrank, strata" if strata else "logrank")
    stratum = rows["stratum"] if strata else None
    found = cause_specific_logrank(rows["exit"], rows["cause"], rows["group"], of=1, stratum=stratum)
    assert (found.statistic, found.p) == pytest.approx((values["statistic"], values["p"]), rel=1e-9)


def test_logrank_with_late_entries_day_by_day():
    rows = tied_rows().query("group != 'c'")
    score = variance = 0.0
    for day in sorted(rows.loc[rows["cause"] == 1, "exit"].unique()):
        inside = rows[(rows["entry"] < day) & (rows["exit"] >= day)]
        n, a = len(inside), (inside["group"] == "a").sum()
        died = inside[(inside["exit"] == day) & (inside["cause"] == 1)]
        score += (died["group"] == "a").sum() - len(died) * a / n
        if n > 1:
            # drawing the dead from those at risk without replacement
            variance += len(died) * (a / n) * (1 - a / n) * (n - len(died)) / (n - 1)
    found = cause_specific_logrank(rows["exit"], rows["cause"], rows["group"], of=1, entry=rows["entry"])
    assert found.statistic == pytest.approx(score**2 / variance, rel=1e-9)


def test_the_two_tests_answer_different_questions_and_say_so():
    # cause 1 comes at one pace in both groups, but in group b cause 2 takes most rows first
    rng = np.random.default_rng(8)
    group = np.repeat(["a", "b"], 400)
    first, second = rng.exponential(40, 800), rng.exponential(np.where(group == "a", 400, 10))
    time, cause = np.minimum(first, second), np.where(first < second, 1, 2)
    share = gray_test(time, cause, group, of=1)
    pace = cause_specific_logrank(time, cause, group, of=1)
    assert share.p < 1e-10 and pace.p > 0.05
    assert "share" in share.question and "another question" in pace.question


def test_without_other_causes_gray_is_near_the_logrank():
    rows = tied_rows()
    met = rows["cause"] > 0
    gray, logrank = (test(rows["exit"], met, rows["group"], of=1) for test in (gray_test, cause_specific_logrank))
    assert gray.statistic == pytest.approx(logrank.statistic, rel=0.08)


@BOTH
def test_order_labels_and_unit_of_time_do_not_matter(test):
    rows = tied_rows()
    found = test(rows["exit"], rows["cause"], rows["group"], of=1)
    shuffled = rows.sample(frac=1, random_state=3)
    renamed = shuffled["group"].map({"a": 3, "b": 1, "c": 2})
    other = test(shuffled["exit"] / 7, shuffled["cause"] * 2, renamed, of=2)
    assert other.statistic == pytest.approx(found.statistic, rel=1e-9)
    assert other.groups == (1, 2, 3)


@BOTH
def test_equal_groups_do_not_differ_and_doubled_rows_double_the_statistic(test):
    rows = tied_rows()
    twice = pd.concat([rows, rows])
    same = test(twice["exit"], twice["cause"], [0] * 240 + [1] * 240, of=1)
    assert same.statistic == pytest.approx(0, abs=1e-9) and same.p == pytest.approx(1)
    # ties are corrected for, so twice the rows is not exactly twice the evidence
    one, two = (test(each["exit"], each["cause"], each["group"], of=1).statistic for each in (rows, twice))
    assert two == pytest.approx(2 * one, rel=0.08)


@pytest.mark.slow
@BOTH
def test_a_true_null_is_rejected_as_often_as_stated(test):
    ps = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        group = rng.integers(0, 3, 400)
        first, second, until = rng.exponential(30, 400), rng.exponential(20, 400), rng.uniform(5, 60, 400)
        time = np.minimum(np.minimum(first, second), until)
        cause = np.where(time == until, 0, np.where(first < second, 1, 2))
        ps.append(test(np.ceil(time), cause, group, of=1).p)
    # 1,000 tests: a standard error of seven tenths of a point
    assert 0.03 <= np.mean(np.array(ps) < 0.05) <= 0.07


@BOTH
def test_too_little_is_refused(test):
    rows = tied_rows()
    few = test(rows["exit"], rows["cause"], ["x"] * 9 + ["y"] * 231, of=1)
    assert few.why == "not enough data: 9 of the 10 observations needed in the smallest group"
    assert math.isnan(few.p) and few.sizes == (9, 231)
    rare = test(rows["exit"], rows["cause"], rows["group"], of=9)
    assert rare.why == "not enough data: 0 of the 5 events needed" and rare.events == 0
    alone = test(rows["exit"], rows["cause"], ["x"] * 240, of=1)
    assert "only one group" in alone.why


@BOTH
def test_groups_in_strata_of_their_own_cannot_be_compared(test):
    rows = tied_rows()
    found = test(rows["exit"], rows["cause"], rows["group"], of=1, stratum=rows["group"])
    assert found.status == "refused" and "never followed at the same time" in found.why


@BOTH
@pytest.mark.parametrize(
    ("group", "of", "what"),
    [
        (["a"] * 239 + [None], 1, "without a label"),
        (["a"] * 239, 1, "differ in length"),
        (["a"] * 240, 0, "not a cause"),
    ],
)
def test_impossible_input_is_an_error(test, group, of, what):
    rows = tied_rows()
    with pytest.raises(UsageError, match=what):
        test(rows["exit"], rows["cause"], group, of=of)


def test_a_test_cannot_contradict_its_status():
    common = {"groups": (), "sizes": (), "n": 0, "events": 0, "question": "", "method": ""}
    with pytest.raises(UsageError, match="contradicts"):
        GroupTest(**common)
    with pytest.raises(UsageError, match="no reason"):
        GroupTest(**common, status="refused")
