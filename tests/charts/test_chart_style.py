import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from postmortem import charts
from postmortem.charts import images, style


def luminance(colour):
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(first, second):
    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


def test_every_fate_is_told_apart_without_colour():
    looks = [(fate.hatch, fate.pale) for fate in style.FATES]
    assert len(set(looks)) == len(looks)
    assert len({fate.marker for fate in style.FATES}) == len(style.FATES)


def test_fates_have_different_colours_and_plain_labels():
    assert len({fate.colour for fate in style.FATES}) == len(style.FATES)
    assert all(fate.label and "_" not in fate.label for fate in style.FATES)


@pytest.mark.parametrize("fate", style.ALL, ids=lambda fate: fate.label)
def test_outlines_stand_out_from_the_page(fate):
    assert contrast(fate.edge, style.PAPER) >= 3


@pytest.mark.parametrize("colour", [style.INK, style.MUTED])
def test_letters_are_readable_on_white(colour):
    assert contrast(colour, style.PAPER) >= 4.5


def test_unknown_is_light_grey_and_hatched():
    unknown = style.fate_of("lost_unknown")
    red, green, blue = to_rgb(unknown.colour)
    assert max(red, green, blue) - min(red, green, blue) < 0.05
    assert luminance(unknown.colour) > 0.6
    assert unknown.hatch


@pytest.mark.parametrize("word", ["competitor", "status_quo", "disqualified", "unknown"])
def test_lost_to_reads_like_the_resolution(word):
    assert style.fate_of(word) is style.fate_of(f"lost_{word}")


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT])
def test_a_missing_fate_is_withheld(nothing):
    assert style.fate_of(nothing).label == "Withheld"


def test_a_word_that_is_no_fate_is_plain():
    assert style.fate_of("enterprise") is style.PLAIN


def test_the_theme_gives_the_readers_settings_back():
    with matplotlib.rc_context({"font.size": 31, "axes.grid": True}):
        with style.theme():
            assert matplotlib.rcParams["font.size"] == style.SIZE
            assert matplotlib.rcParams["axes.grid"] is False
        assert matplotlib.rcParams["font.size"] == 31


def figure_with_a_line(height=4.0):
    figure = style.new_figure(8, height)
    axes = figure.subplots()
    axes.plot([0, 1.23456789], [0, 1])
    axes.text(0.5, 0.5, "label", parse_math=False)
    return figure


def test_figures_have_the_size_asked_for():
    assert tuple(style.new_figure(8, 3).get_size_inches()) == (8, 3)


def test_svg_is_the_same_every_time_and_says_nothing_of_its_making():
    first, second = images.to_svg(figure_with_a_line()), images.to_svg(figure_with_a_line())
    assert first == second
    assert first.startswith("<svg") and first.endswith("</svg>\n")
    assert not re.search(r"metadata|matplotlib\.org|<!--|<!DOCTYPE|dc:date", first)
    assert "label" not in first


def test_svg_styles_reach_nothing_outside_it():
    svg = images.to_svg(figure_with_a_line())
    assert "<style" not in svg
    root = ElementTree.fromstring(svg)
    assert root.attrib["style"] == "stroke-linejoin: round; stroke-linecap: butt"


def test_svg_holds_letters_as_paths():
    svg = images.to_svg(figure_with_a_line())
    assert "<text" not in svg
    assert svg.count("<use") > 0


def test_svg_does_not_depend_on_the_readers_settings():
    plain = images.to_svg(figure_with_a_line())
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "other", "savefig.facecolor": "red"}):
        assert images.to_svg(figure_with_a_line()) == plain


def test_svg_paths_are_written_to_hundredths():
    paths = re.findall(r' d="([^"]*)"', images.to_svg(figure_with_a_line()))
    assert paths
    assert not any(re.search(r"\.\d{3,}", path) for path in paths)


def test_a_prefix_goes_before_every_id_and_every_reference():
    svg = images.to_svg(figure_with_a_line(), prefix="p1")
    ids = set(re.findall(r'\bid="([^"]*)"', svg))
    references = set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg))
    assert ids and all(name.startswith("p1-") for name in ids)
    assert {a or b for a, b in references} <= ids


def test_png_is_twice_the_page_width_and_carries_no_metadata(tmp_path):
    file = tmp_path / "picture.png"
    file.write_bytes(images.to_png(figure_with_a_line(2)))
    with Image.open(file) as image:
        assert image.size == (1520, 380)
        assert set(image.info) <= {"dpi"}


def test_height_is_fitted_only_where_the_picture_is_alone():
    alone = style.new_figure(8, 4)
    style.fit_height(alone.subplots(), 2.5)
    assert alone.get_figheight() == 2.5
    shared = style.new_figure(8, 4)
    style.fit_height(shared.subplots(1, 2)[0], 2.5)
    assert shared.get_figheight() == 4


def laid_out_by_the_library(size, begin=lambda axes: None):
    """Return where the axes of a figure end up that is laid out as any other."""
    with style.theme():
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots()
        begin(axes)
        style.prepare(axes)
        figure.get_layout_engine().execute(figure)
    return axes.get_position().bounds


@pytest.mark.parametrize("size", [(8, 4), (5.5, 2.33), (12, 1), (3, 6), (2, 6), (8, 0.7)])
def test_the_room_of_a_new_figure_is_what_laying_it_out_would_leave(size, monkeypatch):
    with style.theme():
        axes = style.new_figure(*size).subplots()
        style.prepare(axes)
        with monkeypatch.context() as known:
            if size[0] >= 3 and size[1] >= 1:
                known.setattr(ConstrainedLayoutEngine, "execute", lambda *_: pytest.fail("laid out"))
            width, height = style.settle(axes)
        bounds = axes.get_position().bounds
        assert bounds == pytest.approx(laid_out_by_the_library(size), abs=1e-12)
        assert (width, height) == pytest.approx((72 * size[0] * bounds[2], 72 * size[1] * bounds[3]))
        axes.set_ylabel("more at the left")
        assert style.settle(axes)[0] < width - style.SMALL


@pytest.mark.parametrize(
    "begin",
    [
        lambda axes: axes.figure.suptitle("A title"),
        lambda axes: axes.figure.text(0.5, 0.95, "A word"),
        lambda axes: axes.text(-0.2, 0.5, "beside"),
        lambda axes: axes.plot([0, 1], [0, 1e6]),
        lambda axes: axes.set_ylim(0, 1e6),
        lambda axes: axes.figure.add_axes((0.9, 0.1, 0.1, 0.8)),
    ],
)
def test_on_a_figure_that_was_begun_nothing_is_taken_for_granted(begin):
    with style.theme():
        axes = style.new_figure(8, 4).subplots()
        begin(axes)
        style.prepare(axes)
        assert axes.figure.stale
        style.settle(axes)
    assert axes.get_position().bounds == laid_out_by_the_library((8, 4), begin)


def test_importing_the_charts_imports_no_plotting_library():
    modules = sorted(path.stem for path in Path(charts.__file__).parent.glob("*.py") if path.stem != "__init__")
    assert "unit_squares" in modules
    code = "import sys\n" + "".join(f"import postmortem.charts.{name}\n" for name in modules)
    code += "print([name for name in sys.modules if name.partition('.')[0] in ('matplotlib', 'seaborn')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_neighbouring_fates_differ_in_lightness_or_hatch():
    for first, second in combinations(style.FATES, 2):
        assert contrast(first.colour, second.colour) > 1.25 or first.hatch != second.hatch
