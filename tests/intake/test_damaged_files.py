"""Damaged bytes: whatever happens to a file, an error in words or a book that adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_files import as_csv, with_changes

from postmortem.ground.config import build_config
from postmortem.ground.errors import PostmortemError
from postmortem.intake import load_book, propose

SOUND = as_csv(
    with_changes(
        {"loss_notes": 'they said "no"\nand left', "currency": "USD", "probability": "100%"},
        {"loss_reason": "Price;Timing", "competitor": "Rival", "account_name": "Zoë & Söhne", "currency": "USD"},
        {"forecast_category": "Commit", "expected_close_date": "31/12/2025", "currency": "USD"},
    )
).encode()
HISTORY = (
    b"deal_id,field,changed_at,old_value,new_value\nD1,stage,2025-02-01T10:00Z,,Proposal\nD2,amount,2025-02-02,5,1\n"
)

MARKS = [b'"', b",", b"\n", b"\r", b"\x00", b";", b"\xff\xfe", b"-", b"9" * 30]
WOUND = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 600), st.integers(0, 80)),
    st.tuples(st.just("put"), st.integers(0, 600), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("put"), st.integers(0, 600), st.sampled_from(MARKS)),
    st.tuples(st.just("twice"), st.integers(0, 600), st.integers(0, 200)),
)  # fmt: skip


def damaged(data: bytes, wounds: list[tuple[str, int, object]]) -> bytes:
    for kind, place, what in wounds:
        at = place % (len(data) + 1)
        if isinstance(what, bytes):
            data = data[:at] + what + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + int(str(what)) :]
        else:
            data = data[:at] + data[at : at + int(str(what))] + data[at:]
    return data


WOUNDS = st.lists(WOUND, min_size=1, max_size=6), st.lists(WOUND, max_size=3)
SHARED_FOLDER = [HealthCheck.function_scoped_fixture]


def check(folder: Path, to_deals: list, to_history: list) -> None:
    (folder / "deals.csv").write_bytes(damaged(SOUND, to_deals))
    (folder / "history.csv").write_bytes(damaged(HISTORY, to_history))
    tables = {name: {"file": f"{name}.csv"} for name in ("deals", "history")}
    try:
        propose(folder)
        book = load_book(build_config({"tables": tables}, folder))
    except PostmortemError as error:
        assert "our fault" not in error.message
        return
    aside = book.quarantine.groupby("table").size()
    for name in tables:
        assert book.rows_in[name] == len(book.tables[name]) + aside.get(name, 0)
    assert set(book.deals["outcome"]) <= {"open", "won", "lost"} and book.deals["deal_id"].is_unique


@settings(max_examples=30, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(*WOUNDS)
def test_damage_ends_in_words_or_in_a_book_that_adds_up(tmp_path: Path, to_deals: list, to_history: list) -> None:
    check(tmp_path, to_deals, to_history)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(*WOUNDS)
def test_much_damage_ends_in_words_or_in_a_book_that_adds_up(tmp_path: Path, to_deals: list, to_history: list) -> None:
    check(tmp_path, to_deals, to_history)


def test_sound_files_make_a_book(tmp_path: Path) -> None:
    check(tmp_path, [], [])
    assert len(load_book(build_config({"tables": {"deals": {"file": "deals.csv"}}}, tmp_path)).deals) == 3
