import numpy as np
import pandas as pd
import pytest

from postmortem.charts import style
from postmortem.charts.lettering import NO_GLYPH, in_two_lines, note, safe_text, shorten, width_of, write


@pytest.fixture
def axes():
    return style.new_figure(8, 4).subplots()


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, "", "  \n", "\u200b\u202e"])
def test_what_cannot_be_read_is_withheld(nothing):
    assert safe_text(nothing) == "withheld"
    assert safe_text(nothing, "") == ""


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Acme\nLtd\t GmbH", "Acme Ltd GmbH"),
        ("safe\u202egpj.exe", "safegpj.exe"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("line\u2028two", "line two"),
        ("zero\u200bwidth", "zerowidth"),
        ("cafe\u0301", "café"),
        (42, "42"),
        ("שלום", "שלום"),
    ],
)
def test_text_is_one_printable_line(raw, shown):
    assert safe_text(raw) == shown


@pytest.mark.parametrize("formula", ["$5 to $9", r"\frac{1}{2}", "a_b^c", r"\$x\$", "$\\undefined$", "${x}$ %"])
def test_formulas_are_written_as_they_stand(axes, formula):
    text = write(axes, 0, 0, formula)
    beside = note(axes, (0, 0), formula, (3, 0))
    axes.figure.draw_without_rendering()
    assert text.get_text() == beside.get_text() == formula
    assert not text.get_parse_math() and not beside.get_parse_math()


def test_letters_of_no_font_become_boxes_and_none_warns(axes):
    shown = safe_text("x\U00012000\U0001e900y")
    assert shown == f"x{NO_GLYPH}{NO_GLYPH}y"
    write(axes, 0, 0, "x\U00012000 株式会社 مرحبا 😀")
    axes.figure.draw_without_rendering()


def test_very_long_text_is_bounded():
    assert len(safe_text("ab " * 5000)) <= 300


def test_text_that_fits_is_left_alone(axes):
    assert shorten(axes, "Acme", 200) == "Acme"


def test_long_text_is_cut_at_the_last_letter_that_fits(axes):
    name = "A customer with a name that goes on and on and on"
    short = shorten(axes, name, 100)
    assert short.endswith("…") and name.startswith(short[:-1])
    assert width_of(axes, short) <= 100
    longer = name[: len(short[:-1]) + 2].rstrip() + "…"
    assert width_of(axes, longer) > 100


def test_a_name_on_two_lines_keeps_its_words_and_ends_where_it_must(axes):
    text = "Existing customer without discovery"
    assert in_two_lines(axes, text, 150) == "Existing customer\nwithout discovery"
    first, second = in_two_lines(axes, "Left alone " + "and then for a long time " * 5, 80).split("\n")
    assert width_of(axes, first) <= 80 and width_of(axes, second) <= 80 and second.endswith("…")
    assert in_two_lines(axes, "x" * 90, 80) == shorten(axes, "x" * 90, 80)


def test_bold_text_is_wider(axes):
    assert width_of(axes, "Lost deals", 9, "bold") > width_of(axes, "Lost deals", 9)


def test_width_is_in_points_whatever_the_resolution():
    from matplotlib.figure import Figure

    coarse, fine = Figure(dpi=72).subplots(), Figure(dpi=300).subplots()
    with style.theme():
        widths = [width_of(axes, "Lost to a competitor") for axes in (coarse, fine)]
    assert widths[0] == pytest.approx(widths[1], rel=0.03)
