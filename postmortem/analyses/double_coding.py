"""How far the coders who read the same interviews agree on the buyer's main reason."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.interval_dots import interval_dots
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.raters import words_on
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_RATED_TWICE, Estimate, fleiss_kappa, krippendorff_alpha, specific_agreement, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TWICE = Need(
    "reasons", ("coder_id", "code"), LEAST_RATED_TWICE, "interviews on lost deals that two coders read",
    "have a second coder read interviews without knowing what the first one wrote", "interviews",
    lambda cohort, rows: len(_read_twice(cohort, rows)),
)  # fmt: skip
METHOD = (
    "Interviews on lost deals whose words two or more coders read, each coder's main reason of the taxonomy; a reason "
    "given more closely counts as the broader one. Share on which all who read it agree: Wilson interval. Beyond "
    "chance: Krippendorff's alpha for nominal codes, interviews that a coder did not read allowed, interval by "
    "redrawing interviews; Fleiss' kappa as well where the same coders read all of them. On one reason, of the two "
    "coders who read most together: specific agreement. From thirty interviews; where the window holds fewer, all "
    "quarters on record are pooled, as agreement is a property of the coding and not of a quarter."
)


def double_coding(cohort: Cohort) -> Result:
    """How far do the coders who read the same interviews agree?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled, and all quarters where it holds too few.

    Returns
    -------
    Result
        Table ``agreement``, one row: ``span`` (quarters pooled), ``interviews`` (read by two or more), ``coders``,
        ``same`` (on which all who read them agree), ``share`` with ``low`` and ``high``, ``alpha`` with ``alpha_low``
        and ``alpha_high``, ``fleiss`` with ``fleiss_low`` and ``fleiss_high`` (missing where not every coder read every
        interview). Table ``by_reason``, one row a reason, of the two coders who read most together: ``reason``,
        ``both`` and ``either`` (interviews), ``agreed`` with ``agreed_low`` and ``agreed_high`` (how often the coder
        who gives it is joined by the other; withheld below ten).

    Notes
    -----
    Refused below thirty such interviews in all quarters on record.
    """
    rows, span, pooled = cohort.window_rows, cohort.window_label, False
    if not TWICE.met(cohort):
        rows, pooled = cohort.table, True
        labels = sorted(rows["quarter"].unique())
        span = f"{labels[0]} to {labels[-1]}" if labels else span
    read = _read_twice(cohort, rows)
    if len(read) < TWICE.least:
        return ANALYSIS.lack(cohort, TWICE)
    same = int((read.nunique(axis=1) == 1).sum())
    share, alpha = wilson(same, len(read)), krippendorff_alpha(read)
    fleiss = None if read.isna().any(axis=None) else fleiss_kappa(read)
    made = {
        "span": [span], "interviews": [len(read)], "coders": [read.shape[1]], "same": [same],
        **_three("share", share, "low", "high"), **_three("alpha", alpha, "alpha_low", "alpha_high"),
        **_three("fleiss", fleiss, "fleiss_low", "fleiss_high"),
    }  # fmt: skip
    tables = {
        "agreement": Table(pd.DataFrame(made), _columns(), f"Two readings of one interview, {span}"),
        "by_reason": Table(pd.DataFrame(_by_reason(read)), _reason_columns(), "Reason by reason"),
    }
    caveats = ["Agreement says that a code can be repeated, not that it is right."]
    if pooled:
        caveats.append(f"{cohort.window_label} alone holds too few such interviews, so all of {span} are pooled.")
    used = rows.loc[rows["deal_id"].isin(_deals(cohort, read)), "deal_id"].nunique()
    return ANALYSIS.answer(tables, cohort, n_used=used, caveats=tuple(caveats), fallback=pooled)


def headline(tables: Tables) -> str:
    """Say on how many interviews the coders agree, and how far beyond chance."""
    row = tables["agreement"].first
    if any_missing(row["interviews"], row["same"], row["share"], row["low"], row["high"]):
        return WITHHELD
    told = (
        f"Coders gave the same main reason to {row['same']} of {count(row['interviews'], 'interview')} that several of "
        f"them read ({per_cent(row['share'])}, {interval_text(row['low'], row['high'])})"
    )
    if any_missing(row["alpha"], row["alpha_low"], row["alpha_high"]):
        return f"{told}."
    return (
        f"{told}; beyond what chance would do, their agreement is {row['alpha']:.2f} of a possible 1 "
        f"({row['alpha_low']:.2f} to {row['alpha_high']:.2f})."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw how often the coders agree: on all interviews, and on each reason given to ten or more."""
    whole, reasons = tables["agreement"].rows, tables["by_reason"].rows
    every = whole.assign(name="All reasons", n=whole["interviews"])[["name", "n", "share", "low", "high"]]
    single = reasons.rename(
        columns={"reason": "name", "either": "n", "agreed": "share", "agreed_low": "low", "agreed_high": "high"}
    )
    single = single.loc[single["share"].notna(), list(every.columns)]
    rows = pd.concat([every, single], ignore_index=True) if len(single) else every
    interval_dots(rows, axes, name="name", estimate="share", low="low", high="high", n="n", noun="interview")


def _read_twice(cohort: Cohort, rows: pd.DataFrame) -> pd.DataFrame:
    """Return each coder's main reason, one row an interview that two or more read, one column a coder."""
    words = words_on(cohort.book, lost_rows(rows)["deal_id"], ("buyer",))
    main = words[words["rank"] == "primary"]
    main = main.dropna(subset=["coder_id", "interview_id"]).sort_values(["interview_id", "coder_id", "broad", "code"])
    main = main.drop_duplicates(["interview_id", "coder_id"])
    read = main.pivot(index="interview_id", columns="coder_id", values="reason")
    read = read[read.notna().sum(axis=1) > 1]
    return read.loc[:, read.notna().any()]


def _deals(cohort: Cohort, read: pd.DataFrame) -> set[str]:
    reasons = cohort.book.table("reasons")
    return set(reasons.loc[reasons["interview_id"].isin(read.index), "deal_id"])


def _three(name: str, found: Estimate | None, low: str, high: str) -> dict[str, list[float]]:
    if found is None:
        return {name: [float("nan")], low: [float("nan")], high: [float("nan")]}
    return {name: [found.estimate], low: [found.low], high: [found.high]}


def _by_reason(read: pd.DataFrame) -> list[dict[str, Any]]:
    pairs = [(len(read[[a, b]].dropna()), a, b) for a, b in combinations(sorted(map(str, read)), 2)]
    _, first, second = min(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))
    both = read[[first, second]].dropna()
    made = [
        {"reason": str(reason), "both": found.events, "either": found.n, "agreed": found.estimate,
         "agreed_low": found.low, "agreed_high": found.high}
        for reason, found in specific_agreement(both[first], both[second]).items()
    ]  # fmt: skip
    return sorted(made, key=lambda row: (-row["either"], row["reason"]))


def _columns() -> tuple[Column, ...]:
    return (
        Column("span", "label", "Quarters"),
        Column("interviews", "count", "Interviews read by several"),
        Column("coders", "count", "Coders"),
        Column("same", "count", "The same main reason"),
        Column("share", "estimate", "Share alike (95% interval)", "share", low="low", high="high"),
        Column("low", "estimate", "Low", "share", shown=False),
        Column("high", "estimate", "High", "share", shown=False),
        Column("alpha", "estimate", "Beyond chance (Krippendorff, 95%)", low="alpha_low", high="alpha_high"),
        Column("alpha_low", "estimate", "Low", shown=False),
        Column("alpha_high", "estimate", "High", shown=False),
        Column("fleiss", "estimate", "Beyond chance (Fleiss, 95%)", low="fleiss_low", high="fleiss_high"),
        Column("fleiss_low", "estimate", "Low", shown=False),
        Column("fleiss_high", "estimate", "High", shown=False),
    )


def _reason_columns() -> tuple[Column, ...]:
    return (
        Column("reason", "label", "Reason"),
        Column("both", "count", "By both coders"),
        Column("either", "count", "By either"),
        Column("agreed", "estimate", "Joined by the other (95%)", "share", low="agreed_low", high="agreed_high"),
        Column("agreed_low", "estimate", "Low", "share", shown=False),
        Column("agreed_high", "estimate", "High", "share", shown=False),
    )


ANALYSIS = Analysis(double_coding, headline, draw, family="rate", method=METHOD, needs=(TWICE,))
