"""Against which competitors deals end differently from all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort
from postmortem.frames.figures import Counted, Figure
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import (
    LEAST_EVENTS,
    Estimate,
    beta_binomial_shrink,
    stratified_association,
    wilson,
)
from postmortem.stats.clusters import wider_difference
from postmortem.stats.estimate import p_beside
from postmortem.stats.permutation import homogeneity_by_permutation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 12
LOOK = 0.05
NOT_RECORDED, UNNAMED, SEVERAL = "not recorded", "No competitor on record", "several"
MET = Need(
    "competitors", ("competitor",), 10, "won or lost deals with one and the same competitor",
    "record who else is bidding while the deal is open", "competitors",
    lambda cohort, rows: max(_met(cohort, _decided(rows))["competitor"].value_counts(), default=0),
)  # fmt: skip
METHOD = (
    "Won deals over won and lost deals, pooled over the window; one row a deal with an indicator a competitor, so "
    "that a deal with several counts for each. A competitor met on fewer than ten decided deals gets counts only. "
    "Competitors are ordered by the share drawn towards the common one (beta-binomial, hyperparameters integrated), "
    "by the plain share where fewer than five were met. Each is set against all other deals, and against the other "
    "deals with a named competitor: the wider of Newcombe's interval and the cluster-robust one by sales person or by "
    "account. Deals without a name are a level of their own. Whether competitors differ at all is one test: the chi- "
    "squared statistic of homogeneity over deals with a name, those with several as one kind, against its permutation "
    "distribution, outcomes shuffled among each sales person's own deals. A competitor is named only where this test "
    "passes the gate over all tests of the report and, inside it, the Cochran-Mantel-Haenszel test of its deals "
    "against the other named ones, stratified by sales person, p at least .05 where that interval holds none. Presence "
    "is the CRM's and is often written down only once a deal is lost."
)


def competitor_head_to_head(cohort: Cohort) -> Result:
    """Against which competitors are deals won more or less often?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``against``, one row a competitor, hardest first, and one for deals without a name: ``competitor``,
        ``level`` (named or not named), ``deals`` (won and lost ones), ``won``, ``share`` won (``share_low``,
        ``share_high``), ``steady`` (shrunken; ``steady_low``, ``steady_high``), ``difference`` of the share to
        all other deals (``low``, ``high``), ``among_named`` (the same to the other deals with a named competitor;
        ``among_low``, ``among_high``). Table ``overall``, one row: ``decided`` deals, ``decided_won``,
        ``competitors`` (met on ten deals or more), and ``share``, ``low``, ``high``. Table ``tests``, one row for
        all competitors at once (primary) and one a competitor: ``hypothesis``, ``competitor``, ``primary``, ``p``,
        ``named``.

    Notes
    -----
    Refused where no competitor was met on ten decided deals.
    """
    if not MET.met(cohort):
        return ANALYSIS.lack(cohort, MET)
    decided = _decided(cohort.window_rows).sort_values(["quarter", "deal_id"], ignore_index=True)
    met = _met(cohort, decided)
    # A competitor's deals as flags over the rows of `decided`.
    present = {
        str(name): decided["deal_id"].isin(part["deal_id"]).to_numpy() for name, part in met.groupby("competitor")
    }
    against = _against(decided, present)
    tables = {
        "against": Table(
            against, _against_columns(), f"Each competitor against all other deals, {cohort.window_label}"
        ),
        "overall": _overall(decided, against),
        "tests": _tests(decided, present, against),
    }
    caveats = (
        "Competitors are often written down only when a deal is lost; set against deals without a name they then look "
        "harder than they are. The comparison among deals with a name does not suffer from that.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(decided), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say which competitors stand apart, as far as they may be named, else that none does."""
    overall, test = tables["overall"].first, tables["tests"].first
    if any_missing(overall["decided"], overall["competitors"], overall["share"], overall["low"], overall["high"]):
        return WITHHELD
    met = count(overall["competitors"], "competitor")
    every = f"{per_cent(overall['share'])} ({interval_text(overall['low'], overall['high'])})"
    whole = f"of all {overall['decided']:,} decided deals {every} were won"
    if test["named"] is True:
        return f"{_standing_apart(tables) or 'Deals are not won equally often against every competitor'}; {whole}."
    if overall["competitors"] == 1:
        return f"Only one competitor was met on ten decided deals or more; {whole}."
    if not any_missing(test["p"]) and test["p"] < LOOK:
        return f"Worth a look: deals are not won equally often against each of {met}; {whole}."
    return f"None of {met} can be told from the others by how often deals are won; {whole}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how far each competitor is from the other named ones; where it is alone, from all other deals."""
    rows = tables["against"].rows
    alone = rows["among_named"].isna().all()
    chosen = ("difference", "low", "high") if alone else ("among_named", "among_low", "among_high")
    interval_dots(
        rows[rows["level"] == "named"].head(SHOWN), axes, name="competitor", estimate=chosen[0], low=chosen[1],
        high=chosen[2], n="deals", unit="points", reference=0.0,
        reference_label="as all other deals" if alone else "as with other named competitors",
    )  # fmt: skip


def _decided(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["resolution"] == "won") | rows["resolution"].str.startswith("lost_")]


def _met(cohort: Cohort, decided: pd.DataFrame) -> pd.DataFrame:
    rivals = cohort.book.table("competitors")[["deal_id", "competitor"]].drop_duplicates()
    return rivals[rivals["deal_id"].isin(decided["deal_id"])]


def _against(decided: pd.DataFrame, present: dict[str, np.ndarray]) -> pd.DataFrame:
    won = (decided["resolution"] == "won").to_numpy()
    named = np.any(list(present.values()), axis=0)
    groups = clusterings(decided)
    names = sorted(present)
    steady = beta_binomial_shrink([won[present[name]].sum() for name in names], [present[name].sum() for name in names])
    rows = [
        _row(won, present[name], named, groups) | {"competitor": name, "level": "named"} | _limits("steady", rate)
        for name, rate in zip(names, steady.rates, strict=True)
    ]
    frame = pd.DataFrame(rows)
    few = frame["share"].isna()
    frame.loc[few, ["steady", "steady_low", "steady_high"]] = np.nan
    order = frame["steady"].fillna(frame["share"])
    frame = frame.assign(order=order, less=-frame["deals"]).sort_values(["order", "less", "competitor"])
    unnamed = {"competitor": UNNAMED, "level": "not named", **_row(won, ~named, np.ones(len(won), dtype=bool), groups)}
    frame = pd.concat([frame, pd.DataFrame([unnamed])], ignore_index=True)
    frame.loc[frame.index[-1], ["among_named", "among_low", "among_high"]] = np.nan
    return frame[[column.name for column in _against_columns()]]


def _row(won: np.ndarray, here: np.ndarray, among: np.ndarray, groups: Mapping[str, np.ndarray]) -> dict[str, Any]:
    inner = {name: codes[among] for name, codes in groups.items()}
    share = wilson(int(won[here].sum()), int(here.sum())) if here.any() else None
    return {
        "deals": int(here.sum()), "won": int(won[here].sum()), **_limits("share", share),
        **_limits("difference", wider_difference(won, here, groups), "low", "high"),
        **_limits("among_named", wider_difference(won[among], here[among], inner), "among_low", "among_high"),
    }  # fmt: skip


def _limits(name: str, found: Estimate | None, low: str = "", high: str = "") -> dict[str, float]:
    keys = (name, low or f"{name}_low", high or f"{name}_high")
    values = (np.nan,) * 3 if found is None else (found.estimate, found.low, found.high)
    return dict(zip(keys, values, strict=True))


def _against_columns() -> tuple[Column, ...]:
    return (
        Column("competitor", "competitor", "Competitor"),
        Column("level", "label", "Competitor is", shown=False),
        Column("deals", "count", "Decided deals"),
        Column("won", "count", "Won"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="share_low", high="share_high"),
        Column("share_low", "estimate", "Low", "share", shown=False),
        Column("share_high", "estimate", "High", "share", shown=False),
        Column("steady", "estimate", "Steadied", "share", low="steady_low", high="steady_high", shown=False),
        Column("steady_low", "estimate", "Steadied low", "share", shown=False),
        Column("steady_high", "estimate", "Steadied high", "share", shown=False),
        Column("difference", "estimate", "Against all others", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
        Column("among_named", "estimate", "Against others named", "points", low="among_low", high="among_high"),
        Column("among_low", "estimate", "Low", "points", shown=False),
        Column("among_high", "estimate", "High", "points", shown=False),
    )


def _overall(decided: pd.DataFrame, against: pd.DataFrame) -> Table:
    won = int((decided["resolution"] == "won").sum())
    share = wilson(won, len(decided))
    estimated = int((against["share"].notna() & (against["level"] == "named")).sum())
    frame = pd.DataFrame(
        {"decided": [len(decided)], "decided_won": [won], "competitors": [estimated], "share": [share.estimate],
         "low": [share.low], "high": [share.high]}
    )  # fmt: skip
    columns = (
        Column("decided", "count", "Decided deals"),
        Column("decided_won", "count", "Won"),
        Column("competitors", "count", "Competitors met on ten or more"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(frame, columns, "All decided deals", detail=True)


def _tests(decided: pd.DataFrame, present: dict[str, np.ndarray], against: pd.DataFrame) -> Table:
    rows_of = against.set_index("competitor").to_dict("index")
    names = [name for name in against.loc[against["share"].notna(), "competitor"] if name in present]
    here = np.column_stack([present[name] for name in sorted(present)])
    named, several = here.any(axis=1), here.sum(axis=1) > 1
    kinds = np.where(several, SEVERAL, np.asarray(sorted(present), dtype=object)[here.argmax(axis=1)])[named]
    won = (decided["resolution"] == "won").to_numpy()[named]
    owners = decided["owner_id"].fillna(NOT_RECORDED).astype("str").to_numpy()[named]
    rarer = min(int(won.sum()), int((~won).sum()))
    rows: list[dict[str, Any]] = [
        {
            "hypothesis": "deals are won more or less often against one competitor than against others",
            "primary": True,
            "p": homogeneity_by_permutation(won, kinds.astype("str"), owners) if rarer >= LEAST_EVENTS else np.nan,
        }
    ]
    rows += [
        {
            "hypothesis": "deals with this competitor are won more or less often than with others",
            "primary": False,
            "competitor": name,
            "p": p_beside(
                stratified_association(present[name][named], won, owners).p,
                rows_of[name]["among_low"],
                rows_of[name]["among_high"],
            ),
        }
        for name in names
    ]
    return tests_table("Whether competitors differ", rows, group=Column("competitor", "competitor", "Competitor"))


def _standing_apart(tables: Tables) -> str:
    """Return the competitors that were named, each with its share and its distance; at most two, the surest first."""
    rows, tests = tables["against"].keyed("competitor"), tables["tests"].rows
    told = []
    for test in tests[~tests["primary"] & tests["named"].fillna(False)].sort_values("p").to_dict("records"):
        row = rows.get(str(test["competitor"]))
        if row is None or any_missing(row["share"], row["among_named"], row["among_low"], row["among_high"]):
            continue
        less, name = row["among_named"] < 0, spoken(row["competitor"], "one competitor")
        low, high = sorted((abs(row["among_low"]), abs(row["among_high"])))
        apart = points(abs(row["among_named"])).removeprefix("+").replace(" points", "").replace(" point", "")
        span = interval_text(low, high, "points")
        told.append(
            f"gainst {name} {per_cent(row['share'])} of {row['deals']:,} deals were won, {apart} points "
            f"{'fewer' if less else 'more'} than with other named competitors ({span})"
        )
    return "A" + " and a".join(told[:2]) if told else ""


def _with_competitor(cohort: Cohort, rows: pd.DataFrame) -> Counted:
    decided = _decided(rows)
    return Counted(decided, decided["deal_id"].isin(cohort.book.table("competitors")["deal_id"]))


COMPARABLE = (Figure("With a competitor named", "decided deal", _with_competitor),)
ANALYSIS = Analysis(
    competitor_head_to_head, headline, draw, family="comparison", method=METHOD, needs=(MET,), comparable=COMPARABLE
)
