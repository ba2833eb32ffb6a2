"""The canonical tables of a book: names, columns, kinds, allowed values and keys.

Everything that reads, cleans, checks, simulates or documents a table takes its columns from here, so a
column is added in one place. Only `deals` is required; every other table unlocks further questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from postmortem.ground.errors import UsageError, nearest

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["id", "text", "category", "money", "number", "integer", "date", "timestamp", "flag", "enum"]

UNKNOWN = "unknown"
OUTCOMES = ("open", "won", "lost")
LOST_TO = ("competitor", "status_quo", "disqualified", UNKNOWN)
CLOSED_AT_SOURCES = ("history", "crm_field", "expected_proxy")
FORECAST_CATEGORIES = ("pipeline", "best_case", "most_likely", "commit", "closed", "omitted", UNKNOWN)
FORECAST_DEFAULT = ("commit", "most_likely", "best_case")
RATERS = ("rep", "manager", "analyst", "buyer")
SIDES = ("buyer", "seller", "both", UNKNOWN)
EVENT_KINDS = (
    "proposal_sent", "discovery", "demo", "reference", "pilot", "security_review", "legal_review",
    "procurement", "meeting", "call", "email", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One canonical column.

    Attributes
    ----------
    name : str
        Canonical name.
    kind : Kind
        How raw text is read: ids and categories stay text, money and numbers become floats, dates are
        dates in the book's time zone, timestamps are UTC-aware.
    meaning : str
        One line a reader of the book understands.
    required : bool
        A row without it goes to quarantine.
    values : tuple of str
        The closed set of an enum.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    values: tuple[str, ...] = ()

    @property
    def may_be_unknown(self) -> bool:
        """Whether a value that is not in the set reads as ``unknown`` instead of going to quarantine."""
        return UNKNOWN in self.values


@dataclass(frozen=True)
class Table:
    """One canonical table: its columns and the columns that identify a row (empty: rows may repeat)."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns a source must have."""
        return tuple(column.name for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """Return the column called `name`, or raise `UsageError`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(f"Table {self.name} has no such column.", got=name, do=nearest(name, self.names))


def _deal(required: bool = True) -> Column:
    return Column("deal_id", "id", "the CRM's identifier of the deal", required=required)


RECORDED = Column("recorded_at", "timestamp", "when this was written down, which may be long after the fact")

DEALS = Table(
    "deals",
    "one row a deal, as the CRM holds it at the extraction date",
    (
        _deal(),
        Column("account_id", "id", "the customer's identifier"),
        Column("account_name", "text", "the customer's name"),
        Column("deal_name", "text", "what the deal is called"),
        Column("owner_id", "category", "the sales person who owns the deal"),
        Column("manager_id", "category", "the owner's manager"),
        Column("team", "category", "sales team"),
        Column("segment", "category", "market segment or industry"),
        Column("region", "category", "sales region"),
        Column("product", "category", "product or product family"),
        Column("deal_type", "category", "new business, renewal, expansion, as the CRM names it"),
        Column("pipeline", "category", "which sales pipeline, where there are several"),
        Column("is_existing_customer", "flag", "whether the customer bought before"),
        Column("created_at", "date", "when the deal was created; may be missing"),
        Column("outcome", "enum", "open, won or lost", required=True, values=OUTCOMES),
        Column("closed_at", "date", "when a won or lost deal was closed"),
        Column("closed_at_source", "enum", "where the close date comes from", values=CLOSED_AT_SOURCES),
        Column("expected_close_date", "date", "when the deal is or was expected to close"),
        Column("stage", "category", "the sales stage now"),
        Column("amount", "money", "value of the deal; missing where unknown, never 0 for unknown"),
        Column("currency", "category", "currency of the amount, an ISO 4217 code"),
        Column("probability", "number", "stated probability of winning, 0 to 1"),
        Column("forecast_category", "enum", "forecast category now; no evidence for a closed deal",
               values=FORECAST_CATEGORIES),
        Column("lost_to_raw", "text", "the CRM's own field for whom the deal was lost to"),
        Column("lost_to_recorded", "enum", "what that field says, as mapped; filled at intake", values=LOST_TO),
        Column("loss_reason_raw", "text", "the CRM's loss reason, several separated by semicolons"),
        Column("win_reason_raw", "text", "the CRM's win reason"),
        Column("loss_notes", "text", "free text about the loss"),
        Column("competitor_raw", "text", "competitors named on the deal, several separated by semicolons"),
    ),
    key=("deal_id",),
)  # fmt: skip

HISTORY = Table(
    "history",
    "one row a change of one field of one deal",
    (
        _deal(),
        Column("field", "category", "canonical name of the field that changed", required=True),
        Column("changed_at", "timestamp", "when it changed", required=True),
        Column("seq", "integer", "order of changes within one moment"),
        Column("old_value", "text", "value before; empty is a value"),
        Column("new_value", "text", "value after; empty is a value"),
    ),
)

SNAPSHOTS = Table(
    "snapshots",
    "one row a deal and a day: the whole state as exported that day",
    (
        Column("as_of", "date", "day of the snapshot", required=True),
        _deal(),
        Column("stage", "category", "stage that day"),
        Column("forecast_category", "enum", "forecast category that day", values=FORECAST_CATEGORIES),
        Column("expected_close_date", "date", "expected close that day"),
        Column("amount", "money", "amount that day"),
        Column("probability", "number", "stated probability that day, 0 to 1"),
        Column("owner_id", "category", "owner that day"),
    ),
    key=("as_of", "deal_id"),
)

FORECAST_SHEET = Table(
    "forecast_sheet",
    "the spreadsheet of a forecast call, one row a deal and a day",
    (
        Column("as_of", "date", "day of the call", required=True),
        _deal(),
        Column("category", "enum", "category called", values=FORECAST_CATEGORIES),
        Column("amount", "money", "amount called"),
        Column("expected_close_date", "date", "close date called"),
    ),
    key=("as_of", "deal_id"),
)

MILESTONES = Table(
    "milestones",
    "one row a buyer's commitment met",
    (
        _deal(),
        Column("milestone", "category", "name of the commitment", required=True),
        Column("stage", "category", "stage it belongs to"),
        Column("met_at", "date", "when it was met"),
        RECORDED,
    ),
)

EVENTS = Table(
    "events",
    "one row a contact or a happening on a deal",
    (
        _deal(),
        Column("kind", "enum", "what happened", values=(*EVENT_KINDS, UNKNOWN)),
        Column("side", "enum", "who acted", values=SIDES),
        Column("occurred_at", "timestamp", "when", required=True),
        Column("contact_id", "id", "with whom"),
        Column("next_step_agreed", "flag", "whether a next step was agreed"),
        RECORDED,
    ),
)

CONTACTS = Table(
    "contacts",
    "one row a person on the buyer's side of a deal",
    (
        _deal(),
        Column("contact_id", "id", "the person", required=True),
        Column("role", "category", "role in the decision"),
        Column("first_seen_at", "date", "when first recorded on the deal"),
    ),
    key=("deal_id", "contact_id"),
)

COMPETITORS = Table(
    "competitors",
    "one row a competitor on a deal",
    (
        _deal(),
        Column("competitor", "category", "the competitor", required=True),
        Column("status", "enum", "what became of it", values=("present", "won", "lost", UNKNOWN)),
        Column("price", "money", "the competitor's price, where known"),
        Column("currency", "category", "currency of the price"),
        RECORDED,
    ),
    key=("deal_id", "competitor"),
)

REASONS = Table(
    "reasons",
    "one row a rater's word on one reason of one deal",
    (
        _deal(),
        Column("rater_type", "enum", "who says so", required=True, values=RATERS),
        Column("rater_id", "category", "which one"),
        Column("interview_id", "id", "interview it comes from"),
        Column("coder_id", "category", "who coded the words"),
        Column("code", "category", "code of the taxonomy"),
        Column("rank", "enum", "primary or contributing", required=True, values=("primary", "contributing")),
        Column("lost_to", "enum", "to whom, in this rater's word", values=LOST_TO),
        Column("taxonomy_version", "category", "taxonomy and version the code belongs to"),
        Column("text", "text", "the rater's words"),
        RECORDED,
    ),
)

INTERVIEWS = Table(
    "interviews",
    "one row a deal drawn for an interview",
    (
        Column("interview_id", "id", "identifier", required=True),
        _deal(),
        Column("drawn_at", "date", "when drawn"),
        Column("stratum", "category", "stratum of the draw"),
        Column("draw_order", "integer", "order of the draw"),
        Column("inclusion_probability", "number", "probability of being drawn, 0 to 1"),
        Column("invited_at", "date", "when invited"),
        Column("status", "enum", "what came of it",
               values=("drawn", "invited", "declined", "no_answer", "held", UNKNOWN)),
        Column("held_at", "date", "when held"),
        Column("respondent_role", "category", "the respondent's role"),
        Column("consent", "enum", "may the words be used", required=True, values=("none", "anonymous", "named")),
    ),
    key=("interview_id",),
)  # fmt: skip

RATINGS = Table(
    "ratings",
    "one row a score given in an interview",
    (
        Column("interview_id", "id", "interview", required=True),
        Column("dimension", "category", "what was rated", required=True),
        Column("score", "number", "the score"),
    ),
    key=("interview_id", "dimension"),
)

REVIEWS = Table(
    "reviews",
    "one row an answer in a deal review",
    (
        _deal(),
        Column("rater_id", "category", "who answered", required=True),
        Column("question", "category", "question of the review", required=True),
        Column("answer", "enum", "the answer", values=("yes", "no", UNKNOWN)),
        Column("evidence", "text", "what supports it"),
        RECORDED,
    ),
    key=("deal_id", "rater_id", "question"),
)

GUESSES = Table(
    "guesses",
    "one row a leader's estimate, sealed before the run",
    (
        Column("quarter", "category", "quarter guessed about", required=True),
        Column("rater_id", "category", "who guessed", required=True),
        Column("question", "category", "what was guessed", required=True),
        Column("value", "text", "the guess"),
        Column("sealed_at", "timestamp", "when sealed"),
    ),
    key=("quarter", "rater_id", "question"),
)

REPS = Table(
    "reps",
    "one row a sales person",
    (
        Column("rep_id", "category", "the sales person, as in deals.owner_id", required=True),
        Column("manager_id", "category", "manager"),
        Column("team", "category", "team"),
        Column("hired_at", "date", "first day"),
        Column("left_at", "date", "last day"),
        Column("territory", "category", "territory or region"),
    ),
    key=("rep_id",),
)

ACCOUNTS = Table(
    "accounts",
    "one row a customer; fills what the deals do not say about theirs",
    (
        Column("account_name", "text", "the customer, as in deals.account_name", required=True),
        Column("account_id", "id", "the customer's identifier"),
        Column("segment", "category", "market segment or industry"),
        Column("region", "category", "region"),
    ),
    key=("account_name",),
)

QUOTAS = Table(
    "quotas",
    "one row a sales person and a quarter",
    (
        Column("rep_id", "category", "the sales person", required=True),
        Column("quarter", "category", "the quarter", required=True),
        Column("quota", "money", "the target"),
        Column("attained", "money", "what was reached"),
    ),
    key=("rep_id", "quarter"),
)

ROLLOUTS = Table(
    "rollouts",
    "one row a change of process and a team",
    (
        Column("name", "category", "what was introduced", required=True),
        Column("team", "category", "in which team", required=True),
        Column("started_at", "date", "from when", required=True),
    ),
    key=("name", "team"),
)

FX_RATES = Table(
    "fx_rates",
    "one row a currency and a day it counts from: units of the reporting currency for one unit",
    (
        Column("currency", "category", "currency converted from", required=True),
        Column("rate", "number", "reporting currency for one unit", required=True),
        Column("valid_from", "date", "first day the rate counts"),
    ),
    key=("currency", "valid_from"),
)

TABLES: tuple[Table, ...] = (
    DEALS, HISTORY, SNAPSHOTS, FORECAST_SHEET, MILESTONES, EVENTS, CONTACTS, COMPETITORS, REASONS, INTERVIEWS,
    RATINGS, REVIEWS, GUESSES, REPS, ACCOUNTS, QUOTAS, ROLLOUTS, FX_RATES,
)  # fmt: skip


FIELDWORK: tuple[str, ...] = ("reviews", "reasons", "interviews", "ratings", "guesses")
FIELDWORK_FOLDER = "fieldwork"
"""Tables that people fill in, and where in an engagement's folder these are kept."""


def table(name: str) -> Table:
    """Return the canonical table called `name`, or raise `UsageError`."""
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise UsageError("There is no such table.", got=name, do=nearest(name, [candidate.name for candidate in TABLES]))


DTYPES: dict[Kind, str] = {
    "id": "str", "text": "str", "category": "str", "enum": "str", "money": "float64", "number": "float64",
    "integer": "Int64", "date": "datetime64[us]", "timestamp": "datetime64[us, UTC]", "flag": "boolean",
}  # fmt: skip


def empty(name: str) -> pd.DataFrame:
    """Return table `name` without rows, with its canonical columns and dtypes."""
    return _empty(name).copy()


@cache
def _empty(name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({c.name: pd.Series([], dtype=DTYPES[c.kind]) for c in table(name).columns})
