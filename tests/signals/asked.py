"""One deal made by hand, and what a signal says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from builders import change, deal, make_book

from postmortem.book import Book
from postmortem.ground import resources
from postmortem.ground.process import Process, Stage
from postmortem.signals import find
from postmortem.signals.contract import checked
from postmortem.signals.landmark import Cutter, LandmarkBook
from postmortem.simulate import Company

PROCESS = Process(
    name="by hand",
    stages=(
        Stage("Qualification", 1, 0.2, exit_commitments=("Budget confirmed", "Date named")),
        Stage("Needs", 2, 0.4, exit_commitments=("Needs confirmed",)),
        Stage("Proposal", 3, 0.6, red_zone=True),
        Stage("Negotiation", 4, 0.8, red_zone=True),
        Stage("Closed Won", 5, 1.0, is_closed=True),
        Stage("Closed Lost", 6, 0.0, is_closed=True),
    ),
    categories={},
)
LANDMARK = "2025-07-05"


def book_of(*deals: dict[str, Any], time_zone: str = "UTC", **tables: list[dict[str, Any]]) -> Book:
    """Return a book of deals under the process above; deal 1 was created on 2025-01-15 and lost on 2025-08-20."""
    made = deals or (deal(1, "lost", "2025-08-20"),)
    return replace(make_book(made, time_zone=time_zone, **tables), process=PROCESS)


def book_of_company(company: Company) -> Book:
    """Return the book that the files of a company would be read as."""
    made = make_book([], as_of=company.as_of.isoformat())
    process = Process.load(resources.sample("full") / "process.toml")
    return replace(made, tables=dict(company.tables), process=process)


def landmarks(*days: str) -> pd.DataFrame:
    """Return one landmark a deal, numbered from 1; all deals were created on 2025-01-15."""
    return pd.DataFrame(
        {
            "deal_id": [f"D{number:04d}" for number in range(1, len(days) + 1)],
            "quarter": "2025Q3",
            "landmark": pd.to_datetime(list(days)).astype("datetime64[us]"),
            "created_at": pd.Timestamp("2025-01-15"),
        }
    ).astype({"created_at": "datetime64[us]"})


def cut(book: Book, *days: str) -> tuple[LandmarkBook, pd.DataFrame]:
    asked = landmarks(*(days or (LANDMARK,)))
    return Cutter(book).at(asked), asked


def ask(name: str, book: Book, *days: str) -> tuple[bool | None, str | None, str]:
    """Return what a signal says of the first deal: fired (None where unknown), since when, and the evidence."""
    known, asked = cut(book, *days)
    signal = find(name)
    row = checked(signal, signal.function(known, asked), asked).iloc[0]
    fired = None if pd.isna(row["fired"]) else bool(row["fired"])
    return fired, None if pd.isna(row["first_fired_at"]) else str(row["first_fired_at"].date()), row["evidence"]


def event(kind: str, at: str, side: str = "both", number: int = 1, **more: Any) -> dict[str, Any]:
    moment = at if "T" in at else f"{at}T12:00"
    return {"deal_id": f"D{number:04d}", "kind": kind, "side": side, "occurred_at": f"{moment}Z", **more}


def person(who: str, role: str | None, seen: str | None, number: int = 1) -> dict[str, Any]:
    return {"deal_id": f"D{number:04d}", "contact_id": who, "role": role, "first_seen_at": seen}


def milestone(name: str, met: str | None, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"deal_id": f"D{number:04d}", "milestone": name, "met_at": met, **more}


def stages(*steps: tuple[str, str], number: int = 1) -> list[dict[str, Any]]:
    """Return the history of a deal's stages, from (day, stage) pairs."""
    before = [None, *(stage for _, stage in steps)]
    return [change(number, "stage", at, old, new) for (at, new), old in zip(steps, before, strict=False)]


def closes(*steps: tuple[str, str], number: int = 1) -> list[dict[str, Any]]:
    """Return the history of a deal's expected close, from (day written, day expected) pairs."""
    before = [None, *(value for _, value in steps)]
    return [change(number, "expected_close_date", at, old, new) for (at, new), old in zip(steps, before, strict=False)]


RED = stages(("2025-01-15", "Qualification"), ("2025-02-10", "Needs"), ("2025-05-01", "Proposal"))
