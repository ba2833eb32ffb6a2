"""Two groups at a horizon against R, and the size of the test where rows cluster."""

import math

import numpy as np
import pytest
from r_values import r_values, tied_rows

from postmortem.ground.errors import UsageError
from postmortem.stats import cumulative_incidence, gray_test, risk_difference


def clustered_null(seed, reps=24, each=12, likeness=0.7):
    """Deals of reps: chance of either end by rep, two groups by rep that do not differ."""
    rng = np.random.default_rng(seed)
    rep = np.repeat(np.arange(reps), each)
    pull = np.exp(rng.normal(0, likeness, reps))[rep]
    first, second, until = rng.exponential(60 / pull), rng.exponential(60, rep.size), rng.uniform(30, 200, rep.size)
    time = np.minimum(np.minimum(first, second), until)
    cause = np.where(time == until, 0, np.where(first < second, 1, 2))
    return np.ceil(time), cause, (rng.permutation(reps) < reps // 2)[rep], rep


def test_the_difference_is_rs():
    rows, values = tied_rows(), r_values("risk difference at 20")
    exposed = rows["group"] == "b"
    found = risk_difference(rows["exit"], rows["cause"], exposed, rows["rep"], of=1, horizon=20)
    told = found.difference
    half = values["half"]
    assert told.estimate == pytest.approx(values["difference"], abs=1e-9)
    assert (told.low, told.high) == pytest.approx((values["difference"] - half, values["difference"] + half), abs=1e-6)
    assert found.p == pytest.approx(values["p"], abs=1e-9)
    assert told.clusters == values["clusters"]
    met = (rows["exit"] <= 20) & (rows["cause"] == 1)
    assert (found.exposed_n, found.other_n) == (exposed.sum(), (~exposed).sum())
    assert (found.exposed_events, found.other_events) == ((met & exposed).sum(), (met & ~exposed).sum())
    assert told.events == met.sum()


def test_shares_are_near_the_curves_of_each_group():
    rows = tied_rows()
    exposed = rows["group"] == "b"
    found = risk_difference(rows["exit"], rows["cause"], exposed, rows["rep"], of=1, horizon=20)
    for share, own in ((found.exposed_share, exposed), (found.other_share, ~exposed)):
        curve = cumulative_incidence(rows["exit"][own], rows["cause"][own]).at(20, 1)
        assert share == pytest.approx(curve.estimate, abs=0.01)
    assert found.exposed_share - found.other_share == pytest.approx(found.difference.estimate)


def test_without_open_rows_it_is_the_difference_of_counted_shares():
    rng = np.random.default_rng(2)
    time, cause, exposed = rng.integers(1, 40, 300), rng.integers(1, 3, 300), rng.integers(0, 2, 300)
    found = risk_difference(time, cause, exposed, np.arange(300), of=2, horizon=20)
    met = (time <= 20) & (cause == 2)
    assert found.difference.estimate == pytest.approx(met[exposed == 1].mean() - met[exposed == 0].mean())


def test_swapped_groups_mirror_the_difference():
    rows = tied_rows()
    exposed = rows["group"] == "b"
    one, other = (risk_difference(rows["exit"], rows["cause"], each, rows["rep"], of=1, horizon=20)
                  for each in (exposed, ~exposed))  # fmt: skip
    assert (other.difference.low, other.difference.high) == pytest.approx((-one.difference.high, -one.difference.low))


def test_under_twenty_clusters_labels_are_permuted():
    rows = tied_rows()
    found = risk_difference(rows["exit"], rows["cause"], rows["group"] == "b", rows["rep"] % 12, of=1, horizon=20)
    assert found.difference.status == "fallback" and "permuted" in found.difference.method
    assert found.difference.low < found.difference.estimate < found.difference.high


@pytest.mark.slow
@pytest.mark.parametrize("reps", [24, 12])
def test_clusters_do_not_make_false_differences(reps):
    ours, gray = [], []
    for seed in range(500):
        time, cause, exposed, rep = clustered_null(seed, reps, each=288 // reps)
        ours.append(risk_difference(time, cause, exposed, rep, of=1, horizon=60, draws=399).p < 0.05)
        gray.append(gray_test(time, cause, exposed, of=1).p < 0.05)
    # 500 books: a standard error of a point
    assert np.mean(ours) <= 0.08
    assert np.mean(gray) > 0.12


def test_too_little_is_refused_with_its_counts():
    rows = tied_rows()
    exposed = rows["group"] == "b"
    few = risk_difference(rows["exit"], rows["cause"], rows.index < 9, rows["rep"], of=1, horizon=20)
    assert few.difference.why == "not enough data: 9 of the 10 observations needed in the smaller group"
    assert (few.exposed_n, few.other_n) == (9, 231) and math.isnan(few.exposed_share) and math.isnan(few.p)
    early = risk_difference(rows["exit"], rows["cause"], exposed, rows["rep"], of=3, horizon=1)
    assert early.difference.events < 5
    assert early.difference.why == f"not enough data: {early.difference.events} of the 5 events needed"
    late = risk_difference(rows["exit"], rows["cause"], exposed, rows["rep"], of=1, horizon=59)
    assert "of the 10 followed to the horizon needed in each group" in late.difference.why
    past = risk_difference(rows["exit"], rows["cause"], exposed, rows["rep"], of=1, horizon=900)
    assert past.difference.status == "refused"


def test_a_horizon_past_the_last_event_is_known_where_nothing_is_open():
    time, cause, exposed = np.arange(1, 101), [1, 2] * 50, [0] * 40 + [1] * 60
    found = risk_difference(time, cause, exposed, np.arange(100) % 25, of=1, horizon=500)
    assert found.difference.estimate == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"horizon": math.nan}, "horizon"),
        ({"exposed": [3] * 240}, "other than 0 and 1"),
        ({"clusters": [None] * 240}, "without a label"),
        ({"of": 0}, "not a cause"),
    ],
)
def test_impossible_input_is_an_error(change, what):
    rows = tied_rows()
    asked = {"exposed": rows["group"] == "b", "clusters": rows["rep"], "of": 1, "horizon": 20, **change}
    with pytest.raises(UsageError, match=what):
        risk_difference(rows["exit"], rows["cause"], **asked)
