"""At which part of the sales ecosystem the recorded reasons of the losses point first, by who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.ranked_bars import ranked_bars
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import RATER_LABELS, words_on
from postmortem.ground.formats import count, per_cent, short_money
from postmortem.result import Column, Result, Table, Tables
from postmortem.taxonomies import load_taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No reason on record"
SEVERAL = "More than one place"
NOT_PLACED = "Reason that points nowhere"
OPEN_ENDED = (SEVERAL, NOT_PLACED, NOTHING)
PARTS, CULPRITS = "ecosystem_parts", "macro_culprits"
KINDS = {PARTS: "Part of the ecosystem", CULPRITS: "Culprit outside it"}
PLACED = Need(
    "reasons", ("code",), 1, "lost deals whose reason points to a part of the sales ecosystem",
    "add the loss reason to the export and map its values to the taxonomy, or have losses reviewed", "reason",
    lambda cohort, rows: int((~_placed(cohort, lost_rows(rows))["place"].isin(OPEN_ENDED)).sum()), "focus",
)  # fmt: skip
METHOD = (
    "Counts of the focus quarter over all its lost deals; nothing is estimated. Every reason of the taxonomy names the "
    "part of the sales ecosystem, or the culprit outside it, at which to look first. A deal counts once for each kind "
    "of rater: by the primary reason, or by the contributing ones where there is no primary; where these point to "
    "different places, as more than one place. Deals without a reason that points anywhere are rows of their own. "
    "Amounts are those of the lost deals as forecast; a missing amount is counted, not taken for 0. Where to look "
    "first is the taxonomy's word about a reason, not a finding about a department."
)


def ecosystem_buckets(cohort: Cohort) -> Result:
    """At which part of the sales ecosystem do the reasons of the lost deals point first?

    Parameters
    ----------
    cohort : Cohort
        Any kind.

    Returns
    -------
    Result
        Table ``places``, one row per rater and place, in the order of the taxonomy: ``rater``, ``kind`` (a part of the
        ecosystem, a culprit outside it, or missing where it is not known), ``place``, ``deals``, ``share`` of all lost
        deals, ``amount``, ``without_amount`` (deals whose amount is not known). Table ``told``, one row a rater, the
        sales person first: ``rater``, ``lost`` (deals), ``placed`` (deals whose reason points somewhere), ``silent``
        (deals without any reason of this rater).

    Notes
    -----
    Refused where no reason of the quarter's losses points anywhere.
    """
    if not PLACED.met(cohort):
        return ANALYSIS.lack(cohort, PLACED)
    lost = lost_rows(cohort.focus_rows)
    placed = _placed(cohort, lost)
    order = {name: place for place, name in enumerate([*_names().values(), *OPEN_ENDED])}
    raters = [rater for rater in RATER_LABELS if rater in set(placed["rater_type"])]
    parts = []
    for rater in raters:
        of_rater = placed[placed["rater_type"] == rater].set_index("deal_id")["place"]
        place = lost["deal_id"].map(of_rater).astype("str").fillna(NOTHING)
        amounts = lost["amount"].astype("float64")
        sums = pd.DataFrame(
            {
                "deals": place.groupby(place).size(),
                "amount": amounts.groupby(place).sum(min_count=1),
                "without_amount": amounts.isna().groupby(place).sum().astype("int64"),
            }
        )
        sums = sums.reset_index(names="place").assign(rater=RATER_LABELS[rater])
        parts.append(sums.sort_values("place", key=lambda names: names.map(order)))
    frame = pd.concat(parts, ignore_index=True)
    frame["kind"] = frame["place"].map(_kinds()).astype("str")
    frame["share"] = frame["deals"] / len(lost)
    columns = _columns(cohort.currency)
    tables = {
        "places": Table(
            frame[[column.name for column in columns]], columns, f"Where to look first, {cohort.focus.label}"
        ),
        "told": _told(frame, len(lost)),
    }
    caveats = (
        "The place belongs to the reason, not to the deal: it says where to look first, and a reason on record is one "
        "person's word.",
    )
    used = placed.loc[placed["place"] != NOTHING, "deal_id"].nunique()
    return ANALYSIS.answer(tables, cohort, n_used=int(used), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say where the sales people's reasons point most often, with the amount, and how many point nowhere."""
    told, rows = tables["told"].first, tables["places"].rows
    own = rows[rows["rater"] == told["rater"]]
    if any_missing(told["lost"], told["placed"], *own["deals"]):
        return WITHHELD
    known = own[~own["place"].isin(OPEN_ENDED)]
    lost = count(told["lost"], "lost deal")
    speaker = "sales person" if any_missing(told["rater"]) else str(told["rater"]).lower()
    if known.empty:
        return f"Of {lost}, none carries a reason of the {speaker} that points to a part of the sales ecosystem."
    top = known[known["deals"] == known["deals"].max()].to_dict("records")
    rest = f"for {told['lost'] - told['placed']:,} no single place can be told"
    if len(top) > 1:
        return f"The {speaker}'s reasons for {lost} point to no one part of the sales ecosystem most often; {rest}."
    amount = "" if any_missing(top[0]["amount"]) else f", {short_money(top[0]['amount'], _unit(tables))}"
    share = per_cent(top[0]["deals"] / told["lost"])
    return (
        f"By the {speaker}'s reasons, {top[0]['deals']:,} of {lost} ({share}{amount}) "
        f"point first to {str(top[0]['place']).lower()}; {rest}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how many losses point to each place, by the first rater's reasons, what points nowhere last."""
    rows, first = tables["places"].rows, tables["told"].first["rater"]
    ranked_bars(rows[rows["rater"].isna() if any_missing(first) else rows["rater"] == first], axes, name="place",
                value="deals")  # fmt: skip


def _unit(tables: Tables) -> str:
    return next(column.unit for column in tables["places"].columns if column.name == "amount")


def _names() -> dict[str, str]:
    """Return the places in the order of the taxonomy: code to label, headings and the unplaced left out."""
    return {
        reason.code: reason.label
        for reason in load_taxonomy("ecosystem").reasons
        if not reason.group and reason.parent in KINDS
    }


def _kinds() -> dict[str, str]:
    return {
        reason.label: KINDS[reason.parent]
        for reason in load_taxonomy("ecosystem").reasons
        if not reason.group and reason.parent in KINDS
    }


def _placed(cohort: Cohort, lost: pd.DataFrame) -> pd.DataFrame:
    """Return one row per lost deal and kind of rater who said anything: ``deal_id``, ``rater_type``, ``place``."""
    reasons = words_on(cohort.book, lost["deal_id"])
    main = (reasons["rank"] == "primary").groupby([reasons["deal_id"], reasons["rater_type"]]).transform("any")
    reasons = reasons[~main | (reasons["rank"] == "primary")]
    names = _names()
    of_code = {reason.code: names.get(reason.ecosystem or "", NOT_PLACED) for reason in cohort.book.taxonomy.reasons}
    places = reasons["code"].map(of_code).fillna(NOT_PLACED)
    by_deal = places.groupby([reasons["deal_id"], reasons["rater_type"]])
    return by_deal.agg(lambda each: each.iloc[0] if each.nunique() == 1 else SEVERAL).rename("place").reset_index()


def _told(frame: pd.DataFrame, lost: int) -> Table:
    rows = []
    for rater, part in frame.groupby("rater", sort=False):
        deals = part.set_index("place")["deals"]
        silent = int(deals.get(NOTHING, 0))
        placed = int(deals[~deals.index.isin(OPEN_ENDED)].sum())
        rows.append({"rater": rater, "lost": lost, "placed": placed, "silent": silent})
    columns = (
        Column("rater", "label", "Who says so"),
        Column("lost", "count", "Lost deals"),
        Column("placed", "count", "Reason points to one place"),
        Column("silent", "count", "No reason on record"),
    )
    return Table(pd.DataFrame(rows), columns, "How much is on record", detail=True)


def _columns(currency: str) -> tuple[Column, ...]:
    return (
        Column("rater", "label", "Who says so"),
        Column("kind", "label", "Kind"),
        Column("place", "label", "Where to look first"),
        Column("deals", "count", "Lost deals"),
        Column("share", "estimate", "Share of all lost", "share"),
        Column("amount", "money", "Amount", currency),
        Column("without_amount", "count", "Without an amount"),
    )


ANALYSIS = Analysis(ecosystem_buckets, headline, draw, family="fact", method=METHOD, needs=(PLACED,))
