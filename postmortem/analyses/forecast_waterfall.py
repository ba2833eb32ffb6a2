"""From the forecast at the opening to what was won in the quarter, step by step and exact to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.book.history import states_at, tracked_fields
from postmortem.book.waterfall import CENTS, whole_cents
from postmortem.charts.waterfall import waterfall
from postmortem.frames.cohort import Cohort, CohortKind
from postmortem.frames.known import TODAY
from postmortem.ground.fates import FATE_LABELS, RESOLUTIONS, WON
from postmortem.ground.formats import count, short_money
from postmortem.result import Column, Result, Table, Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY = Need(
    "history", ("field", "changed_at", "new_value"), 1, "records of the deals as they were in the quarter",
    "export the CRM's field history", "history",
    lambda cohort, _: 0 if cohort.kind == "closed" else len(cohort.table), "record",
)  # fmt: skip
AMOUNTS = Need(
    "deals", ("amount",), 1, "deals with an amount", "export the amount of every deal", "amount",
    lambda _, rows: int(rows["amount"].notna().sum()), "focus",
)  # fmt: skip
METHOD = (
    "An identity in whole cents, not an estimate. Amounts at the snapshot of the deals forecast, less those of the "
    "deals that were not won by quarter end, each under the fate it had then, plus or minus what changed in the "
    "amounts of the deals won, is what was won of the forecast. Deals won in the quarter that were not in the "
    "forecast are added: won before it was frozen, on record but not forecast at the snapshot, or created after it. "
    "The sum is checked against the amounts of all deals won in the quarter. Amounts of won deals are those at "
    "quarter end. A deal without an amount that a step needs is in none of them and counted apart."
)
OPENING: Mapping[CohortKind, tuple[str, str]] = {
    "forecast": ("Forecast at the opening", "forecast for"),
    "late_stage": ("In a late stage", "in late-stage deals in"),
    "first_forecast": ("Newly forecast", "in newly forecast deals in"),
}
BEFORE, PULLED_IN, CREATED, OTHER = "before", "pulled_in", "created", "other"
OUTSIDE = {
    BEFORE: "Won before the opening",
    PULLED_IN: "Won, not in the forecast",
    CREATED: "Created and won later",
    OTHER: "Won, not among these",
}
GREW, SHRANK = "grew", "shrank"


def forecast_waterfall(cohort: Cohort) -> Result:
    """How did the forecast become what was won?

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``; deals of a late stage, or newly forecast, tell the same of their own amounts.

    Returns
    -------
    Result
        Table ``steps``, one row a total or step, in order: ``step`` (code), ``label``, ``kind`` (total or step),
        ``fate`` (missing where a step is none), ``deals``, ``amount`` (signed for a step), ``without_amount`` (deals
        of the step that are in no amount). Table ``total``, one row: ``opening``, ``won_of_it``, ``change`` (part
        of it that is changed amounts), ``lost``, ``left`` (open at quarter end), ``outside`` (won without having
        been in it), ``won`` (in the quarter), ``without_amount`` (deals), ``of`` and ``quarter`` (words),
        ``is_over`` (whether the quarter is). Table ``deals``, one row a deal, largest first: ``deal_id``,
        ``account``, ``step`` (code), ``what``, ``opening``, ``change``, ``closing`` (amount it was won with),
        ``owner``.

    Raises
    ------
    ValueError
        When the steps do not add up to the cent, which would be a fault of this program.

    Notes
    -----
    Refused for closed deals, of which no earlier amount is known, and where no deal carries an amount. While the
    quarter runs, the last total is what was won so far.
    """
    if cohort.kind not in ANALYSIS.frames or not HISTORY.met(cohort):
        return ANALYSIS.lack(cohort, HISTORY)
    if not AMOUNTS.met(cohort):
        return ANALYSIS.lack(cohort, AMOUNTS)
    deals = pd.concat([_of_cohort(cohort), _outside(cohort)], ignore_index=True)
    known = deals[deals["is_known"]]
    steps = _steps(deals, cohort)
    opening, change, won = (int(known[name].sum()) for name in ("opening", "change", "won"))
    gone = known[~known["step"].isin((WON, *OUTSIDE))]
    lost = int(gone.loc[gone["step"].str.startswith("lost_"), "opening"].sum())
    outside = int(known.loc[known["step"].isin(tuple(OUTSIDE)), "won"].sum())
    if steps.loc[steps["kind"] == "step", "cents"].sum() + opening != won:
        raise ValueError(f"the steps from {opening} do not lead to {won} cents:\n{steps}")
    cents = {
        "opening": opening, "won_of_it": won - outside, "change": change, "lost": lost,
        "left": int(gone["opening"].sum()) - lost, "outside": outside, "won": won,
    }  # fmt: skip
    total = pd.DataFrame({name: [value / CENTS] for name, value in cents.items()}).assign(
        without_amount=len(deals) - len(known),
        of=OPENING[cohort.kind][1],
        quarter=cohort.focus.label,
        is_over=cohort.is_complete,
    )
    labels = ("Forecast", "Won of it", "Changed amounts", "Lost", "Not closed", "Won besides", "Won in the quarter")
    total_columns = (
        *(Column(name, "money", label, cohort.currency) for name, label in zip(cents, labels, strict=True)),
        Column("without_amount", "count", "Deals without an amount"),
        Column("of", "label", "Of", shown=False),
        Column("quarter", "label", "Quarter", shown=False),
        Column("is_over", "label", "Over", shown=False),
    )
    step_columns = (
        Column("step", "label", "Code", shown=False),
        Column("label", "label", "Step"),
        Column("kind", "label", "Kind", shown=False),
        Column("fate", "label", "Fate", shown=False),
        Column("deals", "count", "Deals"),
        Column("amount", "money", "Amount", cohort.currency),
        Column("without_amount", "count", "Without an amount"),
    )
    steps = steps.assign(amount=steps.pop("cents") / CENTS)[[column.name for column in step_columns]]
    tables = {
        "steps": Table(steps, step_columns, f"From the opening of {cohort.focus.label} to what was won"),
        "total": Table(total, total_columns, "In all", detail=True),
        "deals": _deals(deals, cohort),
    }
    used = int(known["deal_id"].isin(cohort.focus_rows["deal_id"]).sum())
    return ANALYSIS.answer(
        tables, cohort, n_used=used, caveats=tuple(_caveats(cohort)), fallback=cohort.kind != "forecast"
    )


def headline(tables: Tables) -> str:
    """Say what was forecast, what was won, lost and left of it, and what the quarter came to."""
    row = tables["total"].first
    money = ("opening", "won_of_it", "change", "lost", "left", "outside", "won")
    if any_missing(*(row[name] for name in money), row["without_amount"]):
        return WITHHELD
    currency = tables["total"].column("won").unit
    told = {name: short_money(float(row[name]), currency) for name in money}
    changed = short_money(abs(float(row["change"])), currency)
    versus = f" ({changed} {'more' if row['change'] > 0 else 'less'} than it was put at)" if row["change"] else ""
    so_far, open_still, came = (
        ("", "was not closed", "came") if row["is_over"] else (" so far", "is still open", "comes")
    )
    sentence = f"Of {told['opening']} {row['of']} {row['quarter']}, {told['won_of_it']} was won{so_far}{versus}"
    sentence += f", {told['lost']} was lost and {told['left']} {open_still}"
    besides = f"; with {told['outside']} won besides, the quarter {came} to {told['won']}" if row["outside"] else ""
    silent = f"; {count(row['without_amount'], 'deal')} without an amount left out" if row["without_amount"] else ""
    return f"{sentence}{besides}{silent}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw totals and the steps between them from the top down."""
    table = tables["steps"]
    waterfall(
        table.rows, axes, label="label", amount="amount", kind="kind", fate="fate", n="deals",
        unit=table.column("amount").unit,
    )  # fmt: skip


def _closing_amounts(cohort: Cohort) -> pd.Series[int]:
    """Return the amount of every deal of the book at quarter end, or now while the quarter runs, in cents."""
    book = cohort.book
    if "amount" not in tracked_fields(book):
        amounts = book.deals["amount"]
    else:
        moment = book.meta.end_of_day(min(cohort.focus.end, cohort.as_of))
        amounts = states_at(book, pd.Timestamp(moment), ("amount",))["amount"]
    return whole_cents(amounts).set_axis(pd.Index(book.deals["deal_id"]))


def _of_cohort(cohort: Cohort) -> pd.DataFrame:
    """Return the deals of the focus quarter with the fate each had at its end, in cents."""
    rows = cohort.focus_rows.reset_index(drop=True)
    opening, is_won = whole_cents(rows["amount"]), rows["resolution"] == WON
    closing = rows["deal_id"].map(_closing_amounts(cohort)).astype("Int64")
    return pd.DataFrame(
        {
            "deal_id": rows["deal_id"], "account": rows["account_name"], "owner": rows["owner_id"],
            "step": rows["resolution"], "opening": opening,
            "change": (closing - opening).where(is_won, 0), "won": closing.where(is_won, 0),
            "is_known": opening.notna() & (closing.notna() | ~is_won),
        }
    )  # fmt: skip


def _outside(cohort: Cohort) -> pd.DataFrame:
    """Return the deals won in the quarter that were not among those of the cohort, in cents."""
    deals = cohort.book.deals
    first, last = pd.Timestamp(cohort.focus.start), pd.Timestamp(min(cohort.focus.end, cohort.as_of))
    won = deals[(deals["outcome"] == WON) & (deals["closed_at"] >= first) & (deals["closed_at"] <= last)]
    won = won[~won["deal_id"].isin(cohort.focus_rows["deal_id"])].reset_index(drop=True)
    step = pd.Series(OTHER, index=won.index, dtype="str")
    if cohort.kind == "forecast":
        frozen = cohort.focus_rows["entered_at"].iloc[0]
        step = step.mask(won["closed_at"] > frozen, PULLED_IN).mask(won["closed_at"] <= frozen, BEFORE)
        step = step.mask(won["created_at"] > frozen, CREATED)
    closing = won["deal_id"].map(_closing_amounts(cohort)).astype("Int64")
    nothing = pd.Series(0, index=won.index, dtype="Int64")
    return pd.DataFrame(
        {
            "deal_id": won["deal_id"], "account": won["account_name"], "owner": won["owner_id"], "step": step,
            "opening": nothing, "change": nothing, "won": closing, "is_known": closing.notna(),
        }
    )  # fmt: skip


def _steps(deals: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return totals and steps in order, in cents; steps without a deal are left out."""
    known = deals[deals["is_known"]]
    of_it = ~deals["step"].isin(tuple(OUTSIDE))
    parts = [_step("opening", OPENING[cohort.kind][0], deals[of_it], "opening", kind="total")]
    for fate in RESOLUTIONS:
        if fate != WON:
            parts.append(_step(fate, FATE_LABELS[fate], deals[deals["step"] == fate], "opening", sign=-1, fate=fate))
    won = known[known["step"] == WON]
    parts.append(_step(GREW, "Won deals, amounts raised", won[won["change"] > 0], "change"))
    parts.append(_step(SHRANK, "Won deals, amounts cut", won[won["change"] < 0], "change"))
    if not of_it.all():
        parts.append(_step("won_of_it", "Won of it", deals[deals["step"] == WON], "won", kind="total"))
    parts += [_step(code, label, deals[deals["step"] == code], "won") for code, label in OUTSIDE.items()]
    last = "Won in the quarter" if cohort.is_complete else "Won so far"
    parts.append(_step("won", last, deals[(deals["step"] == WON) | ~of_it], "won", kind="total"))
    steps = pd.DataFrame(parts)
    there = (steps["deals"] + steps["without_amount"] > 0) | (steps["kind"] == "total")
    return steps[there].astype({"fate": "str"}).reset_index(drop=True)


def _step(
    code: str,
    label: str,
    deals: pd.DataFrame,
    cents: str,
    *,
    kind: str = "step",
    sign: int = 1,
    fate: str | None = None,
) -> dict[str, object]:
    known = deals[deals["is_known"]]
    return {
        "step": code, "label": label, "kind": kind, "fate": fate, "deals": len(known),
        "cents": sign * int(known[cents].sum()), "without_amount": len(deals) - len(known),
    }  # fmt: skip


def _deals(deals: pd.DataFrame, cohort: Cohort) -> Table:
    size = deals[["opening", "won"]].max(axis=1).fillna(0)
    ordered = deals.assign(size=size).sort_values(["size", "deal_id"], ascending=[False, True])
    frame = pd.DataFrame(
        {
            "deal_id": ordered["deal_id"], "account": ordered["account"], "step": ordered["step"],
            "what": ordered["step"].map({**FATE_LABELS, **OUTSIDE}).astype("str"),
            "opening": (ordered["opening"] / CENTS).astype("float64"),
            "change": (ordered["change"] / CENTS).astype("float64"),
            "closing": (ordered["won"] / CENTS).astype("float64"),
            "owner": ordered["owner"],
        }
    ).reset_index(drop=True)  # fmt: skip
    columns = (
        Column("deal_id", "deal", "Deal"),
        Column("account", "account", "Customer"),
        Column("step", "label", "Code", shown=False),
        Column("what", "label", "What became of it"),
        Column("opening", "money", "At the opening", cohort.currency),
        Column("change", "money", "Change", cohort.currency),
        Column("closing", "money", "Won with", cohort.currency),
        Column("owner", "person", "Owner"),
    )
    return Table(frame, columns, "The deals behind the steps", detail=True)


def _caveats(cohort: Cohort) -> list[str]:
    said = []
    if cohort.kind != "forecast":
        said.append(
            f"These are {cohort.noun}, each with the amount of the day it came in, and not a forecast of the quarter: "
            "they came in over all of it."
        )
    if TODAY in cohort.provenance.get("amount", ""):
        said.append("Amounts of earlier days are not all on record: a change that nobody wrote down is not seen.")
    return said


ANALYSIS = Analysis(
    forecast_waterfall, headline, draw, family="fact", method=METHOD, needs=(HISTORY, AMOUNTS),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
