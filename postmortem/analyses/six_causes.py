"""How often each of the six red-zone causes showed itself on lost deals, and on won ones beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_bars import paired_bars
from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count, interval_text, per_cent, points
from postmortem.result import Column, Result, Table, Tables
from postmortem.signals.contrast import alike, alike_columns, columns, contrast
from postmortem.signals.decided import decided, fewer_known
from postmortem.signals.six import SIX, causes_on, signs_by_cause
from postmortem.taxonomies import Taxonomy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KNOWN = Need(
    "deals", ("created_at",), 10, "lost and won deals each with signs recorded while they were open",
    "export the field history and the activities of the deals, or keep copies of the open deals", "history",
    fewer_known,
)  # fmt: skip
METHOD = (
    "The taxonomy lists for each red-zone cause the signs that are the cause by its definition (defining), and lesser "
    "ones that go with it and with much else; the engagement's own signs are lesser ones unless its taxonomy lists "
    "them as defining. Where a defining sign is on record of a deal, these decide: the cause shows when any of them "
    "had fired by the day of the snapshot. Where none is, it shows with two lesser signs, and is unknown where fewer "
    "than two of these are known. Deals as for the warning signs: each once, at its first appearance in the window, "
    "lost or won by the day of the data, but all signs as of the snapshot. Difference of the "
    "shares with the wider of the intervals by sales person and by customer (cluster sandwich, CR2); beside it in the "
    "file the difference with amount, segment and type of deal held alike (g-computation on a logistic model). A "
    "secondary view of the signals, which are tested one by one: nothing is tested here. A deal may show several."
)


def six_causes(cohort: Cohort) -> Result:
    """Which of the six reasons that blindside a forecast showed on lost deals, and how often on won ones?

    Parameters
    ----------
    cohort : Cohort
        Of deals observed while they were open; the window is pooled.

    Returns
    -------
    Result
        Table ``causes``, one row a cause, the one furthest apart first: ``cause``, ``lost_seen`` of ``lost_n`` (lost
        deals that showed it, of those known) and ``lost_share``, ``won_seen``, ``won_n`` and ``won_share``,
        ``difference`` with ``low`` and ``high``, and out of sight ``code`` (of the taxonomy of the six), ``alike`` with
        ``alike_low`` and ``alike_high`` (the difference, like with like, by which claims are judged) and ``held`` (what
        was held alike in it). Table ``remedies``, one row a cause in that order: ``cause``, ``signs`` (what it was read
        from), ``remedy``. Table ``any``, one row: the shares and their difference for deals that showed at least one.

    Notes
    -----
    Refused as the warning signs are. A cause that no sign on record tells of has no figures.
    """
    if cohort.kind not in ANALYSIS.frames or not KNOWN.met(cohort):
        return ANALYSIS.lack(cohort, KNOWN)
    deals, taxonomy = decided(cohort), cohort.book.taxonomy
    flags = causes_on(deals, taxonomy)
    rows = []
    for code, own in signs_by_cause(deals.signals, taxonomy).items():
        label, remedy = _of_taxonomy(taxonomy, code)
        told = own.on_record(deals).words
        rows.append({"cause": label, **contrast(flags[code], deals.rows), "signs": told, "remedy": remedy})
        rows[-1] |= {"code": code, **alike(flags[code], deals.rows, rows[-1])}
    # A missing difference comes last: it is no small one.
    rows.sort(key=lambda row: (pd.isna(row["difference"]), -row["difference"], row["cause"]))
    together = flags.max(axis=1)
    tables = {
        "causes": _table(rows, "The six, on lost and on won deals"),
        "remedies": _remedies(rows),
        "any": _table([{"cause": "At least one of the six", **contrast(together, deals.rows)}], "At least one"),
    }
    caveats = (
        "What showed on a deal is no proof of why it ended as it did: won deals show the same signs, only less or more "
        "often. One of the six without a record of its signs cannot show.",
        f"Each of {count(len(deals.rows), 'deal')} of {cohort.window_label} counts once; {deals.still_open:,} still "
        "open are left out.",
    )
    return ANALYSIS.answer(tables, cohort, n_used=len(deals.rows), caveats=caveats)


def headline(tables: Tables) -> str:
    """Say which of the six is furthest apart, on how many deals of either kind, without a direction."""
    row = tables["causes"].first
    if any_missing(*(row[name] for name in ("lost_seen", "lost_n", "won_seen", "won_n", "lost_share", "won_share"))):
        return WITHHELD
    lost = f"{row['lost_seen']:,} of {count(row['lost_n'], 'lost deal')} ({per_cent(row['lost_share'])})"
    won = f"{row['won_seen']:,} of {row['won_n']:,} won ones ({per_cent(row['won_share'])})"
    if any_missing(row["difference"], row["low"], row["high"]):
        return f"“{row['cause']}” showed on {lost} and on {won}; too few deals to tell any of the six apart."
    apart = f"{points(row['difference'])}, {interval_text(row['low'], row['high'], 'points')}"
    return f"Of the six, “{row['cause']}” stands furthest apart: it showed on {lost} and on {won}: {apart}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw for each of the six how often it showed on lost and on won deals."""
    paired_bars(
        tables["causes"].rows, axes, name="cause", left="lost_share", right="won_share", left_label="lost deals",
        right_label="won deals", left_fate="lost_unknown", right_fate="won", difference="difference", low="low",
        high="high", n="lost_n",
    )  # fmt: skip


def _of_taxonomy(taxonomy: Taxonomy, code: str) -> tuple[str, str]:
    """Return label and remedy of a code; the words of its name where this taxonomy has dropped it."""
    known = taxonomy.successor(code)
    if known is None:
        return SIX[code], ""
    reason = taxonomy.reason(known)
    return reason.label, reason.remedy


def _table(rows: list[dict[str, Any]], title: str) -> Table:
    of_claims = (Column("code", "label", "Code", shown=False), *alike_columns()) if "code" in rows[0] else ()
    return _typed(rows, columns(Column("cause", "label", "Red-zone reason"), *of_claims), title)


def _remedies(rows: list[dict[str, Any]]) -> Table:
    shown = (
        Column("cause", "label", "Red-zone reason"),
        Column("signs", "text", "Read from"),
        Column("remedy", "text", "What to do"),
    )
    return _typed(rows, shown, "What each was read from, and the step of the process that answers it")


def _typed(rows: list[dict[str, Any]], shown: tuple[Column, ...], title: str) -> Table:
    kinds = {"count": "int64", "estimate": "float64", "label": "str", "text": "str"}
    frame = pd.DataFrame(rows)[[column.name for column in shown]].astype({c.name: kinds[c.role] for c in shown})
    return Table(frame, shown, title)


ANALYSIS = Analysis(
    six_causes, headline, draw, family="rate", method=METHOD, needs=(KNOWN,),
    frames=("forecast", "late_stage", "first_forecast"),
)  # fmt: skip
