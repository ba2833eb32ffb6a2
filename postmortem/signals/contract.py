"""The one shape of every signal: what it is called, what it points to, and what its detector must answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from postmortem.ground.errors import PostmortemError
from postmortem.signals.landmark import LandmarkBook
from postmortem.taxonomies import Reason, Taxonomy, load_taxonomy

COLUMNS = ("deal_id", "fired", "first_fired_at", "evidence")
FLAG: Final = "boolean"
DAY: Final = "datetime64[us]"
Detector = Callable[[LandmarkBook, pd.DataFrame], pd.DataFrame]


class SignalError(PostmortemError):
    """A signal whose answer breaks the contract."""


class LandmarkViolation(SignalError):
    """A signal that says it fired after the day up to which it may know anything."""


@dataclass(frozen=True)
class Signal:
    """A warning that could be seen on a deal before it ended.

    Attributes
    ----------
    function : callable
        ``(book, landmarks) -> DataFrame``; see `checked` for what it must return.
    name : str
        Name in data and in the taxonomies, in snake_case.
    label : str
        What the warning says, in plain words: "Pushed twice or more".
    meaning : str
        What it means where it fires, and when it is unknown; one or two sentences.
    causes : tuple of str
        Codes of the red-zone taxonomy, or of the one of following through, that it points to, the foremost first. Look
        at what a sales person works in before the person: codes of the sales person come last.
    needs : tuple of str
        Tables without any of which nothing can be said.
    comes_late : bool
        Whether a deal must have come far before it can show this. Such a sign mostly comes after the snapshot, and
        deals that live long enough to show it are the ones that get won: lost and won deals are therefore compared
        as of a later day, among those still open on it (``before_close`` in `postmortem.signals.days`).
    with_wins : str
        What such deals often are, in a sentence, where this is known to stand on deals that are won soon.
    origin : str
        The file of an engagement's own signal; empty for those of the package.
    digest : str
        A hash of that file, so that no answer of other code is taken from a cache.
    """

    function: Detector
    name: str
    label: str
    meaning: str
    causes: tuple[str, ...]
    needs: tuple[str, ...] = ()
    comes_late: bool = False
    with_wins: str = ""
    origin: str = ""
    digest: str = ""

    def foremost(self, taxonomy: Taxonomy) -> Reason | None:
        """Return the foremost cause that `taxonomy` knows, or that is one of the lessons of following through."""
        for code in self.causes:
            known = taxonomy.successor(code)
            if known is not None:
                return taxonomy.reason(known)
            if code in lessons():
                return lessons()[code]
        return None

    def remedy(self, taxonomy: Taxonomy) -> str:
        """Return the process step of the foremost cause; empty where there is none."""
        reason = self.foremost(taxonomy)
        return "" if reason is None else reason.remedy


@cache
def lessons() -> Mapping[str, Reason]:
    """Return what the taxonomy of following through has beyond the red-zone one: steps that a team can take."""
    known = load_taxonomy("red_zone").codes
    return {reason.code: reason for reason in load_taxonomy("follow_through").reasons if reason.code not in known}


def of_each(landmarks: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return, for each landmark, the value of its ``row`` in a Series by row; missing where it has none."""
    return values.reindex(landmarks.index)


def answer(
    landmarks: pd.DataFrame,
    fired: pd.Series[bool],
    *,
    first: pd.Series | None = None,
    evidence: pd.Series | str = "",
    unknown: pd.Series | str = "",
) -> pd.DataFrame:
    """Put together what a detector returns.

    Parameters
    ----------
    landmarks : DataFrame
        As the detector got it; all Series below are on its index.
    fired : Series of nullable bool
        Missing where the record does not tell.
    first : Series of datetime, optional
        Since when it holds; kept where it fired.
    evidence : Series of str or str
        What shows it, for the deals on which it fired.
    unknown : Series of str or str
        Why it is unknown, for the deals of which that is so.

    Returns
    -------
    DataFrame
        One row a landmark, columns as in `COLUMNS`.
    """
    flags = fired.astype(FLAG)
    holds, silent = flags.to_numpy(dtype=bool, na_value=False), flags.isna().to_numpy()
    nothing = pd.Series(pd.NaT, index=landmarks.index, dtype=DAY)
    days = nothing if first is None else first.astype(DAY).where(holds)
    said, why = (
        each if isinstance(each, str) else each.reindex(landmarks.index).to_numpy(dtype=object)
        for each in (evidence, unknown)
    )
    texts = pd.Series(np.where(silent, why, np.where(holds, said, "")), index=landmarks.index, dtype="str")
    return pd.DataFrame({"deal_id": landmarks["deal_id"], "fired": flags, "first_fired_at": days, "evidence": texts})


def silent(landmarks: pd.DataFrame, why: pd.Series | str) -> pd.DataFrame:
    """Return the answer that nothing is known of any deal, and why (one text, or one a deal)."""
    return answer(landmarks, pd.Series(pd.NA, index=landmarks.index, dtype="boolean"), unknown=why)


def checked(signal: Signal, told: object, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Hold what a detector returned to the contract.

    Parameters
    ----------
    signal : Signal
        Whose detector it was.
    told : object
        What it returned.
    landmarks : DataFrame
        What it was asked about.

    Returns
    -------
    DataFrame
        One row a landmark in the order of `landmarks` and on its index: ``deal_id``, ``fired`` (nullable flag:
        missing is unknown), ``first_fired_at`` (day since when it holds, at most the landmark; missing where it
        did not fire or no day is on record), ``evidence`` (what shows it, or why it is unknown).

    Raises
    ------
    LandmarkViolation
        When a day lies after its deal's landmark.
    SignalError
        When columns, rows or values are not as above.
    """
    where = f"The signal {signal.name}" + (f" of {signal.origin}" if signal.origin else "")
    if not isinstance(told, pd.DataFrame) or not set(COLUMNS) <= set(told.columns):
        got = ", ".join(map(str, told.columns)) if isinstance(told, pd.DataFrame) else type(told).__name__
        raise SignalError(
            f"{where} does not return the columns of a signal.",
            got=got, expected=", ".join(COLUMNS), do="return postmortem.signals.contract.answer(landmarks, fired, ...)",
        )  # fmt: skip
    deals = told["deal_id"]
    in_order = len(deals) == len(landmarks) and bool((deals.to_numpy() == landmarks["deal_id"].to_numpy()).all())
    if not in_order and (deals.duplicated().any() or set(deals) != set(landmarks["deal_id"])):
        raise SignalError(
            f"{where} does not return one row a deal.",
            got=f"{len(deals)} rows of {deals.nunique()} deals",
            expected=f"one row for each of the {len(landmarks)} deals of landmarks",
            do="make one row for every deal in landmarks, with a missing fired where nothing is known",
        )
    rows = told if in_order else told.set_index("deal_id").loc[landmarks["deal_id"]]
    rows = rows.set_axis(landmarks.index)
    fired, first, evidence = (rows[name] for name in COLUMNS[1:])
    try:
        # Made by `answer` they are what they are to be: 21 signals are held to this in each quarter.
        fired = fired if str(fired.dtype) == FLAG else fired.astype(FLAG)
        first = first if str(first.dtype) == DAY else pd.to_datetime(first).astype(DAY)
    except (TypeError, ValueError) as error:
        raise SignalError(
            f"{where} returns values that are no flags or days.",
            got=str(error), expected="fired true, false or missing; first_fired_at days without a time zone or missing",
        ) from None  # fmt: skip
    late = (first > landmarks["landmark"]).to_numpy(dtype=bool)
    if late.any():
        raise LandmarkViolation(
            f"{where} fires after the day up to which it may know anything.",
            got=f"{int(late.sum())} deals, the first on {first[late].iloc[0]:%Y-%m-%d}",
            expected="first_fired_at no later than the deal's landmark",
            rows=[str(name) for name in landmarks.loc[late, "deal_id"]],
            do="count what had happened by the landmark only",
        )
    early = first.notna().to_numpy() & ~fired.to_numpy(dtype=bool, na_value=False)
    if early.any():
        raise SignalError(
            f"{where} gives a day for deals on which it did not fire.",
            got=f"{int(early.sum())} deals", expected="first_fired_at missing where fired is not true",
        )  # fmt: skip
    evidence = evidence.astype("str").fillna("")
    held = {"fired": fired, "first_fired_at": first, "evidence": evidence}
    return pd.DataFrame({"deal_id": landmarks["deal_id"], **held})
