"""The tables of a correction: on record, interviews alone and corrected, side by side, and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from postmortem.frames.buyers import Buyers
from postmortem.result import Column, Table
from postmortem.stats import CorrectedShares, several, wilson

# Kinds too rare to stand alone are counted under this code.
OTHER = "other"


def shares_table(buyers: Buyers, found: CorrectedShares, about: str, labels: Mapping[str, str], title: str) -> Table:
    """Return one row a kind of answer: on record, among the interviews, corrected, and within which bounds.

    Parameters
    ----------
    buyers : Buyers
        The losses.
    found : CorrectedShares
        Refused where nothing is corrected; every kind on record or named has its row then, without a corrected share.
    about : str
        What a kind is, in one word, which names the column of labels.
    labels : mapping of str to str
        Code to words; `OTHER` among them.
    title : str
        In plain words.

    Returns
    -------
    Table
        ``code``, the label, ``recorded``, ``recorded_share``, ``asked``, ``alone`` with ``alone_low`` and
        ``alone_high``, ``share`` with ``low`` and ``high``, ``se``, ``apart`` with ``apart_low`` and ``apart_high``,
        ``lowest``, ``highest``. What is on record counts as a fact of these losses: the interval of the difference is
        that of the corrected share.
    """
    rows, answered = buyers.rows, buyers.answered
    on_record, named = rows["recorded"].value_counts(), answered["buyer"].value_counts()
    corrected = {str(one.kind): one.share for one in found.shares}
    errors = {
        str(one.kind): float(found.draws[:, place].std())
        for place, one in enumerate(found.shares)
        if one.share.status != "refused"
    }
    codes = sorted(corrected or {str(code) for code in (*on_record.index, *named.index)})
    if corrected and OTHER not in codes and not set(on_record.index) <= set(codes):
        codes.append(OTHER)
    asked, held = (_counted(counts, codes) for counts in (named, on_record))
    bounds = several(asked, len(rows) - len(answered))
    recorded, made = int(on_record.sum()), []
    for code in codes:
        part = held[code] / recorded if recorded else math.nan
        alone, share = wilson(asked[code], len(answered), least_events=0), corrected.get(code)
        estimate, low, high = (share.estimate, share.low, share.high) if share else (math.nan,) * 3
        made.append(
            {
                "code": code, about: labels.get(code, code), "recorded": held[code], "recorded_share": part,
                "asked": asked[code], "alone": asked[code] / len(answered), "alone_low": alone.low,
                "alone_high": alone.high, "share": estimate, "low": low, "high": high,
                "se": errors.get(code, math.nan), "apart": estimate - part, "apart_low": low - part,
                "apart_high": high - part, "lowest": bounds[code].low, "highest": bounds[code].high,
            }
        )  # fmt: skip
    frame = pd.DataFrame(made)
    frame = frame.assign(last=frame["code"] == OTHER).sort_values(
        ["last", "share", "asked", "recorded", "code"], ascending=[True, False, False, False, True]
    )
    frame = frame.drop(columns="last").reset_index(drop=True)
    return Table(frame, _columns(about, recorded, len(answered)), title)


def basis_table(buyers: Buyers, found: CorrectedShares, needed: int) -> Table:
    """Return one row: ``losses``, ``on_record``, ``interviews``, ``drawn``, ``effective``, ``needed``.

    Parameters
    ----------
    buyers, found
        As for `shares_table`.
    needed : int
        Interviews a correction needs.
    """
    frame = pd.DataFrame(
        {
            "losses": [len(buyers.rows)], "on_record": [int(buyers.rows["recorded"].notna().sum())],
            "interviews": [len(buyers.answered)], "drawn": ["by lot" if buyers.by_lot else "not by lot"],
            "effective": [found.effective], "needed": [needed],
        }
    )  # fmt: skip
    columns = (
        Column("losses", "count", "Lost deals"),
        Column("on_record", "count", "With an answer on record"),
        Column("interviews", "count", "With a buyer's answer"),
        Column("drawn", "label", "How they were chosen"),
        Column("effective", "estimate", "Evenly spread interviews they are worth"),
        Column("needed", "count", "Needed"),
    )
    return Table(frame, columns, "What the correction rests on")


def spanned(name: str, label: str, low: str, high: str, unit: str = "share") -> tuple[Column, Column, Column]:
    """Return the columns of an estimate and its interval, the limits shown beside it only."""
    return (
        Column(name, "estimate", label, unit, low=low, high=high),
        Column(low, "estimate", "Low", unit, shown=False),
        Column(high, "estimate", "High", unit, shown=False),
    )


def _counted(counts: pd.Series, codes: list[str]) -> dict[str, int]:
    """Count by code; what has no row of its own is counted with the others."""
    made = dict.fromkeys(codes, 0)
    for kind, number in counts.items():
        made[str(kind) if kind in made else OTHER] += int(number)
    return made


def _columns(about: str, recorded: int, interviews: int) -> tuple[Column, ...]:
    return (
        Column("code", "label", "Code", shown=False),
        Column(about, "label", about.capitalize()),
        Column("recorded", "count", f"On record, of {recorded:,}"),
        Column("recorded_share", "estimate", "Share on record", "share"),
        Column("asked", "count", f"Buyers interviewed, of {interviews:,}"),
        *spanned("alone", "Interviews alone (95% interval)", "alone_low", "alone_high"),
        *spanned("share", "Corrected to all losses (95% interval)", "low", "high"),
        Column("se", "estimate", "How far chance moves it", "points", shown=False),
        *spanned("apart", "Corrected minus on record", "apart_low", "apart_high", "points"),
        Column("lowest", "estimate", "At least", "share"),
        Column("highest", "estimate", "At most", "share"),
    )
