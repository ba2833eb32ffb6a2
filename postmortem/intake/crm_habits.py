"""What several CRMs do alike: deals in the recycle bin, close dates in one column or two, words for who won."""

from __future__ import annotations

import pandas as pd

from postmortem.intake.quarantine import Ledger
from postmortem.intake.values import TRUE


def missing(cells: pd.DataFrame) -> pd.Series[str]:
    """Return a column without any value on the rows of `cells`."""
    return pd.Series(pd.NA, index=cells.index, dtype="str")


def set_deleted_aside(cells: pd.DataFrame, ledger: Ledger, place: str) -> None:
    """Set aside rows whose helper ``_is_deleted`` says so; `place` names where the CRM keeps them."""
    if "_is_deleted" in cells:
        gone = cells["_is_deleted"].str.strip().str.lower().isin(TRUE)
        ledger.set_aside(gone, "deal_id", cells.get("deal_id"), f"is in {place}")


def settle_one_date(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Read the one close date of a CRM that resets it on won deals alone.

    Parameters
    ----------
    cells : DataFrame
        Text, with ``outcome`` and the helper ``_close_date``, and perhaps ``_stage_changed``.
    ledger : Ledger
        Says which lost deals are dated how.

    Returns
    -------
    DataFrame
        With ``closed_at`` and ``closed_at_source``. A lost deal's date may still be the old expectation,
        so the day its stage last changed is preferred.
    """
    if "_close_date" not in cells or "closed_at" in cells:
        return cells
    close, moved = cells["_close_date"], cells.get("_stage_changed", missing(cells))
    won, lost = cells["outcome"] == "won", cells["outcome"] == "lost"
    by_stage, by_proxy = lost & moved.notna(), lost & moved.isna() & close.notna()
    source = missing(cells).mask(won & close.notna() | by_stage, "crm_field").mask(by_proxy, "expected_proxy")
    if by_stage.any():
        ledger.note("closed_at", by_stage.sum(), "lost deals are closed on the day their stage last changed")
    if by_proxy.any():
        what = "lost deals have only their Close Date, which may still be the old expectation (expected_proxy)"
        ledger.note("closed_at", by_proxy.sum(), what)
    made = {"closed_at": moved.where(by_stage, close.where(won | lost)), "closed_at_source": source}
    if "expected_close_date" not in cells:
        # The CRM overwrites the close date of won deals, so theirs is no expectation.
        made["expected_close_date"] = close.where(~won)
    return cells.assign(**made)


def settle_two_dates(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Read the close date of a CRM that keeps the actual and the expected one apart.

    Parameters
    ----------
    cells : DataFrame
        Text, with ``outcome``, and any of the helpers ``_won_on``, ``_lost_on``, ``_closed_on`` and
        ``_stage_changed``, and ``expected_close_date``, in this order of preference.
    ledger : Ledger
        Says which lost deals are dated by less than an actual date.
    """
    if "closed_at" in cells:
        return cells
    nothing = missing(cells)
    won, lost = cells["outcome"] == "won", cells["outcome"] == "lost"
    closed = cells.get("_closed_on", nothing)
    actual = cells.get("_won_on", nothing).where(won).fillna(cells.get("_lost_on", nothing).where(lost))
    actual = actual.fillna(closed.where(won | lost))
    moved = cells.get("_stage_changed", nothing).where(lost & actual.isna())
    proxy = cells.get("expected_close_date", nothing).where(lost & actual.isna() & moved.isna())
    if moved.notna().any():
        what = "lost deals without a date of loss are closed on the day their stage last changed"
        ledger.note("closed_at", moved.notna().sum(), what)
    if proxy.notna().any():
        what = "lost deals have only their expected close date (expected_proxy)"
        ledger.note("closed_at", proxy.notna().sum(), what)
    source = nothing.mask(actual.notna() | moved.notna(), "crm_field").mask(proxy.notna(), "expected_proxy")
    return cells.assign(closed_at=actual.fillna(moved).fillna(proxy).astype("str"), closed_at_source=source)


def name_who_won(cells: pd.DataFrame, words: pd.Series[str]) -> pd.DataFrame:
    """Take over into ``lost_to_raw`` what a stage or status says of who won, where no field of its own does."""
    raw = cells.get("lost_to_raw", missing(cells))
    return cells.assign(lost_to_raw=raw.fillna(words).astype("str"))
