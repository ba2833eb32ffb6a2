"""Damaged bytes: whatever happens to a file of any CRM, an error in words or a book that adds up."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_files import EXPORTS, as_csv, with_changes
from test_grouped_reports import REPORT, workbook

from postmortem.ground.config import build_config
from postmortem.ground.errors import PostmortemError
from postmortem.intake import load_book, propose
from postmortem.intake.adapters import recognise
from postmortem.intake.reading import read_table

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
OF_CRMS = sorted(folder.name for folder in EXPORTS.iterdir() if folder.is_dir())
SETS = ("plain", "grouped report", *OF_CRMS)

MARKS = [b'"', b",", b"\n", b"\r", b"\x00", b";", b"\xff\xfe", b"-", b"9" * 30]
WOUND = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 2000), st.integers(0, 80)),
    st.tuples(st.just("put"), st.integers(0, 2000), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("put"), st.integers(0, 2000), st.sampled_from(MARKS)),
    st.tuples(st.just("twice"), st.integers(0, 2000), st.integers(0, 200)),
)  # fmt: skip
WOUNDS = st.lists(st.tuples(st.integers(0, 9), WOUND), min_size=1, max_size=8)
SHARED_FOLDER = [HealthCheck.function_scoped_fixture]


def damaged(data: bytes, wounds: list) -> bytes:
    for kind, place, what in wounds:
        at = place % (len(data) + 1)
        if isinstance(what, bytes):
            data = data[:at] + what + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + int(str(what)) :]
        else:
            data = data[:at] + data[at : at + int(str(what))] + data[at:]
    return data


@cache
def sound(name: str) -> dict[str, bytes]:
    """Return the files of one export as they should be."""
    if name == "plain":
        return {"deals.csv": SOUND, "history.csv": HISTORY}
    if name == "grouped report":
        return {"report.xlsx": workbook(REPORT)}
    return {path.name: path.read_bytes() for path in sorted((EXPORTS / name).iterdir())}


@cache
def settings_of(name: str, folder: Path) -> dict:
    """Return the configuration that is proposed for the sound files."""
    write(folder, sound(name))
    return tomllib.loads(propose(folder).toml)


def write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def check(folder: Path, name: str, wounds: list) -> None:
    """Damage the files of one export, and hold what comes of them to words or to rows that add up."""
    folder = folder / name
    raw = settings_of(name, folder)
    files = dict(sound(name))
    for number, wound in wounds:
        file = list(files)[number % len(files)]
        files[file] = damaged(files[file], [wound])
    write(folder, files)
    try:
        propose(folder)
    except PostmortemError as error:
        assert "our fault" not in error.message
    try:
        book = load_book(build_config(raw, folder))
    except PostmortemError as error:
        assert "our fault" not in error.message
        return
    aside = book.quarantine.groupby("table").size()
    for table in set(book.rows_in) - {"reasons", "competitors"}:
        assert book.rows_in[table] == len(book.tables[table]) + aside.get(table, 0)
    assert set(book.deals["outcome"]) <= {"open", "won", "lost"} and book.deals["deal_id"].is_unique


@pytest.mark.thorough
@settings(max_examples=12, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(st.sampled_from(SETS), WOUNDS)
def test_damage_ends_in_words_or_in_a_book_that_adds_up(tmp_path: Path, name: str, wounds: list) -> None:
    check(tmp_path, name, wounds)


@settings(max_examples=60, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(st.sampled_from(SETS), WOUNDS)
def test_damaged_bytes_are_rows_or_words(tmp_path: Path, name: str, wounds: list) -> None:
    read_damaged(tmp_path, name, wounds)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
@settings(max_examples=60, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(wounds=WOUNDS)
def test_much_damage_ends_in_words_or_in_a_book_that_adds_up(tmp_path: Path, name: str, wounds: list) -> None:
    check(tmp_path, name, wounds)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=SHARED_FOLDER)
@given(st.sampled_from(SETS), WOUNDS)
def test_much_damaged_bytes_are_rows_or_words(tmp_path: Path, name: str, wounds: list) -> None:
    read_damaged(tmp_path, name, wounds)


def read_damaged(folder: Path, name: str, wounds: list) -> None:
    """Read and recognise one damaged file, where most damage does its harm: far cheaper than a whole book."""
    file, data = list(sound(name).items())[wounds[0][0] % len(sound(name))]
    path = folder / file
    path.write_bytes(damaged(data, [wound for _, wound in wounds]))
    try:
        raw = read_table(path, file)
    except PostmortemError as error:
        assert "our fault" not in error.message
        return
    assert len(raw.lines) == len(raw.frame) and len(set(raw.headers)) == len(raw.headers) == raw.frame.shape[1]
    guess = recognise(raw.headers, path.stem)
    assert guess is None or set(guess.mapped.values()) <= set(raw.headers)


@pytest.mark.parametrize("name", ["plain", "grouped report"])
def test_sound_files_make_a_book(tmp_path: Path, name: str) -> None:
    check(tmp_path, name, [])
    raw = settings_of(name, tmp_path / name)
    assert len(load_book(build_config(raw, tmp_path / name)).deals) == {"plain": 3, "grouped report": 7}[name]
