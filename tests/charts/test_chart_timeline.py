import pandas as pd
import pytest

from postmortem.charts.timeline import height_for, timeline

COLUMNS = {"lane": "lane", "start": "start", "end": "end", "label": "label", "side": "side"}


@pytest.fixture
def life():
    rows = [
        ("Stage", "2025-01-10", "2025-03-01", "Discovery", None),
        ("Stage", "2025-03-01", "2025-05-30", "Proposal", None),
        ("Amount", "2025-02-01", None, "€240k", None),
        ("Amount", "2025-04-20", None, "€150k", None),
        ("Messages", "2025-01-20", None, "mail", "buyer"),
        ("Messages", "2025-02-20", None, "call", "seller"),
        ("Outcome", "2025-05-30", None, "lost_status_quo", None),
    ]
    return pd.DataFrame(rows, columns=["lane", "start", "end", "label", "side"])


def day(text):
    return (pd.Timestamp(text) - pd.Timestamp(0)).days


def marks_of(axes):
    return {
        (float(x), round(float(y), 2))
        for each in axes.collections
        if hasattr(each, "get_sizes")
        for x, y in each.get_offsets()
    }


def test_spans_reach_from_their_start_to_their_end(life, draw, bars):
    assert [(row, start, length) for row, start, length in bars(draw(timeline, life, **COLUMNS))] == [
        (0, day("2025-01-10"), 50), (0, day("2025-03-01"), 90),
    ]  # fmt: skip


def test_moments_stand_on_their_day_and_side(life, draw, words):
    axes = draw(timeline, life, **COLUMNS)
    assert marks_of(axes) == {
        (day("2025-02-01"), 0.78), (day("2025-04-20"), 0.78), (day("2025-01-20"), 1.78), (day("2025-02-20"), 2.22),
        (day("2025-05-30"), 2.78),
    }  # fmt: skip
    assert "up: buyer, down: seller" in words(axes)


def test_names_stand_in_bands_and_beside_marks(life, draw, words):
    written = words(draw(timeline, life, labels={"Proposal": "Offer made"}, **COLUMNS))
    assert {"Discovery", "Offer made", "€240k", "€150k", "mail", "Lost to the status quo"} <= set(written)


def test_dates_are_written_as_days_of_the_calendar(life, draw):
    axes = draw(timeline, life, **COLUMNS)
    dates = [text.get_text() for text in axes.get_xticklabels()]
    assert [float(day(text)) for text in dates] == axes.get_xticks().tolist()


def test_moments_without_a_date_are_counted(life, draw, words):
    frame = life.assign(start=[None if each == "2025-02-01" else each for each in life["start"]])
    assert "1 withheld" in words(draw(timeline, frame, **COLUMNS))


def test_many_moments_leave_words_out_and_none_touch(life, draw, overlaps, outside):
    days = pd.date_range("2025-01-10", "2025-05-30", periods=400)
    more = pd.DataFrame(
        {"lane": "Messages", "start": days, "end": None, "label": "mail", "side": ["buyer", "seller"] * 200}
    )
    axes = draw(timeline, pd.concat([life, more]), height_for(4), **COLUMNS)
    assert len(marks_of(axes)) >= 400
    assert overlaps(axes) == [] and outside(axes) == []


def test_a_span_is_named_on_the_part_that_the_next_one_leaves(draw, overlaps):
    frame = pd.DataFrame(
        {
            "lane": "Stage",
            "start": ["2025-01-01", "2025-03-01"],
            "end": "2025-07-01",
            "label": ["First", "Second"],
            "side": "",
        }
    )
    axes = draw(timeline, frame, **COLUMNS)
    places = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert places["First"] == (day("2025-01-01") + day("2025-03-01")) / 2
    assert overlaps(axes) == []


def test_lanes_of_any_name_are_one_line_that_fits(life, draw, outside):
    axes = draw(timeline, life.assign(lane=["$a_b$", "$a_b$", "x\ny", "x\ny", "n" * 400, "n" * 400, None]), **COLUMNS)
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names[:2] == ["$a_b$", "x y"] and names[2].endswith("…") and names[3] == "withheld"
    assert outside(axes) == []
