"""Which warning signs stood more often on lost deals than on won ones, and how much likelier a loss is with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken, tests_table
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.association import p_of, risk_of
from postmortem.signals.contract import Signal
from postmortem.signals.contrast import alike, alike_columns, columns, contrast, counted
from postmortem.signals.decided import Decided, compared_signs, decided, fewer_known
from postmortem.taxonomies import Taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOK = 0.05
NO_WARNING = "no warning on these deals, and no reason to do it more"
TAKERS = {"lost_competitor": "Competitor", "lost_status_quo": "Status quo"}
AT_SNAPSHOT, LATER = "snapshot", "14 days before close"
NO_SIGN = "the warning sign that stands out most"
KNOWN = Need(
    "deals", ("created_at",), 10, "lost and won deals each with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    fewer_known,
)  # fmt: skip
METHOD = (
    "Every signal is asked of lost and won deals alike, blind to all that was written down after the day of the "
    "snapshot (forecast deals: when the forecast was frozen); unknown is not no. Signs that only a deal which has come "
    "far can show are asked as of a later day, settled beforehand: 14 days before the close expected at the snapshot, "
    "or the snapshot where that is later. Only deals still open on that day and in the red zone by then count for them,"
    " lost or won after it, so that no deal has shown such a sign for having lived longer. A deal counts once, at its "
    "first appearance in the window, with its fate by the day of the data. Shares: of those known; difference with the "
    "wider of the intervals by sales person and by customer (cluster sandwich, CR2), below ten clusters Newcombe's. "
    "Test of each signal, the one primary hypothesis: Cochran-Mantel-Haenszel score test stratified by sales person, "
    "two-sided, all primaries of the report through one gate; p at least .05 where the difference's interval holds "
    "none. Risk ratio of being lost with the sign against without: g-computation on a logistic model with amount (log),"
    " segment and type of deal, cluster sandwich by sales person; where too few deals or sales people allow that, "
    "Mantel-Haenszel within sales people. E-value: how strongly something unrecorded would have to go with both sign "
    "and loss to account for the ratio, and for its nearer limit. At least ten lost and ten won deals with and without "
    "the sign, else counts only. Who took the deal is secondary: tested inside a named sign only."
)


def warning_signals(cohort: Cohort) -> Result:
    """Which warning signs stood more often on deals that were lost than on deals that were won?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled.

    Returns
    -------
    Result
        Table ``signals``, one row a sign, the clearest first: ``signal``, ``points_to`` (what it points to;
        empty, as ``remedy``, of a sign seen more often on won deals),
        ``lost_seen`` of ``lost_n`` (lost deals with it, of those known) and ``lost_share``, ``won_seen``, ``won_n``
        and ``won_share``, ``difference`` with ``low`` and ``high``, ``ratio`` (risk of being lost with it, times that
        without, like with like) with ``ratio_low`` and ``ratio_high``, ``as_of`` (the day it is read as of), ``like``
        (what was held alike), ``e_value`` and
        ``e_limit``, ``remedy``, ``name``, ``sentence`` (the finding, should
        it be named), ``lost_amount`` (of the lost deals with it), ``alike``
        with ``alike_low`` and ``alike_high`` (the difference, like with like, by which claims are judged) and ``held``
        (what was held alike in it). Table ``takers``, one row a
        sign and taker: the same shares among deals this taker took, with ``taker``. Table ``tests``: ``hypothesis``,
        ``name``, ``primary``, ``p``, ``named``, ``within``.

    Notes
    -----
    Refused below ten lost or ten won deals with a known sign, and for closed deals, which were never observed while
    they were open.
    """
    if cohort.kind not in ANALYSIS.frames or not KNOWN.met(cohort):
        return ANALYSIS.lack(cohort, KNOWN)
    deals = decided(cohort, signs=compared_signs(cohort))
    tables = compared(deals, cohort.book.taxonomy, cohort.currency)
    unseen = [signal.label for signal in deals.signals if deals.fired[signal.name].isna().all()]
    caveats = [
        f"{count(len(deals.rows), 'deal')} of {cohort.window_label} have been won or lost so far, each counted once; "
        f"{deals.still_open:,} still open are left out.",
        "Signs are read as of the day of the snapshot; what shows only later is not seen. Signs that only a deal which "
        "has come far can show are read as of 14 days before the close expected then, on deals still open and in the "
        "red zone on that day.",
        "Signs often stand together, and what goes with losses need not have brought them about. The file beside the "
        "page says how strong something unrecorded would have to be to account for each figure.",
    ]
    with_wins = {signal.name: signal.with_wins for signal in deals.signals}
    caveats += [
        f"{_told(row)} stood more often on won deals: {NO_WARNING}. {with_wins[row['name']]}".rstrip()
        for row in tables["signals"].records
        if row["high"] < 0
    ]
    if unseen:
        caveats.append(f"The record tells nothing of {count(len(unseen), 'sign')}: {'; '.join(unseen)}.")
    return ANALYSIS.answer(tables, cohort, n_used=len(deals.rows), caveats=tuple(caveats))


def headline(tables: Tables) -> str:
    """Say which sign stands out, as far as it may be said, and how many others do."""
    rows, tests = tables["signals"].keyed("name"), tables["tests"].records
    primary = [test for test in tests if test["primary"]]
    named = [rows[test["name"]] for test in primary if test["named"] is True]
    if any(any_missing(row["difference"], row["low"], row["high"]) for row in named):
        return WITHHELD
    warn, against = ([row for row in named if (row["difference"] > 0) is more] for more in (True, False))
    if warn:
        others = f"; so did {count(len(warn) - 1, 'other sign')}" if len(warn) > 1 else ""
        told = f"{_told(warn[0])} stood more often on lost deals ({_apart(warn[0])}){others}."
        return f"{told} {_against(against, '')}" if against else told
    if against:
        return _against(against, f" ({_apart(against[0], turned=True)})")
    first, row = primary[0], rows[primary[0]["name"]]
    if any_missing(row["lost_n"], row["won_n"]):
        return WITHHELD
    if not any_missing(first["p"], row["difference"], row["low"], row["high"]) and first["p"] < LOOK:
        look = sum(not any_missing(test["p"]) and test["p"] < LOOK for test in primary)
        others = f", and {count(look - 1, 'other sign')}" if look > 1 else ""
        return f"Worth a look: {_told(row)} ({_apart(row)}){others}."
    tested = sum(not any_missing(test["p"]) for test in primary)
    if not tested:
        lost = count(row["lost_n"], "lost deal")
        return f"No warning sign stands on enough of the {lost} to compare it with won ones."
    return f"Of {count(tested, 'warning sign')} none can be told to stand more or less often on lost deals."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for every sign how often it stood on lost and on won deals."""
    paired_bars(
        tables["signals"].rows, axes, name="signal", left="lost_share", right="won_share", left_label="lost deals",
        right_label="won deals", left_fate="lost_unknown", right_fate="won", difference="difference", low="low",
        high="high", n="lost_n",
    )  # fmt: skip


def compared(deals: Decided, taxonomy: Taxonomy, currency: str = "") -> dict[str, Table]:
    """Return the tables of the answer for some won and lost deals and what their signals said."""
    rows: list[dict[str, Any]] = []
    takers: list[dict[str, Any]] = []
    tests: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for signal in deals.signals:
        row = {"name": signal.name, "signal": signal.label, **contrast(deals.fired[signal.name], deals.rows)}
        row |= {"points_to": _points_to(signal, taxonomy, row), **risk_of(deals, signal.name, row)}
        row |= {"as_of": LATER if signal.comes_late else AT_SNAPSHOT} | alike(deals.fired[signal.name], deals.rows, row)
        row["remedy"] = signal.remedy(taxonomy) if not row["difference"] < 0 else ""
        row["sentence"] = _sentence(row)
        stood = (deals.fired[signal.name] == 1).to_numpy() & deals.is_lost
        row["lost_amount"] = deals.rows.loc[stood, "amount"].sum()
        told = _hypothesis(signal.label)
        primary = {"hypothesis": told, "name": signal.name, "primary": True, "p": p_of(deals, signal.name, row)}
        inner = [_taker(deals, signal, taker) for taker in TAKERS]
        takers += [row for row, _ in inner]
        rows.append(row)
        tests.append((primary, [{**test, "within": told} for _, test in inner]))
    # The clearest sign first; those that could not be tested last, in their own order.
    order = np.argsort([float(primary["p"]) for primary, _ in tests], kind="stable").tolist()
    listed = [test for place in order for test in (tests[place][0], *tests[place][1])]
    return {
        "signals": _signals_table([rows[place] for place in order], currency),
        "takers": _takers_table(takers),
        "tests": _tests_table(listed),
    }


def _hypothesis(label: str) -> str:
    return f"{label}: on lost and won deals unequally often"


def _points_to(signal: Signal, taxonomy: Taxonomy, row: dict[str, Any]) -> str:
    reason = signal.foremost(taxonomy)
    return "" if reason is None or row["difference"] < 0 else reason.label


def _taker(deals: Decided, signal: Signal, taker: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one sign on the losses one taker took, beside won deals: its row and its test."""
    chosen = (~deals.is_lost) | (deals.rows["ultimate"] == taker).to_numpy()
    part = deals.rows[chosen]
    flags = deals.fired.loc[chosen, signal.name]
    row = contrast(flags, part) if chosen.any() else counted(flags, part["is_lost"].to_numpy(dtype=bool))
    told = {
        "hypothesis": f"{signal.label}: lost to {TAKERS[taker].lower()} against won", "name": signal.name,
        "primary": False, "p": p_of(deals, signal.name, row, chosen),
    }  # fmt: skip
    return {"signal": signal.label, "taker": TAKERS[taker], **row}, told


def _signals_table(rows: list[dict[str, Any]], currency: str) -> Table:
    shown = columns(
        Column("signal", "label", "Warning sign"),
        Column("ratio", "estimate", "Risk of a loss, times that without", low="ratio_low", high="ratio_high"),
        Column("ratio_low", "estimate", "Low", shown=False),
        Column("ratio_high", "estimate", "High", shown=False),
        Column("like", "label", "Held alike", shown=False),
        Column("e_value", "estimate", "Hidden tie that would undo it", shown=False),
        Column("e_limit", "estimate", "The same for the nearer limit", shown=False),
        Column("as_of", "label", "Read as of"),
        Column("points_to", "label", "Points to"),
        Column("remedy", "text", "What to do", shown=False),
        Column("name", "label", "Name", shown=False),
        Column("sentence", "text", "In a sentence", shown=False),
        Column("lost_amount", "money", "Amount of the lost deals with it", currency, shown=False),
        *alike_columns(),
    )
    return Table(_frame(rows, shown), shown, "Warning signs on lost and on won deals")


def _takers_table(rows: list[dict[str, Any]]) -> Table:
    first, *others = columns(Column("signal", "label", "Warning sign"))
    shown = (first, Column("taker", "label", "Lost to"), *others)
    return Table(_frame(rows, shown), shown, "The same by who took the deal", detail=True)


def _tests_table(tests: list[dict[str, Any]]) -> Table:
    """Return the tests, each secondary one with the hypothesis inside which it is looked at."""
    table = tests_table(
        "Whether warning signs stand unequally often", tests, group=Column("name", "label", "Sign", shown=False)
    )
    rows = table.rows.assign(within=pd.Series([test.get("within") for test in tests], dtype="str"))
    inside = Column("within", "text", "Looked at only if this stands", shown=False)
    return Table(rows, (*table.columns, inside), table.title, table.detail)


def _frame(rows: list[dict[str, Any]], shown: tuple[Column, ...]) -> pd.DataFrame:
    kinds = {"count": "int64", "estimate": "float64", "money": "float64", "label": "str", "text": "str"}
    return pd.DataFrame(rows)[[column.name for column in shown]].astype({c.name: kinds[c.role] for c in shown})


def _sentence(row: dict[str, Any]) -> str:
    """Return a sign's finding as the front page tells it, should the gate name it."""
    if any_missing(row["difference"], row["lost_share"], row["won_share"]):
        return ""
    more, less = ("lost", "won") if row["difference"] > 0 else ("won", "lost")
    on, against = (per_cent(row[f"{side}_share"]) for side in (more, less))
    return f"{_told(row)} stood more often on {more} deals than on {less} ones: on {on} against {against}."


def _against(side: list[dict[str, Any]], apart: str) -> str:
    """Say which signs go with winning and warn of nothing."""
    others = f", and {count(len(side) - 1, 'other sign')} too" if len(side) > 1 else ""
    return f"{_told(side[0])} stood more often on won deals{apart}{others}: {NO_WARNING}."


def _told(row: dict[str, Any]) -> str:
    return f"“{spoken(row['signal'], NO_SIGN)}”"


def _apart(row: dict[str, Any], turned: bool = False) -> str:
    """Return both shares and how far apart they are, lost deals first unless `turned`."""
    shares, bounds = (row["lost_share"], row["won_share"]), (row["low"], row["high"])
    first, second = reversed(shares) if turned else shares
    low, high = (-bounds[1], -bounds[0]) if turned else bounds
    gap = f"{points(-row['difference'] if turned else row['difference'])}, {interval_text(low, high, 'points')}"
    return gap if any_missing(first, second) else f"{per_cent(first)} against {per_cent(second)}, {gap}"


ANALYSIS = Analysis(
    warning_signals, headline, draw, family="comparison", method=METHOD, needs=(KNOWN,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
