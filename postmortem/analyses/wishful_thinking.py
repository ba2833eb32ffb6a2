"""How many wins the stated probabilities promised, how many came, and how far sales people differ in that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import NOT_RECORDED
from postmortem.frames.cohort import Cohort
from postmortem.frames.stated import CATEGORY, WHEN, scored_deals, scores_of
from postmortem.ground.formats import count, interval_text, value_text
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import beta_binomial_shrink, wishful_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 16
LEAST_A_PERSON = 8
STATED = Need(
    "history", ("field", "changed_at", "new_value"), 10, "deals with a stated probability",
    "export the history of the field probability, or write under [categories] of the process file what each "
    "forecast category is worth", "history",
    lambda cohort, rows: int((_known(cohort, rows)["score"].isin(scores_of(cohort)[:1])).sum()),
)  # fmt: skip
METHOD = (
    "Wishful index W = Σp − Σwon over the deals of the window with a stated probability (the deal's own when its "
    "quarter opened, else the one declared for its category). What would be usual and the chance of so few wins are "
    "exact, by convolution of the single chances (Poisson-binomial); both take deals for independent, which deals of "
    "one person or one bad quarter are not: in 400 simulated books whose probabilities were right on the whole the "
    "wins lay outside the usual range in .05 where people were alike, and in .18 (.15 to .22) where they differed by "
    ".6 on the logit scale; whether the whole is off is judged by the calibration, which knows that. By sales person, "
    "from eight deals on and the others pooled: mean stated probability minus the share won, the latter shrunken by "
    "beta-binomial empirical Bayes with intervals integrated over the hyperparameters (coverage .94 to 1.00 in "
    "simulations, where taking them for known covers .72 to .91). The share is drawn towards the common share won, "
    "whatever a person stated: where people state very unlike probabilities, their gaps are drawn together less than "
    "they should be. Rows stand in order of deals: this is no ranking. Won by the quarter's end and won in the end are "
    "scored apart, the latter over quarters of which at most 5% of the deals are open, once a deal."
)


def wishful_thinking(cohort: Cohort) -> Result:
    """How many wins did the stated probabilities promise, and how many came?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``; deals that entered a late stage or the forecast in mid-quarter are scored by
        their end alone.

    Returns
    -------
    Result
        Table ``overall``, one row a score: ``score`` (code), ``when``, ``deals``, ``stated`` (wins promised),
        ``won``, ``excess`` (promised minus won) with ``low`` and ``high`` (95%), ``usual_low`` and ``usual_high``
        (wins, were every probability right), ``p_fewer`` (chance of so few). Table ``people``, one row a score
        and sales person with eight deals or more, most deals first, and one for all others: ``score``, ``when``,
        ``person``, ``others`` (whether it is that row), ``deals``, ``stated`` (mean), ``won``, ``gap`` (stated
        minus steadied share won) with ``low`` and ``high`` (95%; the row of the others is not steadied).

    Notes
    -----
    Refused for closed deals and below ten deals with a stated probability; then `forecast_calibration` shows how
    deals of each category ended. Nobody is steadied where fewer than five sales people have eight deals.
    """
    if cohort.kind not in ANALYSIS.frames or not STATED.met(cohort):
        return ANALYSIS.lack(cohort, STATED)
    known = _known(cohort, cohort.window_rows)
    parts = {score: known[known["score"] == score] for score in scores_of(cohort)}
    parts = {score: part for score, part in parts.items() if len(part) >= STATED.least}
    tables = {"overall": _overall(parts, cohort), "people": _people(parts)}
    main = parts[scores_of(cohort)[0]]
    caveats = ["Deals of one customer, one person or one bad quarter hang together, so more than the usual range is "
               "within chance."]  # fmt: skip
    if (main["stated_by"] == CATEGORY).any():
        caveats.append(
            "What is stated is, where a deal has none of its own, the probability declared for its category."
        )
    if cohort.kind != "forecast":
        caveats.append("These deals came in on different days of their quarter, so they are held against their end.")
    return ANALYSIS.answer(
        tables, cohort, n_used=len(main), caveats=tuple(caveats), fallback=cohort.kind != "forecast"
    )  # fmt: skip


def headline(tables: Tables) -> str:
    """Say promised and won, what would have been usual, and how many sales people lie off; name nobody."""
    row = tables["overall"].first
    if any_missing(row["deals"], row["won"], row["stated"]):
        return WITHHELD
    told = (
        f"Over {count(row['deals'], 'deal')} the stated probabilities promised {value_text(row['stated'])} wins "
        f"{row['when']}, and {row['won']:,} came"
    )
    if any_missing(row["usual_low"], row["usual_high"]):
        return f"{told}."
    usual = interval_text(row["usual_low"], row["usual_high"], "")
    told += f"; were every one right, {usual} would be usual"
    people = tables["people"].rows
    own = people[(people["when"] == row["when"]) & ~people["others"].fillna(True)].dropna(subset=["low", "high"])
    if own.empty:
        return f"{told}."
    above, below = int((own["low"] > 0).sum()), int((own["high"] < 0).sum())
    return (
        f"{told}. Of {count(len(own), 'sales person', 'sales people')} with enough deals, {above} promised more than "
        f"came and {below} less, beyond a range that chance leaves once in twenty."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how far what was stated lies above what was won for each sales person, most deals first."""
    people, when = tables["people"].rows, tables["overall"].first["when"]
    interval_dots(
        people[people["when"] == when].head(SHOWN), axes, name="person", estimate="gap", low="low", high="high",
        n="deals", unit="points", reference=0.0, reference_label="as stated",
    )  # fmt: skip


def _known(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    return scored_deals(cohort, rows).dropna(subset=["probability", "won"])


def _overall(parts: dict[str, pd.DataFrame], cohort: Cohort) -> Table:
    rows = []
    for score, part in parts.items():
        index = wishful_index(part["probability"], part["won"].astype("int8"))
        rows.append(
            {
                "score": score, "when": WHEN[score], "deals": index.n, "stated": index.stated, "won": index.happened,
                "excess": index.index.estimate, "low": index.index.low, "high": index.index.high,
                "usual_low": index.usual_low, "usual_high": index.usual_high, "p_fewer": index.p_fewer,
            }
        )  # fmt: skip
    columns = (
        Column("score", "label", "Code", shown=False),
        Column("when", "label", "Won"),
        Column("deals", "count", "Deals"),
        Column("stated", "estimate", "Wins promised"),
        Column("won", "count", "Wins"),
        Column("excess", "estimate", "Promised minus won (95% interval)", low="low", high="high"),
        Column("low", "estimate", "Low", shown=False),
        Column("high", "estimate", "High", shown=False),
        Column("usual_low", "estimate", "Usual at least, were all right"),
        Column("usual_high", "estimate", "Usual at most"),
        Column("p_fewer", "estimate", "Chance of so few, were all right", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, f"What was promised and what came, {cohort.window_label}")


def _people(parts: dict[str, pd.DataFrame]) -> Table:
    rows = [row for score, part in parts.items() for row in _of_score(score, part)]
    columns = (
        Column("score", "label", "Code", shown=False),
        Column("when", "label", "Won"),
        Column("person", "person", "Sales person"),
        Column("others", "label", "All others", shown=False),
        Column("deals", "count", "Deals"),
        Column("stated", "estimate", "Stated on average", "share"),
        Column("won", "count", "Won"),
        Column("gap", "estimate", "Stated minus won, steadied (95% interval)", "points", low="low", high="high"),
        Column("low", "estimate", "Low", "points", shown=False),
        Column("high", "estimate", "High", "points", shown=False),
    )
    frame = pd.DataFrame(rows)[[column.name for column in columns]]
    return Table(frame, columns, "By sales person, in order of deals", detail=True)


def _of_score(score: str, part: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row for each person with enough deals and one for all others, who are taken together."""
    owner = part["owner_id"].fillna(NOT_RECORDED)
    won = part["won"].astype("int64")
    sums = (
        part.assign(won=won)
        .groupby(owner)
        .agg(deals=("won", "size"), won=("won", "sum"), stated=("probability", "mean"))
    )
    sums = sums.reset_index(names="person").sort_values(["deals", "person"], ascending=[False, True])
    alone = sums[(sums["deals"] >= LEAST_A_PERSON) & (sums["person"] != NOT_RECORDED)]
    rates = beta_binomial_shrink(alone["won"].to_numpy(), alone["deals"].to_numpy()).rates if len(alone) else ()
    head = {"score": score, "when": WHEN[score]}
    rows: list[dict[str, Any]] = [
        {
            **head, **person, "others": False, "gap": person["stated"] - rate.estimate,
            "low": person["stated"] - rate.high, "high": person["stated"] - rate.low,
        }
        for person, rate in zip(_records(alone), rates, strict=True)
    ]  # fmt: skip
    rest = ~owner.isin(alone["person"])
    if rest.any():
        index = wishful_index(part.loc[rest, "probability"], won[rest])
        n = index.n
        gap, low, high = (value / n for value in (index.index.estimate, index.index.low, index.index.high))
        few = count(owner[rest].nunique(), "other") if (owner[rest] != NOT_RECORDED).all() else "all others"
        rows.append(
            {
                **head, "person": f"{few} together", "others": True, "deals": n, "stated": index.stated / n,
                "won": index.happened, "gap": np.nan if index.status == "refused" else gap, "low": low, "high": high,
            }
        )  # fmt: skip
    return rows


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


ANALYSIS = Analysis(
    wishful_thinking, headline, draw, family="rate", method=METHOD, needs=(STATED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
