"""What became of the deals between two editions: closed late, recoded, changed, come in or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pandas as pd

from postmortem.ground.fates import FATE_LABELS, LOST, LOST_TO_LABELS, OPEN, PUSHED_EARLY, SLIPPED, WON

MoveKind = Literal["entered", "left", "closed", "reopened", "fate", "lost_to", "reason", "amount", "other"]
ORDER: Final[tuple[MoveKind, ...]] = (
    "closed", "reopened", "fate", "lost_to", "reason", "amount", "entered", "left", "other",
)  # fmt: skip
UNFINISHED: Final = (OPEN, SLIPPED, PUSHED_EARLY)
RAW_OF: Final = {"lost_to": ("lost_to_raw", "loss_reason_raw"), "reason_code": ("loss_reason_raw",)}
OTHER: Final = (
    "account_name", "deal_name", "owner_id", "manager_id", "team", "segment", "region", "product", "deal_type",
    "stage", "forecast_category", "expected_close_date", "created_at", "entered_at", "closed_at",
)  # fmt: skip
WORDS: Final = ("deal_id", "deal_name", "account_name", "quarter", "owner_id", "segment", "region", "product",
                "deal_type", "stage", "resolution", "lost_to", "reason_code", "reason")  # fmt: skip


@dataclass(frozen=True)
class Move:
    """One change of one deal of the cohort.

    Attributes
    ----------
    deal_id, deal : str
        The deal, and its account and name.
    quarters : tuple of str
        Quarters in which the deal is counted this way.
    kind : MoveKind
        What sort of change.
    what : str
        The change in words.
    before, after : str or None
        The values; missing where the deal was not there.
    words : frozenset of str
        What rows of tables about this deal are called, before and after.
    """

    deal_id: str
    deal: str
    quarters: tuple[str, ...]
    kind: MoveKind
    what: str
    before: str | None
    after: str | None
    words: frozenset[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        told = {name: getattr(self, name) for name in ("deal_id", "deal", "kind", "what", "before", "after")}
        return told | {"quarters": list(self.quarters)}


def deal_moves(before: pd.DataFrame, after: pd.DataFrame, focus: str) -> tuple[Move, ...]:
    """Compare the cohorts of two editions.

    Parameters
    ----------
    before, after : DataFrame
        Columns of a cohort and `editions.RAW`; one row a (deal_id, quarter).
    focus : str
        Quarter whose deals come first.

    Returns
    -------
    tuple of Move
        Those of the focus quarter first, then by kind and deal; the same change of a deal in several quarters
        is one move.
    """
    old, new = (_rows(frame) for frame in (before, after))
    found: dict[tuple[str, MoveKind, str], Move] = {}
    for key in sorted({*old, *new}, key=lambda key: (key[1] != focus, key)):
        for move in _of_row(key, old.get(key), new.get(key)):
            name = (move.deal_id, move.kind, move.what)
            there = found.get(name)
            if there is not None:
                move = replace(there, quarters=(*there.quarters, key[1]), words=there.words | move.words)
            found[name] = move
    return tuple(
        sorted(found.values(), key=lambda move: (focus not in move.quarters, ORDER.index(move.kind), move.deal_id))
    )


def _rows(frame: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows by deal and quarter, missing values as None and days as text."""
    plain = frame.copy()
    for name in plain:
        if pd.api.types.is_datetime64_any_dtype(plain[name].dtype):
            plain[name] = plain[name].dt.strftime("%Y-%m-%d")
    records = plain.astype(object).where(plain.notna(), None).to_dict("records")
    return {(str(row["deal_id"]), str(row["quarter"])): {str(name): row[name] for name in row} for row in records}


def _of_row(key: tuple[str, str], old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Move]:
    row = new or old or {}
    account, name = (row.get(column) or "" for column in ("account_name", "deal_name"))
    deal = name if name.startswith(account) else f"{account} · {name}" if name else account
    words = frozenset(word for each in (old, new) if each is not None for word in _words(each))

    def move(kind: MoveKind, what: str, was: Any, now: Any) -> Move:
        before, after = (None if value is None else str(value) for value in (was, now))
        return Move(key[0], deal, (key[1],), kind, what, before, after, words)

    if old is None or new is None:
        fate = _fate(str(row["resolution"]))
        what = f"is among the deals now: {fate}" if old is None else f"is not among the deals any more: was {fate}"
        kind: MoveKind = "entered" if old is None else "left"
        yield move(kind, what, old and old["resolution"], new and new["resolution"])
        return
    yield from (move(*each) for each in _fates(old, new))
    yield from (move(*each) for each in _recoded(old, new))
    if old["amount"] != new["amount"]:
        yield move(
            "amount", f"amount {_shown(old['amount'])}, now {_shown(new['amount'])}", old["amount"], new["amount"]
        )
    closed = old["closed_at"] is None and new["closed_at"] is not None
    for name in OTHER:
        if old.get(name) != new.get(name) and not (closed and name == "closed_at"):
            said = f"{name.replace('_', ' ')} {_shown(old.get(name))}, now {_shown(new.get(name))}"
            yield move("other", said, old.get(name), new.get(name))


def _fates(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[MoveKind, str, Any, Any]]:
    """Yield a change of what had become of the deal by the end of the quarter, else of its fate up to now."""
    was, now = str(old["resolution"]), str(new["resolution"])
    if was != now:
        said = f"{_fate(now)}, was {_fate(was)}"
        if was in UNFINISHED and now not in UNFINISHED:
            when = f"on {new['closed_at']}" if new["closed_at"] else "within the quarter"
            yield "closed", f"closed {when}, known only now: {said}", was, now
        elif now in UNFINISHED and was not in UNFINISHED:
            yield "reopened", f"not closed within the quarter any more: {said}", was, now
        elif was in UNFINISHED or WON in (was, now):
            yield "fate", said, was, now
        return
    was, now = str(old["ultimate"]), str(new["ultimate"])
    if was == now or (was in LOST and now in LOST):
        return
    said = f"{_fate(now)}, was {_fate(was)}"
    kind: MoveKind = "closed" if was == OPEN else "reopened" if now == OPEN else "fate"
    what = f"closed late, on {new['closed_at']}: {said}" if kind == "closed" else f"by now {said}"
    yield kind, what, was, now


def _recoded(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[MoveKind, str, Any, Any]]:
    """Yield another taker or reason, and whether the CRM says something else or the same is read otherwise."""
    if old.get("outcome") != new.get("outcome"):
        return
    takers = [_labelled(row["lost_to"], LOST_TO_LABELS) for row in (old, new)]
    coded = (
        row.get("reason") or row["reason_code"] or (row.get("loss_reason_raw") and "no code") for row in (old, new)
    )
    reasons = [_shown(each) for each in coded]
    kinds: tuple[tuple[MoveKind, str, list[str]], ...] = (
        ("lost_to", "lost_to", takers), ("reason", "reason_code", reasons),
    )  # fmt: skip
    for kind, name, (was, now) in kinds:
        raws = [(old.get(raw), new.get(raw)) for raw in RAW_OF[name] if old.get(raw) != new.get(raw)]
        words = f"the CRM says {_shown(raws[0][1])}, it said {_shown(raws[0][0])}" if raws else ""
        label = kind.replace("_", " ")
        if old[name] != new[name] or was != now:
            how = words or "read otherwise, the CRM's words being the same"
            yield kind, f"{label} {now}, was {was}: {how}", old[name], new[name]
        elif raws and (kind == "reason" or raws[0] == (old.get("lost_to_raw"), new.get("lost_to_raw"))):
            yield kind, f"{label} still {now}: {words}", old[name], new[name]


def _words(row: Mapping[str, Any]) -> Iterator[str]:
    for name in WORDS:
        value = row.get(name)
        if value is not None:
            yield str(value)
            yield from (labels[value] for labels in (FATE_LABELS, LOST_TO_LABELS) if value in labels)


def _fate(name: str) -> str:
    return _labelled(name, FATE_LABELS)


def _labelled(value: Any, labels: Mapping[str, str]) -> str:
    """Return a value in the words of a sentence."""
    label = labels.get(value)
    return _shown(value) if label is None else label[0].lower() + label[1:]


def _shown(value: Any) -> str:
    if value is None:
        return "not recorded"
    return f"{value:,.0f}" if isinstance(value, float) and value.is_integer() else str(value)
