"""How often reviewers saw each of the six causes on lost deals, beside won deals that were like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.frames.alike import NEAR, twins
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.ground.schema import UNKNOWN
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import LEAST_N, Estimate, mcnemar, paired_difference, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAIRS = 10
REVIEWED = Need(
    "reviews", ("question", "answer"), 1, "lost deals with a review",
    "review the costliest losses: postmortem review make, fill in the sheet, postmortem review import", "reviews",
    lambda cohort, rows: int(lost_rows(rows)["deal_id"].isin(_answers(cohort)["deal_id"]).sum()),
)  # fmt: skip
HINDSIGHT = (
    "Reviewers knew how each deal had ended, and a known loss makes its signs easy to find. A difference between lost "
    "and won deals may be that and nothing else; these answers are never used to say what could be seen in time."
)
CHOSEN = "The reviewed deals were chosen, not drawn by lot: these shares speak for them and not for all deals."
METHOD = (
    "Deals of the window with a review. Several reviewers of one deal are put together by majority, a tie or a “don't "
    "know” is not known and leaves the deal out of that cause. Shares of yes among deals answered, Wilson intervals "
    "from ten deals on. Pairs: each reviewed loss with the reviewed win of its segment and, where the cohort was taken "
    f"before the close, its stage, whose amount is nearest and within a factor of {NEAR:g}; each win once, the "
    "costliest loss first. Of pairs answered on both sides, the difference of yes has a Bonett-Price interval and "
    "the exact McNemar test, both from ten pairs on. The p-values are shown in the table and stand for no "
    "finding: no direction is named from reviews, because the reviewers knew the outcome."
)


def review_findings(cohort: Cohort) -> Result:
    """What did the reviewers find on the lost deals, and on won deals like them?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``causes``, one row a cause in the order of the taxonomy: ``cause``, ``lost`` (lost deals answered yes or
        no), ``lost_yes``, ``lost_share`` with ``lost_low`` and ``lost_high`` (95%), ``won``, ``won_yes``,
        ``won_share`` with ``won_low`` and ``won_high``, ``pairs`` (a loss and its twin, both answered),
        ``lost_only`` and ``won_only`` (yes on that side alone), ``difference`` (lost minus won) with ``low``
        and ``high`` (95%), ``chance`` (of so uneven a split if both sides were alike). Table ``reviewed``, one
        row: ``lost`` and ``won`` (deals with a review), ``pairs``, ``reviewers`` (people).

    Notes
    -----
    Refused without a review of a lost deal in the window. Under ten pairs they are counted and not compared.
    """
    if not REVIEWED.met(cohort):
        return ANALYSIS.lack(cohort, REVIEWED)
    answers = _answers(cohort)
    window = cohort.window_rows.sort_values(["quarter", "deal_id"]).drop_duplicates("deal_id", keep="last")
    window = window[window["deal_id"].isin(answers["deal_id"])]
    lost, won = lost_rows(window), won_rows(window)
    pairs = twins(cohort, lost, won)
    known = answers.pivot(index="deal_id", columns="question", values="yes")
    rows = [
        _cause(label, known[code] if code in known else pd.Series(dtype="boolean"), lost, won, pairs)
        for code, label in _asked(cohort, answers).items()
    ]
    reviews = cohort.book.table("reviews")
    people = reviews.loc[reviews["deal_id"].isin(window["deal_id"]), "rater_id"].nunique()
    told = pd.DataFrame({"lost": [len(lost)], "won": [len(won)], "pairs": [len(pairs)], "reviewers": [people]})
    columns = _columns()
    types = {each.name: "int64" for each in columns if each.role == "count"}
    frame = pd.DataFrame(rows, columns=[each.name for each in columns]).astype({**types, "cause": "str"})
    tables = {
        "causes": Table(frame, columns, f"What reviewers found, {cohort.window_label}"),
        "reviewed": Table(told, _told_columns(), "What was reviewed", detail=True),
    }
    return ANALYSIS.answer(tables, cohort, n_used=len(lost) + len(won), caveats=(HINDSIGHT, CHOSEN))


def headline(tables: Tables) -> str:
    """Say which cause was answered yes most often on lost deals, and how often on won ones."""
    reviewed, rows = tables["reviewed"].first, tables["causes"].records
    if any_missing(*(reviewed[name] for name in ("lost", "won")), *(row[name] for row in rows for name in _COUNTS)):
        return WITHHELD
    told = f"{count(reviewed['lost'], 'lost deal')} and {count(reviewed['won'], 'won deal')} were reviewed"
    asked = [row for row in rows if row["lost"]]
    if not asked:
        return f"{told}; no question was answered yes or no on a lost one."
    most = max(asked, key=lambda row: (row["lost_yes"] / row["lost"], row["lost"]))
    lost = f"{_of(most, 'lost')} of the lost ones"
    beside = f", and on {_of(most, 'won')} of the won ones" if most["won"] else ""
    seen = f"what reviewers saw most on the lost ones, knowing the end, is “{most['cause']}”"
    return f"{told}; {seen}: on {lost}{beside}."


def draw(tables: Tables, axes: Axes) -> None:
    """Draw the share of yes on lost and won deals, a row a cause, with the difference between twins."""
    paired_intervals(
        tables["causes"].rows, axes, name="cause", left="lost_share", left_low="lost_low", left_high="lost_high",
        right="won_share", right_low="won_low", right_high="won_high", left_label="lost", right_label="won",
        difference="difference", low="low", high="high", n="lost",
    )  # fmt: skip


_COUNTS = ("lost", "lost_yes", "won", "won_yes")


def _of(row: dict[str, Any], side: str) -> str:
    told = f"{row[f'{side}_yes']} of {row[side]}"
    if any_missing(row[f"{side}_share"], row[f"{side}_low"], row[f"{side}_high"]):
        return told
    return f"{told} ({per_cent(row[f'{side}_share'])}, {interval_text(row[f'{side}_low'], row[f'{side}_high'])})"


def _answers(cohort: Cohort) -> pd.DataFrame:
    """Return one row a deal and question: ``deal_id``, ``question``, ``yes`` (by majority; missing where not known)."""
    reviews = cohort.book.table("reviews").dropna(subset=["answer"])
    vote = reviews["answer"].map({"yes": 1, "no": -1, UNKNOWN: 0}).astype("int64")
    sums = vote.groupby([reviews["deal_id"], reviews["question"]]).sum().reset_index(name="sum")
    yes = (sums["sum"] > 0).astype("boolean").mask(sums["sum"] == 0)
    return sums.assign(yes=yes)[["deal_id", "question", "yes"]]


def _asked(cohort: Cohort, answers: pd.DataFrame) -> dict[str, str]:
    """Return the questions answered, in the order of the taxonomy, with their labels; strange ones come last."""
    known = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
    there = set(answers["question"])
    strange = sorted(str(question) for question in there - set(known))
    return {code: label for code, label in known.items() if code in there} | {each: each for each in strange}


def _cause(
    label: str, known: pd.Series, lost: pd.DataFrame, won: pd.DataFrame, pairs: dict[str, str]
) -> dict[str, object]:
    row: dict[str, object] = {"cause": label}
    for side, deals in (("lost", lost), ("won", won)):
        own = known.reindex(deals["deal_id"]).dropna()
        yes = int(own.sum())
        share = wilson(yes, len(own)) if len(own) >= LEAST_N else None
        row |= {side: len(own), f"{side}_yes": yes, **_limits(share, f"{side}_share", f"{side}_low", f"{side}_high")}
    both = pd.DataFrame({
        "lost": known.reindex(list(pairs)).array, "won": known.reindex(list(pairs.values())).array,
    }).dropna()  # fmt: skip
    lost_only, won_only = int((both["lost"] & ~both["won"]).sum()), int((both["won"] & ~both["lost"]).sum())
    enough = len(both) >= PAIRS
    apart = paired_difference(lost_only, won_only, len(both)) if enough else None
    chance = mcnemar(lost_only, won_only) if enough else np.nan
    return {
        **row, "pairs": len(both), "lost_only": lost_only, "won_only": won_only,
        **_limits(apart, "difference", "low", "high"), "chance": chance,
    }  # fmt: skip


def _limits(found: Estimate | None, *names: str) -> dict[str, float]:
    values = (np.nan,) * 3 if found is None else (found.estimate, found.low, found.high)
    return dict(zip(names, values, strict=True))


def _columns() -> tuple[Column, ...]:
    def share(name: str, label: str, low: str, high: str, unit: Any = "share") -> tuple[Column, ...]:
        return (
            Column(name, "estimate", f"{label} (95% interval)", unit, low=low, high=high),
            Column(low, "estimate", "Low", unit, shown=False), Column(high, "estimate", "High", unit, shown=False),
        )  # fmt: skip

    return (
        Column("cause", "label", "What was asked"), Column("lost", "count", "Lost, answered"),
        Column("lost_yes", "count", "Yes"), *share("lost_share", "Share", "lost_low", "lost_high"),
        Column("won", "count", "Won, answered"), Column("won_yes", "count", "Yes on won"),
        *share("won_share", "Share on won", "won_low", "won_high"), Column("pairs", "count", "Pairs of twins"),
        Column("lost_only", "count", "Yes on the lost one alone"),
        Column("won_only", "count", "Yes on the won one alone"),
        *share("difference", "Lost minus won in pairs", "low", "high", "points"),
        Column("chance", "estimate", "Chance of such a split if alike", "share"),
    )  # fmt: skip


def _told_columns() -> tuple[Column, ...]:
    return (
        Column("lost", "count", "Lost deals"), Column("won", "count", "Won deals"),
        Column("pairs", "count", "Pairs of twins"), Column("reviewers", "count", "Reviewers"),
    )  # fmt: skip


ANALYSIS = Analysis(review_findings, headline, draw, family="comparison", method=METHOD, needs=(REVIEWED,))
