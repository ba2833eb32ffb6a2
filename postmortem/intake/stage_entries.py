"""Stage-entry columns: one column a stage with the moment a deal entered it, read as a history of stages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger

ENTERED: Final = "_entered "
"""Begins the helper column of a stage; the stage, as the header names it, follows."""

WIDE_MARK: Final = "_wide"
"""Column that marks a history whose values before each change have yet to be told from the order."""

STAGE_ID: Final = "_stage_id"
"""Helper column with the id of a stage whose name was looked up: stage-entry columns are called by ids."""

_IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")


def entry_columns(headers: Iterable[str], patterns: Sequence[re.Pattern[str]]) -> dict[str, str]:
    """Return helper column to header for every stage-entry column.

    Parameters
    ----------
    headers : iterable of str
        As in the file.
    patterns : sequence of pattern
        Best first; the group ``stage`` names the stage. Of two columns for one stage the better counts.
    """
    found: dict[str, str] = {}
    words = list(headers)
    for pattern in patterns:
        for header in words:
            match = pattern.fullmatch(header.strip())
            if match is not None:
                found.setdefault(ENTERED + match["stage"].strip(), header)
    return found


def entries_in(columns: Iterable[object]) -> list[str]:
    """Return the helper columns of stage entries among `columns`."""
    return [str(column) for column in columns if str(column).startswith(ENTERED)]


def unfold_entries(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Turn deals with one column a stage into one row a stage entered.

    Parameters
    ----------
    cells : DataFrame
        Text; ``deal_id``, stage-entry helpers and, where the file has it, ``_stage_now``, whose spelling
        of the stages is taken over.
    ledger : Ledger
        Goes on with the unfolded rows.

    Returns
    -------
    DataFrame
        deal_id, field (``stage``), changed_at, old_value (missing), new_value; one row an entry. The
        source keeps one moment a stage, so that of several stays in one stage only one is seen.
    """
    columns = entries_in(cells)
    now = cells["_stage_now"].dropna().unique().tolist() if "_stage_now" in cells else []
    parts = []
    for column in columns:
        rows = cells[column].notna()
        stage = spelled(column.removeprefix(ENTERED), now)
        part = {"deal_id": cells["deal_id"], "changed_at": cells[column], "_origin": cells.index}
        parts.append(pd.DataFrame(part)[rows].assign(new_value=stage))
    tall = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    what = f"deals were read as one row for each of {len(columns)} stages they entered; repeated stays are not seen"
    ledger.unfold(tall.pop("_origin").astype("int64"), "field", what)
    empty = pd.Series(pd.NA, index=tall.index, dtype="str")
    made = tall.assign(field="stage", old_value=empty, **{WIDE_MARK: "yes"})
    return made.astype({"field": "str", "new_value": "str"})


def entered_stage_of(cells: pd.DataFrame, stages: pd.Series[str]) -> pd.Series[str]:
    """Return, for each row, when it entered the stage that `stages` names; missing where nothing says so."""
    moments = pd.Series(pd.NA, index=cells.index, dtype="str")
    known = stages.dropna().unique().tolist()
    for column in entries_in(cells):
        stage = spelled(column.removeprefix(ENTERED), known)
        moments = moments.mask(moments.isna() & (stages == stage), cells[column])
    return moments


def spelled(stage: str, known: Sequence[str]) -> str:
    """Return the name of a stage as the deals write it: ``Demo (Sales Pipeline)`` is their ``Demo``."""
    bare = _IN_BRACKETS.sub("", stage) or stage
    by_fold = {fold(word): word for word in known}
    by_bare_fold = {fold(_IN_BRACKETS.sub("", word)): word for word in known if _IN_BRACKETS.search(word)}
    found = by_fold.get(fold(stage)) or by_fold.get(fold(bare))
    if found is None and bare == stage:
        found = by_bare_fold.get(fold(stage))
    return found or (stage if by_bare_fold else bare)
