"""The watchlist: which open deals carry warnings, by name, and their chances only where these may be given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of
from statsmodels.stats.proportion import proportion_confint

import postmortem as pm
from postmortem.analyses import find
from postmortem.analyses import watchlist as module
from postmortem.analyses.watchlist import watchlist
from postmortem.display import written
from postmortem.frames.choose import choose_cohort
from postmortem.ground.resources import sample
from postmortem.signals import find as find_signal
from postmortem.signals.matrix import fired
from postmortem.signals.open_deals import known_of
from postmortem.signals.outlook import outlook_of
from postmortem.signals.with_wins import WithWins

ALWAYS = """
from postmortem.signals.contract import Signal, answer


def always(book, landmarks):
    return answer(landmarks, landmarks["deal_id"].notna().astype("boolean"), evidence="there", unknown="")


SIGNAL = Signal(
    function=always, name="always", label="Always there", meaning="For the test.", causes=("not_an_opportunity",)
)
"""


def test_every_open_deal_is_listed_once_with_what_holds_on_it():
    result, cohort = answer_of("watchlist", "open_forecast"), cohort_of("open_forecast")
    deals = result.tables["deals"].rows
    assert sorted(deals["deal_id"]) == sorted(cohort.table["deal_id"])
    held = fired(cohort).query("fired.fillna(False)").groupby("deal_id").size()
    assert deals.set_index("deal_id")["warnings"].loc[held.index].to_dict() == held.to_dict()
    assert deals["warnings"].sum() == held.sum() == len(result.tables["fired"].rows)
    asked = fired(cohort)
    known = asked.loc[asked["fired"].notna(), "signal"].nunique()
    assert known < asked["signal"].nunique()
    assert result.headline == (
        "Of 15 open deals forecast for 2025Q4, none carries 3 warnings or more; "
        f"14 carry none of the {known} of {asked['signal'].nunique()} warnings that the record tells of."
    )


def test_what_is_not_on_record_is_never_told_as_no_warning():
    answer = answer_of("watchlist", "open_forecast")
    total = answer.tables["total"]
    all_known = {"total": replace(total, rows=total.rows.assign(told_of=""))}
    assert module.headline(all_known).endswith("14 carry no warning at all.")
    # The picture leaves out warnings of which nothing is known: a bar of nought would say that they hold on none.
    rows = answer.tables["signals"].rows
    axes = answer.plot()
    drawn = {label.get_text().replace("\n", " ") for label in axes.get_yticklabels()}
    assert drawn == set(rows.loc[rows["asked"] > 0, "warning"].head(module.DRAWN))


def test_a_list_of_open_deals_with_nothing_to_read_a_warning_from_is_no_watchlist():
    cohort = pm.load_frame("last", kind="open_forecast", folder=sample("plain"))
    answer = watchlist(cohort)
    assert answer.status == "refused"
    assert answer.headline.startswith("Not answered yet: no open deals of which a warning would be on record")
    assert known_of(cohort, cohort.table.head(0)) == 0


def test_a_deal_of_which_no_warning_is_known_has_no_count_of_them(monkeypatch: pytest.MonkeyPatch):
    cohort = cohort_of("open_forecast")
    asked = fired(cohort)
    first = cohort.table["deal_id"].iloc[0]
    blind = asked.assign(fired=asked["fired"].mask(asked["deal_id"] == first))
    monkeypatch.setattr(module, "fired", lambda *_, **__: blind)
    deals = watchlist(cohort).tables["deals"].rows.set_index("deal_id")
    assert pd.isna(deals.loc[first, "warnings"])
    assert deals.drop(index=first)["warnings"].notna().all()


def test_silence_is_counted_from_the_buyers_last_part_and_unknown_without_an_event():
    deals = answer_of("watchlist", "open_forecast").tables["deals"].rows.set_index("deal_id")
    # a meeting on 30 September, looked at on 6 October
    assert deals.loc["D0903", "silent"] == 6
    assert deals["silent"].drop("D0903").isna().all()


def test_chances_stand_in_order_of_amount_that_will_not_be_won():
    deals = answer_of("watchlist", "open_forecast").tables["deals"].rows
    chances = outlook_of(cohort_of("open_forecast")).chances
    known = cohort_of("open_forecast").table["deal_id"]
    assert deals.set_index("deal_id")["won"].to_dict() == pytest.approx(dict(zip(known, chances["won"], strict=True)))
    assert (deals["amount"] * (1 - deals["won"])).is_monotonic_decreasing


def test_each_chance_stands_with_what_came_of_such_chances_before():
    """By hand: the deals of earlier quarters that had been given a chance of the same tenth."""
    deals, outlook = answer_of("watchlist", "open_forecast").tables["deals"], outlook_of(cohort_of("open_forecast"))
    tested = outlook.tested
    for end in ("won", "lost_competitor", "lost_status_quo", "slipped"):
        tenth = np.floor(tested[end].clip(0, 1) * 10).clip(upper=9)
        for row in deals.rows.to_dict("records"):
            alike = tested.loc[tenth == min(int(row[end] * 10), 9), "came"] == end
            low, high = (0.0, 1.0)
            if len(alike) >= 5:
                share = proportion_confint(int(alike.sum()), len(alike), method="wilson")
                low, high = min(share[0], row[end]), max(share[1], row[end])
            assert (row[f"{end}_low"], row[f"{end}_high"]) == pytest.approx((low, high))
        assert (deals.column(end).low, deals.column(end).high) == (f"{end}_low", f"{end}_high")


def test_a_page_lists_the_first_and_counts_the_others():
    frame = pd.DataFrame({"deal": [f"Deal {number}" for number in range(40)], "warnings": [1] * 40})
    rows = frame.assign(account="Acme", since=pd.Timestamp("2025-10-01"), what="Silent")
    table = module._warned(rows.astype({"account": "str"}))
    shown = written(table)
    assert (len(shown.rows), shown.left_out, len(table.rows)) == (25, 15, 40)
    assert table.title.endswith("the 25 first of 40")


@pytest.mark.thorough
def test_an_engagements_own_signal_is_asked_of_open_deals_too(tmp_path):
    """It holds on every deal, so that each carries one warning more."""
    file = tmp_path / "always.py"
    file.write_text(ALWAYS, encoding="utf-8")
    cohort = replace(cohort_of("open_forecast"), signal_files=(file,))
    before = answer_of("watchlist", "open_forecast").tables["deals"].rows.set_index("deal_id")["warnings"]
    tables = find("watchlist").function(cohort).tables
    after = tables["deals"].rows.set_index("deal_id")["warnings"]
    assert (after == before.loc[after.index] + 1).all()
    assert tables["signals"].rows["warning"].iloc[0] == "Always there"
    assert (tables["fired"].rows["warning"] == "Always there").sum() == len(after)
    assert len(tables["warned"].rows) == len(after)


def test_deals_alone_are_no_watchlist_and_the_refusal_says_what_would_make_one():
    cohort = cohort_of("open_forecast")
    book = replace(cohort.book, tables={"deals": cohort.book.tables["deals"]})
    result = find("watchlist").function(choose_cohort(book, cohort.focus, kind="open_forecast"))
    assert result.status == "refused" and not result.tables
    assert result.unlock.startswith("export the field history and the activities")


def test_no_open_forecast_is_refused_with_the_reason():
    cohort = cohort_of("closed")
    deals = cohort.book.tables["deals"]
    book = replace(cohort.book, tables={"deals": deals[deals["outcome"] != "open"].reset_index(drop=True)})
    nothing = choose_cohort(book, cohort.focus, kind="open_forecast")
    for name in ("watchlist", "watchlist_money", "outlook_validation"):
        result = find(name).function(nothing)
        assert result.status == "refused", name
    assert "No open deal is forecast" in find("watchlist").function(nothing).caveats[0]
    assert isinstance(nothing.table, pd.DataFrame)


def test_a_sign_that_went_with_winning_is_no_warning_and_the_chances_stay(monkeypatch: pytest.MonkeyPatch):
    cohort, before = cohort_of("open_forecast"), answer_of("watchlist", "open_forecast").tables
    name, label = before["signals"].rows.loc[before["signals"].rows["deals"].idxmax(), ["signal", "warning"]]
    sign = WithWins(find_signal(name), "2024Q3 to 2025Q2", 0.4, 0.15, 0.25, 0.16, 0.33)
    monkeypatch.setattr(module, "with_wins", lambda cohort: (sign,))
    result = watchlist(cohort)
    after = result.tables
    held = fired(cohort).query("signal == @name and fired.fillna(False)")["deal_id"]
    assert len(held) > 0
    deals = [tables["deals"].rows.set_index("deal_id") for tables in (before, after)]
    assert (deals[0]["warnings"] - deals[1]["warnings"]).to_dict() == {
        deal: int(deal in set(held)) for deal in deals[0].index
    }
    pd.testing.assert_frame_equal(*(each.drop(columns=["warnings", "unknown"]) for each in deals))
    assert label not in set(after["signals"].rows["warning"]) | set(after["fired"].rows["warning"])
    assert not after["warned"].rows["what"].str.contains(label, regex=False).any()
    assert (after["with_wins"].first["sign"], after["with_wins"].first["deals"]) == (label, len(held))
    assert result.caveats[-1].startswith(f"“{label}” is not among the warnings: ")
    assert "with_wins" not in before
