"""Whether a deal had stood in its stage longer than nearly all deals won before."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook

SHARE, LEAST = 0.9, 20


def stalled_in_stage(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had stood in its stage longer than 90 of 100 deals won earlier had.

    Notes
    -----
    The percentile is taken over deals closed before the earliest landmark of the quarter, each completed stay in the
    stage counted once.
    """
    now = book.stage_entries.drop_duplicates("row", keep="last").set_index("row")
    since, stage = of_each(landmarks, now["day"]), of_each(landmarks, now["stage"])
    limit = stage.map(usual_days(book)).astype("float64")
    stood = (landmarks["landmark"] - since).dt.days
    fired = (stood > limit).astype("boolean").where(since.notna() & limit.notna() & book.is_told("stage", landmarks))
    return answer(
        landmarks,
        fired,
        first=since + pd.to_timedelta(limit.fillna(0).floordiv(1) + 1, unit="D"),
        evidence=stood.astype("Int64").astype("str")
        + " days in its stage, 90 of 100 won deals took at most "
        + limit.floordiv(1).astype("Int64").astype("str"),
        unknown=since.notna().map(
            {True: f"fewer than {LEAST} earlier won deals went through this stage", False: "no history of stages"}
        ),
    )


def usual_days(book: LandmarkBook) -> pd.Series:
    """Return, by stage, the 90th percentile of the days that deals won before these landmarks stood in it."""
    deals, entries = book.earlier.deals, book.earlier.stage_entries
    ends = deals[["outcome", "closed_at"]].reindex(entries["row"]).set_axis(entries.index)
    stays = entries.assign(days=(entries["until"].fillna(ends["closed_at"]) - entries["day"]).dt.days)
    stays = stays[(ends["outcome"] == "won") & (entries["order"] > 0)]
    by_stage = stays.groupby("stage")["days"]
    limits: pd.Series = by_stage.quantile(SHARE)
    return limits[by_stage.count() >= LEAST]


SIGNAL = Signal(
    function=stalled_in_stage,
    name="stalled_in_stage",
    label="Stalled longer than 9 of 10 won deals",
    meaning="Deals that are won do not stand here so long: something at the buyer holds this one up. Unknown without "
    "a history of stages, and where fewer than 20 deals won before went through the stage.",
    causes=(
        "risk_not_understood",
        "indecision",
        "no_urgency",
        "cannot_choose",
        "reorganisation",
        "not_enough_information",
    ),
    needs=("history",),
)
