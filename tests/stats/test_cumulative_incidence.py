"""Cumulative incidence against R, published tables and hand counts, and what must hold for any rows."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from r_values import r_values, tied_rows
from scipy import optimize
from statsmodels.duration.survfunc import CumIncidenceRight

from postmortem.ground.errors import UsageError
from postmortem.stats import cumulative_incidence, wilson, z_value

TIME = [1, 2, 2, 3, 4, 4, 5, 6]
CAUSE = [1, 2, 0, 1, 1, 2, 0, 2]
ROWS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=2, max_size=60)


def curves(rows, **options):
    time, cause = zip(*rows, strict=True)
    return cumulative_incidence(time, cause, **{"causes": [1, 2, 3], "least_at_risk": 1, **options})


def at(found, day):
    """The row of the curves that speaks for a day."""
    return int(np.searchsorted(found.times, day, side="right")) - 1


def test_hand_counted_sequence():
    found = cumulative_incidence(TIME, CAUSE, least_at_risk=1)
    assert found.times.tolist() == [1, 2, 3, 4, 5, 6]
    assert found.incidence[:, 0] == pytest.approx([0.125, 0.125, 0.275, 0.425, 0.425, 0.425])
    assert found.incidence[:, 1] == pytest.approx([0, 0.125, 0.125, 0.275, 0.275, 0.575])
    assert found.error[[0, 2, 3, 4, 5], 0] == pytest.approx(
        [0.11692679, 0.1670984, 0.18720811, 0.18720811, 0.18720811], abs=5e-9
    )
    assert found.at_risk.tolist() == [8, 7, 5, 4, 2, 1]
    # all that remain fail at the end: nothing open, and no standard error lost to 0/0
    assert found.still_open[-1] == 0 and found.open_error[-1] == 0
    assert np.isfinite(found.error).all()


@pytest.mark.parametrize("case", ["hand", "tied", "tied, late entry"])
def test_shares_and_errors_are_those_of_r(case):
    d = tied_rows()
    time, cause = (TIME, CAUSE) if case == "hand" else (d["exit"], d["cause"])
    late = "late" in case
    found = cumulative_incidence(time, cause, entry=d["entry"] if late else None, least_at_risk=1)
    for quantity, value in r_values(case).items():
        what, day = quantity.split("@")
        row = at(found, int(day))
        column = int(what.removesuffix("_se")[5:]) - 1 if what.startswith("cause") else None
        if what == "open_greenwood_se":
            assert found.open_error[row] == pytest.approx(value, abs=1e-10)
        elif what.endswith("_se"):
            error = found.open_error[row] if column is None else found.error[row, column]
            # with late entries R takes the infinitesimal jackknife, no longer the same to the last digit
            assert error == pytest.approx(value, rel=0.012) if late else error == pytest.approx(value, abs=1e-10)
        else:
            share = found.still_open[row] if column is None else found.incidence[row, column]
            assert share == pytest.approx(value, abs=1e-10)


def test_late_entry_of_one_cause_has_greenwoods_error():
    d = tied_rows()
    found = cumulative_incidence(d["exit"], d["cause"] > 0, entry=d["entry"], least_at_risk=1)
    for quantity, value in r_values("tied, late entry").items():
        if quantity.startswith("open_greenwood_se@"):
            assert found.error[at(found, int(quantity.split("@")[1])), 0] == pytest.approx(value, abs=1e-10)


def test_published_table_of_eighteen(real_data):
    folder = real_data / "survival_reference"
    rows, table = pd.read_csv(folder / "cuminc18.csv"), pd.read_csv(folder / "cuminc18_reference.csv")
    found = cumulative_incidence(rows["ftime"], rows["fstat"], least_at_risk=1)
    for day, cause, share, error in table.itertuples(index=False):
        row = at(found, day)
        assert found.incidence[row, int(cause) - 1] == pytest.approx(share, abs=5e-9)
        assert found.error[row, int(cause) - 1] == pytest.approx(error, abs=5e-9)
    # R's cmprsk has another error, .07622159
    assert found.error[at(found, 1), 0] == pytest.approx(0.07407407, abs=5e-9)


def test_published_table_of_bone_marrow_transplants(real_data):
    folder = real_data / "survival_reference"
    rows, table = pd.read_csv(folder / "bmt.csv"), pd.read_csv(folder / "bmt_cif_reference.csv")
    for label, part in (("ALL", rows), ("dis=0", rows[rows["dis"] == 0]), ("dis=1", rows[rows["dis"] == 1])):
        found = cumulative_incidence(part["ftime"], part["status"], least_at_risk=1)
        for _, day, first, second in table[table["group"] == label].itertuples(index=False):
            assert found.incidence[at(found, day)] == pytest.approx([first, second], abs=5e-9)


def test_published_survival_of_a_transplant_group(real_data):
    folder = real_data / "survival_reference"
    rows = pd.read_csv(folder / "statsmodels_bmt.csv").query("Group == 'ALL'")
    table = pd.read_csv(folder / "statsmodels_bmt_results.csv")
    found = cumulative_incidence(rows["T"], rows["Status"], least_at_risk=1)
    for day, share, error in table[["t", "s", "se"]].itertuples(index=False):
        assert found.still_open[at(found, day)] == pytest.approx(share, abs=6e-6)
        assert found.open_error[at(found, day)] == pytest.approx(error, abs=6e-7)


def test_agreement_with_statsmodels_where_it_has_an_answer():
    d = tied_rows()
    found = cumulative_incidence(d["exit"], d["cause"], least_at_risk=1)
    theirs = CumIncidenceRight(d["exit"], d["cause"])
    assert theirs.times == pytest.approx(found.times)
    for column in range(3):
        assert theirs.cinc[column] == pytest.approx(found.incidence[:, column], abs=1e-12)
        assert theirs.cinc_se[column] == pytest.approx(found.error[:, column], abs=1e-10)


def test_one_minus_kaplan_meier_says_446_where_311_is_true():
    """Two ends of even pace, of which the first meets .446 where it is alone and .311 beside the second.

    The rows of the design in which the two were first seen are not on record; this one has the same two shares.
    """
    alone = -math.log(1 - 0.446)
    both = optimize.brentq(lambda pace: alone / pace * (1 - math.exp(-pace)) - 0.311, 0.6, 5)
    # rows at evenly spread quantiles of the time to either end; the first end comes as often at any time
    number = np.arange(4000)
    time = -np.log(1 - (number + 0.5) / 4000) / both
    cause = np.where((number * (math.sqrt(5) - 1) / 2) % 1 < alone / both, 1, 2)
    assert cumulative_incidence(time, cause).at(1.0, 1).estimate == pytest.approx(0.311, abs=5e-4)
    assert cumulative_incidence(time, cause == 1).at(1.0, 1).estimate == pytest.approx(0.446, abs=5e-4)


def test_one_minus_kaplan_meier_is_not_what_is_estimated():
    rng = np.random.default_rng(4)
    first, second = rng.exponential(30, 4000), rng.exponential(20, 4000)
    time, cause = np.minimum(first, second), np.where(first < second, 1, 2)
    truth = 0.4 * (1 - math.exp(-30 * (1 / 30 + 1 / 20)))
    assert cumulative_incidence(time, cause).at(30, 1).estimate == pytest.approx(truth, abs=0.02)
    alone = cumulative_incidence(time, cause == 1).at(30, 1).estimate
    assert alone == pytest.approx(1 - math.exp(-1), abs=0.03) and alone > truth + 0.2


@settings(max_examples=40)
@given(ROWS)
def test_shares_and_what_is_open_sum_to_one_and_only_grow(rows):
    found = curves(rows)
    assert found.incidence.sum(axis=1) + found.still_open == pytest.approx(np.ones(found.times.size), abs=1e-12)
    assert (np.diff(found.incidence, axis=0) >= -1e-12).all() and (np.diff(found.still_open) <= 1e-12).all()
    assert (found.low <= found.incidence + 1e-12).all() and (found.incidence <= found.high + 1e-12).all()
    for numbers in (found.incidence, found.error, found.low, found.high, found.open_low, found.open_high):
        assert np.isfinite(numbers).all() and ((numbers >= 0) & (numbers <= 1)).all()


@settings(max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_and_unit_of_time_do_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    hours = [(time * 24, cause) for time, cause in rows]
    fractions = [(time / 7 + 0.01, cause) for time, cause in rows]
    found = curves(rows)
    for other in (curves(shuffled), curves(hours), curves(fractions)):
        assert other.incidence == pytest.approx(found.incidence)
        assert other.error == pytest.approx(found.error)
        assert other.at_risk.tolist() == found.at_risk.tolist()
    assert curves(hours).times.tolist() == [time * 24 for time in found.times]


@settings(max_examples=40)
@given(ROWS)
def test_doubled_rows_leave_the_shares_and_shrink_the_errors(rows):
    found, doubled = curves(rows), curves(rows * 2)
    assert doubled.incidence == pytest.approx(found.incidence)
    assert doubled.error == pytest.approx(found.error / math.sqrt(2), abs=1e-9)


@settings(max_examples=40)
@given(ROWS)
def test_entry_before_the_start_of_time_changes_nothing(rows):
    later = [(time + 1, cause) for time, cause in rows]
    found, entered = curves(later), curves(later, entry=[0] * len(rows))
    assert entered.incidence == pytest.approx(found.incidence) and entered.error == pytest.approx(found.error)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 3)), min_size=2, max_size=60))
def test_without_open_rows_it_is_a_share_with_a_binomial_error(rows):
    found = curves(rows)
    n = len(rows)
    for row, day in enumerate(found.times):
        for column, cause in enumerate((1, 2, 3)):
            share = sum(time <= day and met == cause for time, met in rows) / n
            assert found.incidence[row, column] == pytest.approx(share, abs=1e-12)
            # variances near 0 are differences of rounded numbers
            assert found.error[row, column] ** 2 == pytest.approx(share * (1 - share) / n, abs=1e-12)


def test_limits_are_those_of_the_log_log_scale():
    d = tied_rows()
    found = cumulative_incidence(d["exit"], d["cause"], confidence=0.9)
    told = found.at(20, 1)
    row = at(found, 20)
    share, error = found.incidence[row, 0], found.error[row, 0]
    # the log of minus the log of the share is normal
    middle, half = math.log(-math.log(share)), z_value(0.9) * error / (share * abs(math.log(share)))
    assert told.low == pytest.approx(math.exp(-math.exp(middle + half)))
    assert told.high == pytest.approx(math.exp(-math.exp(middle - half)))
    assert (told.n, told.events) == (240, int(((d["exit"] <= 20) & (d["cause"] == 1)).sum()))


def test_a_cause_that_was_declared_and_never_met_has_a_column_of_nothing():
    found = cumulative_incidence([3] * 20 + [5] * 20, [2] * 20 + [0] * 20, causes=[1, 2, 7])
    assert found.causes == (1, 2, 7) and found.all_events == (0, 20, 0)
    assert found.incidence[-1].tolist() == [0, 0.5, 0]
    # none of 20 still followed at the end: the exact upper limit
    assert found.high[-1, 0] == pytest.approx(1 - 0.025 ** (1 / 20))
    assert found.at(5, 7).status == "refused" and found.at(5, 7, least_events=0).low == 0


def test_everybody_failing_at_once_is_finite():
    found = cumulative_incidence([4] * 12, [1] * 12)
    assert found.incidence.tolist() == [[1.0]] and found.error.tolist() == [[0.0]]
    assert found.low[0, 0] == pytest.approx(0.025 ** (1 / 12)) and found.high[0, 0] == 1.0
    assert found.at(4, 1).estimate == 1.0


def test_no_event_at_all_leaves_everything_open():
    found = cumulative_incidence(range(1, 31), [0] * 30, causes=[1])
    assert (found.still_open == 1).all() and (found.incidence == 0).all()
    assert found.open_at(20).low == pytest.approx(0.025 ** (1 / found.at_risk[at(found, 20)]))
    assert cumulative_incidence(range(1, 31), [0] * 30).incidence.shape[1] == 0


def test_the_curve_ends_with_the_tenth_last_row():
    found = cumulative_incidence(np.arange(1, 51), [1, 2] * 25)
    assert found.until == 41 and found.at_risk[-1] == 10
    assert found.at(41, 1).status == "ok"
    refused = found.at(42, 1)
    assert refused.status == "refused" and refused.why == "too few were still followed: the curves end at 41"
    assert found.all_events == (25, 25)


def test_a_flat_tail_is_not_read_past_the_rows_that_hold_it():
    # 30 fail early, 20 are open until 60, 5 until 900: nothing is known of the time past 60
    found = cumulative_incidence([5] * 30 + [60] * 20 + [900] * 5, [1] * 30 + [0] * 25)
    assert found.until == 60 and found.open_at(61).status == "refused"


def test_late_entry_refuses_where_the_first_events_have_nobody_beside_them():
    entry, exit_, cause = [0] * 3 + [10] * 40, [4, 5, 30] + [20] * 40, [1, 1, 0] + [1, 0] * 20
    found = cumulative_incidence(exit_, cause, entry=entry)
    assert found.status == "refused" and found.why == "not enough data: 3 of the 10 at risk needed"
    assert found.times.size == 0 and math.isnan(found.until) and found.open_at(3).status == "refused"


def test_few_rows_are_refused_with_their_counts():
    found = cumulative_incidence(TIME, CAUSE)
    told = found.at(3, 1)
    assert found.status == told.status == "refused"
    assert told.why == found.why == "not enough data: 8 of the 10 at risk needed"
    assert (told.n, found.all_events) == (8, (3, 3))


def test_few_events_are_refused_at_a_horizon_though_the_curve_stands():
    found = cumulative_incidence([1, 2, 3] + [50] * 40, [1, 1, 1] + [0] * 40)
    assert found.at(10, 1).why == "not enough data: 3 of the 5 events needed"
    assert found.at(10, 1, least_events=3).estimate == pytest.approx(3 / 43)
    assert found.open_at(10).events == 3


def test_before_the_first_time_nothing_has_happened():
    found = cumulative_incidence([5] * 20 + [9] * 20, [1] * 20 + [0] * 20)
    told = found.at(4, 1, least_events=0)
    assert (told.estimate, told.low, told.events) == (0, 0, 0)
    assert told.high == pytest.approx(1 - 0.025 ** (1 / 40)) and found.open_at(4).estimate == 1


def test_a_share_at_a_horizon_is_near_wilsons_without_open_rows():
    found = cumulative_incidence([3] * 40 + [9] * 60, [1] * 40 + [2] * 60).at(5, 1)
    other = wilson(40, 100)
    assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.01)


@pytest.mark.parametrize(
    ("time", "cause", "options", "what"),
    [
        ([], [], {}, "time is empty"),
        ([1, 2], [1], {}, "differ in length"),
        ([1, math.nan], [1, 0], {}, "time has missing"),
        ([1, -2], [1, 0], {}, "time is negative"),
        (["1", "2"], [1, 0], {}, "does not hold numbers"),
        (pd.Series(pd.to_timedelta([1, 2], unit="D")), [1, 0], {}, "does not hold numbers"),
        ([1, 2], [1, math.nan], {}, "cause has missing"),
        ([1, 2], [1, 0.5], {}, "not counts"),
        ([1, 2], [1, -1], {}, "not counts"),
        ([1, 2], [3, 1], {"causes": [1, 2]}, "not declared"),
        ([1, 2], [1, 0], {"causes": [1, 1]}, "distinct"),
        ([1, 2], [1, 0], {"causes": [0, 1]}, "distinct"),
        ([1, 2], [1, 0], {"entry": [0, 2]}, "never followed"),
        ([1, 2], [1, 0], {"entry": [0]}, "differ in length"),
        ([1, 2], [1, 0], {"confidence": 95}, "confidence"),
    ],
)
def test_impossible_input_is_an_error(time, cause, options, what):
    with pytest.raises(UsageError, match=what):
        cumulative_incidence(time, cause, **options)


def test_rows_at_fault_are_named():
    with pytest.raises(UsageError, match="row 1; row 3"):
        cumulative_incidence([5, 2, 5, 1], [1, 0, 1, 0], entry=[0, 2, 0, 1])


def test_a_horizon_and_a_cause_that_are_none_are_errors():
    found = cumulative_incidence([1, 2] * 20, [1, 0] * 20)
    for horizon in (-1, math.nan, math.inf, "5"):
        with pytest.raises(UsageError, match="horizon"):
            found.at(horizon, 1)
    with pytest.raises(UsageError, match="not one of"):
        found.at(1, 2)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.slow
def test_the_interval_covers_as_often_as_stated(late):
    truth = 0.4 * (1 - math.exp(-20 / 12))
    held = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        first, second, open_until = rng.exponential(30, 150), rng.exponential(20, 150), rng.uniform(10, 80, 150)
        time = np.minimum(np.minimum(first, second), open_until)
        cause = np.where(time == open_until, 0, np.where(first < second, 1, 2))
        entry = rng.uniform(0, 8, 150) * (rng.random(150) < 0.5) if late else np.zeros(150)
        seen = entry < time
        told = cumulative_incidence(time[seen], cause[seen], entry=entry[seen]).at(20, 1)
        assert told.status == "ok"
        held.append(told.low <= truth <= told.high)
    assert 0.93 <= np.mean(held) <= 0.97
