"""An engagement's own signals: read from its folder, held to the contract, and faults named by file and line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from asked import RED, book_of, cut, event

from postmortem.ground.errors import PostmortemError
from postmortem.signals import SIGNALS
from postmortem.signals.contract import SignalError, checked
from postmortem.signals.own import engagement_signals

PAGE = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
EXAMPLE = next(block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "SIGNAL = " in block)


@pytest.fixture
def engagement(tmp_path: Path) -> Path:
    (tmp_path / "signals").mkdir()
    return tmp_path


def write(engagement: Path, text: str, name: str = "no_demo.py") -> None:
    (engagement / "signals" / name).write_text(text, encoding="utf-8")


def asked(engagement: Path, **tables):
    signal = engagement_signals(engagement)[-1]
    known, landmarks = cut(book_of(**tables))
    return checked(signal, signal.function(known, landmarks), landmarks).iloc[0]


def test_the_example_of_the_page_works(engagement):
    write(engagement, EXAMPLE)
    signals = engagement_signals(engagement)
    assert signals[:-1] == SIGNALS
    assert (signals[-1].name, signals[-1].origin) == ("no_demo", "no_demo.py")
    assert asked(engagement, history=RED, events=[event("call", "2025-05-02")])["fired"] is True or bool(
        asked(engagement, history=RED, events=[event("call", "2025-05-02")])["fired"]
    )
    assert not asked(engagement, history=RED, events=[event("demo", "2025-05-02")])["fired"]


def test_without_a_folder_there_are_those_of_the_package(tmp_path):
    assert engagement_signals(tmp_path) == SIGNALS


def test_files_with_an_underscore_are_left_out(engagement):
    write(engagement, "raise ValueError", "_shared.py")
    assert engagement_signals(engagement) == SIGNALS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "holds no signal"),
        ("x = 1\ny = x / 0\n", "ZeroDivisionError"),
        ("x = 1\ny = x / 0\n", "no_demo.py line 2"),
        ("def (:\n", "SyntaxError"),
        (EXAMPLE.replace('"no_demo"', '"No demo"'), "snake_case"),
        (EXAMPLE.replace('"no_demo"', '"pushed_twice"'), "Two signals have one name"),
        (EXAMPLE.replace('("events",)', '("event",)'), "there is no table 'event'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(engagement, text, words):
    write(engagement, text)
    with pytest.raises(SignalError, match=re.escape(words)) as raised:
        engagement_signals(engagement)
    assert "no_demo.py" in raised.value.message
    assert isinstance(raised.value, PostmortemError)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    landmarks['fired'] = 1", "changes what it is given"),
        ("    book.deals['outcome'] = 'won'", "changes what it is given"),
        ("    book.deals['no such column']", "KeyError"),
        ("    return landmarks", "columns of a signal"),
    ],
)
def test_a_detector_that_breaks_the_contract_is_named(engagement, line, words):
    write(
        engagement,
        EXAMPLE.replace('    events = book.table("events")\n', f'{line}\n    events = book.table("events")\n'),
    )
    with pytest.raises(SignalError, match=words) as raised:
        asked(engagement, history=RED, events=[event("call", "2025-05-02")])
    assert "no_demo.py" in raised.value.message


def test_a_changed_file_has_another_hash(engagement):
    write(engagement, EXAMPLE)
    before = engagement_signals(engagement)[-1].digest
    write(engagement, EXAMPLE + "\n")
    assert engagement_signals(engagement)[-1].digest != before
