"""Several raters: published values, the jackknife as another route to the variance, and what missing ratings do."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from postmortem.ground.errors import UsageError
from postmortem.stats import cohens_kappa, fleiss_kappa, krippendorff_alpha


def made(n=60, raters=3, agree=0.7, seed=4):
    """Return ratings of four categories that follow a common truth with a known probability."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, n)
    rated = {f"R{r}": np.where(random.random(n) < agree, truth, random.integers(0, 4, n)) for r in range(raters)}
    return pd.DataFrame(rated)


def by_definition(rows):
    """Alpha from all pairs of ratings, counted one by one."""
    units = [[v for v in row if not pd.isna(v)] for row in rows]
    units = [unit for unit in units if len(unit) > 1]
    pool = [v for unit in units for v in unit]
    seen = sum(sum(a != b for a in unit for b in unit) / (len(unit) - 1) for unit in units) / len(pool)
    by_chance = sum(a != b for a in pool for b in pool) / (len(pool) * (len(pool) - 1))
    return 1 - seen / by_chance


def test_fleiss_diagnoses(real_data):
    folder = real_data / "agreement_reference"
    case = json.loads((folder / "kappa_reference.json").read_text("utf-8"))["fleiss_1971_diagnoses"]
    kappa = fleiss_kappa(pd.read_csv(folder / "fleiss1971_diagnoses.csv"))
    assert kappa.estimate == pytest.approx(case["kappa"], abs=5e-8)
    assert (kappa.n, kappa.low < 0.35, kappa.high > 0.5) == (30, True, True)


def test_fleiss_ten_things_by_fourteen_raters(real_data):
    folder = real_data / "agreement_reference"
    counts = pd.read_csv(folder / "fleiss_wikipedia_counts.csv").to_numpy()
    ratings = pd.DataFrame([np.repeat(np.arange(5), row) for row in counts])
    assert fleiss_kappa(ratings, least_n=10).estimate == pytest.approx(0.210, abs=5e-4)


def test_krippendorffs_three_coders(real_data):
    case = json.loads((real_data / "agreement_reference" / "kappa_reference.json").read_text("utf-8"))
    case = case["krippendorff_wikipedia"]
    ratings = pd.DataFrame({coder: [None if v == "*" else v for v in case[coder]] for coder in "ABC"})
    alpha = krippendorff_alpha(ratings, least_n=10)
    assert alpha.estimate == pytest.approx(case["alpha_nominal"], abs=5e-4)
    # one unit has no rating, two have one: they tell nothing about agreement
    assert alpha.n == 12


def test_fleiss_error_is_that_of_the_jackknife():
    ratings = made()
    kappa, n = fleiss_kappa(ratings), len(ratings)
    left = np.array([fleiss_kappa(ratings.drop(index=i), least_n=10).estimate for i in range(n)])
    error = math.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    assert (kappa.high - kappa.low) / 2 == pytest.approx(2.0009954 * error, rel=0.06)


def test_alpha_is_counted_by_its_definition_with_ratings_missing():
    ratings = made().astype("object").mask(np.random.default_rng(1).random((60, 3)) < 0.3)
    alpha = krippendorff_alpha(ratings)
    assert alpha.estimate == pytest.approx(by_definition(ratings.to_numpy()), abs=1e-12)
    assert alpha.low < alpha.estimate < alpha.high
    # about as wide as twice the jackknife's error
    left = [by_definition(ratings.drop(index=i).to_numpy()) for i in range(60)]
    error = math.sqrt(59 / 60 * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert (alpha.high - alpha.low) / (4 * error) == pytest.approx(1, abs=0.2)


def test_neither_rows_nor_raters_nor_names_have_an_order():
    ratings = made()
    again = ratings.replace({0: "d", 1: "b", 2: "c", 3: "a"}).sample(frac=1, random_state=2)[["R2", "R0", "R1"]]
    for measure in (fleiss_kappa, krippendorff_alpha):
        one, other = measure(ratings), measure(again)
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12)
    same_names = ratings.sample(frac=1, random_state=2)
    assert krippendorff_alpha(same_names) == krippendorff_alpha(ratings)


def test_many_ratings_of_two_make_all_measures_alike():
    ratings = made(4000, 2)
    kappa = cohens_kappa(ratings["R0"], ratings["R1"])
    assert fleiss_kappa(ratings).estimate == pytest.approx(kappa.estimate, abs=1e-3)
    assert krippendorff_alpha(ratings, draws=50).estimate == pytest.approx(kappa.estimate, abs=1e-3)


def test_refusals_say_what_is_missing():
    assert krippendorff_alpha(made(29)).why == "not enough data: 29 of the 30 observations needed"
    assert fleiss_kappa(made(29)).why == "not enough data: 29 of the 30 observations needed"
    same = pd.DataFrame({"A": ["x"] * 40, "B": ["x"] * 40})
    assert fleiss_kappa(same).status == krippendorff_alpha(same).status == "refused"
    never = krippendorff_alpha(pd.DataFrame({"A": ["x", "y"] * 20, "B": ["x", "y"] * 20}))
    assert (never.estimate, never.status) == (1.0, "fallback")


def test_a_gap_in_a_complete_panel_is_named():
    ratings = made().astype("object")
    ratings.iloc[7, 1] = None
    with pytest.raises(UsageError, match="krippendorff_alpha") as raised:
        fleiss_kappa(ratings)
    assert "row 7" in str(raised.value)
    with pytest.raises(UsageError, match="only one rater"):
        fleiss_kappa(made(raters=1))
