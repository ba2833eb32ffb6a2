"""The one contract of all analyses and overviews: what every one must keep, whatever the deals."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import pandas as pd
import pytest
from analysis_cases import (
    HOSTILE,
    MADE,
    NUMBERS,
    RIVALS,
    answer_of,
    asked,
    cohort_of,
    shuffled_answer_of,
    shuffled_cohort_of,
    withhold,
)
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from plain_words import TERMS

from postmortem.analyses import Analysis
from postmortem.findings import ANALYSES, OVERVIEWS
from postmortem.findings.gate import TESTS
from postmortem.frames import Cohort
from postmortem.ground import schema
from postmortem.result import Result, Table

Frames = Callable[[str], tuple[str, ...]]

EVERY = (*ANALYSES, *OVERVIEWS)
NAMES = [entry.name for entry in EVERY]
OF_NAMES = {entry.name: entry for entry in EVERY}
IDENTIFYING = ("deal", "account", "person", "competitor", "quote")
DRAWN = ("one deal", "all lost", "no amounts", "still running, forecast")
CAUSES = re.compile(
    r"\b(because|caus(e|es|ed|ing)|due to|led to|leads to|driven by|result(s|ed)? (in|from)|thanks to)\b", re.IGNORECASE
)
EMPTY_WORDS = re.compile(r"\b(nan|NaN|nat|NaT|inf|null)\b|<NA>|\bNone\b(?! of)|infinity")
AUDIENCES = {
    "client": {"roles": ("person", "quote"), "name": None},
    "outside": {"roles": IDENTIFYING, "name": "withheld", "below": 5},
    "no names": {"roles": IDENTIFYING, "name": None, "below": 5},
    "nothing left": {"roles": IDENTIFYING, "name": None, "below": np.inf},
}
DAILY_READERS = ("client", "outside")

# The fast suite asks each question of these, and where the forecast refuses it, of deals that answer it.
DAILY = ("forecast", "one deal", "hostile")
ANSWERED_IN = {"eventual_split": "first_forecast"}
# The thorough one asks each of these as well, and of every fourth of the others: all of those, by turns, are asked.
BY_ALL = ("closed", "forecast", "open_forecast", "one deal", "hostile")
BY_TURNS = tuple(frame for frame in MADE if frame not in BY_ALL)


def is_daily(name: str, frame: str) -> bool:
    """Whether the fast suite asks this of that frame."""
    return frame in DAILY or frame == ANSWERED_IN.get(name) or OF_NAMES[name].frames == (frame,)


def is_often(name: str, frame: str) -> bool:
    """Whether the fast or the thorough suite asks this of that frame; the slow one asks everything of all."""
    by_turns = frame in BY_TURNS and (NAMES.index(name) + BY_TURNS.index(frame)) % 4 == 0
    return frame in BY_ALL or by_turns or is_daily(name, frame)


def daily(name: str) -> tuple[str, ...]:
    return tuple(frame for frame in MADE if is_daily(name, frame))


def often(name: str) -> tuple[str, ...]:
    return tuple(frame for frame in MADE if is_often(name, frame))


def suite_of(name: str, frame: str) -> list[pytest.MarkDecorator]:
    """Return the mark of the suite that asks this of that frame; the fast suite has none."""
    if is_daily(name, frame):
        return []
    return [pytest.mark.thorough if is_often(name, frame) else pytest.mark.slow]


def crossed(names: Iterable[str], frames: Iterable[str]) -> pytest.MarkDecorator:
    """Ask each of every frame, each in the suite that asks it."""
    cases = [(name, frame) for frame in frames for name in names]
    return pytest.mark.parametrize(
        ("name", "frame"), [pytest.param(*case, marks=suite_of(*case), id="-".join(case)) for case in cases]
    )


every_analysis = pytest.mark.parametrize("name", NAMES)
every_fourth_daily = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.thorough if place % 4 else []) for place, name in enumerate(NAMES)]
)
every_analysis_in_every_frame = crossed(NAMES, MADE)
all_frames = pytest.mark.parametrize(
    "frames_of",
    [
        pytest.param(daily, id="daily"),
        pytest.param(often, id="often", marks=pytest.mark.thorough),
        pytest.param(lambda _: tuple(MADE), id="every", marks=pytest.mark.slow),
    ],
)


def answered(name: str, frame: str) -> Result:
    """Return the answer in `frame`, or in the forecast frame where that one is refused."""
    result = answer_of(name, frame)
    return result if result.status != "refused" else answer_of(name, "forecast")


def as_json(result: Result) -> dict[str, object]:
    return typing.cast(dict[str, object], json.loads(json.dumps(result.to_dict(), allow_nan=False)))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare two tables in full; the slow comparison, which says where they differ, only where they do."""
    same_names = found.index.identical(expected.index) and found.columns.identical(expected.columns)
    if not (same_names and found.equals(expected)):
        pd.testing.assert_frame_equal(found, expected)


def sentences(result: Result) -> list[str]:
    labels = [column.label for table in result.tables.values() for column in table.columns]
    titles = [table.title for table in result.tables.values()]
    return [result.question, result.headline, *titles, *labels, *result.caveats, *result.what_is_missing]


@cache
def names_of(frame: str) -> frozenset[str]:
    """Return every name of a customer, deal, sales person or competitor that the cohort knows."""
    cohort = cohort_of(frame)
    columns = cohort.book.deals[["deal_id", "account_name", "deal_name", "owner_id", "manager_id"]]
    return frozenset(str(value) for name in columns for value in columns[name].dropna()) | set(
        cohort.book.table("competitors")["competitor"]
    )


def texts(table: Table, roles: tuple[str, ...], *, among: bool) -> list[str]:
    """Return the texts in the columns whose role is (or is not) `among` the roles."""
    chosen = [c.name for c in table.columns if (c.role in roles) == among and c.role not in NUMBERS]
    return [str(value) for name in chosen for value in table.rows[name].dropna()]


# ---------------------------------------------------------------- the shape of the code


@every_analysis
def test_frame_comes_first_and_the_rest_is_keyword_only(name: str) -> None:
    signature = inspect.signature(OF_NAMES[name].function, eval_str=True)
    first, *rest = signature.parameters.values()
    assert (first.name, first.annotation, first.default) == ("cohort", Cohort, inspect.Parameter.empty)
    assert first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    for parameter in rest:
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, parameter
        assert parameter.annotation is not inspect.Parameter.empty, parameter
        assert parameter.default is not inspect.Parameter.empty, parameter
    assert signature.return_annotation is Result


@every_analysis
def test_question_is_the_first_line_and_one_sentence(name: str) -> None:
    analysis = OF_NAMES[name]
    first = (analysis.function.__doc__ or "").split("\n")[0]
    assert analysis.question == first
    assert first.endswith("?") and first.count("?") == 1 and first[0].isupper()


def test_no_two_analyses_ask_the_same() -> None:
    assert len({entry.question for entry in EVERY}) == len({entry.name for entry in EVERY}) == len(EVERY)


@every_analysis
def test_file_function_sentence_and_picture_belong_together(name: str) -> None:
    analysis = OF_NAMES[name]
    module = inspect.getmodule(analysis.function)
    assert module is not None and module.__name__.split(".")[-1] == analysis.name
    assert module.ANALYSIS is analysis
    assert analysis.headline is module.headline
    assert analysis.draw is getattr(module, "draw", None)
    assert analysis.method.strip().endswith(".")


@every_analysis
def test_needs_name_columns_of_the_book(name: str) -> None:
    for need in OF_NAMES[name].needs:
        assert set(need.columns) <= set(schema.table(need.table).names)
        assert need.least >= 1
        assert need.unlock, "the reader must learn where to get it"
        assert need.missing(0) == f"no {need.per}" if need.least == 1 else f"0 of the {need.least}" in need.missing(0)


@all_frames
@every_analysis
def test_docstring_names_every_table_and_every_column(name: str, frames_of: Frames) -> None:
    written = set(re.findall(r"``(\w+)``", OF_NAMES[name].function.__doc__ or ""))
    seen = {
        word
        for frame in frames_of(name)
        for key, table in answer_of(name, frame).tables.items()
        for word in (key, *table.rows.columns)
    }
    assert seen, "no frame was answered, so this test saw nothing"
    assert seen - written == set()


@all_frames
@every_analysis
def test_parameters_are_told_in_docstring_and_kept_in_the_result(name: str, frames_of: Frames) -> None:
    analysis = OF_NAMES[name]
    asked = list(inspect.signature(analysis.function).parameters)[1:]
    for parameter in asked:
        assert re.search(rf"^    {parameter} : ", analysis.function.__doc__ or "", re.MULTILINE), parameter
    for frame in frames_of(name):
        assert sorted(answer_of(name, frame).params) == sorted(asked), frame


# ---------------------------------------------------------------- what may come in


@contextmanager
def left_as_it_was(cohort: Cohort) -> Iterator[None]:
    """Hold that what is done in the block changes no table of the cohort."""

    def tables() -> dict[str, pd.DataFrame]:
        return {"": cohort.table, "quarantine": cohort.book.quarantine, **cohort.book.tables}

    before = {key: table.copy(deep=True) for key, table in tables().items()}
    yield
    assert set(tables()) == set(before)
    for key, table in tables().items():
        assert_same(table, before[key])


@pytest.mark.parametrize(
    "frame", [pytest.param("closed", marks=pytest.mark.slow), pytest.param("forecast", marks=pytest.mark.thorough)]
)
@every_analysis
def test_input_is_not_changed_and_gives_the_same_answer_again(name: str, frame: str) -> None:
    with left_as_it_was(cohort_of(frame)):
        again = asked(name, cohort_of(frame), lambda other: answer_of(other, frame))
    assert as_json(again) == as_json(answer_of(name, frame))


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["closed", "forecast", "hostile"])
@pytest.mark.parametrize("name", ["readiness", "claims_scoreboard"])
def test_an_overview_that_asks_for_itself_says_what_it_says_of_answers_given(name: str, frame: str) -> None:
    for cohort in (cohort_of(frame), shuffled_cohort_of(frame)):
        assert as_json(OF_NAMES[name].function(cohort)) == as_json(answer_of(name, frame))


@every_analysis_in_every_frame
def test_every_frame_gets_a_proper_answer(name: str, frame: str) -> None:
    result, cohort = answer_of(name, frame), cohort_of(frame)
    assert (result.analysis, result.question) == (name, OF_NAMES[name].question)
    assert result.n_in == len(cohort.table)
    assert 0 <= result.n_used <= result.n_in
    if result.status == "refused":
        assert result.what_is_missing and not result.has_picture
        assert result.headline.startswith("Not answered yet: ")
    else:
        assert result.tables and not result.what_is_missing
        assert any(len(table.rows) for table in result.tables.values())


@every_analysis_in_every_frame
def test_headline_is_one_clean_sentence(name: str, frame: str) -> None:
    headline = answer_of(name, frame).headline
    assert headline.endswith(".") and len(headline) <= 300
    assert headline.isprintable(), "line breaks, control or direction characters"
    assert not EMPTY_WORDS.search(headline)
    assert "unknown" not in headline, "a figure that is not there must not be part of the sentence"


@every_analysis_in_every_frame
def test_json_round_trip_keeps_figures_and_sentence(name: str, frame: str) -> None:
    result = answer_of(name, frame)
    again = OF_NAMES[name].restore(as_json(result))
    assert again.headline == result.headline
    assert again.to_dict() == result.to_dict()
    assert dict(again.params) == dict(result.params)
    for key, table in result.tables.items():
        assert_same(again.tables[key].rows, table.rows)


@pytest.mark.parametrize(
    "frame",
    [pytest.param("closed", marks=pytest.mark.slow), "forecast", pytest.param("hostile", marks=pytest.mark.slow)],
)
@every_fourth_daily
def test_order_of_rows_does_not_matter_and_is_left_alone(name: str, frame: str) -> None:
    with left_as_it_was(shuffled_cohort_of(frame)):
        shuffled = shuffled_answer_of(name, frame)
    assert as_json(shuffled) == as_json(answer_of(name, frame))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        # Refused at once; the others are worked out in full, which takes long.
        pytest.param(name, kind, marks=suite_of(name, kind) if kind in entry.frames else [])
        for kind in ("closed", "forecast", "late_stage", "first_forecast")
        for name, entry in OF_NAMES.items()
    ],
)
def test_frames_an_analysis_does_not_claim_are_refused(name: str, kind: str) -> None:
    assert cohort_of(kind).kind == kind
    result = answer_of(name, kind)
    assert (result.status == "refused") == (kind not in OF_NAMES[name].frames)


# ---------------------------------------------------------------- what may go out


@every_analysis_in_every_frame
def test_words_are_plain_and_claim_no_cause(name: str, frame: str) -> None:
    for text in sentences(answer_of(name, frame)):
        assert not TERMS.search(text), text
        assert not CAUSES.search(text), text
        assert not EMPTY_WORDS.search(text), text


@all_frames
@every_analysis
def test_units_and_intervals_are_declared(name: str, frames_of: Frames) -> None:
    for frame in frames_of(name):
        for table in answer_of(name, frame).tables.values():
            declared = {column.name: column for column in table.columns}
            for column in table.columns:
                assert column.label.strip() and (column.label[0].isupper() or not column.shown)
                for bound in (column.low, column.high):
                    assert not bound or declared[bound].unit == column.unit
                if column.role == "money":
                    assert column.unit == cohort_of(frame).currency
                if column.role == "count":
                    assert table.rows[column.name].dtype in ("int64", "Int64")
                if column.role in ("estimate", "money"):
                    assert table.rows[column.name].dtype == "float64"
                if column.unit == "share":
                    known = table.rows[column.name].dropna()
                    assert known.between(0, 1).all(), column.name
                if column.low and column.high:
                    rows = table.rows.dropna(subset=[column.name, column.low, column.high])
                    assert (rows[column.low] <= rows[column.name]).all()
                    assert (rows[column.name] <= rows[column.high]).all()


@pytest.mark.parametrize("frame", [pytest.param("closed", marks=pytest.mark.thorough), "forecast"])
@every_analysis
def test_names_stand_only_in_columns_of_their_role(name: str, frame: str) -> None:
    result, names = answer_of(name, frame), names_of(frame)
    for table in result.tables.values():
        assert not set(texts(table, IDENTIFYING, among=False)) & names
        for text in (table.title, *(column.label for column in table.columns)):
            assert not any(each in text for each in names)
    for text in (*result.caveats, *result.what_is_missing):
        assert not any(each in text for each in names)


@pytest.mark.parametrize(
    "audience", [pytest.param(each, marks=[] if each in DAILY_READERS else pytest.mark.thorough) for each in AUDIENCES]
)
@every_analysis
def test_redacted_tables_still_make_a_sentence_without_the_names(name: str, audience: str) -> None:
    answers = {frame: answered(name, frame) for frame in ("hostile", "one deal", "forecast")}
    # What stands in for a refusal is the forecast frame's own answer, and looked at once.
    for answer, frame in {id(answer): (answer, frame) for frame, answer in answers.items()}.values():
        result = withhold(answer, **AUDIENCES[audience])
        withheld = {each for each in names_of(frame) if len(each) > 1}
        if audience == "client":
            withheld -= set(RIVALS) | set(HOSTILE)
        for each in (result, OF_NAMES[name].restore(as_json(result))):
            headline = each.headline
            assert headline.endswith(".") and headline.isprintable(), frame
            assert not EMPTY_WORDS.search(headline) and "unknown" not in headline, frame
            assert not any(hidden in headline for hidden in withheld), frame
        for table in result.tables.values():
            hidden = set(texts(table, AUDIENCES[audience]["roles"], among=True))
            assert hidden <= {AUDIENCES[audience]["name"]}, frame


@pytest.mark.parametrize("frame", [pytest.param("closed", marks=pytest.mark.thorough), "forecast"])
@every_analysis
def test_no_figure_is_left_in_the_sentence_once_all_are_withheld(name: str, frame: str) -> None:
    result = withhold(answered(name, frame), **AUDIENCES["nothing left"])
    figures = {
        f"{column.name}" for table in result.tables.values() for column in table.columns if column.role in NUMBERS
    }
    if figures:
        assert not re.search(r"\d", result.headline.replace(cohort_of(frame).focus.label, ""))


@pytest.mark.parametrize(
    ("name", "audience"),
    [
        # Every other one is drawn without any figure; what outsiders get is drawn in test_shared as well.
        pytest.param(name, audience, marks=marks[place % 2])
        for audience, marks in (
            ("everyone", [pytest.mark.thorough] * 2),
            ("client", [pytest.mark.slow] * 2),
            ("outside", [pytest.mark.thorough, pytest.mark.slow]),
            ("nothing left", [pytest.mark.slow, ()]),
        )
        for place, name in enumerate(entry.name for entry in EVERY if entry.draw)
    ],
)
def test_picture_is_drawn_from_redacted_tables(name: str, audience: str) -> None:
    result = answer_of(name, "forecast")
    if audience != "everyone":
        result = withhold(result, **AUDIENCES[audience])
    axes = Figure().add_subplot()
    assert result.plot(axes) is axes
    assert axes.has_data() or axes.texts or axes.patches
    written = " ".join(text.get_text() for text in axes.findobj(match=lambda artist: hasattr(artist, "get_text")))
    assert not EMPTY_WORDS.search(written)
    if audience in ("outside", "nothing left"):
        assert not any(each in written for each in names_of("forecast"))


@crossed([entry.name for entry in EVERY if entry.draw], DRAWN)
def test_picture_is_drawn_in_every_frame(name: str, frame: str) -> None:
    axes = Figure().add_subplot()
    answer = answer_of(name, frame)
    # It is drawn before the gate has decided on the tests of a report, and shows nothing of them.
    answer.replace(tables={key: table for key, table in answer.tables.items() if key != TESTS}).plot(axes)
    assert axes.has_data() or axes.texts or axes.patches


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.thorough if place % 3 else [])
        for place, name in enumerate(entry.name for entry in EVERY if entry.draw)
    ],
)
def test_hostile_names_are_rendered_as_text(name: str) -> None:
    figure = Figure(figsize=(8, 4))
    axes = figure.add_subplot()
    answered(name, "hostile").plot(axes)
    FigureCanvasAgg(figure).draw()


@every_analysis
def test_hostile_names_are_escaped_in_a_notebook(name: str) -> None:
    html = answered(name, "hostile")._repr_html_()
    assert "<script>alert" not in html and "<svg onload" not in html


@all_frames
@every_analysis
def test_refusal_draws_its_sentence(name: str, frames_of: Frames) -> None:
    refusals = [answer_of(name, frame) for frame in frames_of(name) if answer_of(name, frame).status == "refused"]
    for result in refusals[:1]:
        axes = Figure().add_subplot()
        result.plot(axes)
        assert [text.get_text() for text in axes.texts] == [result.headline]


def test_the_frames_cover_answers_and_refusals() -> None:
    """The contract is only as good as its frames: each analysis must answer in some of them."""
    never_refused = {"quarter_outcome", "loss_destination", "rows_used", "readiness", "not_understood"}
    never_refused |= {"impossible_dates", "unused_categories", "claims_scoreboard"}
    for entry in EVERY:
        frames = sorted(MADE, key=lambda frame: not is_daily(entry.name, frame))
        assert any(answer_of(entry.name, frame).status == "ok" for frame in frames), entry.name
        if entry.name not in never_refused:
            assert any(answer_of(entry.name, frame).status == "refused" for frame in frames), entry.name


def test_analysis_type_is_the_one_of_the_registry() -> None:
    assert all(isinstance(entry, Analysis) for entry in EVERY)
