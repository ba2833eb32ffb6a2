"""What one notebook computed the next one reads, and nothing else."""

from __future__ import annotations

import functools
import inspect
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from analysis_cases import closed_of, cohort_of, counted

import postmortem
from postmortem.analyses import ANALYSES, Analysis, cache, find
from postmortem.book import Note
from postmortem.book.book import QUARANTINE_COLUMNS
from postmortem.frames import Cohort
from postmortem.ground.errors import UsageError
from postmortem.result import Result

ASKED = "quarter_outcome"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path / "store"))
    return tmp_path / "store" / "results"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Keep a list of the times an analysis was really computed."""
    seen: list[dict[str, Any]] = []

    def watched(name: str) -> Analysis:
        analysis = find(name)

        @functools.wraps(analysis.function)
        def function(cohort: Cohort, **params: Any) -> Result:
            seen.append(params)
            return analysis.function(cohort, **params)

        return replace(analysis, function=function)

    monkeypatch.setattr(cache, "find", watched)
    return seen


def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every analysis fails when it is computed."""

    def broken(name: str) -> Analysis:
        analysis = find(name)

        @functools.wraps(analysis.function)
        def function(cohort: Cohort, **params: Any) -> Result:
            raise RuntimeError("computed again")

        return replace(analysis, function=function)

    monkeypatch.setattr(cache, "find", broken)


@pytest.mark.parametrize(
    "name",
    # What is kept is kept alike for all: every sixth will do for every day.
    [
        pytest.param(analysis.name, marks=[pytest.mark.thorough] if place % 6 else [])
        for place, analysis in enumerate(ANALYSES)
    ],
)
def test_second_call_reads_what_the_first_wrote(name: str, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cache.cached(name)(cohort_of("closed"))
    breaking(monkeypatch)
    second = cache.cached(name)(cohort_of("closed"))
    assert second.to_dict() == first.to_dict()
    assert second.headline == first.headline
    assert second.has_picture == first.has_picture
    for key, table in first.tables.items():
        pd.testing.assert_frame_equal(second.tables[key].rows, table.rows)
    with pytest.raises(RuntimeError, match="computed again"):
        cache.cached(name)(cohort_of("forecast"))


def test_a_broken_analysis_is_noticed_without_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTMORTEM_CACHE", raising=False)
    breaking(monkeypatch)
    with pytest.raises(RuntimeError, match="computed again"):
        cache.cached(ASKED)(cohort_of("closed"))


def test_another_parameter_misses(store: Path, calls: list[dict[str, Any]]) -> None:
    ask = cache.cached(ASKED)
    for confidence in (0.9, 0.8, 0.9, 0.8):
        assert ask(cohort_of("closed"), confidence=confidence).params["confidence"] == confidence
    assert calls == [{"confidence": 0.9}, {"confidence": 0.8}]
    assert len(list(store.iterdir())) == 2


def _other_window(cohort: Cohort) -> Cohort:
    return replace(cohort, window=cohort.window[1:])


def _other_deal(cohort: Cohort) -> Cohort:
    table = cohort.table.copy()
    table.loc[0, "amount"] += 1
    return replace(cohort, table=table)


def _other_remark(cohort: Cohort) -> Cohort:
    return replace(cohort, remarks=(*cohort.remarks, "Read this with care."))


def _other_count_apart(cohort: Cohort) -> Cohort:
    return replace(cohort, counted_apart={"expected close already past": 3})


def _other_word(cohort: Cohort) -> Cohort:
    tables = dict(cohort.book.tables)
    tables["reasons"] = tables["reasons"].assign(rank="contributing")
    return replace(cohort, book=replace(cohort.book, tables=tables))


def _other_note(cohort: Cohort) -> Cohort:
    return replace(cohort, book=replace(cohort.book, notes=(Note("deals", "amount", 1, "repaired"),)))


def _other_row_aside(cohort: Cohort) -> Cohort:
    aside = pd.DataFrame([("deals", "a.csv", 3, "amount", "x", "is no number")], columns=list(QUARANTINE_COLUMNS))
    read = {**cohort.book.rows_in, "deals": cohort.book.rows_in["deals"] + 1}
    return replace(cohort, book=replace(cohort.book, quarantine=aside, rows_in=read))


@pytest.mark.parametrize(
    "change",
    [_other_window, _other_deal, _other_remark, _other_count_apart, _other_word, _other_note, _other_row_aside],
)
def test_another_cohort_misses(change: Callable[[Cohort], Cohort], store: Path, calls: list[dict[str, Any]]) -> None:
    ask = cache.cached(ASKED)
    ask(cohort_of("closed"))
    ask(change(cohort_of("closed")))
    assert len(calls) == 2


def test_an_equal_cohort_made_anew_hits(store: Path, calls: list[dict[str, Any]]) -> None:
    ask = cache.cached(ASKED)
    for _ in range(2):
        ask(closed_of(counted({"won": 2, "lost_competitor": 3})))
    assert len(calls) == 1


def test_other_code_misses(store: Path, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    ask = cache.cached(ASKED)
    ask(cohort_of("closed"))
    monkeypatch.setattr(cache, "code_hash", lambda: "changed")
    ask(cohort_of("closed"))
    ask(cohort_of("closed"))
    assert len(calls) == 2


def test_two_analyses_keep_apart(store: Path) -> None:
    first, second = (cache.cached(name)(cohort_of("closed")) for name in (ASKED, "rows_used"))
    again = [cache.cached(name)(cohort_of("closed")) for name in (ASKED, "rows_used")]
    assert [result.to_dict() for result in again] == [first.to_dict(), second.to_dict()]


def test_refusals_are_kept_as_well(store: Path, calls: list[dict[str, Any]]) -> None:
    ask = cache.cached("forecast_waterfall")
    first, second = ask(cohort_of("closed")), ask(cohort_of("closed"))
    assert first.status == second.status == "refused" and len(calls) == 1
    assert second.headline == first.headline


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_nothing_is_written(
    value: str | None, tmp_path: Path, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("POSTMORTEM_CACHE", raising=False)
    else:
        monkeypatch.setenv("POSTMORTEM_CACHE", value)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        cache.cached(ASKED)(cohort_of("closed"))
    assert len(calls) == 2
    assert not list(tmp_path.iterdir())


def test_concurrent_writers_leave_one_whole_file(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight compute at once, since none finds the file; every reader in between sees a whole file or none."""
    together = threading.Barrier(8)
    seen: list[str] = []
    troubles: list[BaseException] = []

    def slow(name: str) -> Analysis:
        analysis = find(name)

        @functools.wraps(analysis.function)
        def function(cohort: Cohort, **params: Any) -> Result:
            result = analysis.function(cohort, **params)
            together.wait(timeout=20)
            return result

        return replace(analysis, function=function)

    monkeypatch.setattr(cache, "find", slow)
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            for place in store.glob("*.json"):
                seen.append(json.loads(place.read_text(encoding="utf-8"))["analysis"])

    def write() -> None:
        try:
            cache.cached(ASKED)(cohort_of("closed"))
        except BaseException as error:
            troubles.append(error)
            raise

    cohort_of("closed").fingerprint  # noqa: B018 - hashed once, before the threads begin
    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write) for _ in range(8)]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=30)
    done.set()
    reader.join(timeout=30)
    assert not troubles
    assert [place.suffix for place in store.iterdir()] == [".json"]
    assert set(seen) <= {ASKED}
    assert cache.cached(ASKED)(cohort_of("closed")).analysis == ASKED


def test_a_write_that_fails_leaves_nothing_behind(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = cache.cached(ASKED)(cohort_of("closed"))
    for kept in store.iterdir():
        kept.unlink()
    monkeypatch.setattr(cache.os, "replace", full)
    # a disk that is full costs time and no answer
    assert cache.cached(ASKED)(cohort_of("closed")).to_dict() == before.to_dict()
    assert not list(store.iterdir())


@pytest.mark.parametrize("name", [analysis.name for analysis in ANALYSES])
def test_the_asked_function_looks_like_the_analysis(name: str) -> None:
    ask, function = cache.cached(name), find(name).function
    assert inspect.signature(ask) == inspect.signature(function)
    assert (ask.__doc__, ask.__name__) == (function.__doc__, name)


def test_the_package_answers_through_the_cache(store: Path) -> None:
    result = postmortem.quarter_outcome(cohort_of("closed"))
    assert [place.name.split("-")[0] for place in store.iterdir()] == [ASKED]
    assert result.headline == find(ASKED).function(cohort_of("closed")).headline


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="quarter_outcome"):
        cache.cached("quarter_outcom")
