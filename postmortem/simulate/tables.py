"""The canonical tables of a simulated company, as they stand on the day of the extraction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from postmortem.ground import schema
from postmortem.simulate import days
from postmortem.simulate.changes import FIELDS
from postmortem.simulate.market import Accounts
from postmortem.simulate.organisation import NEVER, Reps
from postmortem.simulate.outcomes import Ends
from postmortem.simulate.parameters import FATES, PROBABILITIES, STAGES, Parameters
from postmortem.simulate.pipeline import Deals
from postmortem.simulate.randomness import Flags, Ints, Texts
from postmortem.simulate.records import TAXONOMY_VERSION, Records, rep_words
from postmortem.simulate.stages import Paths
from postmortem.simulate.work import Work


@dataclass(frozen=True)
class Made:
    """All parts of a company: `kept` are the rows of the deals in the book, `ids` their identifiers by row.

    `until` is the last Unix second that is in the book, `work` how deals were worked and looked into, where the
    company keeps that.
    """

    parameters: Parameters
    reps: Reps
    accounts: Accounts
    deals: Deals
    ends: Ends
    paths: Paths
    history: pd.DataFrame
    records: Records
    kept: Ints
    ids: Texts
    until: int
    work: Work | None = None


def make_deals(made: Made) -> pd.DataFrame:
    """Return the deals with their current values, in the order of creation."""
    kept, ends = made.kept, made.ends
    account = made.deals.account[kept]
    now = made.history.groupby(["field", "deal"])["new_value"].last()
    stage, category, expected, amount, owner = (now.loc[number].reindex(kept) for number in range(len(FIELDS)))
    closed = ends.closed[kept] <= days.number(made.parameters.as_of)
    won = closed & (ends.fate[kept] == FATES.index("won"))
    reps = pd.Series(np.arange(len(made.reps.name)), index=list(made.reps.name))
    rep = reps.loc[owner].to_numpy()
    products = tuple(made.parameters.market.products)
    product = labels(products, made.deals.product[kept])
    name, is_customer = labels(made.accounts.name, account), _is_customer(made)[kept]
    return canonical(
        "deals",
        {
            "deal_id": made.ids[kept],
            "account_id": labels(made.accounts.account_id, account),
            "account_name": name,
            "deal_name": name + " - " + product,
            "owner_id": owner.to_numpy(),
            "manager_id": labels(made.reps.manager, rep),
            "team": labels(made.reps.teams, made.reps.team[rep]),
            "segment": _segments(made)[account],
            "region": labels(made.parameters.organisation.regions, made.deals.region[kept]),
            "product": product,
            "deal_type": np.where(is_customer, "Expansion", "New Business"),
            "is_existing_customer": is_customer,
            "created_at": days.dates(made.deals.created[kept]),
            "outcome": np.select([won, closed], ["won", "lost"], "open"),
            "closed_at": np.where(closed, days.dates(ends.closed[kept]), np.datetime64("NaT")),
            "closed_at_source": _written(closed, np.full(len(kept), "crm_field", dtype=object)),
            "expected_close_date": expected.to_numpy(),
            "stage": stage.to_numpy(),
            "amount": amount.to_numpy().astype(np.float64),
            "currency": np.full(len(kept), made.parameters.currency, dtype=object),
            "probability": stage.map(dict(zip(STAGES, PROBABILITIES, strict=True))).to_numpy(),
            "forecast_category": category.to_numpy(),
            "lost_to_raw": _written(closed, made.records.lost_to[kept]),
            "loss_reason_raw": _written(closed, made.records.reason[kept]),
            "competitor_raw": _competitors(made).groupby("deal")["competitor"].agg(";".join).reindex(kept).to_numpy(),
        },
    )


def make_history(made: Made) -> pd.DataFrame:
    """Return every change of a field, by deal and moment, the first values at the creation included."""
    history = made.history[np.isin(made.history["deal"], made.kept)]
    return canonical(
        "history",
        {
            "deal_id": made.ids[history["deal"]],
            "field": labels(FIELDS, history["field"].to_numpy()),
            "changed_at": stamps(history["moment"]),
            "seq": history["seq"].to_numpy(),
            "old_value": history["old_value"].to_numpy(),
            "new_value": history["new_value"].to_numpy(),
        },
    )


def make_competitors(made: Made) -> pd.DataFrame:
    """Return the competitors written down on each deal."""
    frame = _competitors(made)
    return canonical(
        "competitors",
        {
            "deal_id": made.ids[frame["deal"]],
            "competitor": frame["competitor"].to_numpy(),
            "status": frame["status"].to_numpy(),
            "price": frame["price"].to_numpy(),
            "currency": labels((made.parameters.currency, None), np.isnan(frame["price"].to_numpy()).astype(np.int64)),
            "recorded_at": stamps(frame["recorded_at"]),
        },
    )


def make_reasons(made: Made) -> pd.DataFrame:
    """Return the reps' word on every lost deal whose reason is recorded, then the buyers' from interviews."""
    closed = made.kept[made.ends.closed[made.kept] <= days.number(made.parameters.as_of)]
    reason = pd.Series(made.records.reason[closed], index=closed)
    words = rep_words(made.parameters, reason[reason != ""])
    row = words.index.to_numpy()
    owner = made.history[made.history["field"] == FIELDS.index("owner_id")].groupby("deal")["new_value"].last()
    reps = canonical(
        "reasons",
        {
            "deal_id": made.ids[row],
            "rater_type": np.full(len(row), "rep", dtype=object),
            "rater_id": owner.loc[row].to_numpy(),
            "code": words["code"].to_numpy(),
            "rank": words["rank"].to_numpy(),
            "lost_to": words["lost_to"].to_numpy(),
            "taxonomy_version": np.full(len(row), TAXONOMY_VERSION, dtype=object),
            "text": words["text"].to_numpy(),
            "recorded_at": stamps(pd.Series(made.paths.closed_at[row])),
        },
    )
    return reps if made.work is None else pd.concat([reps, make_buyers_reasons(made)], ignore_index=True)


def make_buyers_reasons(made: Made) -> pd.DataFrame:
    """Return what buyers said in interviews, as coded by the extraction."""
    if made.work is None:
        return schema.empty("reasons")
    words = made.work.words[made.work.words["recorded_at"] <= made.until]
    return canonical(
        "reasons",
        {
            "deal_id": made.ids[words["deal"]],
            "rater_type": np.full(len(words), "buyer", dtype=object),
            "interview_id": interview_ids(made, words["interview"]),
            "coder_id": words["coder"].to_numpy(),
            "code": words["code"].to_numpy(),
            "rank": words["rank"].to_numpy(),
            "lost_to": words["lost_to"].to_numpy(),
            "taxonomy_version": np.full(len(words), TAXONOMY_VERSION, dtype=object),
            "text": words["text"].to_numpy(),
            "recorded_at": stamps(words["recorded_at"]),
        },
    )


def interview_ids(made: Made, rows: pd.Series) -> Texts:
    """Return the identifiers of interviews, by row; those of a block of a larger company begin with its number."""
    prefix = f"I{made.parameters.block}-" if made.parameters.block else "I"
    return np.asarray([f"{prefix}{row + 1:05d}" for row in rows], dtype=object)


def make_reps(made: Made) -> pd.DataFrame:
    """Return the sales force."""
    reps, region = made.reps, labels(made.parameters.organisation.regions, made.reps.region)
    gone = (reps.left != NEVER) & (reps.left <= days.number(made.parameters.as_of))
    return canonical(
        "reps",
        {
            "rep_id": np.asarray(reps.name, dtype=object),
            "manager_id": np.asarray(reps.manager, dtype=object),
            "team": labels(reps.teams, reps.team),
            "hired_at": days.dates(reps.hired),
            "left_at": np.where(gone, days.dates(np.where(gone, reps.left, 0)), np.datetime64("NaT")),
            "territory": region,
        },
    )


def make_accounts(made: Made) -> pd.DataFrame:
    """Return the accounts that have a deal in the book."""
    used = np.unique(made.deals.account[made.kept])
    return canonical(
        "accounts",
        {
            "account_name": labels(made.accounts.name, used),
            "account_id": labels(made.accounts.account_id, used),
            "segment": _segments(made)[used],
            "region": labels(made.parameters.organisation.regions, made.accounts.region[used]),
        },
    )


MAKERS: tuple[tuple[str, Callable[[Made], pd.DataFrame]], ...] = (
    ("deals", make_deals),
    ("history", make_history),
    ("competitors", make_competitors),
    ("reasons", make_reasons),
    ("reps", make_reps),
    ("accounts", make_accounts),
)


def canonical(name: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return `columns` as canonical table `name`: its columns in order, its dtypes, missing where not given."""
    rows = len(next(iter(columns.values())))
    frame = {}
    for column in schema.table(name).columns:
        values = columns.get(column.name, np.full(rows, None, dtype=object))
        dtype = pd.api.types.pandas_dtype(schema.DTYPES[column.kind])
        frame[column.name] = pd.Series(values).astype(dtype)
    return pd.DataFrame(frame)


def labels(names: tuple[str | None, ...], positions: Ints) -> Texts:
    """Return the names at `positions`."""
    return np.asarray(names, dtype=object)[positions]


def stamps(seconds: pd.Series) -> pd.Series:
    """Return Unix seconds as UTC timestamps."""
    return pd.Series(pd.to_datetime(seconds.to_numpy(), unit="s", utc=True))


def _written(closed: Flags, values: Texts) -> Texts:
    written = values.copy()
    written[~closed | (values == "")] = None
    return written


def _segments(made: Made) -> Texts:
    if made.parameters.segment_is == "size":
        return labels(tuple(made.parameters.market.sizes), made.accounts.size)
    return labels(tuple(made.parameters.market.industries), made.accounts.industry)


def _competitors(made: Made) -> pd.DataFrame:
    rivals = made.records.rivals
    rivals = rivals[(rivals["recorded_at"] <= made.until) & np.isin(rivals["deal"], made.kept)]
    names = tuple(rival.name for rival in made.parameters.market.rivals)
    price = np.full(len(made.records.rivals), np.nan) if made.work is None else made.work.prices
    return rivals.assign(competitor=labels(names, rivals["rival"].to_numpy()), price=price[rivals.index])


def _is_customer(made: Made) -> Flags:
    """Whether the account bought before each deal was created: before the simulated time, or by a won deal."""
    won = np.where(made.ends.fate == FATES.index("won"), made.ends.closed, NEVER)
    first = pd.Series(won).groupby(made.deals.account).transform("min").to_numpy()
    customer: Flags = made.deals.was_customer | (first < made.deals.created)
    return customer
