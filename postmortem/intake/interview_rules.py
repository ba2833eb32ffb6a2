"""What must hold for a filled-in interview: its steps in order, its codes known, its words only under consent."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from postmortem.ground.errors import UsageError, nearest
from postmortem.ground.schema import INTERVIEWS, LOST_TO
from postmortem.taxonomies import Taxonomy

DIMENSIONS: Final = ("sales_experience", "product", "price", "delivery")
RATING: Final = "rating_"
COLUMNS: Final = (
    "interview_id", "deal_id", "account", "deal", "outcome", "status", "invited_at", "held_at", "respondent_role",
    "consent", "coder_id", "primary", "contributing", "lost_to", "words", *(f"{RATING}{name}" for name in DIMENSIONS),
)  # fmt: skip
NEEDED: Final = ("interview_id", "deal_id", "status", "invited_at", "held_at", "consent")
OF_A_CODER: Final = ("coder_id", "primary", "contributing", "lost_to")
RANKS: Final = {"drawn": 0, "invited": 1, "declined": 2, "no_answer": 2, "held": 3}
CONSENTS: Final = INTERVIEWS.column("consent").values
ON_RECORD: Final = ("drawn_at", "stratum", "draw_order", "inclusion_probability")
BY_HAND: Final = "hand-"


@dataclass(frozen=True)
class Scale:
    """The marks that ratings are given in, ``low`` the worst."""

    low: int = 1
    high: int = 5

    @classmethod
    def parse(cls, text: str) -> Scale:
        """Read ``1-5``; raise `UsageError` for anything that is no scale."""
        low, _, high = text.partition("-")
        if not (low.strip().isdecimal() and high.strip().isdecimal() and int(low) < int(high)):
            raise UsageError("This is no scale of ratings.", got=text, expected="lowest-highest, such as 1-5 or 0-10")
        return cls(int(low), int(high))

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Known:
    """What a sheet is held against.

    Attributes
    ----------
    interviews, deals : DataFrame
        The book's.
    taxonomy : Taxonomy
        Which codes there are.
    scale : Scale
        Of the ratings.
    today : datetime.date
        No interview is later.
    date_format : str or None
        How days may be written beside YYYY-MM-DD.
    """

    interviews: pd.DataFrame
    deals: pd.DataFrame
    taxonomy: Taxonomy
    scale: Scale
    today: dt.date
    date_format: str | None = None


@dataclass(frozen=True)
class Fault:
    """One cell that cannot be used."""

    line: int
    column: str
    got: str
    expected: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: got {self.got!r}, expected {self.expected}"


@dataclass(frozen=True)
class Line:
    """One row of the sheet as text under its column names."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")


@dataclass
class Interview:
    """One interview as rows of the canonical tables, and the faults on the way there."""

    row: dict[str, Any]
    ratings: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[dict[str, Any]] = field(default_factory=list)
    coders: int = 0
    words_left_out: bool = False
    faults: list[Fault] = field(default_factory=list)

    def fault(self, line: Line, column: str, expected: str) -> None:
        """Note that a cell cannot be used."""
        self.faults.append(Fault(line.number, column, line[column], expected))


def checked(lines: Sequence[Line], known: Known) -> tuple[list[Interview], list[Fault]]:
    """Check all rows of a sheet; return the interviews, in the order of the sheet, and every fault."""
    outcomes = dict(zip(known.deals["deal_id"], known.deals["outcome"], strict=True))
    record = {str(row["interview_id"]): row for row in known.interviews.to_dict("records")}
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line["interview_id"] or f"{BY_HAND}{line['deal_id']}", []).append(line)
    interviews = [_interview(name, group, record, outcomes, known) for name, group in grouped.items()]
    return interviews, [fault for each in interviews for fault in each.faults]


def _interview(
    name: str, group: Sequence[Line], record: Mapping[str, Mapping[Any, Any]], outcomes: Mapping[str, str], known: Known
) -> Interview:
    first, row = group[0], record.get(name)
    told = {column: None if row is None else row[column] for column in ON_RECORD}
    found = Interview({"interview_id": name, "deal_id": first["deal_id"], **told})
    if row is None and not name.startswith(BY_HAND):
        found.fault(first, "interview_id", "one that was drawn, or an empty cell for a deal chosen by hand")
    elif row is not None and first["deal_id"] != row["deal_id"]:
        found.fault(first, "deal_id", f"{row['deal_id']}, the deal of this interview")
    if first["deal_id"] not in outcomes:
        found.fault(first, "deal_id", "a deal of the data")
    _steps(first, found, row, known)
    is_held, is_lost = first["status"] == "held", outcomes.get(first["deal_id"]) != "won"
    _ratings(first, found, known.scale, is_held)
    _words(group, found, known, is_held=is_held, is_lost=is_lost)
    return found


def _steps(line: Line, found: Interview, row: Mapping[Any, Any] | None, known: Known) -> None:
    """Check how far the interview came, with its days and its consent."""
    status, consent = line["status"], line["consent"]
    days = {name: _day(line, name, found, known) for name in ("invited_at", "held_at")}
    if status not in RANKS:
        found.fault(line, "status", f"one of {', '.join(RANKS)}")
    elif row is not None and RANKS[status] < RANKS.get(str(row["status"]), 0):
        found.fault(line, "status", f"{row['status']}, as it is on record already")
    if RANKS.get(status, 0) > 0 and not line["invited_at"]:
        found.fault(line, "invited_at", f"a day, since the status is {status}")
    if status == "held" and not line["held_at"]:
        found.fault(line, "held_at", "a day, since the status is held")
    if status in RANKS and status != "held" and line["held_at"]:
        found.fault(line, "held_at", f"an empty cell, since the status is {status}")
    drawn = None if row is None or pd.isna(row["drawn_at"]) else row["drawn_at"].date()
    if drawn and days["invited_at"] and days["invited_at"] < drawn:
        found.fault(line, "invited_at", f"{drawn} or later, the day it was drawn")
    if days["invited_at"] and days["held_at"] and days["held_at"] < days["invited_at"]:
        found.fault(line, "held_at", f"{days['invited_at']} or later, the day of the invitation")
    if consent not in CONSENTS and (consent or status == "held"):
        found.fault(line, "consent", f"one of {', '.join(CONSENTS)}")
    elif status in RANKS and status != "held" and consent not in ("", "none"):
        found.fault(line, "consent", f"an empty cell, since the status is {status}")
    found.row |= {"status": status, **days, "respondent_role": line["respondent_role"], "consent": consent or "none"}


def _day(line: Line, column: str, found: Interview, known: Known) -> dt.date | None:
    """Read a day; a spreadsheet may have put midnight behind it."""
    text = line[column].removesuffix("00:00:00").rstrip(" T")
    if not text:
        return None
    day = None
    for style in ("%Y-%m-%d", known.date_format):
        try:
            day = day or (dt.datetime.strptime(text, style).date() if style else None)
        except ValueError:
            continue
    if day is None:
        found.fault(line, column, "a day as YYYY-MM-DD")
    elif day > known.today:
        found.fault(line, column, f"{known.today} at the latest, today")
        day = None
    return day


def _ratings(line: Line, found: Interview, scale: Scale, is_held: bool) -> None:
    for column in (name for name in line.cells if name.startswith(RATING) and line[name]):
        try:
            score = float(line[column].replace(",", "."))
        except ValueError:
            score = math.nan
        if not scale.low <= score <= scale.high:
            found.fault(line, column, f"a mark from {scale.low} to {scale.high} (--scale), or an empty cell")
        elif not is_held:
            found.fault(line, column, "an empty cell, since no interview was held")
        dimension = column.removeprefix(RATING)
        found.ratings.append({"interview_id": found.row["interview_id"], "dimension": dimension, "score": score})


def _words(group: Sequence[Line], found: Interview, known: Known, *, is_held: bool, is_lost: bool) -> None:
    """Check what each coder made of the interview, and keep the words where there is consent."""
    first, text, coders = group[0], group[0]["words"], set[str]()
    found.words_left_out = bool(text) and first["consent"] not in ("anonymous", "named")
    kept = "" if found.words_left_out else text
    for line in group:
        given = [name for name in ("primary", "contributing", "lost_to") if line[name]]
        if line is not first:
            _same_interview(line, first, found)
        if len(group) > 1 and (not line["coder_id"] or line["coder_id"] in coders):
            found.fault(line, "coder_id", "another coder on each row of one interview")
        coders.add(line["coder_id"])
        for name in given:
            if not is_held:
                found.fault(line, name, "an empty cell, since no interview was held")
            elif not is_lost:
                found.fault(line, name, "an empty cell, since reasons are coded for lost deals only")
        if line["lost_to"] and line["lost_to"] not in LOST_TO:
            found.fault(line, "lost_to", f"one of {', '.join(LOST_TO)}")
        codes = _codes(line, found, known.taxonomy)
        shared = {
            "deal_id": found.row["deal_id"], "rater_type": "buyer", "interview_id": found.row["interview_id"],
            "coder_id": line["coder_id"], "lost_to": line["lost_to"], "taxonomy_version": known.taxonomy.stamp,
        }  # fmt: skip
        found.coders += bool(codes)
        if not codes and (line["lost_to"] or (kept and line is first)):
            codes = [("", "primary")]
        found.reasons += [
            {**shared, "code": code, "rank": rank, "text": kept if place == 0 else ""}
            for place, (code, rank) in enumerate(codes)
        ]
    if text and not is_held:
        found.fault(first, "words", "an empty cell, since no interview was held")


def _same_interview(line: Line, first: Line, found: Interview) -> None:
    """Check that a further row of an interview brings another coder's codes and nothing else."""
    for name in line.cells:
        if name not in OF_A_CODER and line[name] not in ("", first[name]):
            found.fault(line, name, f"an empty cell or {first[name]!r}, as in line {first.number}")


def _codes(line: Line, found: Interview, taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """Return the codes of one coder with their ranks, primary first."""
    named = [("primary", code.strip()) for code in [line["primary"]] if code.strip()]
    named += [("contributing", code.strip()) for code in line["contributing"].split(";") if code.strip()]
    codes: list[tuple[str, str]] = []
    for column, word in named:
        code = taxonomy.successor(word)
        if code is None or taxonomy.reason(code).group:
            found.faults.append(Fault(line.number, column, word, f"a code: {nearest(word, taxonomy.assignable)}"))
        elif code in {each for each, _ in codes}:
            found.faults.append(Fault(line.number, column, word, "each code once"))
        else:
            codes.append((code, column))
    return codes
