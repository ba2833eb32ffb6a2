import pandas as pd
import pytest

from postmortem.charts import style
from postmortem.charts.stacked_shares import height_for, stacked_shares

COLUMNS = {"group": "region", "part": "fate", "value": "deals"}


def tidy(counts, parts=("won", "lost_competitor", "lost_status_quo")):
    return pd.DataFrame(
        [
            {"region": name, "fate": part, "deals": n}
            for name, each in counts
            for part, n in zip(parts, each, strict=True)
        ]
    )


def test_parts_of_a_bar_follow_each_other_to_the_whole(draw, bars):
    drawn = bars(draw(stacked_shares, tidy([("EMEA", [5, 3, 2]), ("APAC", [1, 0, 3])]), **COLUMNS))
    assert drawn == [
        (0, 0, pytest.approx(0.5)), (0, pytest.approx(0.5), pytest.approx(0.3)),
        (0, pytest.approx(0.8), pytest.approx(0.2)), (1, 0, pytest.approx(0.25)),
        (1, pytest.approx(0.25), 0), (1, pytest.approx(0.25), pytest.approx(0.75)),
    ]  # fmt: skip


def test_the_number_of_cases_stands_at_the_right(draw, words):
    written = words(draw(stacked_shares, tidy([("EMEA", [5, 3, 2]), ("APAC", [1, 0, 0])]), **COLUMNS))
    assert {"10 deals", "1 deal"} <= set(written)


def test_shares_come_with_their_number_of_cases(draw, words, bars):
    frame = tidy([("EMEA", [0.5, 0.3, 0.2])]).assign(n=40)
    axes = draw(stacked_shares, frame, n="n", **COLUMNS)
    assert "40 deals" in words(axes)
    assert [length for *_, length in bars(axes)] == pytest.approx([0.5, 0.3, 0.2])


def test_parts_are_named_above_the_first_bar_where_names_fit(draw, words):
    axes = draw(stacked_shares, tidy([("EMEA", [4, 3, 3]), ("APAC", [98, 1, 1])]), **COLUMNS)
    assert axes.get_legend() is None
    named = {text.get_text(): text.xy for text in axes.texts if hasattr(text, "xy")}
    assert named["Won"] == (0, -0.5)
    assert named["Lost to a competitor"] == (pytest.approx(0.4), -0.5)


def test_where_names_do_not_fit_there_is_one_key(draw):
    axes = draw(stacked_shares, tidy([("EMEA", [98, 1, 1])]), **COLUMNS)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "Won", "Lost to a competitor", "Lost to the status quo",
    ]  # fmt: skip


def test_a_share_is_written_where_it_fits_and_never_beyond_its_part(draw):
    axes = draw(stacked_shares, tidy([("EMEA", [600, 394, 6])]), **COLUMNS)
    inside = {text.get_text(): text for text in axes.texts if text.get_text().endswith("%")}
    assert set(inside) == {"60%", "39%"}
    box = inside["39%"].get_window_extent().transformed(axes.transData.inverted())
    assert box.x0 > 0.6 and box.x1 < 0.994


def test_parts_stand_in_the_order_asked_for(draw, bars):
    axes = draw(stacked_shares, tidy([("EMEA", [5, 3, 2])]), order=("lost_status_quo", "won", "absent"), **COLUMNS)
    assert [length for *_, length in bars(axes)] == pytest.approx([0.2, 0.5, 0.3])


def test_parts_that_are_no_fates_have_tones_hatches_and_plain_words(draw, words):
    frame = tidy([("EMEA", [5, 3, 2])], ("price", "terms", "other"))
    axes = draw(stacked_shares, frame, labels={"price": "Price", "terms": "Terms"}, **COLUMNS)
    assert {"Price", "Terms", "other"} <= set(words(axes))
    looks = {(patch.get_facecolor(), patch.get_hatch()) for container in axes.containers for patch in container}
    assert len(looks) == 3


def test_fates_keep_their_hatch(draw):
    axes = draw(stacked_shares, tidy([("EMEA", [5, 3, 2])]), **COLUMNS)
    hatches = [patch.get_hatch() or "" for container in axes.containers for patch in container]
    assert hatches == [style.fate_of(key).hatch for key in ("won", "lost_competitor", "lost_status_quo")]


def test_a_group_with_a_withheld_count_is_withheld_whole(draw, words, bars):
    axes = draw(stacked_shares, tidy([("EMEA", [5, None, 2]), ("APAC", [1, 1, 2])]), **COLUMNS)
    assert {row for row, *_ in bars(axes)} == {1}
    assert "withheld" in words(axes)
    assert "7 deals" not in words(axes)


def test_groups_without_a_name_are_not_added_up(draw, words, bars):
    axes = draw(stacked_shares, tidy([(None, [5, 3, 2]), (None, [1, 0, 3])]), **COLUMNS)
    assert [length for *_, length in bars(axes)] == pytest.approx([0.5, 0.3, 0.2, 0.25, 0, 0.75])
    assert {"10 deals", "4 deals"} <= set(words(axes))


def test_nameless_groups_that_cannot_be_told_apart_are_not_drawn(draw, words, bars):
    frame = tidy([(None, [5, 3, 2]), (None, [1, 0, 3]), ("APAC", [1, 1, 1])]).drop(index=4)
    axes = draw(stacked_shares, frame, **COLUMNS)
    assert {row for row, *_ in bars(axes)} == {1}
    assert "3 deals" in words(axes)


def test_a_group_without_cases_has_no_bar(draw, words, bars):
    axes = draw(stacked_shares, tidy([("EMEA", [0, 0, 0]), ("APAC", [1, 1, 1])]), **COLUMNS)
    assert {row for row, *_ in bars(axes)} == {1}
    assert "0 deals: counts only" in words(axes)


def test_twelve_groups_fit_the_recommended_height(draw, overlaps, outside):
    axes = draw(stacked_shares, tidy([(f"Region {i}", [i + 1, 3, 8]) for i in range(12)]), height_for(12), **COLUMNS)
    assert len(axes.get_yticklabels()) == 12
    assert overlaps(axes) == [] and outside(axes) == []
