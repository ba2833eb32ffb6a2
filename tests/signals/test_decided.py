"""Won and lost deals beside their signals: each once, with what became of it since, and an engagement's own signs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from postmortem.frames import Cohort, Engagement, forecast_cohort, load_frame
from postmortem.ground import resources
from postmortem.signals import SIGNALS
from postmortem.signals.contrast import contrast, counted
from postmortem.signals.decided import Signs, compared_signs, decided, signs_of
from postmortem.signals.exit_commitment_unmet import SIGNAL
from postmortem.signals.matrix import fired
from postmortem.signals.six import SIX, causes_on, number_showing, signs_by_cause, stands
from postmortem.signals.stage_exits import exits
from postmortem.taxonomies import load_taxonomy

OWN = '''"""Whether the amount is odd."""

from postmortem.signals.contract import Signal, answer


def odd(book, landmarks):
    return answer(landmarks, book.deals["deal_id"].notna().astype("boolean"), evidence="on every deal")


SIGNAL = Signal(function=odd, name="odd", label="Odd", meaning="Nothing.", causes=("risk_not_understood",))
'''


@pytest.fixture(scope="module")
def cohort(company_book) -> Cohort:
    return forecast_cohort(company_book, company_book.meta.calendar.last_ended(company_book.meta.extracted_on))


@pytest.mark.thorough
def test_signs_are_the_matrix_laid_out(cohort):
    signs, table = signs_of(cohort), fired(cohort)
    wide = table.assign(fired=table["fired"].astype("float64")).pivot(
        index=["deal_id", "quarter"], columns="signal", values="fired"
    )
    keys = pd.MultiIndex.from_frame(signs.rows[["deal_id", "quarter"]])
    expected = wide.reindex(keys)[[signal.name for signal in SIGNALS]]
    np.testing.assert_array_equal(signs.fired.to_numpy(), expected.to_numpy())
    assert signs_of(cohort) is signs


def test_each_deal_counts_once_with_its_latest_fate(cohort):
    found = decided(cohort)
    window = cohort.window_rows.sort_values("quarter").groupby("deal_id").first()
    ended = window[(window["ultimate"] == "won") | window["ultimate"].str.startswith("lost_")]
    assert sorted(found.rows["deal_id"]) == sorted(ended.index)
    assert found.is_lost.sum() == ended["ultimate"].str.startswith("lost_").sum() > 20
    assert found.still_open == len(window) - len(ended)
    # A deal that slips is in the cohort twice, and here once.
    assert cohort.window_rows["deal_id"].duplicated().any()


def test_a_sign_that_comes_late_is_compared_as_of_a_later_day_among_deals_open_on_it(cohort):
    as_forecast, compared = signs_of(cohort), compared_signs(cohort)
    late = [signal.name for signal in SIGNALS if signal.comes_late]
    others = [signal.name for signal in SIGNALS if not signal.comes_late]
    pd.testing.assert_frame_equal(compared.fired[others], as_forecast.fired[others])
    rows = compared.rows
    day = (rows["expected_close_date"] - pd.Timedelta(days=14)).clip(lower=rows["entered_at"])
    ended = (rows["closed_at"] <= day) | (day > pd.Timestamp(cohort.as_of))
    assert ended.sum() > 20 and compared.fired.loc[ended, late].isna().all().all()
    assert (compared.first[late].max(axis=1) > rows["entered_at"]).any()
    assert (compared.first[late].max(axis=1).dropna() <= day[compared.first[late].notna().any(axis=1)]).all()
    found = decided(cohort, signs=compared)
    pd.testing.assert_frame_equal(found.rows, decided(cohort).rows)


def made_signs(**fired: list[float | None]) -> Signs:
    """Return what these signals said, and of the others that nothing is known."""
    size = len(next(iter(fired.values())))
    flags = pd.DataFrame({s.name: fired.get(s.name, [None] * size) for s in SIGNALS}).astype("float64")
    return Signs(pd.DataFrame(index=flags.index), flags, flags, SIGNALS)


def test_a_defining_sign_settles_a_cause_and_without_one_it_takes_two_lesser():
    signs = made_signs(
        no_qualification_commitment=[1, 0, 0, None, None, None, None],
        forecast_soon_after_creation=[0, 1, None, 1, 1, 0, 1],
        no_buyer_contact=[0, 1, None, 1, 0, 0, None],
    )
    flags = causes_on(signs, load_taxonomy("red_zone"))
    told = [1, 0, 0, 1, 0, 0, np.nan]
    np.testing.assert_array_equal(flags["not_an_opportunity"], told)
    assert flags.drop(columns="not_an_opportunity").isna().all().all()
    np.testing.assert_array_equal(number_showing(signs, load_taxonomy("red_zone")), told)


def test_the_taxonomy_says_which_signs_define_a_cause(tmp_path):
    own = tmp_path / "ours.toml"
    own.write_text(
        'id = "ours"\nversion = "1"\ntitle = "Ours"\nextends = "red_zone"\n'
        '[codes.not_an_opportunity]\ndefining = ["no_buyer_contact"]\n'
        '[codes.doubted]\nlabel = "Doubted"\nsignals = ["no_proof_of_value"]\nreplaces = ["x"]\n',
        encoding="utf-8",
    )
    signs = made_signs(no_qualification_commitment=[1, 0], no_buyer_contact=[0, 1])
    np.testing.assert_array_equal(causes_on(signs, load_taxonomy(own))["not_an_opportunity"], [0, 1])
    # A taxonomy that knows none of the six is read as the one that ships.
    other = load_taxonomy("ecosystem")
    assert signs_by_cause(SIGNALS, other) == signs_by_cause(SIGNALS, load_taxonomy("red_zone"))
    of = signs_by_cause(SIGNALS, other)
    assert set(of) == set(SIX) and all(each.defining for each in of.values())


def test_stages_left_agree_with_the_signal(cohort):
    found = decided(cohort)
    left = exits(cohort.book, found.rows["deal_id"], by=found.rows["entered_at"])
    unmet = set(left.loc[~left["met"], "deal_id"])
    known = found.fired[SIGNAL.name].notna()
    mine = found.rows.loc[known, "deal_id"].isin(unmet)
    assert (mine == (found.fired.loc[known, SIGNAL.name] == 1)).mean() > 0.99


def test_contrast_counts_known_deals_alone_and_refuses_small_arms():
    flags = pd.Series([1.0] * 15 + [0.0] * 15 + [np.nan] * 5 + [1.0] * 10 + [0.0] * 30)
    deals = pd.DataFrame(
        {
            "is_lost": [1] * 35 + [0] * 40, "owner": [f"R{n % 12}" for n in range(75)],
            "account_name": [None] * 75, "deal_id": [f"D{n}" for n in range(75)],
        }
    )  # fmt: skip
    told = contrast(flags, deals)
    assert (told["lost_seen"], told["lost_n"], told["won_seen"], told["won_n"]) == (15, 30, 10, 40)
    assert told["difference"] == pytest.approx(0.25)
    assert told["low"] < 0.25 < told["high"]
    few = counted(flags.mask(flags.index == 44, 0.0), deals["is_lost"].to_numpy(dtype=bool))
    assert few["won_seen"] == 9
    assert np.isnan(contrast(flags.mask(flags.index == 44, 0.0), deals)["difference"])


@pytest.mark.thorough
def test_an_engagements_own_signals_travel_with_the_cohort(tmp_path, cohort):
    own = tmp_path / "odd.py"
    own.write_text(OWN, encoding="utf-8")
    mine = replace(cohort, signal_files=(own,))
    assert mine.fingerprint != cohort.fingerprint
    signs = signs_of(mine)
    assert [signal.name for signal in signs.signals][-1] == "odd" and (signs.fired["odd"] == 1).all()
    risk = signs_by_cause(signs.signals, cohort.book.taxonomy)["risk_not_understood"]
    assert "odd" in [signal.name for signal in risk.lesser]
    # One lesser sign alone makes no cause, however often it fires.
    assert stands(signs, risk).eq(0).any()
    before = mine.fingerprint
    own.write_text(OWN.replace("odd.", "even."), encoding="utf-8")
    assert replace(cohort, signal_files=(own,)).fingerprint != before


def test_an_engagement_hands_its_signals_over_and_lists_them_as_input(tmp_path):
    for path in resources.sample("plain").iterdir():
        (tmp_path / path.name).symlink_to(path)
    folder = tmp_path / "signals"
    folder.mkdir()
    (folder / "odd.py").write_text(OWN, encoding="utf-8")
    (folder / "_draft.py").write_text("not python", encoding="utf-8")
    engagement = Engagement.open(tmp_path)
    assert engagement.signal_files() == (folder.resolve() / "odd.py",)
    assert folder.resolve() / "odd.py" in engagement.input_files()
    assert folder.resolve() / "odd.py" not in engagement.book_files()
    assert load_frame("last", folder=str(tmp_path)).signal_files == engagement.signal_files()
