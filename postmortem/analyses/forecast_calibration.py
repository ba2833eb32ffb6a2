"""How often deals were won that had been stated at 60, 80 or 90 per cent when their quarter opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.special import expit, logit

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, tests_table
from postmortem.charts.calibration import calibration
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort
from postmortem.frames.stated import BY_QUARTER_END, CATEGORY, OWN, WHEN, scored_deals, scores_of
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import Calibration, brier_score, calibration_of, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = 0.05
CLIP = 0.01
STATED = Need(
    "history", ("field", "changed_at", "new_value"), 10, "deals with a stated probability",
    "export the history of the field probability, or write under [categories] of the process file what each "
    "forecast category is worth", "history",
    lambda cohort, rows: len(_main(cohort, rows).dropna(subset=["probability", "won"])),
)  # fmt: skip
METHOD = (
    "One snapshot a deal at a fixed lead time, the opening of its quarter, pooled over the window. The stated "
    "probability is the deal's own of that day, else the one the process file declares for its category. Bins are "
    "the distinct probabilities (Wilson intervals; fewer than five deals: counts only), so that Murphy's identity is "
    "exact: Brier score = reliability − resolution + uncertainty. Calibration in the large (logit of the "
    "probability as offset) and slope by logistic regression, probabilities drawn into [.01, .99], cluster sandwich "
    "(CR2) by sales person and by customer, t at Satterthwaite's degrees of freedom, the wider interval shown. The "
    "interval of the share won moves every probability by the limits of calibration in the large. Won by the "
    "quarter's end and won in the end are scored apart, the latter over quarters of which at most 5% of the deals are "
    "open, once a deal. Without any stated probability the share won by category is shown instead."
)


def forecast_calibration(cohort: Cohort) -> Result:
    """How often were deals won that had been stated at 60, 80 or 90 per cent?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``; deals that entered a late stage or the forecast in mid-quarter are scored by
        their end alone.

    Returns
    -------
    Result
        Table ``bins``, one row a score and stated probability: ``score`` (code), ``when``, ``stated``, ``n``,
        ``won`` (deals), ``share`` won with ``low`` and ``high`` (95%; withheld below five deals). Table
        ``scores``, one row a score: ``score``, ``when``, ``n``, ``won``, ``open`` (deals not yet ended and left out),
        ``stated`` (mean), ``share`` won with ``low`` and ``high`` (95%, clustered), ``slope`` with
        ``slope_low`` and ``slope_high``, ``brier`` and its parts ``reliability``, ``resolution``,
        ``uncertainty``, and ``skill``. Table ``categories``, one row a score and forecast category: ``score``,
        ``when``, ``category``, ``n``, ``won``, ``share``, ``low``, ``high``. Table ``tests``, one row a score:
        ``hypothesis``, ``primary``, ``p``, ``named``.

    Notes
    -----
    Refused for closed deals, and below ten deals with a stated probability; where none is stated at all, the
    table ``categories`` alone answers, if ten deals have a category.
    """
    if cohort.kind not in ANALYSIS.frames:
        return ANALYSIS.lack(cohort, STATED)
    scored = scored_deals(cohort)
    main = _main(cohort, cohort.window_rows)
    categories = _categories(scored.dropna(subset=["won"]), cohort)
    if not STATED.met(cohort):
        if STATED.have(cohort) or main["forecast_category"].notna().sum() < STATED.least:
            return ANALYSIS.lack(cohort, STATED)
        said = "No probability is on record or declared for these deals, so what came is shown by forecast category."
        tables = {"categories": categories}
        return ANALYSIS.answer(tables, cohort, n_used=len(main), caveats=(said,), fallback=True)
    known = scored.dropna(subset=["probability", "won"])
    parts = {score: known[known["score"] == score] for score in scores_of(cohort)}
    parts = {score: part for score, part in parts.items() if len(part) >= STATED.least}
    measured = {score: _measure(part) for score, part in parts.items()}
    tables = {
        "bins": _bins(parts, cohort),
        "scores": _scores(parts, measured, scored),
        "categories": categories,
        "tests": _tests(measured),
    }
    return ANALYSIS.answer(
        tables, cohort, n_used=len(main.dropna(subset=["probability", "won"])), caveats=_caveats(scored, cohort),
        fallback=cohort.kind != "forecast",
    )  # fmt: skip


def headline(tables: Tables) -> str:
    """Say how often the surest deals were won, and what was stated and won over all."""
    if "bins" not in tables:
        return _by_category(tables)
    row, bins = tables["scores"].first, tables["bins"].rows
    if any_missing(row["n"], row["stated"], row["share"]):
        return WITHHELD
    when = row["when"]
    shown = bins[(bins["when"] == when) & bins["n"].notna() & bins["low"].notna()]
    told = f"Over {count(row['n'], 'deal')}, {per_cent(row['stated'])} was stated and {per_cent(row['share'])} was won"
    if len(shown):
        most = shown.sort_values("stated").to_dict("records")[-1]
        told = (
            f"Deals stated at {per_cent(most['stated'])} were won {when} {per_cent(most['share'])} of the time "
            f"({interval_text(most['low'], most['high'])}); over all {row['n']:,}, {per_cent(row['stated'])} was "
            f"stated and {per_cent(row['share'])} was won"
        )
    if any_missing(row["low"], row["high"]):
        return f"{told}."
    told += f" ({interval_text(row['low'], row['high'])})"
    test = tables["tests"].first
    if test["named"] is True:
        return f"{told}: {'fewer' if row['share'] < row['stated'] else 'more'} than stated, by more than chance."
    if any_missing(test["p"]) or test["p"] >= LOOK:
        return f"{told}; the two cannot be told apart."
    return f"{told}. Worth a look: the two do not agree."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share won over the probability stated; by category where none is stated."""
    if "bins" not in tables:
        rows = tables["categories"].rows
        interval_dots(rows, axes, name="category", estimate="share", low="low", high="high", n="n")
        return
    bins, when = tables["bins"].rows, tables["scores"].first["when"]
    calibration(
        bins[bins["when"] == when], axes, stated="stated", observed="share", low="low", high="high", n="n",
        stated_label="stated when the quarter opened" if when == WHEN[BY_QUARTER_END] else "stated on entry",
        observed_label=f"share won {when}",
    )  # fmt: skip


def _by_category(tables: Tables) -> str:
    """Say how deals of the commonest category ended, where no probability was stated."""
    rows = tables["categories"].rows
    first = tables["categories"].first["when"]
    shown = rows[(rows["when"] == first) & rows["n"].notna() & rows["low"].notna()]
    if shown.empty:
        return WITHHELD
    most = shown.sort_values(["n", "category"], ascending=[False, True]).to_dict("records")[0]
    return (
        f"No probability was stated; of {count(most['n'], 'deal')} in the forecast category {most['category']}, "
        f"{per_cent(most['share'])} were won {most['when']} ({interval_text(most['low'], most['high'])})."
    )


def _main(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the deals of the main score among `rows`."""
    scored = scored_deals(cohort, rows)
    return scored[scored["score"].isin(scores_of(cohort)[:1])]


def _measure(part: pd.DataFrame) -> Calibration:
    """Return calibration under the clustering that doubts it most; refused where either one is."""
    found = [
        calibration_of(part["probability"], part["won"].astype("int8"), labels) for labels in clusterings(part).values()
    ]
    refused = [each for each in found if each.in_the_large.status == "refused"]
    return refused[0] if refused else max(found, key=lambda each: each.in_the_large.high - each.in_the_large.low)


def _bins(parts: dict[str, pd.DataFrame], cohort: Cohort) -> Table:
    rows = [
        {
            "score": score, "when": WHEN[score], "stated": each.stated, "n": each.n, "won": each.events,
            "share": each.share.estimate, "low": each.share.low, "high": each.share.high,
        }
        for score, part in parts.items()
        for each in brier_score(part["probability"], part["won"].astype("int8")).bins
    ]  # fmt: skip
    columns = (
        Column("score", "label", "Code", shown=False),
        Column("when", "label", "Won"),
        Column("stated", "estimate", "Stated", "share"),
        *_share_columns(),
    )
    return Table(pd.DataFrame(rows), columns, f"What was stated and what came, {cohort.window_label}")


def _scores(parts: dict[str, pd.DataFrame], measured: dict[str, Calibration], scored: pd.DataFrame) -> Table:
    still_open = scored[scored["won"].isna()].groupby("score").size()
    rows: list[dict[str, Any]] = []
    for score, part in parts.items():
        p, won = part["probability"], part["won"].astype("int8")
        parts_of_score, found = brier_score(p, won), measured[score]
        large, slope = found.in_the_large, found.slope
        low, high = (float(expit(logit(p.clip(CLIP, 1 - CLIP)) + by).mean()) for by in (large.low, large.high))
        share = float(won.mean())
        rows.append(
            {
                "score": score, "when": WHEN[score], "n": len(part), "won": int(won.sum()),
                "open": int(still_open.get(score, 0)), "stated": float(p.mean()), "share": share,
                "low": min(low, share), "high": max(high, share), "slope": slope.estimate,
                "slope_low": slope.low, "slope_high": slope.high, "brier": parts_of_score.score,
                "reliability": parts_of_score.reliability, "resolution": parts_of_score.resolution,
                "uncertainty": parts_of_score.uncertainty, "skill": parts_of_score.skill,
            }
        )  # fmt: skip
    columns = (
        Column("score", "label", "Code", shown=False),
        Column("when", "label", "Won"),
        Column("n", "count", "Deals"),
        Column("won", "count", "Won of them"),
        Column("open", "count", "Left out, still open"),
        Column("stated", "estimate", "Stated on average", "share"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("slope", "estimate", "Boldness: 1 is right, below 1 too bold", low="slope_low", high="slope_high"),
        Column("slope_low", "estimate", "Low", shown=False),
        Column("slope_high", "estimate", "High", shown=False),
        Column("brier", "estimate", "Mean squared miss"),
        Column("reliability", "estimate", "Of it, stated wrongly"),
        Column("resolution", "estimate", "Saved by telling deals apart"),
        Column("uncertainty", "estimate", "Miss of stating one share for all", shown=False),
        Column("skill", "estimate", "Part of that miss avoided"),
    )
    return Table(pd.DataFrame(rows), columns, "How good the stated probabilities were", detail=True)


def _categories(ended: pd.DataFrame, cohort: Cohort) -> Table:
    rows = []
    for (score, category), part in ended.groupby(["score", "forecast_category"], sort=True):
        share = wilson(int(part["won"].sum()), len(part))
        rows.append(
            {
                "score": score, "when": WHEN[str(score)], "category": str(category).replace("_", " "), "n": len(part),
                "won": int(part["won"].sum()), "share": share.estimate, "low": share.low, "high": share.high,
            }
        )  # fmt: skip
    columns = (
        Column("score", "label", "Code", shown=False),
        Column("when", "label", "Won"),
        Column("category", "label", "Forecast category"),
        *_share_columns(),
    )
    frame = pd.DataFrame(rows, columns=[column.name for column in columns])
    kinds = {"count": "int64", "estimate": "float64", "label": "str"}
    frame = frame.astype({column.name: kinds[column.role] for column in columns})
    by_score = frame.sort_values("score", key=lambda codes: codes.map(list(WHEN).index), kind="stable")
    title = f"Share won by forecast category, {cohort.window_label}"
    return Table(by_score.reset_index(drop=True), columns, title)


def _share_columns() -> tuple[Column, ...]:
    return (
        Column("n", "count", "Deals"),
        Column("won", "count", "Won of them"),
        Column("share", "estimate", "Share won (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )


def _tests(measured: dict[str, Calibration]) -> Table:
    rows = [
        {
            "hypothesis": f"deals won {WHEN[score]} are not as many as was stated",
            "primary": place == 0,
            "p": found.p_in_the_large,
        }
        for place, (score, found) in enumerate(measured.items())
    ]
    return tests_table("Whether what was stated and what came agree on the whole", rows)


def _caveats(scored: pd.DataFrame, cohort: Cohort) -> tuple[str, ...]:
    """Say by what probabilities were stated, which deals have none, and what the score of other frames is."""
    said = []
    main = scored[scored["score"] == scores_of(cohort)[0]]
    by, silent = main["stated_by"].value_counts(), int(main["probability"].isna().sum())
    if CATEGORY in by.index and OWN in by.index:
        said.append(
            f"{count(by[OWN], 'deal')} stated a probability of their own; for {by[CATEGORY]:,} it is the one declared "
            "for their forecast category."
        )
    elif CATEGORY in by.index:
        said.append("What is stated is the probability the company declares for the forecast category.")
    if silent:
        said.append(f"{count(silent, 'deal')} without any stated probability are left out.")
    if cohort.kind != "forecast":
        said.append(
            "These deals came in on different days of their quarter, so they are held against their end, not against "
            "the quarter's, and against what was stated on the day they came in."
        )
    return tuple(said)


ANALYSIS = Analysis(
    forecast_calibration, headline, draw, family="comparison", method=METHOD, needs=(STATED,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
