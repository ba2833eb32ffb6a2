"""The page of a notebook that stopped says what and where in words, and shows what the kernel told, escaped."""

from __future__ import annotations

import pytest
from hostile import HOSTILE

from postmortem.report.notebooks.execute import brief
from postmortem.report.pages.failure import failure_page
from postmortem.report.pages.pages import About

TOLD = About("Orrery", "2025Q3", "30 deals", "2025-10-06", "30 rows read", "", "", "")


def test_an_error_in_a_cell_is_named_with_its_trace() -> None:
    html = failure_page("90-plan", "cell 3: ValueError: no plan\n\n\x1b[31mValueError\x1b[39m: no plan", TOLD)
    assert "<h2>Cell 3: ValueError: no plan</h2>" in html
    assert ">ValueError: no plan</pre>" in html
    assert "cell named above" in html and 'href="../index.html"' in html


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("DeadKernelError: Kernel died", "Its process was killed, often for want of memory"),
        ("CellTimeoutError: A cell timed out while it was being executed", "A cell took longer than it may"),
    ],
)
def test_what_ends_a_notebook_from_outside_is_told_in_words(error: str, words: str) -> None:
    html = failure_page("90-plan", error, TOLD)
    assert f"<h2>{words}</h2>" in html and error in html
    assert "see which cell takes" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_is_shown_and_never_run_and_stands_on_no_other_page(text: str) -> None:
    error = f"cell 3: ValueError: {text}"
    html = str(failure_page("90-plan", error, TOLD))
    assert not [mark for mark in ("<script", "<img", "<svg", "<iframe") if mark in html]
    assert brief(error) == "cell 3: ValueError"
