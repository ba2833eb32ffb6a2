"""Cause-specific Cox models against R, on whole rows and split ones, and where they must refuse."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from r_values import r_values, tied_rows
from statsmodels.duration.hazard_regression import PHReg

from postmortem.ground.errors import UsageError
from postmortem.stats import cause_specific_cox

SIX = {"start": [0, 0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 3, 5], "cause": [1, 1, 0, 1, 1, 1]}
X = np.array([[1, 0, 1, 0, 2, 0.5]]).T
BY_DAY = ["start", "stop", "cause", "x1", "x2", "x2_late", "rep", "stratum"]


def split(rows, cuts=range(0, 61)):
    """Cut every row at the days given: the same deals on more rows."""
    pieces = []
    for row in rows.itertuples():
        days = [row.entry, *(day for day in cuts if row.entry < day < row.exit), row.exit]
        for start, stop in pairwise(days):
            cause = row.cause if stop == row.exit else 0
            pieces.append((start, stop, cause, row.x1, row.x2, row.x2 * (start >= 10), row.rep, row.stratum))
    return pd.DataFrame(pieces, columns=BY_DAY)


def fitted(rows, names=("x1", "x2"), *, clusters=True, strata=False, **options):
    start, stop = ("start", "stop") if "start" in rows else ("entry", "exit")
    return cause_specific_cox(
        rows[start],
        rows[stop],
        rows["cause"],
        rows[list(names)].to_numpy(float),
        names=names,
        clusters=rows["rep"] if clusters else None,
        stratum=rows["stratum"] if strata else None,
        **options,
    )


def assert_is_rs(found, case, tolerance=1e-8):
    values = r_values(case)
    for each in found.ratios:
        assert each.log_ratio == pytest.approx(values[f"{each.name}_coef"], abs=tolerance)
        assert each.error == pytest.approx(values[f"{each.name}_se"], abs=tolerance)


@pytest.mark.parametrize(
    ("ties", "beta", "error"), [("efron", 0.742710755, 0.824681379), ("breslow", 0.633432872, 0.794470628)]
)
def test_six_rows_with_late_entries(ties, beta, error):
    (found,) = cause_specific_cox(**SIX, covariates=X, names=["x"], ties=ties, least_events=1)
    (ratio,) = found.ratios
    assert (ratio.log_ratio, ratio.error) == pytest.approx((beta, error), abs=1e-8)
    assert_is_rs(found, f"cox, six rows, {ties}")
    assert ratio.ratio.estimate == pytest.approx(math.exp(beta))
    # without clusters the interval is R's
    assert ratio.ratio.high == pytest.approx(math.exp(beta + 1.959963985 * error))


def test_the_half_day_matters_to_the_library():
    # a row is not at risk at its entry; the library holds it so unless it enters later
    start, stop, status = (np.array(SIX[name], dtype=float) for name in ("start", "stop", "cause"))
    for ties, wrong, right in (("efron", 0.5295, 0.742710755), ("breslow", 0.4543, 0.633432872)):
        bare = PHReg(stop, X, status=status, entry=start, ties=ties).fit()
        moved = PHReg(stop, X, status=status, entry=start + 0.5, ties=ties).fit()
        assert bare.params[0] == pytest.approx(wrong, abs=5e-5)
        assert moved.params[0] == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize("strata", [False, True])
def test_clustered_errors_are_rs(strata):
    for found in fitted(tied_rows(), strata=strata):
        assert_is_rs(found, f"cox, strata {found.cause}" if strata else f"cox {found.cause}")


def test_clustered_errors_are_rs_on_rows_split_at_every_day():
    whole, by_day = tied_rows(), split(tied_rows())
    cut = fitted(by_day)[0]
    assert_is_rs(cut, "cox, split 1")
    assert cut.events == 96 and cut.rows_used < len(by_day)
    for one, other in zip(fitted(whole), fitted(by_day), strict=True):
        for a, b in zip(one.ratios, other.ratios, strict=True):
            assert (a.log_ratio, a.error, a.p) == pytest.approx((b.log_ratio, b.error, b.p), abs=1e-9)


def test_a_covariate_that_changes_is_rs():
    assert_is_rs(fitted(split(tied_rows()), ["x1", "x2_late"])[0], "cox, changing 1")


def test_limits_of_clustered_ratios_use_t_at_clusters_less_one():
    each = fitted(tied_rows())[0].ratios[0]
    half = 2.068658 * each.error  # t at 23 degrees of freedom, printed tables
    assert math.log(each.ratio.low) == pytest.approx(each.log_ratio - half, abs=1e-6)
    assert math.log(each.ratio.high) == pytest.approx(each.log_ratio + half, abs=1e-6)
    assert (each.ratio.clusters, each.ratio.events) == (24, 96)


def test_rows_without_clusters_have_the_plain_error():
    values = r_values("cox 1")
    for each in fitted(tied_rows(), clusters=False)[0].ratios:
        assert each.error == pytest.approx(values[f"{each.name}_naive_se"], abs=1e-8)


def test_recidivism_with_efrons_ties(real_data):
    folder = real_data / "survival_reference"
    rows = pd.read_csv(folder / "rossi.csv")
    names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]
    (found,) = cause_specific_cox(
        rows["week"] * 0, rows["week"], rows["arrest"], rows[names].to_numpy(float), names=names, ties="efron"
    )
    coefficients = pd.read_json(folder / "rossi_cox_reference.json", typ="series")["coef"]
    assert {each.name: each.log_ratio for each in found.ratios} == pytest.approx(coefficients, abs=5e-8)


def test_order_of_rows_labels_and_unit_of_time_do_not_matter():
    rows = tied_rows()
    shuffled = rows.sample(frac=1, random_state=2)
    shuffled = shuffled.assign(entry=shuffled["entry"] / 7, exit=shuffled["exit"] / 7, rep=shuffled["rep"].astype(str))
    for one, other in zip(fitted(rows), fitted(shuffled), strict=True):
        for a, b in zip(one.ratios, other.ratios, strict=True):
            assert (a.log_ratio, a.error) == pytest.approx((b.log_ratio, b.error), abs=1e-9)


def test_a_covariate_in_another_unit_scales_its_coefficient():
    rows = tied_rows()
    one, other = fitted(rows)[0].ratios[0], fitted(rows.assign(x1=rows["x1"] * 1000 + 5))[0].ratios[0]
    assert (other.log_ratio * 1000, other.error * 1000) == pytest.approx((one.log_ratio, one.error), rel=1e-7)


def test_rows_that_begin_and_end_at_once_are_left_out():
    rows = tied_rows()
    more = pd.concat([rows, rows.head(5).assign(exit=lambda part: part["entry"])])
    assert fitted(more) == fitted(rows)


def test_all_causes_are_fitted_declared_ones_too():
    found = fitted(tied_rows(), causes=[1, 2, 3, 4])
    assert [each.cause for each in found] == [1, 2, 3, 4]
    assert [each.status for each in found] == ["ok", "ok", "ok", "refused"]
    assert found[3].why == "not enough data: 0 of the 20 events needed (10 for each of 2 covariates)"
    assert found[3].ratios[0].ratio.status == "refused" and math.isnan(found[3].ratios[0].p)


def test_ten_events_a_coefficient():
    rows = tied_rows()
    rows.loc[rows["cause"] == 3, "cause"] = [3] * 19 + [0] * 15
    assert "19 of the 20 events" in fitted(rows)[2].why
    assert fitted(rows, ["x1"])[2].status == "ok"


def test_few_clusters_are_refused():
    rows = tied_rows().assign(rep=lambda rows: rows["rep"] % 9)
    assert fitted(rows)[0].why == "not enough data: 9 of the 10 groups needed"
    assert fitted(rows, clusters=False)[0].status == "ok"


def test_events_that_separate_are_found_though_the_sandwich_looks_small():
    rows = tied_rows()
    rows = rows.assign(never=(rows["x2"] == 1).astype(float))
    rows.loc[(rows["cause"] == 1) & (rows["never"] == 1), "cause"] = 0
    found = fitted(rows, ["x1", "never"])
    assert "separate by never" in found[0].why and found[0].status == "refused"
    assert found[1].status == "ok"


def test_covariates_that_say_nothing_or_the_same_are_refused():
    rows = tied_rows()
    rows = rows.assign(one=1.0, twice=rows["x1"] * 2 + 1, home=rows["stratum"] == "north")
    assert fitted(rows, ["x1", "one"])[0].why == "one does not vary among the rows at risk at an event"
    assert "repeat each other" in fitted(rows, ["x1", "twice"])[0].why
    # what is the same throughout a stratum is taken up by the stratum's own hazard
    assert fitted(rows, ["home"])[0].status == "ok"
    assert "home does not vary" in fitted(rows, ["home"], strata=True)[0].why


def test_groups_never_at_risk_together_cannot_be_compared():
    # the second thirty rows begin after the first thirty ended
    late = np.repeat([0.0, 1.0], 30)
    start = late * 50
    stop = start + np.tile(np.arange(1, 31), 2)
    (found,) = cause_specific_cox(start, stop, [1] * 60, late[:, None], names=["late"])
    assert found.why == "the model could not be fitted: its covariates hardly vary at the events"


def test_a_ratio_past_what_a_number_can_hold_is_infinite():
    rows = tied_rows()
    found = fitted(rows.assign(x1=rows["x1"] * 1e-5))[0].ratios[0]
    assert found.ratio.high == math.inf and found.ratio.low > 1


@pytest.mark.slow
def test_no_effect_is_found_where_there_is_none_with_whole_days():
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rep = np.repeat(np.arange(24), 12)
        pull = np.exp(rng.normal(0, 0.4, 24))[rep]
        exit_ = np.ceil(np.minimum(rng.exponential(25 / pull), rng.exponential(25, rep.size)))
        cause = rng.integers(0, 3, rep.size)
        x = rng.normal(size=rep.size)
        (first, _) = cause_specific_cox(rep * 0, exit_, cause, x[:, None], names=["x"], clusters=rep)
        held.append(first.ratios[0].ratio.low <= 1 <= first.ratios[0].ratio.high)
    # 200 books: a standard error of a point and a half
    assert 0.90 <= np.mean(held) <= 0.985


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"stop": [2, 3, 4, 5, 1, 5]}, "before start"),
        ({"start": [0, 0, 0, 2, math.nan, 0]}, "start has missing"),
        ({"start": SIX["stop"]}, "no row was followed"),
        ({"covariates": X[:5]}, "differ in length"),
        ({"covariates": X * math.nan}, "x has missing"),
        ({"names": ["x", "y"]}, "names differ"),
        ({"clusters": [1] * 5}, "differ in length"),
        ({"clusters": [1] * 6, "ties": "efron"}, "Efron"),
        ({"causes": [2]}, "not declared"),
        ({"confidence": 95}, "confidence"),
    ],
)
def test_impossible_input_is_an_error(change, what):
    with pytest.raises(UsageError, match=what):
        cause_specific_cox(**{**SIX, "covariates": X, "names": ["x"], **change})
