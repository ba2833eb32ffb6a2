"""The contract of all signals: one row a deal, unknown where nothing is on record, blind after the landmark."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from asked import book_of, cut, event
from builders import FOCUS, change, deal, forecast
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.book import Book
from postmortem.frames import closed_cohort
from postmortem.ground import schema
from postmortem.ground.errors import UsageError
from postmortem.signals import NAMES, SIGNALS, find
from postmortem.signals.contract import LandmarkViolation, Signal, SignalError, answer, checked, silent
from postmortem.signals.days import ENDED, landmarks_of
from postmortem.signals.landmark import HANDED, Cutter
from postmortem.signals.matrix import fired
from postmortem.taxonomies import load_taxonomy

HOSTILE = ("<script>alert(1)</script>", "=1+1", "‮evil", "", "'; DROP TABLE deals; --", "x" * 5000, "\n", "NaN", "(?P<")
LANDMARK = pd.Timestamp("2023-07-05")


@pytest.fixture(scope="module")
def sample(company_book) -> Book:
    """Deals of a simulated company, open on the landmark or closed before it."""
    deals = company_book.deals
    at_landmark = deals[(deals["created_at"] <= LANDMARK) & ~(deals["closed_at"] <= LANDMARK)]
    return narrowed(company_book, pd.concat([at_landmark, deals[deals["closed_at"] < LANDMARK]]))


def narrowed(book: Book, deals: pd.DataFrame) -> Book:
    ids = set(deals["deal_id"])
    tables = {name: frame[frame["deal_id"].isin(ids)].reset_index(drop=True) for name, frame in book.tables.items()
              if name in HANDED}  # fmt: skip
    return dataclasses.replace(book, tables={**tables, "deals": deals.reset_index(drop=True)})


def asked_of(book: Book) -> pd.DataFrame:
    deals = book.deals
    rows = deals[(deals["created_at"] <= LANDMARK) & ~(deals["closed_at"] <= LANDMARK)].sort_values("deal_id")
    return rows[["deal_id", "created_at"]].assign(quarter="2023Q3", landmark=LANDMARK).reset_index(drop=True)


def said(book: Book, asked: pd.DataFrame, signals: tuple[Signal, ...] = SIGNALS) -> pd.DataFrame:
    known = Cutter(book).at(asked)
    return pd.concat([checked(s, s.function(known, asked), asked).assign(signal=s.name) for s in signals],
                     ignore_index=True)  # fmt: skip


def shuffled(book: Book, seed: int = 1) -> Book:
    tables = {name: frame.sample(frac=1.0, random_state=seed).reset_index(drop=True)
              for name, frame in book.tables.items()}  # fmt: skip
    return dataclasses.replace(book, tables=tables)


def test_the_taxonomies_name_these_signals_and_no_others():
    named = set()
    for taxonomy in ("red_zone", "follow_through", "ecosystem"):
        named |= {name for reason in load_taxonomy(taxonomy).reasons for name in reason.signals}
    assert named == set(NAMES)


@pytest.mark.parametrize("signal", SIGNALS, ids=NAMES)
def test_a_signal_points_to_causes_that_name_it(signal):
    taxonomy = load_taxonomy("follow_through")
    assert signal.causes
    assert all(signal.name in taxonomy.reason(code).signals for code in signal.causes)
    assert signal.remedy(load_taxonomy("red_zone"))
    assert all(name in {table.name for table in schema.TABLES} for name in signal.needs)
    assert signal.function.__name__ == signal.name
    assert signal.label
    assert signal.meaning.endswith(".")


@pytest.mark.parametrize("signal", SIGNALS, ids=NAMES)
def test_the_page_of_the_signals_lists_it(signal):
    page = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
    assert f"`{signal.name}`" in page
    assert signal.label in page


def test_no_signal_points_to_the_sales_person_first():
    taxonomy = load_taxonomy("red_zone")
    rep = {reason.code for reason in taxonomy.reasons if reason.parent == "rep_causes"}
    foremost = {signal.name: signal.foremost(taxonomy) for signal in SIGNALS}
    assert not {name for name, reason in foremost.items() if reason is None or reason.code in rep}
    assert foremost["proposal_left_alone"] == load_taxonomy("follow_through").reason("proposal_left_alone")


def test_find_names_the_nearest():
    assert find("pushed_twice").name == "pushed_twice"
    with pytest.raises(UsageError, match="pushed_twice"):
        find("pushed_twise")


@pytest.mark.parametrize("signal", SIGNALS, ids=NAMES)
def test_of_a_book_of_deals_alone_nothing_is_known(signal):
    known, asked = cut(book_of())
    found = checked(signal, signal.function(known, asked), asked)
    assert found["fired"].isna().all()
    assert (found["evidence"] != "").all()


@pytest.mark.parametrize("signal", SIGNALS, ids=NAMES)
def test_a_book_without_rows_breaks_nothing(signal):
    empty = {name: [] for name in HANDED}
    known, asked = cut(book_of(**empty))
    assert checked(signal, signal.function(known, asked), asked)["fired"].isna().all()


def test_nothing_after_the_landmark_changes_what_is_said(sample):
    asked = asked_of(sample)
    expected = said(sample, asked)
    assert expected["fired"].notna().mean() > 0.5
    assert expected.groupby("signal")["fired"].any().sum() >= 19
    pd.testing.assert_frame_equal(said(mutated(sample, asked, seed=3), asked), expected)


def test_nothing_after_a_later_day_of_its_own_changes_what_is_said_of_a_deal(company_book):
    cohort = forecast(company_book, company_book.meta.calendar.parse("2023Q3"))
    cohort = dataclasses.replace(cohort, table=cohort.focus_rows)
    asked = landmarks_of(cohort, "before_close")
    asked = asked[asked["unknown"] == ""].reset_index(drop=True)
    assert asked["landmark"].nunique() > 20 and (asked["landmark"] > LANDMARK).mean() > 0.5
    late = tuple(signal for signal in SIGNALS if signal.comes_late)
    expected = said(company_book, asked, late)
    assert expected.groupby("signal")["fired"].any().all()
    pd.testing.assert_frame_equal(said(mutated(company_book, asked, seed=5), asked, late), expected)


def mutated(book: Book, asked: pd.DataFrame, seed: int) -> Book:
    """Scramble every dated row after each deal's landmark, and all it holds of its end; drop some, double others."""
    rng = np.random.default_rng(seed)
    moment = {"history": "changed_at", "events": "occurred_at", "contacts": "first_seen_at", "milestones": "met_at",
              "competitors": "recorded_at"}  # fmt: skip
    tables = {}
    for name, column in moment.items():
        frame = book.tables[name]
        stamps = frame[column]
        days = frame["deal_id"].map(asked.set_index("deal_id")["landmark"]).fillna(LANDMARK)
        ends = {day: book.meta.end_of_day(day.date()) for day in days.unique()}
        limit = days.map(ends) if stamps.dt.tz else days + pd.Timedelta(days=1)
        later = frame[stamps >= limit]
        others = [one for one in frame.columns if one not in (column, "deal_id", "recorded_at")]
        scrambled = later.assign(**{one: later[one].sample(frac=1.0, random_state=seed).to_numpy() for one in others})
        kept = scrambled[rng.random(len(scrambled)) < 0.7]
        tables[name] = pd.concat([frame[~(stamps >= limit)], kept, kept.iloc[::2]], ignore_index=True)
    deals = book.deals
    after = deals["deal_id"].isin(asked["deal_id"])
    gone = deals.assign(
        outcome=deals["outcome"].mask(after, "won"),
        closed_at=deals["closed_at"].mask(after, pd.Timestamp("2025-09-01")),
        stage=deals["stage"].mask(after, "Closed Won"), amount=deals["amount"].mask(after, 1.0),
        forecast_category=deals["forecast_category"].mask(after, "omitted"),
        owner_id=deals["owner_id"].mask(after, "x"),
        expected_close_date=deals["expected_close_date"].mask(after, pd.Timestamp("2024-01-01")),
    )  # fmt: skip
    return dataclasses.replace(book, tables={**book.tables, **tables, "deals": gone})


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), number=st.integers(1, 28))
def test_no_row_after_any_landmark_is_ever_handed_over(seed, number):
    rng = np.random.default_rng(seed)
    days = [
        f"2025-0{month}-{day:02d}" for month, day in zip(rng.integers(5, 8, 40), rng.integers(1, 29, 40), strict=True)
    ]
    events = [
        event("call", f"{day}T{rng.integers(24):02d}:00", recorded_at=f"{later}T01:00Z" if rng.random() < 0.5 else None)
        for day, later in zip(days[:20], days[20:], strict=True)
    ]
    book = book_of(events=events, time_zone=("UTC", "Pacific/Auckland", "America/Los_Angeles")[seed % 3])
    known, asked = cut(book, f"2025-06-{number:02d}")
    end = book.meta.end_of_day(asked["landmark"][0].date())
    handed, every = known.table("events"), book.table("events")
    is_before = (every["occurred_at"] < end) & ~(every["recorded_at"] >= end)
    assert len(handed) == is_before.sum()
    assert (handed["occurred_at"] < end).all()
    assert not (handed["recorded_at"] >= end).any()


def test_the_order_of_rows_says_nothing(sample):
    asked = asked_of(sample)
    pd.testing.assert_frame_equal(said(shuffled(sample), asked), said(sample, asked))


def test_inputs_are_left_as_they_are(sample):
    asked = asked_of(sample)
    before, marks = sample.fingerprint, asked.copy()
    known = Cutter(sample).at(asked)
    handed = {name: frame.copy() for name, frame in known.tables.items()}
    for signal in SIGNALS:
        signal.function(known, asked)
    assert dataclasses.replace(sample).fingerprint == before
    pd.testing.assert_frame_equal(asked, marks)
    for name, frame in known.tables.items():
        pd.testing.assert_frame_equal(frame, handed[name])


@pytest.mark.parametrize("text", [*HOSTILE[:2], *(pytest.param(t, marks=pytest.mark.thorough) for t in HOSTILE[2:])])
def test_hostile_texts_are_texts(sample, text):
    asked = asked_of(sample).iloc[:20]
    few = narrowed(sample, sample.deals[sample.deals["deal_id"].isin(asked["deal_id"])])
    tables = dict(few.tables)
    for name, columns in {"contacts": ["role"], "milestones": ["milestone", "stage"], "competitors": ["competitor"],
                          "history": ["old_value", "new_value"]}.items():  # fmt: skip
        tables[name] = tables[name].assign(**dict.fromkeys(columns, text)).astype(dict.fromkeys(columns, "str"))
    found = said(dataclasses.replace(few, tables=tables), asked)
    assert len(found) == 20 * len(SIGNALS)
    assert not found["evidence"].str.contains("script|DROP|evil", regex=True).any()


def forecast_on_record(number: int) -> list[dict[str, object]]:
    told = {"forecast_category": "commit", "expected_close_date": "2025-09-01"}
    return [change(number, field, "2025-05-01", None, value) for field, value in told.items()]


def own(function, name="made_up") -> Signal:
    return Signal(function, name, "Made up", "Nothing.", ("not_an_opportunity",))


def test_a_detector_gets_nothing_later_than_the_landmark_and_no_outcome(company_book):
    seen = []

    def spy(book, landmarks):
        seen.append((book, landmarks))
        return silent(landmarks, "spying")

    cohort = forecast(company_book, company_book.meta.calendar.parse("2023Q3"))
    fired(cohort, signals=[own(spy)])
    assert len(seen) == cohort.table["quarter"].nunique()
    for book, landmarks in seen:
        limit = book.meta.end_of_day(landmarks["landmark"].iloc[0].date())
        assert (book.deals["outcome"] == "open").all()
        assert book.deals["closed_at"].isna().all()
        assert set(book.tables) <= {"deals", *HANDED}
        for name, column in (("events", "occurred_at"), ("events", "recorded_at"), ("history", "changed_at"),
                             ("milestones", "recorded_at"), ("competitors", "recorded_at")):  # fmt: skip
            assert len(book.table(name))
            assert (book.table(name)[column] < limit).all()
        assert (book.table("contacts")["first_seen_at"] <= landmarks["landmark"].iloc[0]).all()
        assert not set(book.deals["stage"].dropna()) & {"Closed Won", "Closed Lost"}


def test_firing_after_the_landmark_raises():
    def late(book, landmarks):
        yes = pd.Series(True, index=landmarks.index, dtype="boolean")
        return answer(landmarks, yes, first=landmarks["landmark"] + pd.Timedelta(days=1))

    known, asked = cut(book_of())
    with pytest.raises(LandmarkViolation, match="made_up fires after"):
        checked(own(late), late(known, asked), asked)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, "columns of a signal"),
        (pd.DataFrame({"deal_id": ["D0001"], "fired": [True]}), "columns of a signal"),
        (pd.DataFrame({"deal_id": [], "fired": [], "first_fired_at": [], "evidence": []}), "one row a deal"),
        (pd.DataFrame({"deal_id": ["D0001"] * 2, "fired": None, "first_fired_at": None, "evidence": ""}), "one row a"),
        (pd.DataFrame({"deal_id": ["D0001"], "fired": ["perhaps"], "first_fired_at": None, "evidence": ""}),
         "no flags"),
        (pd.DataFrame({"deal_id": ["D0001"], "fired": [False], "first_fired_at": [pd.Timestamp("2025-02-01")],
                       "evidence": ""}), "did not fire"),
    ],
)  # fmt: skip
def test_answers_that_break_the_contract_are_refused(told, words):
    _, asked = cut(book_of())
    with pytest.raises(SignalError, match=words):
        checked(own(lambda book, landmarks: told), told, asked)


def test_closed_cohorts_are_unknown_and_say_why():
    cohort = closed_cohort(book_of(), FOCUS)
    table = fired(cohort)
    assert len(table) == len(SIGNALS)
    assert table["fired"].isna().all()
    assert table["evidence"].str.contains("choose by outcome").all()


def test_deals_that_ended_before_a_later_day_are_unknown_not_left_out():
    rows = [
        deal(n, "lost", closed, expected_close_date="2025-09-01")
        for n, closed in ((1, "2025-07-20"), (2, "2025-09-01"))
    ]
    history = [*forecast_on_record(1), *forecast_on_record(2)]
    cohort = forecast(book_of(*rows, history=history))
    table = fired(cohort, signals=[find("pushed_twice")], days=30)
    assert table["fired"].isna().tolist() == [True, False]
    assert table["evidence"][0] == ENDED
    assert fired(cohort, signals=[find("pushed_twice")])["fired"].tolist() == [False, False]
    with pytest.raises(UsageError, match="landmark"):
        fired(cohort, landmark="snapshots")
    with pytest.raises(UsageError, match="days after"):
        fired(cohort, days=-1)


def test_an_answer_that_was_kept_is_the_one_that_was_given(tmp_path, monkeypatch):
    cohort = forecast(book_of(deal(1, "lost", "2025-08-20"), history=forecast_on_record(1)))
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path))
    first = fired(cohort)
    assert len(list((tmp_path / "signals").glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(fired(cohort), first)
    fired(cohort, signals=[own(lambda book, landmarks: silent(landmarks, "x"))])
    assert len(list((tmp_path / "signals").iterdir())) == 1
