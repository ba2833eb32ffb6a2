"""Pages show whatever text the data hold, and carry nothing that runs or is fetched."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from hostile import HOSTILE
from matplotlib.axes import Axes

from postmortem.ground.config import build_config
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.blocks import anchor, answer, prose
from postmortem.report.pages.front import front_page
from postmortem.report.pages.pages import About, Link, links, page
from postmortem.result import Column, Gap, Result, Table, Tables, refused

ABOUT = About("Acme", "2025Q3", "2 deals closed in 2025Q3", "2025-10-06", "2 rows read, 0 set aside", "p", "", "")
NOTEBOOK = Notebook("01-quarter-overview", "The quarter at a glance", Path("01.ipynb"), ())
ALLOWED_TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "p", "h1", "h2", "h3", "nav", "a", "main", "footer",
    "div", "section", "article", "ol", "ul", "li", "dl", "dt", "dd", "figure", "img", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "span", "details", "summary", "strong", "em", "code", "wbr", "aside",
}  # fmt: skip


class Seen(HTMLParser):
    """Collects tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def result_of(text: str, **changes: object) -> Result:
    frame = pd.DataFrame({"who": pd.Series([text, "plain"], dtype="str"), "n": [1, 2]})
    table = Table(frame, (Column("who", "account", text), Column("n", "count", "Deals")), text)
    made = Result(
        "costliest_losses", text, {"losses": table}, caveats=(text,), method=text, n_in=2, n_used=2,
        headline_of=lambda tables: str(tables["losses"].rows["who"].iloc[0]),
    )  # fmt: skip
    return made.replace(**changes)


def shown(result: Result, text: str = "prose") -> str:
    return page(NOTEBOOK, Harvest((text, result), ()), ABOUT, [Link(NOTEBOOK.name, text, "x.html")])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_place_makes_no_element_and_no_attribute(text: str) -> None:
    seen = Seen(shown(result_of(text), text))
    assert set(seen.tags) <= ALLOWED_TAGS
    assert not [entry for entry in seen.attributes if entry[1].startswith("on") or entry[1] in ("srcset", "action")]
    addresses = [value for _, name, value in seen.attributes if name in ("href", "src")]
    own = r"#[a-z0-9-]*|[\w.-]+\.html(#[a-z0-9-]+)?|data:image/(svg\+xml|png);base64,.*"
    assert all(re.fullmatch(own, address) for address in addresses)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_on_the_front_page_is_only_text(text: str) -> None:
    from builders import closed, deal, make_book

    cohort = closed(make_book([deal(1, "won", "2025-08-01", account_name=text), deal(2, "lost", "2025-08-02")]))
    about = About(text, text, text, text, text, text, text, text)
    html = front_page([(NOTEBOOK, Harvest((result_of(text),), ()))], about, cohort, [], failures=[text])
    assert set(Seen(html).tags) <= ALLOWED_TAGS


def test_guesses_stand_on_the_front_page_in_one_table_and_where_nobody_guessed_nothing_does() -> None:
    from builders import closed, deal, make_book

    from postmortem.findings.guesses_against_facts import guesses_against_facts

    deals = [deal(1, "lost", "2025-08-01", lost_to_recorded="competitor"), deal(2, "lost", "2025-08-02")]
    guess = {"quarter": "2025Q3", "rater_id": "<b>CEO</b>", "question": "share_lost_to_competitor", "value": "0.3"}
    cohort = closed(make_book(deals, guesses=[guess]))
    html = front_page([(NOTEBOOK, Harvest((guesses_against_facts(cohort),), ()))], ABOUT, cohort, [])
    (shown,) = re.findall(r'<section class="losses" id="guessed">.*?</section>', html, re.DOTALL)
    assert "Lost to a competitor: guessed 30%, on record 50–100%." in shown
    assert shown.count("<table") == 1 and "<b>CEO" not in html
    assert "1 of 1 guess sealed only after the quarter had ended" in shown
    cohort = closed(make_book(deals))
    html = front_page([(NOTEBOOK, Harvest((guesses_against_facts(cohort),), ()))], ABOUT, cohort, [])
    assert "guess" not in html


def test_an_answer_without_a_table_stands_on_the_front_page_by_its_sentence() -> None:
    from builders import closed, deal, make_book

    cohort = closed(make_book([deal(1, "won", "2025-08-01")]))
    bare = Result("their_own_question", "Q?", {}, headline_of=lambda _: "A sentence without a table.")
    html = front_page([(NOTEBOOK, Harvest((bare,), ()))], ABOUT, cohort, [])
    assert "A sentence without a table." in html


def test_a_table_without_rows_leaves_no_heading() -> None:
    column = Column("who", "account", "Customer")
    frame = pd.DataFrame({"who": pd.Series(["Acme"], dtype="str")})
    tables = {"full": Table(frame, (column,), "Somebody"), "empty": Table(frame.head(0), (column,), "Nobody")}
    html = shown(Result("costliest_losses", "Q?", tables, headline_of=lambda _: "One."))
    assert "Somebody" in html and "Nobody" not in html


def test_a_page_has_the_strict_policy_and_no_script() -> None:
    html = shown(result_of("Acme"))
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html.replace("&#39;", "'")
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_a_refusal_is_shown_as_what_cannot_be_said_yet_and_not_as_an_error() -> None:
    result = refused("forecast_waterfall", "Where is the gap?", "7 of the 25 interviews needed", method="By counting.")
    html = shown(result)
    assert "Missing: 7 of the 25 interviews needed." in html
    assert "By counting." in html and 'id="forecast-waterfall"' in html
    assert "rror" not in html.split("<main>")[1]


def test_a_page_gathers_its_refusals_by_what_unlocks_them_and_keeps_the_text_above_its_answers() -> None:
    history = {"unlock": "export the history", "gap": Gap("at once", "Reports")}
    blocks = (
        "# Title\n\nWhat this is about.",
        "## First\n\nGone with its question.", refused("a", "First?", "the forecast", **history),
        "## Second", result_of("Acme"), refused("b", "Second?", "the stages", **history),
        "## Third", refused("c", "Third?", "7 of 10 losses"),
    )  # fmt: skip
    html = page(NOTEBOOK, Harvest(blocks, ()), ABOUT, [])
    box = html.split('id="not-yet"')[1].split("</section>")[0]
    assert re.findall(r'id="(\w+)">(?:<span class="heading">(\w+)</span>)?(.*?)</dt>', box) == [
        ("a", "First", "First?"), ("b", "Second", "Second?"), ("c", "Third", "Third?"),
    ]  # fmt: skip
    assert box.count("Export the history.") == 1
    assert "What this is about." in html and "<h2>Second</h2>" in html
    assert "Gone with its question." not in html and "<h2>Third</h2>" not in html
    contents = html.split('class="contents"')[1].split("</section>")[0]
    assert re.findall(r'href="#([\w-]+)">(.*?)</a>', contents) == [
        ("costliest-losses", "Second"), ("not-yet", "What we cannot say yet (3 questions)"),
    ]  # fmt: skip


def test_a_refusal_that_has_something_to_show_keeps_its_place() -> None:
    shown_so_far = result_of("Acme").tables
    html = page(NOTEBOOK, Harvest((refused("a", "Q?", "more", tables=shown_so_far),), ()), ABOUT, [])
    assert "Not answered yet: more." in html and 'id="not-yet"' not in html


def test_caveats_are_footnotes_of_their_answer() -> None:
    html = shown(result_of("Acme", caveats=("First.", "Second.")))
    marks = re.findall(r'href="#(costliest-losses-note-\d)"', html)
    assert marks == re.findall(r'<li id="(costliest-losses-note-\d)">', html)
    assert len(marks) == 2


def test_a_withheld_cell_looks_withheld_and_the_word_alone_does_not() -> None:
    frame = pd.DataFrame({"who": pd.Series([None, "withheld"], dtype="str"), "suppressed": [True, False]})
    table = Table(frame, (Column("who", "account", "Who"), Column("suppressed", "label", "s", shown=False)), "Two")
    html = shown(Result("costliest_losses", "Q?", {"t": table}))
    assert re.findall(r'<td class="([\w ]+)">withheld', html) == ["s withheld", "s"]


def test_a_picture_of_thousands_of_marks_becomes_a_png_where_that_is_smaller() -> None:
    def draw(tables: Tables, axes: Axes) -> None:
        n = len(tables["t"].rows)
        axes.scatter(range(n), range(n))

    def drawn(n: int) -> Result:
        table = Table(pd.DataFrame({"n": range(n)}), (Column("n", "count", "Deals"),), "Many")
        return Result("costliest_losses", "Q?", {"t": table}, draw_on=draw)

    few, many = (answer(drawn(n)).picture for n in (5, 5000))
    assert few.uri.startswith("data:image/svg+xml;") and many.uri.startswith("data:image/png;")
    assert few.width == many.width
    header = base64.b64decode(many.uri.split(",")[1])[16:24]
    assert int.from_bytes(header[:4]) == pytest.approx(2 * many.width, abs=2)


def test_a_refusal_says_where_the_rest_is_found_and_by_when() -> None:
    gap = Gap("11 more: 2026Q2, at 4 a quarter", "talks with buyers", 7, 25, 4.0)
    html = shown(
        refused("forecast_waterfall", "Q?", "7 of the 25 interviews needed", unlock="hold interviews", gap=gap)
    )
    said = [
        html.index(text) for text in ("Hold interviews.", "Where: talks with buyers.", "By when: 11 more: 2026Q2, at 4")
    ]
    assert said == sorted(said)


def test_the_front_page_names_each_remedy_once_with_all_it_unlocks() -> None:
    from builders import closed, deal, make_book

    history = {"unlock": "export the history", "gap": Gap("at once", "Reports")}
    results = (
        refused("a", "First?", "the forecast", **history),
        refused("b", "Second?", "the stages", **history),
        refused("c", "Second?", "7 of 10 losses", unlock="fill in the field", gap=Gap("2026Q1", "a picklist")),
        refused("d", "Third?", "something else"),
    )
    cohort = closed(make_book([deal(1, "won", "2025-08-01")]))
    html = front_page([(NOTEBOOK, Harvest(results, ()))], ABOUT, cohort, [])
    box = html.split('id="not-yet"')[1].split("</section>")[0]
    assert box.count("Export the history.") == box.count("Where: Reports.") == box.count("Fill in the field.") == 1
    blocks = [re.findall(r"<dt>(.*?)</dt>", block) for block in box.split("<div>")[1:]]
    assert blocks == [["First?", "Second?"], ["Second?"], ["Third?"]]
    assert "Missing: the stages." in box and "By when: 2026Q1." in box


def test_a_page_of_refusals_only_is_not_linked() -> None:
    nothing = Harvest((refused("forecast_waterfall", "Q?", "history"),), ())
    something = Harvest((result_of("Acme"),), ())
    other = Notebook("02-other", "Other", Path("02.ipynb"), ())
    assert [link.name for link in links([(NOTEBOOK, nothing), (other, something)])] == ["02-other"]


def test_long_tables_are_cut_on_the_page_and_counted() -> None:
    frame = pd.DataFrame({"n": range(450)})
    table = Table(frame, (Column("n", "count", "Deals"),), "Many")
    block = answer(Result("costliest_losses", "Q?", {"t": table}))
    assert len(block.tables[0].rows) == 200
    assert block.tables[0].left_out == 250


def test_an_anchor_is_a_plain_word_whatever_the_parameters() -> None:
    result = Result("loss_share", "Q?", {}, params={"by": '"><b>seg ment'})
    assert re.fullmatch(r"[a-z0-9-]+", anchor(result))


def test_prose_leaves_out_the_first_heading_because_the_title_says_it() -> None:
    assert prose("# Title") is None
    made = prose("# Title\n\nWords.")
    assert made is not None
    assert made.html == "<p>Words.</p>\n"


def test_footer_lines_come_from_the_configuration(tmp_path: Path) -> None:
    from builders import closed, deal, make_book

    from postmortem.report.pages.pages import about

    config = build_config({"report": {"prepared_by": "Jo & Co", "confidentiality": "For Acme only"}}, tmp_path)
    told = about(closed(make_book([deal(1, "won", "2025-08-01")])), config)
    assert (told.prepared_by, told.confidentiality) == ("Jo & Co", "For Acme only")
    assert told.deals == "1 deal closed in 2025Q3"


def test_a_page_about_open_deals_alone_names_their_quarter(tmp_path: Path) -> None:
    """The report is about 2025Q3; the deals open on 6 October are of the quarter after it."""
    from builders import closed, deal, make_book

    from postmortem.report.pages.pages import about

    told = about(closed(make_book([deal(1, "won", "2025-08-01")])), build_config({}, tmp_path))
    watched, lost = (Result(name, "Q?", {}, headline_of=lambda _: "One.") for name in ("watchlist", "costliest_losses"))
    alone = page(NOTEBOOK, Harvest((watched,), ()), told, [])
    assert "Open deals forecast for 2025Q4 ·" in alone and "closed in 2025Q3" not in alone
    beside = page(NOTEBOOK, Harvest((watched, lost), ()), told, [])
    assert "1 deal closed in 2025Q3 ·" in beside and "2025Q4" not in beside


def test_the_brand_stands_on_every_page(tmp_path: Path) -> None:
    from builders import closed, deal, make_book
    from matplotlib.figure import Figure

    from postmortem.report.pages.pages import about

    Figure(figsize=(4, 2)).savefig(tmp_path / "logo.png", dpi=100)
    brand = {"accent": "#7a1f5c", "logo": "logo.png"}
    config = build_config({"report": {"brand": brand, "prepared_by": "Jo & Co", "confidentiality": "Ours"}}, tmp_path)
    told = about(closed(make_book([deal(1, "won", "2025-08-01")])), config)
    assert (told.look.width, told.look.height) == (88, 44)
    html = page(NOTEBOOK, Harvest((result_of("Acme"),), ()), told, [])
    assert ":root { --accent:#7a1f5c; }" in html
    assert re.search(r"prefers-color-scheme: dark\) { :root { --accent:#[0-9a-f]{6}; } }", html)
    assert html.count('<img class="logo" src="data:image/png;base64,') == 1 and 'alt="Jo &amp; Co"' in html
    assert set(Seen(html).tags) <= ALLOWED_TAGS
