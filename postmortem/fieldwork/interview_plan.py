"""Which buyers to ask for an interview: a random draw within strata, with probabilities and what to expect of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Set
from dataclasses import dataclass

import pandas as pd

from postmortem.fieldwork.strata import least_of, strata_of
from postmortem.frames.cohort import Cohort, lost_rows, won_rows
from postmortem.ground import schema
from postmortem.ground.errors import EmptyFrame, UsageError
from postmortem.stats import Drawn, expected_half_width, stratified_draw
from postmortem.stats.stratified_draw import SEED

BUDGET_LOST, BUDGET_WON = 20, 10
RESPONSE_LOST, RESPONSE_WON = 0.25, 0.4
LEVELS = (20, 30, 50, 84, 120)
MORE = 12
ALIKE = 0.05
"""How much losses of one sales person are taken to resemble each other (intraclass correlation)."""


@dataclass(frozen=True)
class Level:
    """What a number of interviews tells: how many buyers it takes to ask, and the half-width of a share near 35%."""

    interviews: float
    asked: int
    half_width: float


@dataclass(frozen=True)
class Side:
    """The lost or the won deals of a plan.

    Attributes
    ----------
    name : str
        ``lost`` or ``won``.
    deals : int
        Deals that are drawn from.
    by_hand : int
        Further deals that were chosen by hand before; they stay outside the draw.
    drawn, new : int
        Deals in the sample, and those of them that no earlier plan had.
    strata : int
        Strata of the draw.
    held : int
        Interviews held already.
    expected : float
        Interviews to expect in all, those held included.
    levels : tuple of Level
        What is expected first, then what more interviews would tell, as far as there are deals; last, asking the
        buyers of all deals.
    more : Level or None
        Twelve more interviews, or as many as there can be; None where nobody is left to ask.
    """

    name: str
    deals: int
    by_hand: int
    drawn: int
    new: int
    strata: int
    held: int
    expected: float
    levels: tuple[Level, ...]
    more: Level | None


@dataclass(frozen=True)
class Plan:
    """A draw of interviews.

    Attributes
    ----------
    rows : DataFrame
        One row a deal, the sample in the order of asking, then the replacements by stratum: the cohort's columns
        and ``side``, ``interview_id`` (missing for replacements), ``stratum``, ``place``, ``is_drawn``, ``is_new``,
        ``draw_order``, ``inclusion_probability``, ``status`` and ``invited_at`` (as on record; missing for
        replacements).
    lost, won : Side
        What to expect.
    seed : int
        Of the lots.
    """

    rows: pd.DataFrame
    lost: Side
    won: Side
    seed: int

    @property
    def sample(self) -> pd.DataFrame:
        """The rows that were drawn, in the order of asking."""
        return self.rows[self.rows["is_drawn"]]


def plan_interviews(
    cohort: Cohort,
    *,
    budget: int = BUDGET_LOST,
    wins: int = BUDGET_WON,
    response: float = RESPONSE_LOST,
    response_won: float = RESPONSE_WON,
    seed: int = SEED,
) -> Plan:
    """Draw lost and won deals of the focus quarter whose buyers are asked for an interview.

    Parameters
    ----------
    cohort : Cohort
        Any kind whose focus quarter has lost or won deals.
    budget, wins : int
        Interviews wanted with buyers of lost and of won deals; as many are drawn as give them, at the response
        expected.
    response, response_won : float
        Share of the buyers asked who are expected to give an interview, above 0 to 1.
    seed : int
        Of the lots.

    Returns
    -------
    Plan
        Deals drawn at random before are in it, with the probability of the larger sample. A deal whose interview
        has no probability on record was chosen by hand: it is not drawn from.

    Raises
    ------
    UsageError
        When a number cannot be.
    EmptyFrame
        When no deal of the quarter was lost or won.
    """
    for name, share in (("response", response), ("response_won", response_won)):
        if not 0 < share <= 1:
            raise UsageError("A response is a share of the buyers asked.", got=f"{name} {share}", expected="0.01 to 1")
    if budget < 0 or wins < 0:
        raise UsageError("A number of interviews cannot be below 0.", got=f"budget {budget}, wins {wins}")
    rows = cohort.focus_rows.drop_duplicates("deal_id")
    lost, won = lost_rows(rows), won_rows(rows)
    if lost.empty and won.empty:
        raise EmptyFrame(f"No deal of {cohort.focus.label} was lost or won, so there is nobody to ask.")
    known = cohort.book.table("interviews").drop_duplicates("deal_id", keep="last").set_index("deal_id")
    known = known[known.index.isin(rows["deal_id"])]
    parts = [
        _side(deals, name, known, wanted, share, seed)
        for name, deals, wanted, share in (("lost", lost, budget, response), ("won", won, wins, response_won))
    ]
    frame = pd.concat([part for part, _ in parts], ignore_index=True)
    return Plan(_numbered(frame, known, cohort), parts[0][1], parts[1][1], seed)


def _side(
    deals: pd.DataFrame, name: str, known: pd.DataFrame, wanted: int, response: float, seed: int
) -> tuple[pd.DataFrame, Side]:
    """Return the draw of one side, and what to expect of it."""
    by_hand = known.index[known["inclusion_probability"].isna()]
    base = deals[~deals["deal_id"].isin(by_hand)].assign(side=name)
    before = known.loc[known.index.isin(base["deal_id"])]
    held = int((before["status"] == "held").sum())
    waiting = int(before["status"].isin(["drawn", "invited"]).sum())
    lacking = max(0.0, wanted - held - waiting * response)
    total = min(len(base), len(before) + math.ceil(lacking / response - 1e-9))
    base = base.assign(stratum=strata_of(base, name, least_of(response)) if len(base) else "")
    drawn = stratified_draw(
        base["deal_id"].tolist(), base["stratum"].tolist(), total, before=frozenset(before.index), seed=seed
    )
    frame = base.set_index("deal_id", drop=False).drop(columns="stratum").join(_placed(drawn), how="right")
    frame = frame.assign(is_new=~frame.index.isin(before.index) & frame["is_drawn"])
    new = int(frame["is_new"].sum())
    expected = held + (waiting + new) * response
    owners = base.loc[base["deal_id"].isin(frame.index[frame["is_drawn"]]), "owner_id"].nunique()
    levels, more = _levels(expected, len(base), len(before) + new, response, owners)
    side = Side(
        name, len(base), len(deals) - len(base), int(frame["is_drawn"].sum()), new, base["stratum"].nunique(), held,
        expected, levels, more,
    )  # fmt: skip
    return frame.reset_index(drop=True), side


def _placed(drawn: tuple[Drawn, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "stratum": pd.Series([each.stratum for each in drawn], dtype="str"),
            "place": pd.Series([each.place for each in drawn], dtype="int64"),
            "is_drawn": pd.Series([each.is_drawn for each in drawn], dtype="bool"),
            "inclusion_probability": pd.Series([each.probability for each in drawn], dtype="float64"),
            "order_within": pd.Series([each.order for each in drawn], dtype="int64"),
        }
    )
    return frame.set_index(pd.Index([each.name for each in drawn], dtype="str", name="deal_id"))


def _levels(
    expected: float, deals: int, asked: int, response: float, owners: int
) -> tuple[tuple[Level, ...], Level | None]:
    """Return the half-width now and at more interviews, up to that of asking all buyers; and that of twelve more."""

    def level(interviews: float) -> Level:
        width = expected_half_width(interviews, deals, cluster_size=max(1.0, interviews / max(owners, 1)), icc=ALIKE)
        return Level(interviews, asked + math.ceil((interviews - expected) / response - 1e-9), width)

    most = expected + (deals - asked) * response
    if most < 1:
        return (), None
    if asked >= deals:
        return (level(expected),), None
    wanted = [max(expected, 1.0), *(each for each in LEVELS if expected < each < most), most]
    return tuple(level(each) for each in wanted), level(min(max(expected, 1.0) + MORE, most))


def _numbered(frame: pd.DataFrame, known: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Give new deals of the sample an interview and a place in the order, after those of earlier plans."""
    taken: Set[str] = set(cohort.book.table("interviews")["interview_id"].astype("str"))
    record = known.reindex(frame["deal_id"]).set_axis(frame.index)
    orders, ids = record["draw_order"].astype("Int64"), record["interview_id"].astype("str")
    last = int(orders.max()) if orders.notna().any() else 0
    new = frame[frame["is_new"]].sort_values(["order_within", "side", "deal_id"], kind="stable").index
    for number, label in enumerate(new, start=last + 1):
        name = f"{cohort.focus.label}-{number:03d}"
        orders[label], ids[label] = number, f"{name}b" if name in taken else name
    status = record["status"].astype("str").mask(frame["is_new"], "drawn")
    frame = frame.assign(interview_id=ids, draw_order=orders, status=status, invited_at=record["invited_at"])
    frame = frame.drop(columns="order_within")
    return frame.sort_values(
        ["is_drawn", "draw_order", "side", "stratum", "place"], ascending=[False, True, True, True, True], kind="stable"
    ).reset_index(drop=True)


def rows_to_keep(plan: Plan, cohort: Cohort, drawn_at: dt.date) -> pd.DataFrame:
    """Return the sample as rows of the table of interviews.

    Parameters
    ----------
    plan : Plan
        The draw.
    cohort : Cohort
        It was drawn from.
    drawn_at : datetime.date
        The day of the draw.

    Returns
    -------
    DataFrame
        Canonical columns. Of deals drawn before only the stratum and the probability change, which are now those of
        the larger sample.
    """
    known = cohort.book.table("interviews").drop_duplicates("deal_id", keep="last").set_index("deal_id", drop=False)
    rows = []
    for each in plan.sample.to_dict("records"):
        new = {"interview_id": each["interview_id"], "deal_id": each["deal_id"], "draw_order": each["draw_order"],
               "drawn_at": pd.Timestamp(drawn_at), "status": "drawn", "consent": "none"}  # fmt: skip
        row = new if each["is_new"] else known.loc[each["deal_id"]].to_dict()
        rows.append({**row, "stratum": each["stratum"], "inclusion_probability": each["inclusion_probability"]})
    return pd.DataFrame(rows, columns=list(schema.table("interviews").names))
