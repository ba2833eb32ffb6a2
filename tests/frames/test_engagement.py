"""An engagement: the nearest configuration, its book read once per content, its frames."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest
from builders import FOCUS

from postmortem.frames import Engagement, engagement, load_frame
from postmortem.frames.engagement import nearest_engagement, read_day
from postmortem.ground import resources
from postmortem.ground.config import FILE_NAME
from postmortem.ground.errors import ConfigError, UsageError

DEALS = """deal_id,owner_id,outcome,created_at,closed_at,amount,stage
D1,Ada,won,2025-01-10,2025-08-01,1000,Closed Won
D2,Ada,lost,2025-01-11,2025-08-02,2000,Closed Lost
D3,Grace,lost,2025-01-12,2025-05-02,3000,Closed Lost
D4,Grace,open,2025-01-13,,4000,Proposal
"""
PROCESS = '[[stages]]\nstage = "Proposal"\nprobability = 0.6\n'
SETTINGS = """
[company]
name = "Testing Ltd"
currency = "EUR"
[data]
folder = "export"
extracted_on = 2025-10-06
[tables.deals]
file = "deals.csv"
[process]
file = "process.toml"
[frame]
window = 2
"""


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("POSTMORTEM_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Write a small engagement."""
    return written(tmp_path / "client")


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """Count how often a book is read from its exports."""
    seen: list[str] = []
    read = engagement.load_book

    def counted(config):
        seen.append(config.company.name)
        return read(config)

    monkeypatch.setattr(engagement, "load_book", counted)
    return seen


def written(folder: Path, settings: str = SETTINGS) -> Path:
    (folder / "export").mkdir(parents=True)
    (folder / FILE_NAME).write_text(settings, encoding="utf-8")
    (folder / "export" / "deals.csv").write_text(DEALS, encoding="utf-8")
    (folder / "process.toml").write_text(PROCESS, encoding="utf-8")
    return folder


def test_the_nearest_configuration_above_the_working_folder_is_opened(folder, monkeypatch):
    deep = folder / "export" / "2025" / "raw"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert nearest_engagement(Path.cwd()) == folder
    assert Engagement.open().config.company.name == "Testing Ltd"
    inner = written(folder / "export" / "2025" / "other")
    monkeypatch.chdir(inner / "export")
    assert Engagement.open().folder == inner


def test_a_folder_that_is_named_is_opened_and_no_other(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    other = written(tmp_path / "other", SETTINGS.replace("Testing", "Other"))
    assert Engagement.open(other).config.company.name == "Other Ltd"
    with pytest.raises(ConfigError, match="postmortem init"):
        Engagement.open(folder / "export")


@pytest.mark.thorough
def test_where_there_is_no_configuration_a_run_is_refused_and_a_notebook_says_that_its_deals_are_invented(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="postmortem init"):
        Engagement.open()
    cohort = load_frame()
    assert cohort.book.meta.company == "Fennmoor Instruments"
    assert "an invented company" in cohort.remarks[-1]


def test_last_is_the_latest_quarter_that_had_ended_by_the_day_of_the_data(folder):
    opened = Engagement.open(folder)
    book = opened.book()
    assert book.meta.extracted_on == dt.date(2025, 10, 6)
    assert opened.quarter("last", book) == FOCUS
    assert opened.quarter("last", book, dt.date(2025, 9, 29)) == FOCUS - 1
    assert opened.quarter("last", book, dt.date(2025, 9, 30)) == FOCUS
    assert opened.quarter("2024-q4", book).label == "2024Q4"


def test_a_range_is_refused_where_one_quarter_is_needed(folder):
    opened = Engagement.open(folder)
    with pytest.raises(UsageError, match="One quarter is needed"):
        opened.frame("2025Q1..2025Q3")


def test_a_frame_takes_from_the_configuration_what_it_is_not_told(folder):
    opened = Engagement.open(folder)
    frame = opened.frame()
    assert (frame.focus, frame.kind, len(frame.window), frame.currency) == (FOCUS, "closed", 2, "EUR")
    assert list(frame.focus_rows["deal_id"]) == ["D1", "D2"]
    told = opened.frame("2025Q2", window=1, as_of=dt.date(2025, 7, 1))
    assert (told.focus, len(told.window), told.as_of) == (FOCUS - 1, 1, dt.date(2025, 7, 1))


def test_flags_win_over_the_configuration(folder):
    assert len(Engagement.open(folder, {"frame.window": 3}).frame().window) == 3


def test_a_book_that_was_read_already_may_be_handed_in(folder, reads):
    opened = Engagement.open(folder)
    book = opened.book()
    assert opened.frame(book=book).book is book
    assert len(reads) == 1


def test_load_frame_reads_text_as_a_notebook_gives_it(folder, monkeypatch):
    monkeypatch.chdir(folder)
    frame = load_frame("2025Q2", window=1, as_of="2025-07-15")
    assert (frame.focus.label, frame.as_of, list(frame.focus_rows["deal_id"])) == (
        "2025Q2",
        dt.date(2025, 7, 15),
        ["D3"],
    )
    assert load_frame(folder=str(folder)).focus == FOCUS


def test_days_are_read_from_text_and_nothing_else_is_one():
    assert read_day("2025-09-30") == dt.date(2025, 9, 30)
    assert read_day(None) is None
    assert read_day("") is None
    for text in ("30.09.2025", "2025-02-30", "yesterday"):
        with pytest.raises(UsageError, match="not a day"):
            read_day(text)


def test_the_files_a_book_is_read_from_are_named_the_configuration_first(folder):
    assert Engagement.open(folder).input_files() == (
        folder / FILE_NAME, folder / "export" / "deals.csv", folder / "process.toml",
    )  # fmt: skip
    (folder / "process.toml").unlink()
    assert folder / "process.toml" not in Engagement.open(folder).input_files()


def test_the_same_content_is_read_once(folder, reads):
    first = Engagement.open(folder).book()
    second = Engagement.open(folder).book()
    assert len(reads) == 1
    assert second is not first
    assert second.fingerprint == first.fingerprint


def test_a_frame_of_a_cached_book_is_the_frame_of_the_book(folder):
    fresh, cached = Engagement.open(folder).frame(), Engagement.open(folder).frame()
    assert cached.fingerprint == fresh.fingerprint


CHANGES = {
    "one byte of the export": lambda folder: change_text(folder / "export" / "deals.csv", "3000", "3001"),
    "a row nobody can use": lambda folder: change_text(folder / "export" / "deals.csv", "D4,", "D9,Ada,maybe,,,,\nD4,"),
    "the process": lambda folder: change_text(folder / "process.toml", "0.6", "0.7"),
    "a setting": lambda folder: change_text(folder / FILE_NAME, "EUR", "USD"),
}


def change_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_any_input_is_seen_at_once(folder, reads, change):
    before = Engagement.open(folder).book()
    change(folder)
    after = Engagement.open(folder).book()
    assert len(reads) == 2
    assert after.fingerprint != before.fingerprint


def test_a_book_read_by_other_code_is_not_taken_from_the_cache(folder, reads, monkeypatch):
    Engagement.open(folder).book()
    monkeypatch.setattr(engagement, "code_hash", lambda: "of another version")
    Engagement.open(folder).book()
    assert len(reads) == 2


def test_a_damaged_cache_is_read_again_and_repaired(folder, reads):
    first = Engagement.open(folder)
    fingerprint = first.book().fingerprint
    for table in first.cache.rglob("deals.parquet"):
        table.write_bytes(b"")
    assert Engagement.open(folder).book().fingerprint == fingerprint
    assert Engagement.open(folder).book().fingerprint == fingerprint
    assert len(reads) == 2


def test_books_are_kept_beside_the_engagement_or_where_a_run_keeps_them(folder, tmp_path, monkeypatch):
    assert Engagement.open(folder).cache == folder / ".postmortem" / "cache"
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path / "elsewhere"))
    opened = Engagement.open(folder)
    assert opened.cache == tmp_path / "elsewhere"
    opened.book()
    assert not (folder / ".postmortem").exists()
    assert list((tmp_path / "elsewhere" / "books").iterdir())


@pytest.mark.parametrize("relative", [False, True])
def test_nothing_is_written_into_a_bundled_sample(tmp_path, monkeypatch, relative):
    root = tmp_path / "bundled"
    sample = written(root / "data" / "samples" / "plain")
    monkeypatch.setattr(resources, "root", lambda: root)
    monkeypatch.chdir(root)
    opened = Engagement.open(Path("data/samples/plain") if relative else sample)
    opened.book()
    assert opened.cache is None
    assert not (sample / ".postmortem").exists()


def test_two_engagements_never_share_a_book(folder, tmp_path, reads, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path / "shared"))
    other = written(tmp_path / "other", SETTINGS.replace("Testing", "Other"))
    names = [Engagement.open(place).book().meta.company for place in (folder, other, folder)]
    assert names == ["Testing Ltd", "Other Ltd", "Testing Ltd"]
    assert len(reads) == 2


def test_an_engagement_that_is_moved_is_the_same_engagement(folder, tmp_path, reads):
    before = Engagement.open(folder).book().fingerprint
    moved = Path(shutil.move(folder, tmp_path / "moved"))
    assert Engagement.open(moved).book().fingerprint == before
    assert len(reads) == 1


@pytest.mark.thorough
def test_a_frame_of_a_part_is_that_of_all_deals_cut() -> None:
    whole = load_frame("2025Q3", folder=str(resources.sample("plain")))
    mine = load_frame("2025Q3", folder=str(resources.sample("plain")), part="segment=Energy")
    rows = whole.table[whole.table["segment"] == "Energy"]
    assert list(mine.table["deal_id"]) == list(rows["deal_id"])
    assert (mine.kind, mine.part, mine.window) == (whole.kind, "segment Energy", whole.window)
    assert set(mine.book.deals["segment"]) == {"Energy"}
