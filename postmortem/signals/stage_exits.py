"""When deals left the stages that ask a commitment of the buyer, and whether it was on record."""

from __future__ import annotations

import pandas as pd

from postmortem.book import Book
from postmortem.frames.entry import local_days, spells
from postmortem.ground.membership import among
from postmortem.signals.commitments import all_written, written

COLUMNS = {"deal_id": "str", "stage": "str", "commitment": "str", "day": "datetime64[us]", "met": "bool"}


def exits(book: Book, deals: pd.Series, *, by: pd.Series | None = None) -> pd.DataFrame:
    """Return every stage some deals had left, commitment by commitment.

    Parameters
    ----------
    book : Book
        With stages in its history and a process with exit commitments.
    deals : Series of str
        Deals asked about, each once.
    by : Series of datetime, optional
        On the index of `deals`, the day up to which a stage may have been left and a commitment may be on record;
        without it, what was on record by the day the stage was left decides.

    Returns
    -------
    DataFrame
        One row a (deal, stage left, commitment of that stage): ``deal_id``, ``stage``, ``commitment`` (as the process
        file writes it), ``day`` (local day on which the deal first stood beyond the stage), ``met``.

    Notes
    -----
    A deal leaves a stage for a later open one, by their order in the process, or by being won; a skipped stage counts
    as left, one in which it was lost does not. Undated commitments count as never on record.
    """
    orders = {stage.stage: stage.order for stage in book.process.stages if not stage.is_closed}
    last = max(orders.values(), default=0) + 1
    wanted = pd.DataFrame(
        [(s.stage, s.order, name, written(name)) for s in book.process.stages for name in s.exit_commitments],
        columns=["stage", "order", "commitment", "written"],
    ).astype({"stage": "str", "order": "int64", "commitment": "str", "written": "str"})
    if wanted.empty:
        return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in COLUMNS.items()})
    steps = spells(book, "stage")
    steps = steps[among(steps["deal_id"], deals)]
    won = book.deals.loc[book.deals["outcome"] == "won", ["deal_id", "closed_at"]].rename(columns={"closed_at": "day"})
    stood = pd.DataFrame(
        {"deal_id": steps["deal_id"], "day": local_days(book, steps["since"]), "reached": steps["value"].map(orders)}
    ).dropna()
    # A won deal has left every stage it went through; spells end with a stage that the process counts as closed.
    won = won[among(won["deal_id"], stood["deal_id"])].dropna().assign(reached=float(last))
    stood = pd.concat([stood, won.loc[:, ["deal_id", "day", "reached"]]], ignore_index=True)
    parts = [
        stood[stood["reached"] > order].groupby("deal_id")["day"].min().rename("day").reset_index().assign(order=order)
        for order in sorted(wanted["order"].unique())
    ]
    left = pd.concat(parts) if parts else stood.iloc[:0].assign(order=0)
    left = left.merge(wanted, on="order", how="inner")
    limit = left["day"] if by is None else left["deal_id"].map(pd.Series(by.to_numpy(), index=deals.to_numpy()))
    left = left.assign(limit=limit)[left["day"] <= limit]
    milestones = book.table("milestones")
    known = milestones.assign(written=all_written(milestones["milestone"]), on=_known_on(book, milestones))
    first = known.groupby(["deal_id", "written"])["on"].min().rename("on").reset_index()
    left = left.merge(first, on=["deal_id", "written"], how="left")
    left["met"] = (left["on"] <= left["limit"]).to_numpy(dtype=bool)
    return left.loc[:, list(COLUMNS)].sort_values(
        ["deal_id", "day", "stage", "commitment"], kind="stable", ignore_index=True
    )


def _known_on(book: Book, milestones: pd.DataFrame) -> pd.Series:
    """Return the day by which each commitment was both met and, where that is told, written down."""
    met, recorded = milestones["met_at"], milestones["recorded_at"]
    written_down = local_days(book, recorded) if isinstance(recorded.dtype, pd.DatetimeTZDtype) else recorded
    return pd.concat([met, written_down.astype("datetime64[us]")], axis=1).max(axis=1).where(met.notna())
