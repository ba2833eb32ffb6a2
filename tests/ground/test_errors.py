"""Errors: what, got, expected, where and what to do; exit codes are promised to whoever schedules runs."""

from __future__ import annotations

import pytest

from postmortem.ground import errors
from postmortem.ground.errors import ConfigError, PostmortemError, nearest


def test_a_message_has_one_line_a_part_in_the_order_people_read():
    error = PostmortemError(
        "The close date is unreadable.", got="31.02.2025", expected="a day", do="correct it", rows=["a.csv line 3"]
    )
    assert str(error).splitlines() == [
        "The close date is unreadable.",
        "  got:      '31.02.2025'",
        "  expected: a day",
        "  where:    a.csv line 3",
        "  do:       correct it",
    ]


def test_parts_that_were_not_given_leave_no_line():
    assert str(PostmortemError("Nothing else is known.")) == "Nothing else is known."


@pytest.mark.parametrize(("got", "shown"), [("7", "'7'"), (7, "7"), (0, "0"), (False, "False"), ("", "''")])
def test_got_tells_text_from_number_and_shows_falsy_values(got, shown):
    assert f"  got:      {shown}" in str(PostmortemError("x", got=got)).splitlines()


@pytest.mark.parametrize(("count", "tail"), [(5, "r5"), (6, "r5 and 1 more"), (1200, "r5 and 1195 more")])
def test_five_places_are_shown_and_the_rest_counted(count, tail):
    error = PostmortemError("x", rows=[f"r{number}" for number in range(1, count + 1)])
    where = next(line for line in str(error).splitlines() if line.startswith("  where:"))
    assert where == "  where:    r1; r2; r3; r4; " + tail
    assert len(error.rows) == count


def test_every_error_descends_from_the_one_root_and_keeps_its_promised_exit_code():
    promised = {
        "PostmortemError": 2, "UsageError": 2, "ConfigError": 2, "DataError": 3, "FrameRefused": 3,
        "EmptyFrame": 4, "NotebookFailed": 1, "SharingRefused": 5, "OutputBusy": 6, "TimedOut": 124,
    }  # fmt: skip
    found = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert found == promised
    assert all(issubclass(getattr(errors, name), PostmortemError) for name in found)


def test_the_message_survives_being_raised():
    with pytest.raises(PostmortemError) as caught:
        raise ConfigError("Two faults.", rows=["one", "two"])
    assert caught.value.rows == ("one", "two")
    assert str(caught.value) == caught.value.message


def test_nearest_suggests_a_close_word_and_lists_all_words_otherwise():
    known = ("window", "kind", "categories")
    assert nearest("wndow", known) == "did you mean 'window'?"
    assert nearest("zzz", known) == "use one of: categories, kind, window"
