"""How often the five mistakes that a sales process should make rarer stood in the forecast, quarter by quarter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.range_bars import range_bars
from postmortem.frames.cohort import QUARTERS_BACK, Cohort
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.decided import Signs, signs_of
from postmortem.signals.six import CauseSigns, signs_by_cause, stands
from postmortem.stats import LEAST_N, usual_range, wilson
from postmortem.taxonomies import Taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Each mistake and the red-zone causes of which any one is it.
MISTAKES: Mapping[str, tuple[str, ...]] = {
    "Poor leads chased and forecast": ("not_an_opportunity",),
    "Assumptions left unvalidated": ("needs_not_uncovered",),
    "Risks not understood or met": ("risk_not_understood", "no_trust_in_delivery"),
    "Ghost stakeholders": ("true_buyer_not_engaged",),
    "Last-minute criteria": (),
}
# None of the six is about criteria that come late; by its name any one of these is the mistake itself.
LATE = ("new_decision_maker_late", "competitor_named_late", "scope_changed_late")
SHOWN = 8
NO_RANGE = "not enough quarters"
DEALS = Need(
    "deals", ("created_at",), LEAST_N, "deals of the quarter with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    lambda cohort, rows: _known(cohort, rows), "focus",
)  # fmt: skip
METHOD = (
    "A mistake is one of the six red-zone causes, or two of them, and stands on a deal as these do where they are set "
    "beside won deals: by a sign that is the cause by its definition, and only where none such is on record by two "
    "lesser ones. Last-minute criteria, about which none of the six is, stand with any of their signs. All as of the "
    "day of the snapshot, whatever became of the deal later; unknown where too few signs are known. Share of the "
    "quarter's deals of which it is known, Wilson interval. Usual range: 95% prediction interval of a Laney p-prime "
    "chart over the quarters before, refused below six. One point outside is a reason to look, not a verdict; with "
    "five rates one is outside in about every fifth quarter by chance."
)


def five_mistakes(cohort: Cohort) -> Result:
    """How often did the five mistakes that a sales process makes rarer stand in the forecast?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; up to eleven earlier quarters are looked at, seven are shown.

    Returns
    -------
    Result
        Table ``mistakes``, one row a mistake: ``mistake``, ``seen`` of ``n`` (deals of the focus quarter it stood on,
        of those known), ``share`` with ``low`` and ``high`` (95%), ``usual_low`` and ``usual_high`` (usual range),
        ``verdict`` (within, above, below, or not enough quarters), ``signs`` (what it is read from), ``quarter``. Table
        ``run``, one row a mistake and quarter: ``mistake``, ``quarter``, ``seen``, ``n``, ``share``, ``low``, ``high``.

    Notes
    -----
    Refused below ten deals of the quarter with a known sign. Signs are read at the beginning of the quarter, so that a
    running quarter is told like the others.
    """
    if cohort.kind not in ANALYSIS.frames or not DEALS.met(cohort):
        return ANALYSIS.lack(cohort, DEALS)
    signs, taxonomy = signs_of(cohort), cohort.book.taxonomy
    stand = mistakes_on(signs, taxonomy)
    rows, runs = [], []
    for mistake, own in signs_by_mistake(signs, taxonomy).items():
        run = _run(stand[mistake], signs, cohort, mistake)
        now = run[-1]
        told = [each.on_record(signs) for each in own]
        words = ". Or ".join(each.words for each in told if each.defining or each.lesser)
        rows.append({**now, **_usual(run[:-1], now), "signs": words or "no sign on record"})
        runs += run[-SHOWN:]
    tables = {"mistakes": _mistakes(rows), "run": _runs(runs)}
    caveats = (
        "A mistake is read from signs in the CRM: better records show more of them, and a quarter in which recording "
        "changed is no match for those before.",
    )
    used = int(stand.notna().any(axis=1).sum())
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=caveats)


def signs_by_mistake(signs: Signs, taxonomy: Taxonomy) -> dict[str, tuple[CauseSigns, ...]]:
    """Return by mistake the signs of the causes of which any one is it, as a taxonomy lists them."""
    causes = signs_by_cause(signs.signals, taxonomy)
    late = CauseSigns(tuple(signal for signal in signs.signals if signal.name in LATE), ())
    return {mistake: tuple(causes[code] for code in codes) or (late,) for mistake, codes in MISTAKES.items()}


def mistakes_on(signs: Signs, taxonomy: Taxonomy) -> pd.DataFrame:
    """Return which mistakes stand on each row: one column a mistake; 1, 0, or missing where it cannot be told."""
    told = signs_by_mistake(signs, taxonomy).items()
    return pd.DataFrame(
        {mistake: pd.concat([stands(signs, each) for each in own], axis=1).max(axis=1) for mistake, own in told}
    )


def headline(tables: Tables) -> str:
    """Say which of the five is outside its usual range, else which stood on most deals."""
    rows = [row for row in tables["mistakes"].records if not any_missing(row["share"], row["n"], row["seen"])]
    if not rows:
        return WITHHELD
    outside = [row for row in rows if row["verdict"] in ("above", "below")]
    if outside and not any_missing(outside[0]["usual_low"], outside[0]["usual_high"]):
        row = outside[0]
        usual = interval_text(row["usual_low"], row["usual_high"])
        more = f", and {count(len(outside) - 1, 'other')}" if len(outside) > 1 else ""
        where = f"{row['verdict']} its usual range ({usual}){more}: worth a look"
        return f"“{row['mistake']}” stood on {_told(row)}, {where}."
    row = max(rows, key=lambda each: each["share"])
    ranged = sum(each["verdict"] == "within" for each in rows)
    rest = f"; {'all' if ranged == len(MISTAKES) else ranged} of the five are within their usual ranges"
    rest = rest if ranged else "; too few quarters for a usual range"
    return f"Of the five, “{row['mistake']}” stood most often, on {_told(row)}{rest}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each rate of the quarter over its usual range."""
    rows = tables["mistakes"].rows
    range_bars(
        rows, axes, name="mistake", low="usual_low", high="usual_high", recorded="share",
        recorded_label="this quarter", range_label="usual range of the quarters before", range_name="usual",
    )  # fmt: skip


def _told(row: dict[str, Any]) -> str:
    share = f"{per_cent(row['share'])} of {count(row['n'], 'deal')} of {row['quarter']}"
    return share if any_missing(row["low"], row["high"]) else f"{share} ({interval_text(row['low'], row['high'])})"


def _known(cohort: Cohort, rows: pd.DataFrame) -> int:
    if rows.empty or cohort.kind == "closed":
        return 0
    signs = signs_of(cohort)
    among = signs.rows["quarter"].isin(set(rows["quarter"]))
    return int((among & mistakes_on(signs, cohort.book.taxonomy).notna().any(axis=1)).sum())


def _run(flags: pd.Series, signs: Signs, cohort: Cohort, mistake: str) -> list[dict[str, Any]]:
    """Return the rate of every quarter from the first with deals on, the focus last."""
    told = []
    for quarter in cohort.focus.trailing(QUARTERS_BACK):
        own = flags[signs.rows["quarter"] == quarter.label].dropna()
        n, seen = len(own), int(own.sum())
        share = wilson(seen, n)
        told.append(
            {"mistake": mistake, "quarter": quarter.label, "seen": seen, "n": n,
             "share": seen / n if n >= LEAST_N else np.nan, "low": share.low, "high": share.high}
        )  # fmt: skip
    first = next((place for place, row in enumerate(told) if row["n"]), len(told) - 1)
    return told[first:]


def _usual(before: list[dict[str, Any]], now: dict[str, Any]) -> dict[str, Any]:
    none = {"usual_low": np.nan, "usual_high": np.nan, "verdict": NO_RANGE}
    kept = [row for row in before if row["n"]]
    if not kept or not now["n"]:
        return none
    usual = usual_range([row["seen"] for row in kept], [row["n"] for row in kept], new_trials=now["n"])
    if usual.status == "refused":
        return none
    return {"usual_low": usual.low, "usual_high": usual.high, "verdict": usual.placement(now["seen"])}


def _mistakes(rows: list[dict[str, Any]]) -> Table:
    columns = (
        Column("mistake", "label", "Mistake"),
        Column("seen", "count", "Deals it stood on"),
        Column("n", "count", "Of deals known"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("usual_low", "estimate", "Usual from", "share"),
        Column("usual_high", "estimate", "Usual to", "share"),
        Column("verdict", "label", "Verdict"),
        Column("signs", "text", "Read from"),
        Column("quarter", "label", "Quarter", shown=False),
    )
    return Table(pd.DataFrame(rows)[[column.name for column in columns]], columns, "The five mistakes, this quarter")


def _runs(rows: list[dict[str, Any]]) -> Table:
    columns = (
        Column("mistake", "label", "Mistake"),
        Column("quarter", "label", "Quarter"),
        Column("seen", "count", "Deals it stood on"),
        Column("n", "count", "Of deals known"),
        Column("share", "estimate", "Share (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
    )
    return Table(pd.DataFrame(rows), columns, "Quarter by quarter", detail=True)


ANALYSIS = Analysis(
    five_mistakes, headline, draw, family="rate", method=METHOD, needs=(DEALS,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
