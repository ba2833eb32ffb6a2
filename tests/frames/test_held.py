"""What a process holds it hands on by content; what holds nothing works everything out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from postmortem.frames import engagement as opening
from postmortem.frames import held as module
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import load_frame
from postmortem.frames.held import NOTHING, Held, holding
from postmortem.ground.errors import UsageError


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path / "cache"))
    nobody = Held()
    monkeypatch.setattr(module, "held", nobody)
    monkeypatch.setattr(opening, "held", nobody)
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "postmortem.toml").write_text('[tables.deals]\nfile = "deals.csv"\n', encoding="utf-8")
    write(folder, 30)
    return folder


def write(folder: Path, deals: int) -> None:
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id"]
    lines += [
        f"D{n},{'lost' if n % 3 else 'won'},2025-0{n % 8 + 1}-{n % 28 + 1:02d},2025-01-01,100,R1" for n in range(deals)
    ]
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load(folder: Path, quarter: str = "2025Q2", window: int = 4) -> Cohort:
    return load_frame(quarter, kind="auto", window=window, folder=str(folder))


def test_nothing_is_held_unless_told(acme: Path) -> None:
    assert load(acme).table is not load(acme).table


def hand_over(folder: Path, quarter: str = "2025Q2") -> bytes:
    """Read a cohort as a run does and return what it hands on."""
    with holding():
        load(folder, quarter)
        return module.held.packed()


def test_what_is_taken_is_found_by_what_was_asked_and_equals_what_is_worked_out(acme: Path) -> None:
    apart = load(acme)
    module.held.take(hand_over(acme))
    assert load(acme).table is load(acme).table
    assert load(acme).book is load(acme).book
    assert load(acme).fingerprint == apart.fingerprint
    pd.testing.assert_frame_equal(load(acme).table, apart.table)
    other = load(acme, "2025Q1")
    assert (other.focus.label, load(acme, window=2).window_label) == ("2025Q1", "2025Q1 to 2025Q2")
    assert load(acme).table is load(acme).table
    assert load(acme, "2025Q1").table is not other.table


def test_the_day_of_the_data_may_be_said_or_left_unsaid(acme: Path) -> None:
    module.held.take(hand_over(acme))
    unsaid = load(acme)
    said = load_frame("2025Q2", kind="auto", window=4, folder=str(acme), as_of=unsaid.as_of.isoformat())
    assert said.table is unsaid.table
    before = load_frame("2025Q2", kind="auto", window=4, folder=str(acme), as_of="2025-07-02")
    assert before.table is not unsaid.table


def test_other_data_are_read_though_a_book_is_held(acme: Path) -> None:
    module.held.take(hand_over(acme))
    before = load(acme)
    write(acme, 24)
    after = load(acme)
    assert (len(before.book.deals), len(after.book.deals)) == (30, 24)
    assert after.table is not before.table


def test_the_last_one_is_held_alone_and_forgotten_after_the_block(acme: Path) -> None:
    with holding():
        first = load(acme)
        assert load(acme).table is first.table
        load(acme, "2025Q1")
        assert load(acme).table is not first.table
    assert load(acme).table is not load(acme).table
    module.held.take(hand_over(acme))
    module.held.take(NOTHING)
    assert load(acme).table is not load(acme).table


def test_what_cannot_be_loaded_is_told_to_whoever_asks(acme: Path) -> None:
    with holding(), pytest.raises(UsageError):
        load(acme, "last quarter")


def test_what_is_expected_is_waited_for_once_and_by_whoever_looks_first(acme: Path) -> None:
    packed, asked = hand_over(acme), []
    module.held.expect(lambda: asked.append("asked") or packed)
    assert not asked
    first = load(acme)
    assert asked == ["asked"]
    assert load(acme).table is first.table
    assert asked == ["asked"]
    module.held.expect(lambda: NOTHING)
    assert load(acme).table is not first.table
    module.held.expect(lambda: pytest.fail("nobody looks"))
    module.held.take(NOTHING)
    load(acme)
