"""What every chart holds, whatever it is given."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

from postmortem.charts import images, style
from postmortem.charts.calibration import calibration
from postmortem.charts.day_strips import day_strips
from postmortem.charts.flow import flow
from postmortem.charts.incidence_lines import incidence_lines
from postmortem.charts.incidence_stack import incidence_stack
from postmortem.charts.interval_dots import interval_dots
from postmortem.charts.judged_intervals import judged_intervals
from postmortem.charts.list_strips import list_strips
from postmortem.charts.mirrored_bars import mirrored_bars
from postmortem.charts.paired_bars import paired_bars
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.charts.range_bars import range_bars
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.charts.run_chart import run_chart
from postmortem.charts.stacked_shares import stacked_shares
from postmortem.charts.timeline import timeline
from postmortem.charts.transition_grid import transition_grid
from postmortem.charts.unit_squares import unit_squares
from postmortem.charts.waterfall import waterfall
from postmortem.charts.weekly_stack import weekly_stack
from postmortem.ground.errors import UsageError

CHARTS = {
    unit_squares: {"fate": "fate", "amount": "amount", "currency": "EUR"},
    interval_dots: {
        "name": "name", "estimate": "middle", "low": "low", "high": "high", "n": "n", "fate": "fate",
        "reference": 0.4, "reference_label": "all deals: $40% of $100",
    },
    range_bars: {"name": "name", "low": "low", "high": "high", "recorded": "middle", "fate": "fate"},
    run_chart: {"quarter": "quarter", "value": "middle", "n": "n", "low": "low", "high": "high", "focus": "2024Q2"},
    stacked_shares: {"group": "name", "part": "fate", "value": "n"},
    paired_bars: {
        "name": "name", "left": "low", "right": "high", "left_label": "lost $ deals $", "right_label": "won deals",
        "difference": "middle", "low": "low", "high": "high", "n": "n",
    },
    ranked_bars: {"name": "name", "value": "amount", "unit": "EUR", "fate": "fate", "note": "note"},
    waterfall: {"label": "name", "amount": "change", "kind": "kind", "fate": "fate", "n": "n", "unit": "EUR"},
    incidence_stack: {
        "day": "day", "fate": "fate", "share": "incidence", "at_risk": "at_risk", "since": "the $first$ forecast",
    },
    incidence_lines: {
        "group": "name", "day": "day", "share": "middle", "low": "low", "high": "high", "at_risk": "at_risk",
        "horizon": 60,
    },
    calibration: {"stated": "stated", "observed": "middle", "low": "low", "high": "high", "n": "n"},
    day_strips: {"group": "fate", "days": "day", "limit": 45, "limit_label": "$45 of $100 days"},
    transition_grid: {"before": "note", "after": "fate", "n": "n", "before_label": "in $week$ 1"},
    timeline: {"lane": "fate", "start": "begin", "end": "end", "label": "note", "side": "name"},
    weekly_stack: {"week": "quarter", "part": "fate", "value": "n", "week_label": "$quarter$"},
    paired_intervals: {
        "name": "name", "left": "middle", "left_low": "low", "left_high": "high", "right": "high", "right_low": "low",
        "right_high": "high", "left_label": "this $quarter$", "right_label": "quarters before", "difference": "middle",
        "low": "low", "high": "high", "verdict": "note", "n": "n",
    },
    mirrored_bars: {
        "name": "name", "above": "low", "below": "high", "above_label": "lost $ deals $", "below_label": "won deals",
        "expected": "middle", "expected_label": "if $40% of $100", "along": "days",
    },
    flow: {"left": "note", "right": "fate", "n": "n", "left_label": "sales $people$", "right_label": "buyers"},
    list_strips: {"group": "name", "value": "fate", "n": "n"},
    judged_intervals: {
        "name": "name", "estimate": "middle", "low": "low", "high": "high", "at_least": "stated", "at_most": "amount",
        "verdict": "fate", "unit": "end_unit", "margin": "note",
    },
}  # fmt: skip
NAMES = [
    "Northwind Traders", "$5 to $9_x^2\\frac", "line\nbreak\u202e\x00evil", "株式会社グローバル",
    "شركة الاختبار", "<script>alert(1)</script>", None, "A name of a customer that never ends " * 9,
]  # fmt: skip
FATES = ["won", "lost_competitor", "lost_status_quo", "lost_unknown", "slipped", None, "no such fate", "open"]


def rows_of(n):
    random = np.random.default_rng(7)
    middle = random.uniform(0.02, 0.98, n)
    return pd.DataFrame(
        {
            "name": [NAMES[i % 8] if i < 8 else f"Customer {i}" for i in range(n)],
            "quarter": [f"{2022 + i // 4}Q{i % 4 + 1}" for i in range(n)],
            "fate": [FATES[i % 8] for i in range(n)],
            "note": [NAMES[(i + 3) % 8] for i in range(n)],
            "middle": middle,
            "low": middle * 0.6,
            "high": middle + (1 - middle) * 0.3,
            "n": random.integers(1, 2000, n),
            "amount": np.exp(random.normal(11, 1, n)),
            "change": np.exp(random.normal(11, 1, n)) * random.choice([-1, 1], n),
            "kind": ["total" if i % 7 == 0 else "step" for i in range(n)],
            "stated": random.uniform(0, 1, n),
            "day": random.integers(0, 120, n),
            "begin": pd.Timestamp("2025-01-07") + pd.to_timedelta(np.arange(n) * 3, "D"),
            "end": [pd.NaT if i % 3 else pd.Timestamp("2025-06-30") for i in range(n)],
            "incidence": random.uniform(0, 0.1, n),
            "at_risk": random.integers(10, 400, n),
            "end_unit": ["points" if i % 2 else "share" for i in range(n)],
        }
    )


@pytest.fixture(params=list(CHARTS.items()), ids=lambda param: param[0].__name__)
def chart(request):
    return request.param


def test_every_chart_of_the_house_is_held_to_this():
    modules = [
        path for path in Path(style.__file__).parent.glob("*.py") if "def height_for(" in path.read_text("utf-8")
    ]
    # The funnel is drawn from two frames and has a test of its own.
    assert {path.stem for path in modules} - {"rows", "funnel"} == {function.__name__ for function in CHARTS}


def test_an_empty_frame_says_so_quietly(chart, draw, words):
    function, columns = chart
    assert words(draw(function, rows_of(3).head(0), **columns)) == ["Nothing to draw"]


def test_a_column_that_is_not_there_is_named(chart):
    function, columns = chart
    column = next(value for value in columns.values() if value in ("fate", "low"))
    with pytest.raises(UsageError, match=column) as raised:
        function(rows_of(3).drop(columns=column), style.new_figure().subplots(), **columns)
    assert function.__name__ in str(raised.value)


@cache
def drawn_in_four_inches(function, n):
    """Return the axes, the frame as it came back, and as it went in: several tests look at one drawing."""
    frame = rows_of(n)
    before = frame.copy(deep=True)
    axes = style.new_figure(8, 4).subplots()
    function(frame, axes, **CHARTS[function])
    axes.figure.draw_without_rendering()
    return axes, frame, before


@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.thorough), pytest.param(2, marks=pytest.mark.slow), 8])
@pytest.mark.thorough
def test_few_rows_are_drawn_without_clipped_or_touching_texts(chart, overlaps, outside, n):
    axes, _, _ = drawn_in_four_inches(chart[0], n)
    assert overlaps(axes) == []
    assert outside(axes) == []


@pytest.mark.slow
def test_forty_rows_stay_legible_in_four_inches(chart, draw, overlaps, outside):
    function, columns = chart
    axes = draw(function, rows_of(40), 4, **columns)
    assert overlaps(axes) == []
    assert outside(axes) == []


def test_hostile_names_never_become_formulas(chart):
    axes, _, _ = drawn_in_four_inches(chart[0], 8)
    found = axes.figure.findobj(matplotlib.text.Text)
    assert not [text.get_text() for text in found if text.get_text() and text.get_parse_math()]
    assert not [text.get_text() for text in found if "\u202e" in text.get_text() or "\x00" in text.get_text()]


@pytest.mark.parametrize(
    "missing",
    # Not a number is what the infinities below are read as.
    [None, pytest.param(np.nan, marks=pytest.mark.slow), pytest.param(pd.NA, marks=pytest.mark.thorough)],
    ids=["None", "NaN", "NA"],
)
def test_a_wholly_redacted_frame_is_drawn(chart, draw, words, outside, missing):
    function, columns = chart
    redacted = pd.DataFrame({name: [missing] * 6 for name in rows_of(1).columns}, dtype=object)
    axes = draw(function, redacted, **columns)
    assert any("withheld" in text.lower() for text in words(axes))
    assert not any("nan" in text.lower() or "none" in text.lower() for text in words(axes))
    assert outside(axes) == []


@pytest.mark.thorough
def test_infinities_are_missing(chart, draw):
    function, columns = chart
    frame = rows_of(5)
    frame.loc[2, ["middle", "low", "high", "amount"]] = np.inf
    axes = draw(function, frame.astype({"n": float}), **columns)
    assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all()


def test_the_frame_is_left_as_it_was(chart):
    _, frame, before = drawn_in_four_inches(chart[0], 8)
    pd.testing.assert_frame_equal(frame, before)


def picture(function, rows):
    figure = style.new_figure()
    function(rows, figure.subplots(), **CHARTS[function])
    return images.to_svg(figure)


@cache
def usual_picture(function):
    return picture(function, rows_of(4))


@pytest.mark.thorough
@pytest.mark.parametrize("index", [list("abba"), pytest.param([0] * 4, marks=pytest.mark.slow)], ids=str)
def test_neither_the_index_nor_the_readers_settings_matter(chart, index):
    function, _ = chart
    plain = usual_picture(function)
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "text.usetex": False, "axes.spines.top": True}):
        assert picture(function, rows_of(4).set_axis(index)) == plain


@pytest.mark.thorough
def test_a_panel_of_a_larger_figure_is_drawn_in_its_place(chart):
    function, columns = chart
    figure = style.new_figure(12, 4)
    left, right = figure.subplots(1, 2)
    function(rows_of(6), left, **columns)
    figure.draw_without_rendering()
    assert left.get_position().x1 < 0.55
    assert right.get_position().x0 > 0.45


@pytest.mark.thorough
def test_drawing_and_writing_never_loads_pyplot():
    lines = ["import sys", "import pandas as pd", "from postmortem.charts import images, style"]
    for function, columns in CHARTS.items():
        names = [value for value in columns.values() if isinstance(value, str)]
        lines += [
            f"from {function.__module__} import {function.__name__} as chart",
            "figure = style.new_figure()",
            f"chart(pd.DataFrame({{name: [0.5] for name in {names!r}}}), figure.subplots(), **{columns!r})",
            "images.to_svg(figure), images.to_png(figure)",
        ]
    lines.append("print('matplotlib.pyplot' in sys.modules)")
    run = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
