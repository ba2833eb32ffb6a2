"""Money in one currency: found, converted by a table of rates, or refused; never summed across."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from postmortem.ground.errors import DataError
from postmortem.intake.quarantine import Ledger
from postmortem.intake.wording import listed
from postmortem.intake.workbook import canonical_text


def reporting_currency(deals: pd.DataFrame, stated: str | None, rates: pd.DataFrame | None) -> str:
    """Return the currency of the report: the stated one, else the only one there is; empty if none is named.

    Raises
    ------
    DataError
        When amounts come in several currencies, or in another one than stated, and rates are missing.
    """
    found = deals.loc[deals["amount"].notna() & deals["currency"].notna(), "currency"]
    names = sorted(found.unique())
    if stated is None:
        if len(names) <= 1:
            return str(names[0]) if names else ""
        raise DataError(
            f"Amounts come in {len(names)} currencies.",
            got=listed(found),
            expected="one reporting currency",
            do='state it in postmortem.toml, [company] currency = "EUR", and give rates as the table fx_rates '
            "(currency, rate, valid_from), or export amounts already converted",
        )
    known = set() if rates is None else set(rates["currency"])
    lacking = [name for name in names if name != stated and name not in known]
    if lacking:
        raise DataError(
            f"Amounts in {', '.join(lacking)} cannot be converted to {stated}.",
            got=listed(found),
            expected="a rate for each currency",
            do="give rates as the table fx_rates (currency, rate, valid_from): units of "
            f"{stated} for one unit, or map an export column that holds converted amounts",
        )
    return stated


def fill_currency(deals: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Write currency codes in capitals; where all deals but some name the one currency, those have it too."""
    currency = deals["currency"].str.strip().str.upper()
    bare = deals["amount"].notna() & currency.isna()
    names = currency[deals["amount"].notna()].dropna().unique()
    if len(names) == 1 and bare.any():
        ledger.note("currency", bare.sum(), f"is missing and read as {names[0]}, the only one in the file")
        currency = currency.mask(bare, names[0])
    if len(names) > 1 and bare.any():
        ledger.note("amount", bare.sum(), "has no currency among several and is read as unknown")
        return deals.assign(currency=currency.astype("str"), amount=deals["amount"].mask(bare))
    return deals.assign(currency=currency.astype("str"))


def convert(
    frame: pd.DataFrame, money: str, currency: pd.Series[str], days: pd.Series, rates: pd.DataFrame, target: str
) -> pd.Series[float]:
    """Convert one column of money to the reporting currency.

    Parameters
    ----------
    frame : DataFrame
        Holds the column `money`.
    currency : Series of str
        Currency of each row; missing counts as `target`.
    days : Series of datetime64
        Day whose rate counts; without one, the newest rate does.
    rates : DataFrame
        Canonical `fx_rates`; a rate without `valid_from` counts from the beginning, and days before the
        first rate take the first.
    target : str
        Reporting currency.

    Returns
    -------
    Series of float
        On the index of `frame`; amounts of an unknown currency are missing.
    """
    amounts = frame[money].copy()
    for name in currency.dropna().unique():
        if name == target:
            continue
        rows = currency == name
        own = rates[rates["currency"] == name].assign(since=lambda table: table["valid_from"].fillna(pd.Timestamp(0)))
        if own.empty:
            amounts = amounts.mask(rows)
            continue
        own = own.sort_values("since", kind="stable")
        when = days[rows].fillna(pd.Timestamp(2262, 1, 1))
        position = own["since"].searchsorted(when, side="right") - 1
        factor = own["rate"].to_numpy()[position.clip(min=0)]
        amounts.loc[rows] = amounts[rows] * factor
    return amounts


def converted_book(tables: Mapping[str, pd.DataFrame], target: str, ledger: Ledger) -> dict[str, pd.DataFrame]:
    """Return the tables with all money in the reporting currency.

    A deal counts at the rate of the day it closed, an open one at the newest rate; its snapshots, forecasts
    and changes of amount at the rate of their own day.
    """
    result = dict(tables)
    rates, deals = tables.get("fx_rates"), tables["deals"]
    foreign = deals["currency"].notna() & (deals["currency"] != target) & deals["amount"].notna()
    if rates is None or not target or (not foreign.any() and "competitors" not in tables):
        return result
    home = deals.drop_duplicates("deal_id").set_index("deal_id")["currency"]
    if foreign.any():
        ledger.note("amount", foreign.sum(), f"was converted to {target} from {listed(deals.loc[foreign, 'currency'])}")
        amount = convert(deals, "amount", deals["currency"], deals["closed_at"], rates, target)
        currency = deals["currency"].mask(deals["currency"].notna(), target)
        result["deals"] = deals.assign(amount=amount, currency=currency)
        for name in ("snapshots", "forecast_sheet"):
            if name in tables:
                frame = tables[name]
                own = frame["deal_id"].map(home).astype("str")
                result[name] = frame.assign(amount=convert(frame, "amount", own, frame["as_of"], rates, target))
        if "history" in tables:
            result["history"] = _converted_changes(tables["history"], home, rates, target)
    if "competitors" in tables:
        rivals = tables["competitors"].assign(currency=tables["competitors"]["currency"].str.upper())
        days = rivals["recorded_at"].dt.tz_localize(None)
        price = convert(rivals, "price", rivals["currency"], days, rates, target)
        result["competitors"] = rivals.assign(price=price, currency=rivals["currency"].mask(price.notna(), target))
    return result


def _converted_changes(history: pd.DataFrame, home: pd.Series[str], rates: pd.DataFrame, target: str) -> pd.DataFrame:
    rows = history["field"] == "amount"
    changes = history[rows]
    own, days = changes["deal_id"].map(home).astype("str"), changes["changed_at"].dt.tz_localize(None)
    result = history.copy()
    for name in ("old_value", "new_value"):
        amounts = convert(changes.assign(money=changes[name].astype("float64")), "money", own, days, rates, target)
        result.loc[rows, name] = amounts.map(canonical_text, na_action="ignore").astype("str")
    return result
