"""Text becomes HTML in one place, and text that looks like HTML is shown, never run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from postmortem.display import Cell, Written
from postmortem.ground import markup
from postmortem.ground.markup import breakable
from postmortem.report.notebooks.pictures import NO_PICTURE, Picture

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></table><iframe src='https://example.org'>",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- --><style>*{display:none}</style>",
    "&lt;b&gt;&amp;",
    "\u202egnirts desrever\u202c",
]


class Seen(HTMLParser):
    """Collects what a browser would make of a page: tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def seen(html) -> Seen:
    parser = Seen()
    parser.feed(str(html))
    parser.close()
    return parser


def macro(name: str, *arguments) -> str:
    module = markup.environment().get_template("macros.html.j2").module
    return getattr(module, name)(*arguments)


def written(text: str) -> Written:
    return Written(title=text, heads=(Cell(text),), rows=((Cell(text, extra=text),),), left_out=0, detail=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_shows_hostile_text_in_title_head_cell_and_interval_as_it_is(text):
    page = seen(macro("table", written(text)))
    assert set(page.tags) <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"}
    assert page.text.count(text) == 4
    assert {name for name, _ in page.attributes} <= {"class", "scope", "tabindex", "role", "aria-label"}
    assert dict(page.attributes)["aria-label"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_picture_carries_hostile_text_inside_its_alternative_only(text):
    block = {"picture": Picture("data:image/png;base64,AAAA", 10, 10), "headline": text}
    page = seen(macro("picture", block))
    assert page.tags == ["figure", "img"]
    assert dict(page.attributes)["alt"] == text
    assert {name for name, _ in page.attributes} == {"src", "alt", "width", "height", "tabindex"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_block_of_an_answer_escapes_everything_it_is_given(text):
    block = {
        "status": "ok", "anchor": "a", "question": text, "headline": text, "picture": NO_PICTURE,
        "caveats": [text], "unlock": text, "method": text, "used": text, "where": text, "by": text,
        "note": None, "tables": [written(text)],
    }  # fmt: skip
    page = seen(macro("answer", block))
    assert not {"script", "img", "svg", "iframe", "style"} & set(page.tags)
    assert page.text.count(text) == 8 + 4


@pytest.mark.parametrize(
    "text", [*HOSTILE, "line one\nline two", 'a"; } body { display:none } /*', "\\22 ", "Łódź · 東京 🙂"]
)
def test_any_text_is_one_css_string(text):
    written = str(markup.css_text(text))
    assert re.fullmatch(r'"(\\[0-9a-f]+ )*"', written)
    assert "".join(chr(int(number, 16)) for number in re.findall(r"\\([0-9a-f]+) ", written)) == text


def test_an_undefined_name_stops_the_page_instead_of_leaving_a_hole():
    with pytest.raises(UndefinedError):
        markup.render("result.html.j2")


def test_every_template_is_escaped_and_none_switches_it_off():
    environment = markup.environment()
    assert environment.autoescape is True
    for name in environment.list_templates():
        source, _, _ = environment.loader.get_source(environment, name)
        for way_out in ("|safe", "| safe", "autoescape false", "Markup("):
            assert way_out not in source, name


@pytest.mark.parametrize("text", [hostile for hostile in HOSTILE if "<" in hostile])
def test_raw_html_in_markdown_is_shown_as_text(text):
    page = seen(markup.markdown(f"Before {text} after"))
    assert set(page.tags) <= {"p"}
    assert text in page.text


def test_a_block_of_raw_html_in_markdown_is_shown_as_text():
    page = seen(markup.markdown("<div>\n<script>alert(1)</script>\n</div>\n"))
    assert not {"div", "script"} & set(page.tags)
    assert "<script>alert(1)</script>" in page.text


@pytest.mark.parametrize(
    "text",
    [
        "![logo](https://example.org/logo.png)",
        "[here](https://example.org)",
        "[here](javascript:alert(1))",
        "<https://example.org>",
        "<someone@example.org>",
        "https://example.org",
        "[here][1]\n\n[1]: https://example.org",
        "![logo][1]\n\n[1]: https://example.org/logo.png",
    ],
)
def test_markdown_makes_neither_links_nor_images(text):
    page = seen(markup.markdown(text))
    assert not {"a", "img"} & set(page.tags)
    assert not {"href", "src"} & {name for name, _ in page.attributes}


def test_markdown_keeps_what_a_note_needs():
    page = seen(markup.markdown("# Title\n\n- one\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"))
    assert {"h1", "ul", "li", "strong", "table", "th", "td"} <= set(page.tags)
    assert not page.attributes


def test_a_range_of_numbers_is_kept_together_and_copied_as_it_is() -> None:
    told = {
        "+12 points (3–9)": '+12 points <span class="whole">(3–9)</span>',
        "−0.2 (−0.4 to 0.02)": '−0.2 <span class="whole">(−0.4 to 0.02)</span>',
        "12 to 30": '<span class="whole">12 to 30</span>',
        "$1.2M–$3.4M of it": '<span class="whole">$1.2M–$3.4M</span> of it',
        "lost_to_raw, <b>, and 5 too": "lost_<wbr>to_<wbr>raw, &lt;b&gt;, and 5 too",
        "": "",
    }
    for text, html in told.items():
        assert breakable(text) == html
        assert Markup(html).striptags() == text
