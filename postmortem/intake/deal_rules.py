"""Rules for deals alone: close dates against outcome, creation and extraction, and amounts of zero."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd

from postmortem.intake.periods import Extraction
from postmortem.intake.quarantine import Ledger

ZEROS_OF_LOST, ZEROS_OF_WON = 0.95, 0.5
COLUMNS: Final = ("created_at", "closed_at", "expected_close_date")


def settle_close_dates(deals: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Make close dates agree with outcomes.

    Open deals have none: what stands there becomes the expected close date where that is missing. Won and
    lost deals without one are set aside: they belong to no quarter. A deal that closes before it was
    created keeps its close date, which the quarter rests on, and loses its creation date.
    """
    deals = _with_columns(deals)
    is_open = deals["outcome"] == "open"
    early = is_open & deals["closed_at"].notna()
    if early.any():
        ledger.note(
            "closed_at",
            early.sum(),
            "open deals have no close date; it is read as the expected one where that is missing",
        )
        expected = deals["expected_close_date"]
        deals["expected_close_date"] = expected.mask(early & expected.isna(), deals["closed_at"])
        deals["closed_at"] = deals["closed_at"].mask(early)
    undated = ~is_open & deals["outcome"].notna() & deals["closed_at"].isna()
    ledger.set_aside(undated, "closed_at", None, "is missing on a closed deal")
    source = deals["closed_at_source"].mask(is_open)
    deals["closed_at_source"] = source.mask(~is_open & source.isna() & deals["closed_at"].notna(), "crm_field")
    backwards = deals["closed_at"].notna() & (deals["closed_at"] < deals["created_at"])
    if backwards.any():
        ledger.note(
            "created_at", backwards.sum(), "deals close before they were created: the creation date is read as missing"
        )
        deals["created_at"] = deals["created_at"].mask(backwards)
    return deals


def report_nameless(deals: pd.DataFrame, ledger: Ledger) -> None:
    """Note closed deals that are set aside for want of an id, by outcome: missing losses are losses not counted."""
    if "deal_id" not in deals or "outcome" not in deals:
        return
    nameless = deals["deal_id"].isna()
    counts = {name: (int((nameless & (deals["outcome"] == name)).sum()), int((deals["outcome"] == name).sum()))
              for name in ("lost", "won")}  # fmt: skip
    missing = sum(some for some, _ in counts.values())
    if not missing:
        return
    (lost, all_lost), (won, all_won) = counts["lost"], counts["won"]
    more = lost * max(all_won, 1) > won * max(all_lost, 1)
    hint = ": losses are counted too low" if more else ""
    what = f"deals without an id are set aside, {lost} of {all_lost} lost and {won} of {all_won} won{hint}"
    ledger.note("deal_id", missing, what)


def settle_expectations(deals: pd.DataFrame, ledger: Ledger, taken: Extraction) -> pd.DataFrame:
    """Move old expectations that lie in the future to the extraction date.

    A deal that is lost was lost by then at the latest; its Close Date stays as the expected one.
    """
    late = (deals["closed_at_source"] == "expected_proxy") & (deals["closed_at"] > pd.Timestamp(taken.day))
    if not late.any():
        return deals
    hint = "" if taken.source.startswith("[data]") else "; state [data] extracted_on if that day is not right"
    what = f"lost deals whose only Close Date lies ahead count as closed on the extraction date {taken.day}{hint}"
    ledger.note("closed_at", late.sum(), what)
    return deals.assign(
        expected_close_date=deals["expected_close_date"].fillna(deals["closed_at"].where(late)),
        closed_at=deals["closed_at"].mask(late, pd.Timestamp(taken.day)),
    )


def settle_zero_amounts(deals: pd.DataFrame, ledger: Ledger, rule: Literal["auto", "unknown", "keep"]) -> pd.DataFrame:
    """Read amounts of exactly zero as unknown where they are no amounts.

    Parameters
    ----------
    rule : {"auto", "unknown", "keep"}
        ``unknown``: every zero. ``auto``: zeros of lost deals, where at least 95% of the lost deals that
        have an amount have zero and at most half of the won ones do: then the CRM empties the field.
    """
    if "amount" not in deals or rule == "keep":
        return deals
    zero = deals["amount"] == 0
    if rule == "auto":
        lost, won = deals["outcome"] == "lost", deals["outcome"] == "won"
        emptied = _share(zero, lost & deals["amount"].notna(), 0.0) >= ZEROS_OF_LOST
        if not (emptied and _share(zero, won & deals["amount"].notna(), 0.0) <= ZEROS_OF_WON):
            return deals
        zero &= lost
    if not zero.any():
        return deals
    whose = "lost deals have the amount 0, won ones do not: it" if rule == "auto" else "the amount 0"
    ledger.note("amount", zero.sum(), f"{whose} is read as unknown ([data] zero_amounts)")
    return deals.assign(amount=deals["amount"].mask(zero))


def report_losses(deals: pd.DataFrame, ledger: Ledger) -> None:
    """Note a book without losses, wins or closed deals at all, which no CRM is."""
    for outcome, hint in (
        ("lost", "some CRMs leave lost or archived deals out of their default exports"),
        ("won", "look whether the export was filtered"),
    ):
        if len(deals) and not (deals["outcome"] == outcome).any():
            ledger.note("outcome", 0, f"no deal is {outcome}: {hint}")


def _with_columns(deals: pd.DataFrame) -> pd.DataFrame:
    added: dict[str, pd.Series[Any]] = {
        name: pd.Series(pd.NaT, index=deals.index, dtype="datetime64[us]") for name in COLUMNS if name not in deals
    }
    if "closed_at_source" not in deals:
        added["closed_at_source"] = pd.Series(pd.NA, index=deals.index, dtype="str")
    return deals.assign(**added)


def _share(flags: pd.Series[bool], among: pd.Series[bool], otherwise: float) -> float:
    return float(flags[among].mean()) if among.any() else otherwise
