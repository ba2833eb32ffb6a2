"""Markdown that people fill in: text of a CRM stays text, on its line; the engagement's template wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmortem.ground.errors import ConfigError
from postmortem.ground.worksheets import one_line, worksheet


def made(tmp_path: Path, template: str, **values: object) -> str:
    own = tmp_path / "templates/fieldwork"
    own.mkdir(parents=True, exist_ok=True)
    (own / "mine.md.j2").write_text(template, encoding="utf-8")
    return worksheet("mine.md.j2", tmp_path, **values)


@pytest.mark.parametrize(
    ("text", "written"),
    [("<b>x</b>", "\\<b\\>x\\</b\\>"), ("a|b", "a\\|b"), ("one\n# two", "one \\# two"), ("[x](y)", "\\[x\\](y)"),
     ("`*`", "\\`\\*\\`"), ("\u202ex\x07\u200b", "x"), ("{{ 7 }}", "{{ 7 }}"), (5, "5")],
)  # fmt: skip
def test_a_value_is_one_line_of_plain_text(tmp_path: Path, text: object, written: str) -> None:
    assert made(tmp_path, "- {{ value }}", value=text) == f"- {written}"


def test_a_code_of_ours_may_stay_as_it_is(tmp_path: Path) -> None:
    assert made(tmp_path, "{{ value | verbatim }}", value="a*b") == "a*b"


@pytest.mark.parametrize("template", ["{{ missing }}", "{% for %}", "{{ ''.__class__.__mro__ }}", "{% include 'x' %}"])
def test_a_template_that_cannot_be_used_is_named(tmp_path: Path, template: str) -> None:
    with pytest.raises(ConfigError, match=r"templates/fieldwork/mine\.md\.j2 cannot be used"):
        made(tmp_path, template)


def test_one_line_has_no_invisible_characters() -> None:
    assert one_line(" a\r\n\tb\x1b[31m \u2028c ") == "a b[31m c"
