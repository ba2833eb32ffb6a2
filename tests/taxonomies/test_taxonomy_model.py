"""The taxonomy as an object: hierarchy, history and how it shows itself."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser

import pytest

from postmortem.ground.errors import UsageError
from postmortem.taxonomies import Reason, Taxonomy, available, load_taxonomy

HOSTILE = "<script>alert('x')</script> & \"quoted\" {braces} {0}"


def small() -> Taxonomy:
    return Taxonomy(
        "small",
        "2.0",
        "A small one",
        (
            Reason("money", "Money", "All about money.", group=True),
            Reason("price", "Price", "It cost too much.", parent="money", replaces=("too_dear", "pricing_old")),
            Reason("list_price", "List price", "The list price was too high.", parent="price"),
            Reason("other", "Other", "Anything else."),
        ),
    )


def test_hierarchy():
    taxonomy = small()
    assert taxonomy.codes == ("money", "price", "list_price", "other")
    assert taxonomy.assignable == ("price", "list_price", "other")
    assert taxonomy.roots == ("money", "other")
    assert taxonomy.children("money") == ("price",)
    assert taxonomy.children("other") == ()
    assert [taxonomy.root_of(code) for code in taxonomy.codes] == ["money", "money", "money", "other"]
    assert [(depth, reason.code) for depth, reason in taxonomy.walk()] == [
        (0, "money"),
        (1, "price"),
        (2, "list_price"),
        (0, "other"),
    ]


def test_history_is_followed():
    taxonomy = small()
    assert taxonomy.current("too_dear") == "price"
    assert taxonomy.current("price") == "price"
    assert taxonomy.successor("pricing_old") == "price"
    assert taxonomy.successor("never_there") is None


def test_an_unknown_code_is_named_with_the_nearest():
    with pytest.raises(UsageError, match=r"small@2\.0 has no code 'list_prise'") as caught:
        small().reason("list_prise")
    assert "did you mean 'list_price'?" in str(caught.value)
    with pytest.raises(UsageError, match="no code 'list_prise'"):
        small().current("list_prise")
    with pytest.raises(UsageError, match="no code 'list_prise'"):
        small().children("list_prise")


def test_a_replaced_code_is_named_with_its_successor():
    with pytest.raises(UsageError, match="it is called 'price' now"):
        small().reason("too_dear")


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        small().reasons[0].label = "x"


def test_a_circle_of_parents_ends_with_an_error_and_still_shows():
    circle = Taxonomy("circle", "1", "Circle", (Reason("a", "A", "x", parent="b"), Reason("b", "B", "y", parent="a")))
    with pytest.raises(UsageError, match="circle of parents"):
        circle.root_of("a")
    assert [reason.code for _, reason in circle.walk()] == ["a", "b"]
    assert "<code>a</code>" in circle._repr_html_()


def test_stamp_names_every_version_it_rests_on():
    assert small().stamp == "small@2.0"
    assert replace(small(), based_on=("red_zone@1.0",)).stamp == "small@2.0+red_zone@1.0"


class Page(HTMLParser):
    """Collect tags and text the way a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("field", ["label", "definition", "lost_to", "ecosystem", "remedy", "interview_question"])
def test_hostile_text_is_shown_and_never_run(field):
    reason = replace(Reason("some_code", "Label", "Definition."), **{field: HOSTILE})
    page = Page()
    page.feed(Taxonomy("t", "1", "T", (reason,))._repr_html_())
    assert "script" not in page.tags
    assert HOSTILE in "".join(page.words)
    assert page.open == []


def test_hostile_title_code_and_heading_are_escaped():
    taxonomy = Taxonomy(
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (Reason("g", HOSTILE, HOSTILE, group=True), Reason(HOSTILE, "x", "y", parent="g")),
    )
    page = Page()
    page.feed(taxonomy._repr_html_())
    assert "script" not in page.tags
    assert "".join(page.words).count(HOSTILE) == 6


@pytest.mark.parametrize("name", available())
def test_the_table_shows_every_code_once_and_brings_no_colours(name):
    taxonomy = load_taxonomy(name)
    html = taxonomy._repr_html_()
    page = Page()
    page.feed(html)
    assert re.findall("<code>([a-z_]+)</code>", html) == [
        reason.code for _, reason in taxonomy.walk() if not reason.group
    ]
    assert page.tags.count("tr") == 1 + len(taxonomy.codes)
    assert not re.search(
        r"color|background|#[0-9a-fA-F]{3,6}\b|rgb|hsl", " ".join(re.findall(r'style="([^"]*)"', html))
    )
