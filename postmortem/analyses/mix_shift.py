"""Whether this quarter divides as the quarters before it did: its losses by taker, or its deals by segment or size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.clusterings import NOT_RECORDED, clusterings
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.ground.fates import LOST_TO_LABELS
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Gap, Result, Table, Tables
from postmortem.stats import Estimate, compared_shares, homogeneity_of, mix_and_rate, newcombe, wilson
from postmortem.stats.estimate import p_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

By = Literal["taker", "segment", "region", "product", "team", "deal_type", "size"]
LOOK, MARGIN, SHOWN = 0.05, 0.10, 12
SIZES = ("small", "middle", "large")
BY_LABELS = {
    "taker": "who took the deal", "segment": "segment", "region": "region", "product": "product", "team": "team",
    "deal_type": "type of deal", "size": "size of deal",
}  # fmt: skip
NOW = Need(
    "deals", ("outcome",), 10, "losses of the quarter", "ask again once more of its deals have ended", "deals",
    lambda _, rows: len(lost_rows(rows)), "focus",
)  # fmt: skip
BEFORE = Need(
    "deals", ("outcome",), 10, "losses of earlier quarters of the window",
    "export more past quarters, lost deals as well as won ones, and pool more of them ([frame] window)", "deals",
    lambda cohort, rows: len(lost_rows(rows[rows["quarter"] != cohort.focus.label])),
)  # fmt: skip
METHOD = (
    "The focus quarter against the other quarters of the window, each as it stood when it ended. Whether the mix "
    "moved at all is the declared test: chi-squared of homogeneity, by permutation where an expected count is below "
    "five. Each part's difference has Newcombe's interval, its score test is adjusted among the parts (Benjamini and "
    "Hochberg). 'Equivalent': the 90% interval lies within ten points of none; 'different': else, adjusted p below "
    ".05; everything else cannot be told. Unknown is a part of its own. By other columns than the taker, the change "
    "of the share lost is divided after Kitagawa into a part by mix and a part by rate, with intervals clustered by "
    "sales person. A direction is said only of parts that pass the gate over all tests of the report (false discovery "
    "rate .03). Size of deal: thirds of the amounts of all quarters compared."
)


def mix_shift(cohort: Cohort, *, by: By = "taker") -> Result:
    """Does this quarter divide as the quarters before it did?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the focus quarter must have ended.
    by : str
        ``taker`` divides the losses by who took them; ``segment``, ``region``, ``product``, ``team``, ``deal_type`` and
        ``size`` divide all deals.

    Returns
    -------
    Result
        Table ``mix``, one row a part, largest first: ``part``, ``before`` and ``now`` (deals or losses),
        ``before_share`` with ``before_low`` and ``before_high``, ``now_share`` with ``now_low`` and ``now_high``
        (95%), ``difference`` (now minus before, share) with ``low`` and ``high`` (95%), ``verdict`` (different,
        equivalent, cannot tell; withheld for small parts). Table ``sides``, one row: ``quarter``,
        ``period`` (the quarters before), ``now``, ``before``, ``by``. Table ``tests``, one row for all parts at once
        (primary) and one a part: ``hypothesis``, ``part``, ``primary``, ``p``, ``named``. Unless by taker, table
        ``lost``, one row each for the whole change, mix and rate: ``what``, ``change`` of the share lost with
        ``low`` and ``high``; and ``parts``, one row a part: ``part``, ``lost_before``, ``lost_now`` (shares),
        ``mix``, ``rate``.

    Notes
    -----
    Refused while the quarter runs, below ten losses now or before, and where the column is empty.
    """
    if not cohort.is_complete:
        ends = f"the end of {cohort.focus.label}, as its losses to the status quo close last"
        return ANALYSIS.refuse(cohort, ends, unlock="see eventual_split for a quarter still running", by=by)
    for need in (NOW, BEFORE):
        if not need.met(cohort):
            return ANALYSIS.lack(cohort, need, by=by)
    rows = cohort.window_rows.sort_values(["quarter", "deal_id"], kind="stable")
    base = lost_rows(rows) if by == "taker" else rows
    part = _parts_of(base, by)
    if (part == NOT_RECORDED).all():
        gap = Gap(f"as soon as the field {BY_LABELS[by]} is filled in", have=0)
        return ANALYSIS.refuse(cohort, f"the {BY_LABELS[by]} of the deals", gap=gap, by=by)
    now = base["quarter"] == cohort.focus.label
    mix = _mix(part, now, cohort, by)
    tables = {"mix": mix, "sides": _sides(now, cohort, by), "tests": _tests(part, now, mix, by)}
    if by != "taker":
        tables |= _lost(base, part, now)
    return ANALYSIS.answer(tables, cohort, n_used=len(base), by=by)


def headline(tables: Tables) -> str:
    """Say whether the mix moved, and the share that moved most, with its interval."""
    side, test = tables["sides"].first, tables["tests"].first
    rows = tables["mix"].rows
    if any_missing(side["now"], side["before"], *rows["now"], *rows["before"]):
        return WITHHELD
    noun = count(side["now"], "loss", "losses") if side["by"] == "taker" else count(side["now"], "deal")
    told = f"{noun} of {side['quarter']} against {side['before']:,} of {side['period']}, by {BY_LABELS[side['by']]}"
    shown = rows.dropna(subset=["difference", "low", "high"])
    if any_missing(test["p"]) or shown.empty:
        return f"{told}: too few of a kind, or too few kinds, to compare."
    if test["named"] is True:
        secondary = tables["tests"].rows.iloc[1:]
        named = shown[shown["part"].isin(secondary.loc[secondary["named"].fillna(False), "part"])]
        apart = " and ".join(_moved(row) for row in named.head(2).to_dict("records"))
        return f"{told}: another mix, by more than chance{f'; {apart}' if apart else ''}."
    most = max(shown.to_dict("records"), key=lambda row: abs(row["difference"]))
    if test["p"] < LOOK:
        return f"{told}. Worth a look: they do not divide alike."
    if (rows["verdict"] == "equivalent").all():
        return f"{told}: they divide about alike, every share within ten points."
    part = spoken(most["part"], "one part")
    part = part[0].lower() + part[1:] if side["by"] == "taker" else part
    widest = f"largest move: {part}, {points(most['difference'])}"
    return f"{told}: no move can be told from chance ({widest}, {interval_text(most['low'], most['high'], 'points')})."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw every part's share now and before with intervals, and how far the two are apart."""
    side = tables["sides"].first
    paired_intervals(
        tables["mix"].rows.head(SHOWN), axes, name="part", left="now_share", left_low="now_low", left_high="now_high",
        right="before_share", right_low="before_low", right_high="before_high", left_label=str(side["quarter"]),
        right_label=str(side["period"]), difference="difference", low="low", high="high", verdict="verdict", n="now",
        noun="loss" if side["by"] == "taker" else "deal",
    )  # fmt: skip


def _moved(row: dict[Any, Any]) -> str:
    span = interval_text(row["low"], row["high"], "points")
    shares = f"{per_cent(row['now_share'])} after {per_cent(row['before_share'])}"
    return f"{spoken(row['part'], 'one part')} {shares} ({points(row['difference'])}, {span})"


def _parts_of(base: pd.DataFrame, by: str) -> pd.Series:
    """Return the part each row belongs to; what is not recorded is a part of its own."""
    if by == "taker":
        return base["lost_to"].map(LOST_TO_LABELS).astype("str")
    if by != "size":
        return base[by].fillna(NOT_RECORDED).astype("str")
    amount = base["amount"]
    if amount.notna().sum() < len(SIZES):
        return pd.Series(NOT_RECORDED, index=base.index, dtype="str")
    edges = amount.quantile([1 / 3, 2 / 3]).to_numpy()
    sizes = pd.Series(np.array(SIZES)[np.searchsorted(edges, amount.fillna(0))], index=base.index, dtype="str")
    return sizes.where(amount.notna(), NOT_RECORDED)


def _mix(part: pd.Series, now: pd.Series, cohort: Cohort, by: str) -> Table:
    sizes = part.value_counts()
    ordered = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    after, before = (np.array([int((part[side] == name).sum()) for name in ordered]) for side in (now, ~now))
    n_after, n_before = int(now.sum()), int((~now).sum())
    whole = [np.full(len(ordered), n) for n in (n_after, n_before)]
    compared = compared_shares(after, whole[0], before, whole[1])
    rows = []
    for name, k, j, found in zip(ordered, after, before, compared, strict=True):
        gap, late, early = found.difference, wilson(int(k), n_after), wilson(int(j), n_before)
        sure = newcombe(int(k), n_after, int(j), n_before, confidence=0.9)
        rows.append(
            {
                "part": name, "before": int(j), "before_share": early.estimate, "before_low": early.low,
                "before_high": early.high, "now": int(k), "now_share": late.estimate, "now_low": late.low,
                "now_high": late.high, "difference": gap.estimate, "low": gap.low, "high": gap.high,
                "verdict": _verdict(sure, found.adjusted) if gap.status != "refused" else None,
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows).astype({"verdict": "str"})
    noun = "losses" if by == "taker" else "deals"
    columns = (
        Column("part", "label", BY_LABELS[by].capitalize()),
        Column("before", "count", f"Before, of {n_before:,} {noun}"),
        Column("before_share", "estimate", "Share before", "share", low="before_low", high="before_high"),
        Column("before_low", "estimate", "Low", "share", shown=False),
        Column("before_high", "estimate", "High", "share", shown=False),
        Column("now", "count", f"In {cohort.focus.label}, of {n_after:,}"),
        Column("now_share", "estimate", "Share now", "share", low="now_low", high="now_high"),
        Column("now_low", "estimate", "Low", "share", shown=False),
        Column("now_high", "estimate", "High", "share", shown=False),
        Column("difference", "estimate", "Now minus before (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("verdict", "label", "Verdict"),
    )
    return Table(frame, columns, f"How the {noun} divide by {BY_LABELS[by]}")


def _verdict(sure: Estimate, adjusted: float) -> str:
    if sure.low > -MARGIN and sure.high < MARGIN:
        return "equivalent"
    return "different" if adjusted < LOOK else "cannot tell"


def _sides(now: pd.Series, cohort: Cohort, by: str) -> Table:
    earlier = [quarter.label for quarter in cohort.window if quarter != cohort.focus]
    period = earlier[0] if len(earlier) == 1 else f"{earlier[0]} to {earlier[-1]}"
    frame = pd.DataFrame(
        {"quarter": [cohort.focus.label], "now": [int(now.sum())], "period": [period], "before": [int((~now).sum())],
         "by": [by]}
    )  # fmt: skip
    columns = (
        Column("quarter", "label", "Quarter"),
        Column("now", "count", "Taken in it"),
        Column("period", "label", "Quarters before"),
        Column("before", "count", "Taken in them"),
        Column("by", "label", "Divided by", shown=False),
    )
    return Table(frame, columns, "What was compared", detail=True)


def _tests(part: pd.Series, now: pd.Series, mix: Table, by: str) -> Table:
    noun = "losses" if by == "taker" else "deals"
    whole = homogeneity_of(list(part), list(now))
    rows: list[dict[str, object]] = [
        {"hypothesis": f"{noun} divide otherwise by {BY_LABELS[by]} than before", "primary": True, "p": whole.p}
    ]
    shown = mix.rows.dropna(subset=["difference"])
    n = {"now": int(now.sum()), "before": int((~now).sum())}
    sides = [shown["now"], np.full(len(shown), n["now"]), shown["before"], np.full(len(shown), n["before"])]
    found = compared_shares(*(np.asarray(side) for side in sides)) if len(shown) else ()
    rows += [
        {"hypothesis": f"one part of the {noun} differs from before", "primary": False, "part": name,
         "p": p_beside(each.p, each.difference.low, each.difference.high)}
        for name, each in zip(shown["part"], found, strict=True)
    ]  # fmt: skip
    return tests_table("Whether the mix moved", rows, group=Column("part", "label", BY_LABELS[by].capitalize()))


def _lost(base: pd.DataFrame, part: pd.Series, now: pd.Series) -> dict[str, Table]:
    lost = base["resolution"].str.startswith("lost_").astype("int8")
    found = mix_and_rate(lost, list(part), now.astype("int8"), clusterings(base)["rep"])
    whole = (
        ("Share lost, now minus before", found.difference, found.difference_interval),
        ("Of it, other mix", found.mix, found.mix_interval),
        ("Of it, other shares within the parts", found.rate, found.rate_interval),
    )
    change = pd.DataFrame(
        [{"what": what, "change": value, "low": each.low, "high": each.high} for what, value, each in whole]
    )
    parts = pd.DataFrame(
        [
            {"part": str(each.group), "lost_before": each.rate_before, "lost_now": each.rate_after, "mix": each.mix,
             "rate": each.rate}
            for each in found.groups
        ]
    )  # fmt: skip
    columns = (
        Column("what", "label", "What"),
        Column("change", "estimate", "Change (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )
    part_columns = (
        Column("part", "label", "Part"),
        Column("lost_before", "estimate", "Lost before", "share"),
        Column("lost_now", "estimate", "Lost now", "share"),
        Column("mix", "estimate", "By mix", "points"),
        Column("rate", "estimate", "By its own share", "points"),
    )
    title = "The share lost: how much of its change is mix"
    return {"lost": Table(change, columns, title), "parts": Table(parts, part_columns, "Part by part", detail=True)}


ANALYSIS = Analysis(mix_shift, headline, draw, family="comparison", method=METHOD, needs=(NOW, BEFORE))
