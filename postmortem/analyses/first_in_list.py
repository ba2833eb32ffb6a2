"""How far loss reasons on record look picked rather than thought about: first of the list, other, blank, in bulk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import wilson
from postmortem.stats.permutation import homogeneity_by_permutation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLANK, OTHER, FIRST, COMMONEST, BULK = (
    "Nothing chosen", "“Other” alone", "The list's first value", "The commonest value",
    "Written for three or more losses in one minute",
)  # fmt: skip
OTHER_CODE, IN_BULK, DEALS_EACH, LEAST_PEOPLE = "other", 3, 8, 8
LISTED = Need(
    "deals", ("loss_reason_raw",), 10, "lost deals with a loss reason chosen",
    "add the loss reason to the export", "reason",
    lambda cohort, rows: int(lost_rows(rows)["deal_id"].isin(_chosen(cohort).index).sum()),
)  # fmt: skip
METHOD = (
    "Losses of the window. Nothing chosen, and “other” alone: of all losses; the first and the commonest value: of the "
    "losses with one chosen, where several are chosen the one that stands first; in bulk: of the losses whose reason "
    "carries the moment it was written, three or more of one sales person in one minute. Wilson intervals. Between "
    "sales people with eight losses or more: lowest, middle and highest share, and how often as large a spread arises "
    "when the entries are dealt out anew within quarters (permutation). It is shown and names nobody."
)


def first_in_list(cohort: Cohort, *, first: str = "") -> Result:
    """How far do the loss reasons on record look picked from a list rather than thought about?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.
    first : str
        The value that stands first in the CRM's list of loss reasons; an export does not tell it. Without it the
        commonest value is shown, which may be common for a good reason.

    Returns
    -------
    Result
        Table ``signs``, one row a sign: ``sign``, ``value`` (the value meant, where it is one), ``deals``, ``n``
        (losses it is looked for on), ``share`` with ``low`` and ``high``. Table ``spread``, one row a sign looked for
        on all sales people: ``sign``, ``people`` (sales people with eight losses or more), ``least``, ``middle``,
        ``most`` (lowest, median and highest share among them), ``p`` (chance of as large a spread, did all write alike;
        missing below eight sales people).

    Notes
    -----
    Refused below ten losses with a reason chosen.
    """
    if not LISTED.met(cohort):
        return ANALYSIS.lack(cohort, LISTED, first=first)
    lost = lost_rows(cohort.window_rows).sort_values(["quarter", "deal_id"], ignore_index=True)
    chosen = lost["deal_id"].map(_chosen(cohort))
    known = chosen.notna()
    commonest = str(chosen.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[0])
    marks: list[tuple[str, str | None, pd.Series, pd.Series]] = [
        (BLANK, None, ~known, known | True),
        (OTHER, None, _only_other(cohort, lost), known | True),
    ]
    if first:
        marks.append((FIRST, first, chosen.str.casefold() == first.casefold(), known))
    marks.append((COMMONEST, commonest, chosen == commonest, known))
    bulk = _in_bulk(cohort, lost)
    if bulk.notna().any():
        marks.append((BULK, None, bulk.fillna(False).astype(bool), bulk.notna()))
    tables = {
        "signs": Table(
            pd.DataFrame([_sign(*mark) for mark in marks]), _sign_columns(), f"Signs, {cohort.window_label}"
        ),
        "spread": Table(
            pd.DataFrame([_spread(lost, *mark) for mark in marks]),
            _spread_columns(),
            "Between sales people",
            detail=True,
        ),
    }
    caveats = ["A share is a sign to look at, not a fault: a common value may well be the true one."]
    if not first:
        caveats.append("In which order the CRM lists the values is not in an export; name the first one to count it.")
    if bulk.isna().all():
        caveats.append("When each reason was written is not on record, so entries made in bulk cannot be seen.")
    return ANALYSIS.answer(tables, cohort, n_used=len(lost), caveats=tuple(caveats), first=first)


def headline(tables: Tables) -> str:
    """Say how many losses carry nothing or "other", and how large a part the first or the commonest value takes."""
    by_sign = {row["sign"]: row for row in tables["signs"].records}
    blank, other, top = by_sign[BLANK], by_sign[OTHER], by_sign.get(FIRST, by_sign[COMMONEST])
    if any_missing(blank["n"], blank["deals"], other["deals"], top["share"], top["low"], top["high"]):
        return WITHHELD
    which = "the first of the list" if FIRST in by_sign else "the commonest one"
    name = f", {spoken(top['value'], 'one value')}," if not any_missing(top["value"]) else ""
    return (
        f"Of {count(blank['n'], 'loss', 'losses')}, {blank['deals']} carry no reason and {other['deals']} only "
        f"“other”; {which}{name} takes {per_cent(top['share'])} of those chosen "
        f"({interval_text(top['low'], top['high'])})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share of each sign."""
    interval_dots(tables["signs"].rows, axes, name="sign", estimate="share", low="low", high="high", n="n", noun="loss")


def _chosen(cohort: Cohort) -> pd.Series:
    """Return by deal the value chosen, the first where there are several."""
    deals = cohort.book.deals
    raw = deals.loc[deals["loss_reason_raw"].notna(), ["deal_id", "loss_reason_raw"]].set_index("deal_id")
    value: pd.Series = raw["loss_reason_raw"].str.split(";").str[0].str.strip()
    return value[value.str.len() > 0]


def _only_other(cohort: Cohort, lost: pd.DataFrame) -> pd.Series:
    reasons = cohort.book.table("reasons")
    own = reasons[(reasons["rater_type"] == "rep") & reasons["deal_id"].isin(lost["deal_id"])]
    only = own["code"].eq(OTHER_CODE).groupby(own["deal_id"]).all()
    return lost["deal_id"].isin(only.index[only])


def _in_bulk(cohort: Cohort, lost: pd.DataFrame) -> pd.Series:
    """Say by loss whether its reason was written with those of others in one minute; missing where unknown."""
    reasons = cohort.book.table("reasons")
    own = reasons[(reasons["rater_type"] == "rep") & reasons["recorded_at"].notna()]
    moment = own.groupby("deal_id")["recorded_at"].min().dt.floor("min")
    minute = moment.reindex(lost["deal_id"]).set_axis(lost.index)
    together = lost.groupby([lost["owner_id"].fillna(""), minute])["deal_id"].transform("nunique")
    return (together >= IN_BULK).astype("boolean").where(minute.notna() & lost["owner_id"].notna())


def _sign(sign: str, value: str | None, hit: pd.Series, among: pd.Series) -> dict[str, Any]:
    found = wilson(int((hit & among).sum()), int(among.sum()))
    return {"sign": sign, "value": value, "deals": found.events, "n": found.n, "share": found.estimate,
            "low": found.low, "high": found.high}  # fmt: skip


def _spread(lost: pd.DataFrame, sign: str, _: str | None, hit: pd.Series, among: pd.Series) -> dict[str, Any]:
    rows = lost.assign(hit=hit)[among & lost["owner_id"].notna()]
    rows = rows[rows.groupby("owner_id")["deal_id"].transform("size") >= DEALS_EACH]
    shares = rows.groupby("owner_id")["hit"].mean()
    enough = len(shares) >= LEAST_PEOPLE
    p = homogeneity_by_permutation(rows["hit"], rows["owner_id"], rows["quarter"]) if enough else math.nan
    # below eight people a lowest and a highest share are two people's
    figures = np.quantile(shares, [0, 0.5, 1]) if enough else [math.nan] * 3
    return {"sign": sign, "people": len(shares), "least": float(figures[0]), "middle": float(figures[1]),
            "most": float(figures[2]), "p": p}  # fmt: skip


def _sign_columns() -> tuple[Column, ...]:
    return (
        Column("sign", "label", "Sign"),
        Column("value", "quote", "Value"),
        Column("deals", "count", "Losses"),
        Column("n", "count", "Of"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )


def _spread_columns() -> tuple[Column, ...]:
    return (
        Column("sign", "label", "Sign"),
        Column("people", "count", "Sales people with eight losses or more"),
        Column("least", "estimate", "Lowest share", "share"),
        Column("middle", "estimate", "Middle", "share"),
        Column("most", "estimate", "Highest", "share"),
        Column("p", "estimate", "Chance of such a spread if all wrote alike"),
    )


ANALYSIS = Analysis(first_in_list, headline, draw, family="rate", method=METHOD, needs=(LISTED,))
