"""The sandwich against R and its matrices written out; and how often it is right where clusters are uneven."""

import numpy as np
import pytest
import statsmodels.api as sm
from r_values import r_values, uneven_rows
from sandwich_by_hand import sandwich
from scipy import stats

from postmortem.stats.cluster_sandwich import cluster_sandwich


def made(seed=0, rows=200, clusters=22, exposed=0.25, spread=0.5, whole=True):
    """Values, a design with the exposure first, and clusters of unequal size; no difference."""
    rng = np.random.default_rng(seed)
    size = rng.gamma(2.2, 1, clusters)
    cluster = np.unique(np.sort(rng.choice(clusters, rows, p=size / size.sum())), return_inverse=True)[1]
    many = cluster.max() + 1
    label = (rng.permutation(many) < round(exposed * many))[cluster] if whole else rng.random(rows) < exposed
    values = rng.normal(0, spread, many)[cluster] + rng.normal(size=rows)
    return values, np.column_stack([label.astype(float), np.ones(rows)]), cluster


def test_it_is_rs():
    kept, values = uneven_rows(), r_values("uneven clusters")
    design = np.column_stack([kept["rep"] % 4 == 0, np.ones(len(kept)), kept["x2"]]).astype(float)
    found = cluster_sandwich(kept["x1"].to_numpy(), design, np.unique(kept["rep"], return_inverse=True)[1])
    told = (found.coefficient, found.error, found.freedom)
    assert told == pytest.approx(tuple(values[name] for name in ("difference", "se", "freedom")), rel=1e-9)


@pytest.mark.parametrize("whole", [True, False])
def test_the_matrices_written_out(whole):
    values, design, cluster = made(whole=whole)
    design = np.column_stack([design, np.random.default_rng(1).normal(size=values.size)])
    found = cluster_sandwich(values, design, cluster)
    assert (found.coefficient, found.error, found.freedom) == pytest.approx(sandwich(values, design, cluster))


def test_rows_of_their_own_cluster_give_the_librarys_hc2():
    values, design, _ = made()
    found = cluster_sandwich(values, design, np.arange(values.size))
    assert found.error == pytest.approx(sm.OLS(values, design).fit(cov_type="HC2").bse[0])


def test_alike_clusters_have_about_as_many_degrees_as_clusters():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(24), 10)
    label = (np.arange(24) % 2)[cluster].astype(float)
    found = cluster_sandwich(rng.normal(size=240), np.column_stack([label, np.ones(240)]), cluster)
    assert found.freedom == pytest.approx(22)


def test_a_comparison_that_one_cluster_carries_has_hardly_any_degrees():
    values, _, cluster = made()
    alone = np.column_stack([(cluster == 3).astype(float), np.ones(values.size)])
    assert cluster_sandwich(values, alone, cluster).freedom == 0
    two = np.column_stack([np.isin(cluster, [3, 4]).astype(float), np.ones(values.size)])
    assert 0 < cluster_sandwich(values, two, cluster).freedom < 4


def test_what_one_cluster_alone_has_beside_the_comparison_does_no_harm():
    values, design, cluster = made()
    design = np.column_stack([design, cluster == 3])
    rest = cluster != 3
    codes = np.unique(cluster[rest], return_inverse=True)[1]
    whole = cluster_sandwich(values, design, cluster)
    without = cluster_sandwich(values[rest], design[rest, :2], codes)
    assert (whole.coefficient, whole.error) == pytest.approx((without.coefficient, without.error))
    assert whole.freedom == pytest.approx(without.freedom)


@pytest.mark.slow
def test_a_quarter_of_uneven_clusters_is_not_told_apart_more_often_than_stated():
    rejected, before = [], []
    for seed in range(2000):
        values, design, cluster = made(seed)
        found = cluster_sandwich(values, design, cluster)
        rejected.append(2 * stats.t.sf(abs(found.coefficient) / found.error, found.freedom))
        fit = sm.OLS(values, design).fit(cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True)
        before.append(fit.pvalues[0])
    # 2,000 books: a standard error of half a point at .05 and of a fifth at .01
    assert np.mean(np.array(rejected) < 0.05) <= 0.065 and np.mean(np.array(rejected) < 0.01) <= 0.017
    assert np.mean(np.array(before) < 0.05) > 0.08, "the factor that was used before is too sure"
