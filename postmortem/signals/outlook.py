"""What became of deals like the open ones in earlier quarters, learnt from warnings and tested on quarters not seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from postmortem.frames.clusterings import clusterings
from postmortem.frames.cohort import Cohort
from postmortem.frames.forecast import forecast_cohort
from postmortem.frames.stated import stated_probability
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fates import FATE_LABELS, PUSHED_EARLY, SLIPPED, WON
from postmortem.signals.decided import signs_of
from postmortem.stats import BrierSkill, brier_skill, calibration_groups, fit_multinomial_ridge, squared_misses
from postmortem.stats.checks import Floats

OTHER = "other"
# What can have become of an open deal by the quarter's end: the four a watchlist tells, and all else.
TOLD = (WON, "lost_competitor", "lost_status_quo", SLIPPED)
ENDS = (*TOLD, OTHER)
END_LABELS = {**{end: FATE_LABELS[end] for end in TOLD}, OTHER: "Lost otherwise, or to whom is not recorded"}
LEAST_QUARTERS, LEAST_OF_AN_END = 3, 50
# The shortest quarters have so many days: a later day of a longer one is compared with their last.
SHORTEST = 90
KEY = ["deal_id", "quarter"]


@dataclass(frozen=True, eq=False)
class Outlook:
    """Chances of the open deals of a forecast, and how such chances had done in quarters they were not learnt from.

    Attributes
    ----------
    tested : DataFrame
        One row a deal and tested quarter: the columns of a cohort's table, `ENDS` (the chances), ``came`` (the end),
        ``stated`` (probability of winning stated that day), and ``miss``, ``category_miss``, ``one_share_miss``: the
        squared misses of the chances, of the shares by forecast category, and of one share for all.
    chances : DataFrame
        On the index of the cohort's table: a column for each of `ENDS`.
    learnt : mapping of str to int
        Tested quarter to the deals of the quarters before it.
    skill, over_category, category_skill : BrierSkill
        Of the chances against one share for all, and against the category's shares; of these against one share.
    """

    tested: pd.DataFrame
    chances: pd.DataFrame
    learnt: dict[str, int]
    skill: BrierSkill
    over_category: BrierSkill
    category_skill: BrierSkill

    @property
    def is_better(self) -> bool:
        """Whether the chances came closer than one share for all and than the category's, both by more than chance.

        Against one share alone they would pass on what the category tells anyway, or on which deals take long.
        """
        return all(each.skill.status == "ok" and each.skill.low > 0 for each in (self.skill, self.over_category))

    def told(self, end: str) -> pd.DataFrame:
        """Return the chances of one end with the interval of how often it came for deals given such a one.

        On the index of `chances`: `end`, and the same with ``_low`` and ``_high`` (95%).
        """
        groups = calibration_groups(self.tested[end].clip(0, 1), (self.tested["came"] == end).astype("int8"))
        p = self.chances[end].clip(0, 1).to_numpy(dtype=np.float64)
        low, high = np.zeros(len(p)), np.ones(len(p))
        for group in groups:
            # Where too few had such a chance nothing bounds it, and it may be anything.
            if group.share.status != "refused":
                inside = (p >= group.begins) & ((p < group.ends) | (p == 1.0) & (group.ends == 1.0))
                low[inside], high[inside] = group.share.low, group.share.high
        spans = {end: p, f"{end}_low": np.minimum(low, p), f"{end}_high": np.maximum(high, p)}
        return pd.DataFrame(spans, index=self.chances.index)


@dataclass(frozen=True)
class _Asked:
    """A cohort that is equal to another one where nothing an analysis can see differs."""

    fingerprint: str
    cohort: Cohort = field(compare=False)


def earlier_forecasts(cohort: Cohort) -> Cohort | None:
    """Return the forecasts of earlier quarters on the same day of theirs, with what came of them by its quarter's end.

    None where they are not on record, as quarters that ended before the first close on record never are. Deals open on
    day 60 have other chances than those open on day 5, of which many have ended by then; so only deals open on the same
    day are like the open ones.
    """
    return _earlier(_Asked(cohort.fingerprint, cohort))


def quarters_on_record(cohort: Cohort) -> int:
    """Count the earlier quarters whose forecast on this day is on record."""
    earlier = earlier_forecasts(cohort)
    return 0 if earlier is None else earlier.table["quarter"].nunique()


def rarest_end(cohort: Cohort) -> int:
    """Count the deals of the rarest of the four ends, in the quarters before the latest tested one."""
    earlier = earlier_forecasts(cohort)
    if earlier is None:
        return 0
    before = earlier.table[earlier.table["quarter"] != earlier.table["quarter"].max()]
    return _rarest(ends_of(before))


def ends_of(rows: pd.DataFrame) -> pd.Series:
    """Return which of `ENDS` each deal had met by the end of its quarter."""
    known = rows["resolution"].replace(PUSHED_EARLY, SLIPPED)
    return known.where(known.isin(TOLD), OTHER)


def outlook_of(cohort: Cohort) -> Outlook | None:
    """Learn from earlier forecasts what becomes of deals with such warnings, and test it quarter by quarter.

    Parameters
    ----------
    cohort : Cohort
        Of kind ``open_forecast``; nothing after its `as_of` is looked at.

    Returns
    -------
    Outlook or None
        None where no quarter can be tested: each needs `LEAST_QUARTERS` before it, and in these `LEAST_OF_AN_END`
        deals of the rarest of the four ends.

    Notes
    -----
    Each quarter is foretold by what had been learnt from the quarters before it alone. What a deal had lost to is
    taken as recorded today. Hints are each warning, the engagement's own among them, each unknown, the forecast
    category and the stage.

    Chances know no quarter but those before, each with the same weight, and none of what changed since. In simulated
    companies whose roll-out takes hold in the last quarter they lay 3.3 points below what was then won (standard error
    .7, 25 books): 10.5 points too low on deals under the roll-out, .8 on all others; with the roll-out switched off in
    the same books 1.4 (.6), over the quarters tried .1 (.2), and with the calendar moved by a year .9 (.5) too high.
    """
    return _learnt(_Asked(cohort.fingerprint, cohort))


@lru_cache(maxsize=2)
def _earlier(asked: _Asked) -> Cohort | None:
    cohort = asked.cohort
    day = (cohort.as_of - cohort.focus.start).days + 1
    try:
        earlier = forecast_cohort(
            cohort.book,
            cohort.focus - 1,
            categories=tuple(sorted(cohort.table["forecast_category"].dropna().unique())),
            snapshot_day=min(day, SHORTEST),
            as_of=cohort.as_of,
        )
    except (FrameRefused, EmptyFrame):
        return None
    # Of a quarter that ended before the first close on record only deals that outlasted it are there: all had slipped.
    first = cohort.book.deals["closed_at"].min()
    begins = earlier.focus.calendar.quarter_of(first.date()) if pd.notna(first) else earlier.focus
    known = earlier.table["quarter"].map(lambda label: begins <= begins.calendar.parse(label)).astype(bool)
    table = earlier.table[known].reset_index(drop=True)
    return replace(earlier, table=table, signal_files=cohort.signal_files) if len(table) else None


@lru_cache(maxsize=2)
def _learnt(asked: _Asked) -> Outlook | None:
    cohort, earlier = asked.cohort, earlier_forecasts(asked.cohort)
    if earlier is None:
        return None
    # The order of rows must not decide the last digit of a sum.
    past = earlier.table.sort_values(KEY, kind="stable", ignore_index=True)
    now = cohort.table.sort_values(KEY, kind="stable")
    stated = stated_probability(earlier)["probability"].set_axis(pd.MultiIndex.from_frame(earlier.table[KEY]))
    past["stated"] = stated.loc[list(zip(past["deal_id"], past["quarter"], strict=True))].to_numpy()
    hints = _hints(pd.concat([_warnings(earlier), _warnings(cohort)]), pd.concat([past, now]))
    before, came = hints[: len(past)], ends_of(past)
    parts, learnt = [], {}
    for quarter in sorted(past["quarter"].unique()):
        known, own = (past["quarter"] < quarter).to_numpy(), (past["quarter"] == quarter).to_numpy()
        if past.loc[known, "quarter"].nunique() < LEAST_QUARTERS or _rarest(came[known]) < LEAST_OF_AN_END:
            continue
        chances = foretold(before[known], came[known], before[own])
        one = _shares(came[known])
        by_category = {name: _shares(came[known & rows]) for name, rows in _categories(past) if (known & rows).any()}
        of = {
            "miss": chances,
            "category_miss": np.array([by_category.get(name, one) for name in past.loc[own, "forecast_category"]]),
            "one_share_miss": np.tile(one, (int(own.sum()), 1)),
        }
        number = came[own].map(ENDS.index)
        told = {name: squared_misses(each, number) for name, each in of.items()}
        part = past[own].assign(**dict(zip(ENDS, chances.T, strict=True)), came=came[own], **told)
        parts.append(part)
        learnt[quarter] = int(known.sum())
    if not parts:
        return None
    tested = pd.concat(parts, ignore_index=True)
    open_now = pd.DataFrame(foretold(before, came, hints[len(past) :]), index=now.index, columns=list(ENDS))
    return Outlook(
        tested=tested,
        chances=open_now.loc[cohort.table.index],
        learnt=learnt,
        skill=doubted(tested, "miss", "one_share_miss"),
        over_category=doubted(tested, "miss", "category_miss"),
        category_skill=doubted(tested, "category_miss", "one_share_miss"),
    )


def foretold(before: Floats, came: pd.Series, hints: Floats) -> Floats:
    """Return the chance of each of `ENDS` for deals with these hints; 0 for an end that never came before."""
    present = [end for end in ENDS if (came == end).any()]
    chances = np.zeros((len(hints), len(ENDS)))
    fitted = fit_multinomial_ridge(before, came.map(present.index))
    chances[:, [ENDS.index(end) for end in present]] = fitted.chances(hints)
    return chances


def doubted(rows: pd.DataFrame, misses: str, reference: str) -> BrierSkill:
    """Return the skill under the clustering that doubts it most; refused where either one is."""
    found = [brier_skill(rows[misses], rows[reference], labels) for labels in clusterings(rows).values()]
    refused = [each for each in found if each.skill.status == "refused"]
    return refused[0] if refused else max(found, key=lambda each: each.skill.high - each.skill.low)


def _warnings(cohort: Cohort) -> pd.DataFrame:
    """Return a column a signal: 1, 0, or missing where it is unknown; a row a deal and quarter."""
    signs = signs_of(cohort)
    return signs.fired.set_axis(pd.MultiIndex.from_frame(signs.rows[KEY])).sort_index(axis=1)


def _hints(warnings: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """Return hints of 0 and 1, a row a row: each signal fired, each unknown, category and stage.

    Unknown is not no: it is a hint of its own, since what is not on record may itself tell something.
    """
    own = warnings.loc[list(zip(rows["deal_id"], rows["quarter"], strict=True))]
    words = rows[["forecast_category", "stage"]].astype("object").where(lambda frame: frame.notna(), "")
    columns = [
        own.fillna(0.0).to_numpy(dtype=np.float64),
        own.isna().to_numpy(dtype=np.float64),
        *(pd.get_dummies(words[name]).to_numpy(dtype=np.float64) for name in words),
    ]
    return np.column_stack(columns)


def _categories(past: pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    column = past["forecast_category"]
    return [(str(name), (column == name).to_numpy()) for name in sorted(column.dropna().unique())]


def _shares(came: pd.Series) -> Floats:
    """Return the share of each of `ENDS`."""
    return np.asarray(came.value_counts(normalize=True).reindex(list(ENDS), fill_value=0.0), dtype=np.float64)


def _rarest(came: pd.Series) -> int:
    return int(came.value_counts().reindex(list(TOLD), fill_value=0).min())
