"""A result is plain data: it survives JSON, and its sentence and picture are made of its tables alone."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from postmortem.result import FORMAT_VERSION, MIME, ROWS_IN_NOTEBOOK, Column, Result, Table, refused

SERIES = {
    "str": pd.Series(["a", None, '<b>"&'], dtype="str"),
    "string": pd.Series(["a", None, "\u202e🙂"], dtype="string"),
    "float64": pd.Series([1.5, None, -0.1 - 0.2]),
    "Float64": pd.Series([1.5, None, 2], dtype="Float64"),
    "int64": pd.Series([1, -(2**62), 3]),
    "int32": pd.Series([1, 2, 3], dtype="int32"),
    "uint8": pd.Series([1, 2, 255], dtype="uint8"),
    "Int64": pd.Series([1, None, 3], dtype="Int64"),
    "bool": pd.Series([True, False, True]),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "datetime64[us]": pd.Series(["2025-01-01", None, "2025-02-01T10:11:12.123456"], dtype="datetime64[us]"),
    "datetime64[ns]": pd.Series(["2025-01-01", None, "2025-02-01T10:11:12.123456789"], dtype="datetime64[ns]"),
    "datetime64[us, UTC]": pd.Series(["2025-10-26T00:30Z", None, "2025-02-01T10:11Z"], dtype="datetime64[us, UTC]"),
    "datetime64[us, Europe/Berlin]": pd.Series(
        ["2025-10-26T00:30Z", "2025-10-26T01:30Z", None], dtype="datetime64[us, UTC]"
    ).dt.tz_convert("Europe/Berlin"),
}
REFUSED = {
    "object": pd.Series([1, "a", None], dtype="object"),
    "category": pd.Series(["a", "b", "a"], dtype="category"),
    "timedelta": pd.Series(pd.to_timedelta([1, 2, 3], unit="D")),
    "period": pd.Series(pd.period_range("2025-01", periods=3, freq="M")),
    "complex": pd.Series([1j, 2j, 3j]),
    "infinity": pd.Series([1.0, np.inf, None]),
    "masked infinity": pd.Series([1.0, -np.inf, None], dtype="Float64"),
}


def through_json(data):
    """Write and read JSON the way notebooks do, which sort keys."""
    return json.loads(json.dumps(data, allow_nan=False, sort_keys=True))


def table(rows: pd.DataFrame, title: str = "Title", **options) -> Table:
    return Table(rows, tuple(Column(name, "label", str(name)) for name in rows.columns), title, **options)


def headline(tables) -> str:
    return f"{int(tables['shares'].rows['n'].sum())} deals were lost."


def draw(tables, ax) -> None:
    ax.bar(tables["shares"].rows["to"], tables["shares"].rows["n"])


@pytest.fixture
def result() -> Result:
    """Make an answer with two tables."""
    shares = Table(
        rows=pd.DataFrame({
            "to": pd.Series(["rival", "nobody"], dtype="str"), "n": [3, 4], "share": [3 / 7, 4 / 7],
            "low": [0.1, 0.2], "high": [0.8, 0.9], "suppressed": [False, False],
        }),
        columns=(
            Column("to", "competitor", "To whom"),
            Column("n", "count", "Deals"),
            Column("share", "estimate", "Share", unit="share", low="low", high="high"),
            Column("low", "estimate", "low", shown=False),
            Column("high", "estimate", "high", shown=False),
            Column("suppressed", "label", "Withheld", shown=False),
        ),
        title="Where losses went",
    )  # fmt: skip
    return Result(
        analysis="loss_destination",
        question="To whom were deals lost?",
        tables={"shares": shares, "all": table(pd.DataFrame({"deal": pd.Series(["D1"], dtype="str")}), detail=True)},
        caveats=("7 deals are few.",),
        n_in=10,
        n_used=7,
        params={"by": None, "confidence": 0.95},
        method="Wilson intervals.",
        headline_of=headline,
        draw_on=draw,
    )


@pytest.fixture
def axes():
    """Draw on a figure that no window and no registry knows."""
    return Figure().subplots()


@pytest.mark.parametrize("dtype", SERIES)
def test_a_column_of_any_dtype_survives_json(dtype):
    rows = pd.DataFrame({"first": SERIES[dtype], "n": [1, 2, 3]})
    assert str(rows["first"].dtype) == dtype
    back = Table.from_dict(through_json(table(rows).to_dict()))
    pd.testing.assert_frame_equal(back.rows, rows)


@pytest.mark.parametrize("dtype", SERIES)
def test_a_table_without_rows_keeps_its_dtypes(dtype):
    rows = pd.DataFrame({"first": SERIES[dtype].iloc[:0]})
    pd.testing.assert_frame_equal(Table.from_dict(through_json(table(rows).to_dict())).rows, rows)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_would_not_survive_json_is_refused_when_the_table_is_made(kind):
    with pytest.raises(ValueError, match=r"\['first'\].*JSON"):
        table(pd.DataFrame({"first": REFUSED[kind], "n": [1, 2, 3]}))


@pytest.mark.parametrize("names", [("n", "to"), ("to",), ("to", "n", "more"), ("to", "m")])
def test_columns_are_declared_all_of_them_and_in_order(names):
    rows = pd.DataFrame({"to": pd.Series(["a"], dtype="str"), "n": [1]})
    with pytest.raises(ValueError, match="declared"):
        Table(rows, tuple(Column(name, "label", name) for name in names), "Title")


def test_rows_are_had_as_dictionaries_one_by_one_and_by_key(result):
    shares = result.tables["shares"]
    assert shares.first["to"] == "rival"
    assert [record["n"] for record in shares.records] == [3, 4]
    assert shares.keyed("to")["nobody"]["n"] == 4
    assert shares.column("share").low == "low"


def test_everything_survives_json_and_a_second_time_nothing_changes(result):
    data = through_json(result.to_dict())
    back = Result.from_dict(data, headline=headline, draw=draw)
    assert through_json(back.to_dict()) == data
    assert list(back.tables) == ["shares", "all"]
    for name, original in result.tables.items():
        pd.testing.assert_frame_equal(back.tables[name].rows, original.rows)
        assert back.tables[name].columns == original.columns
        assert (back.tables[name].title, back.tables[name].detail) == (original.title, original.detail)
    for name in ("analysis", "question", "status", "caveats", "n_in", "n_used", "method", "what_is_missing", "unlock"):
        assert getattr(back, name) == getattr(result, name)
    assert dict(back.params) == dict(result.params)


def test_a_result_read_back_says_and_draws_the_same(result, axes):
    back = Result.from_dict(through_json(result.to_dict()), headline=headline, draw=draw)
    assert back.headline == result.headline == "7 deals were lost."
    assert [bar.get_height() for bar in back.plot(axes).patches] == [3, 4]


def test_another_version_of_the_format_is_refused(result):
    data = {**result.to_dict(), "version": FORMAT_VERSION + 1}
    with pytest.raises(ValueError, match="format"):
        Result.from_dict(data)
    with pytest.raises(ValueError, match="format"):
        Result.from_dict({})


def redacted(result: Result) -> Result:
    """Return the result with one row taken out, as before sharing."""
    shares = result.tables["shares"]
    fewer = Table(shares.rows.iloc[:1], shares.columns, shares.title)
    return result.replace(tables={**result.tables, "shares": fewer})


def test_sentence_and_picture_follow_the_tables(result, axes):
    less = redacted(result)
    assert less.headline == "3 deals were lost."
    assert [bar.get_height() for bar in less.plot(axes).patches] == [3]
    assert result.headline == "7 deals were lost."


def test_without_a_sentence_of_its_own_a_result_shows_its_question(result):
    assert result.replace(headline_of=None).headline == "To whom were deals lost?"


def test_a_refused_result_says_what_it_would_take_and_never_asks_its_functions(axes):
    def never(*_):
        raise RuntimeError("a refused result has nothing to say")

    no = refused("x", "Why?", "7 of the 25 interviews needed", "a history", unlock="Run interviews.", n_in=7)
    no = no.replace(headline_of=never, draw_on=never)
    assert no.status == "refused"
    assert no.headline == "Not answered yet: 7 of the 25 interviews needed; a history."
    assert not no.has_picture
    assert [text.get_text() for text in no.plot(axes).texts] == [no.headline]
    back = Result.from_dict(through_json(no.to_dict()))
    assert (back.headline, back.unlock, back.n_in, back.n_used) == (no.headline, "Run interviews.", 7, 0)


@pytest.mark.parametrize("text", ["amounts in $ and in $", r"$\frac{", "_^", "a\nb"])
def test_a_refusal_is_drawn_as_it_is_written(text):
    figure = Figure()
    ax = refused("x", "Why?", text).plot(figure.subplots())
    figure.canvas.draw()
    assert text in ax.texts[0].get_text()


def test_a_picture_is_drawn_on_the_axes_given_or_on_new_ones(result, axes):
    assert result.plot(axes) is axes
    made = result.plot()
    assert made is not axes
    assert len(made.patches) == 2
    plt.close(made.figure)


def test_a_result_cannot_be_changed_by_whoever_is_handed_it(result):
    with pytest.raises(TypeError):
        result.tables["shares"] = result.tables["all"]
    with pytest.raises(TypeError):
        result.params["by"] = "team"
    with pytest.raises(AttributeError):
        result.status = "refused"


def test_a_result_keeps_its_tables_when_the_mapping_it_was_given_changes(result):
    tables = dict(result.tables)
    made = result.replace(tables=tables)
    tables.clear()
    assert list(made.tables) == ["shares", "all"]


class Seen(HTMLParser):
    """Collects tags, and the text that people see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        if self.tags and self.tags[-1] != "style":
            self.text += data


def test_a_notebook_gets_text_for_logs_html_for_people_and_json_for_the_driver(result):
    bundle = result._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", MIME}
    assert bundle["text/plain"] == result.headline
    assert Result.from_dict(through_json(bundle[MIME]), headline=headline).headline == result.headline
    assert bundle[MIME]["version"] == FORMAT_VERSION
    seen = Seen()
    seen.feed(bundle["text/html"])
    for text in ("7 deals were lost.", "Where losses went", "To whom", "43%", "10–80%", "7 deals are few.", "Wilson"):
        assert text in seen.text
    assert "low" not in seen.text
    assert seen.tags.count("details") == 2


def test_hostile_text_in_a_result_is_shown_and_never_run(result):
    hostile = "</table><script>alert(1)</script>"
    rows = pd.DataFrame({"first": pd.Series([hostile], dtype="str")})
    bad = Table(rows, (Column("first", "account", hostile),), hostile)
    said = result.replace(tables={"bad": bad}, caveats=(hostile,), method=hostile, headline_of=lambda tables: hostile)
    seen = Seen()
    seen.feed(said._repr_html_())
    assert "script" not in seen.tags
    assert seen.text.count(hostile) == 6


def test_a_long_table_is_cut_in_a_notebook_and_whole_in_json(result):
    long = table(pd.DataFrame({"n": range(ROWS_IN_NOTEBOOK + 5)}))
    shown = result.replace(tables={"long": long}, headline_of=None)
    seen = Seen()
    seen.feed(shown._repr_html_())
    assert seen.tags.count("td") == ROWS_IN_NOTEBOOK
    assert "5 further rows" in seen.text
    assert len(shown.to_dict()["tables"]["long"]["rows"]["n"]) == ROWS_IN_NOTEBOOK + 5


def test_a_result_in_a_notebook_takes_the_colours_of_whatever_theme_is_around_it(result):
    (style,) = re.findall(r"<style>(.*?)</style>", result._repr_html_(), re.DOTALL)
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    assert not re.findall(r"(?<!, )#[0-9a-f]{3,6}|\brgb|: *(?:white|black)", style)
    rules = re.findall(r"([^{}]+){", style)
    assert all(part.strip().startswith(".postmortem-result") for rule in rules for part in rule.split(","))


def test_a_refused_result_shows_itself_in_a_notebook():
    bundle = refused("x", "Why?", "a history")._repr_mimebundle_()
    assert bundle["text/plain"] == "Not answered yet: a history."
    assert "Not answered yet: a history." in bundle["text/html"]
    assert bundle[MIME]["tables"] == {}
