"""What buyers of lost deals said, beside what is on record of every loss: the ground a correction stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import main_words, side_by_side, words_on

NOT_RECORDED = "not recorded"
# Segments with a column of their own; the smaller ones share the absence of all of them.
MOST_SEGMENTS = 3


@dataclass(frozen=True)
class Buyers:
    """The losses of the window, each with the record and, where a buyer was asked, the buyer's word.

    Attributes
    ----------
    rows : DataFrame
        One row a loss, by quarter and deal: ``deal_id``, ``recorded`` (what the CRM holds; missing where it is
        silent), ``buyer`` (missing where nobody answered), ``inclusion`` (probability with which the deal was
        drawn; missing where it was not), ``owner``.
    covariates : dict of str to array
        What else is known of every loss: size, segment, and for reasons to whom the deal was lost.
    by_lot : bool
        Whether every buyer who answered had been drawn with a known probability.
    """

    rows: pd.DataFrame
    covariates: dict[str, np.ndarray]
    by_lot: bool

    @property
    def answered(self) -> pd.DataFrame:
        """The losses whose buyer answered."""
        return self.rows[self.rows["buyer"].notna()]


def buyers_of(cohort: Cohort, rows: pd.DataFrame, about: Literal["reason", "taker"]) -> Buyers:
    """Return what buyers said about the losses among `rows`, and what is on record about all of them.

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    rows : DataFrame
        Rows of it.
    about : {"reason", "taker"}
        The main reason (broad code of the taxonomy, the sales person's on record), or to whom the deal was lost
        (as a buyer says it, the CRM's word on record; a buyer's "unknown" is no answer).
    """
    lost = lost_rows(rows).sort_values(["quarter", "deal_id"], kind="stable", ignore_index=True)
    if about == "reason":
        said = side_by_side(main_words(words_on(cohort.book, lost["deal_id"])), "broad")
        recorded, buyer = lost["deal_id"].map(said["rep"]), lost["deal_id"].map(said["buyer"])
    else:
        recorded = lost["lost_to"].where(lost["lost_to"] != "unknown")
        buyer = lost["deal_id"].map(_takers(cohort, lost["deal_id"]))
    drawn = cohort.book.table("interviews").sort_values(["deal_id", "drawn_at", "interview_id"], kind="stable")
    chance = drawn.dropna(subset=["inclusion_probability"]).drop_duplicates("deal_id")
    chance = chance[(chance["inclusion_probability"] > 0) & (chance["inclusion_probability"] <= 1)]
    inclusion = lost["deal_id"].map(chance.set_index("deal_id")["inclusion_probability"]).astype("float64")
    made = pd.DataFrame(
        {
            "deal_id": lost["deal_id"], "recorded": recorded.astype("object"), "buyer": buyer.astype("object"),
            "inclusion": inclusion, "owner": lost["owner_id"].fillna(NOT_RECORDED).astype("str"),
        }
    )  # fmt: skip
    by_lot = bool(made["buyer"].notna().any() and inclusion[made["buyer"].notna()].notna().all())
    return Buyers(made, _covariates(lost, about), by_lot)


def _takers(cohort: Cohort, deals: pd.Series) -> pd.Series:
    """Return to whom each deal was lost as its buyer says it, one answer a deal: the coder who read most."""
    reasons = cohort.book.table("reasons")
    own = reasons[
        reasons["deal_id"].isin(deals)
        & (reasons["rater_type"] == "buyer")
        & reasons["lost_to"].notna()
        & (reasons["lost_to"] != "unknown")
    ]
    read = own["coder_id"].map(own.groupby("coder_id")["deal_id"].nunique()).fillna(0)
    ordered = own.assign(read=read).sort_values(
        ["deal_id", "read", "recorded_at", "coder_id", "lost_to"], na_position="first", kind="stable"
    )
    takers: pd.Series = ordered.drop_duplicates("deal_id", keep="last").set_index("deal_id")["lost_to"]
    return takers


def _covariates(lost: pd.DataFrame, about: str) -> dict[str, np.ndarray]:
    amount = lost["amount"].where(lost["amount"] > 0)
    size = np.log(amount)
    found = {"size": size.fillna(size.mean() if amount.notna().any() else 0.0), "size missing": amount.isna()}
    sizes = lost["segment"].value_counts()
    for segment in sorted(sizes.index, key=lambda name: (-sizes[name], str(name)))[:MOST_SEGMENTS]:
        found[f"segment {segment}"] = lost["segment"] == segment
    if about == "reason":
        for taker in ("competitor", "status_quo"):
            found[taker] = lost["lost_to"] == taker
    # a column without variation says nothing
    return {
        name: column.to_numpy(dtype="float64", na_value=0.0) for name, column in found.items() if column.nunique() > 1
    }
