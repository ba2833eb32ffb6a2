"""The page and the figures the tool quotes are those of a rerun."""

from __future__ import annotations

import tomllib

import pytest

notes = pytest.importorskip("benchmarks.notes", reason="benchmarks are part of the repository, not of the package")


def test_page_and_quoted_figures_agree_with_a_rerun() -> None:
    page, quoted = notes.page()
    assert notes.PAGE.read_text(encoding="utf-8") == page
    assert notes.MEASURED.read_text(encoding="utf-8") == quoted


def test_what_is_quoted_is_counted_again_from_the_page() -> None:
    quoted = tomllib.loads(notes.MEASURED.read_text(encoding="utf-8"))
    page = notes.PAGE.read_text(encoding="utf-8").split("by the phrases that tuning notes hold")[1]
    assert f"| codes: precision | {quoted['right']} of {quoted['made']} |" in page.split("##")[0]
    assert f"| codes: recall | {quoted['right']} of {quoted['wanted']} |" in page.split("##")[0]


def test_a_page_says_that_the_notes_are_invented_and_no_independent_test() -> None:
    page = notes.PAGE.read_text(encoding="utf-8")
    assert "**The notes are invented.**" in page and "no independent test" in page
