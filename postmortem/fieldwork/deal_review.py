"""A deal review made ready: which deals are reviewed, a page on each, and the sheet to fill in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from postmortem.fieldwork.review_form import Form
from postmortem.fieldwork.review_sheet import Made, write_sheet
from postmortem.frames.alike import twins
from postmortem.frames.cohort import Cohort, won_rows
from postmortem.frames.one_deal import costliest_losses
from postmortem.ground.config import Config
from postmortem.ground.errors import EmptyFrame
from postmortem.report.pages.dossier import write_dossier

FOLDER = "deals"


@dataclass(frozen=True)
class Chosen:
    """The deals of one review.

    Attributes
    ----------
    rows : DataFrame
        The cohort's rows of the deals in the order of the sheet, with ``number`` (from 1).
    twins : dict of str to str
        The won deal by the lost one it was taken for.
    alone : tuple of str
        Lost deals for which no won deal is near enough; empty where no wins were asked for.
    """

    rows: pd.DataFrame
    twins: dict[str, str]
    alone: tuple[str, ...]


def choose(cohort: Cohort, top: int, *, matched_wins: bool) -> Chosen:
    """Choose the costliest losses of the quarter and, if asked, a won twin of each from the window.

    The order is that of a hash of the ids: it says nothing about outcome or amount, and is the same every time.

    Raises
    ------
    EmptyFrame
        When nothing was lost in the quarter.
    """
    losses = costliest_losses(cohort, top)
    if losses.empty:
        raise EmptyFrame(f"No deal of {cohort.focus.label} was lost, so there is none to review.")
    won = won_rows(pd.concat([cohort.focus_rows, cohort.window_rows])).drop_duplicates("deal_id")
    pairs = twins(cohort, losses, won) if matched_wins else {}
    rows = pd.concat([losses, won[won["deal_id"].isin(pairs.values())]])
    lot = rows["deal_id"].map(lambda each: hashlib.sha256(f"{cohort.focus.label} {each}".encode()).hexdigest())
    rows = rows.assign(lot=lot).sort_values("lot", ignore_index=True).drop(columns="lot")
    alone = tuple(each for each in losses["deal_id"] if each not in pairs) if matched_wins else ()
    return Chosen(rows.assign(number=range(1, len(rows) + 1)), pairs, alone)


def write_review(
    folder: Path,
    cohort: Cohort,
    config: Config,
    form: Form,
    chosen: Chosen,
    *,
    progress: Callable[[str], None] = lambda line: None,
) -> Path:
    """Write the pages and the sheet of a review.

    Parameters
    ----------
    folder : Path
        Made when it is not there; what an earlier call wrote for this quarter is written over.
    cohort : Cohort
        Whose deals these are.
    config : Config
        Whose name the pages bear.
    form : Form
        Columns, choices and words.
    chosen : Chosen
        The deals.
    progress : callable
        Is told a line at each page.

    Returns
    -------
    Path
        The sheet.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for row in chosen.rows.to_dict("records"):
        # Named by number: an id of a CRM is no safe name of a file.
        name = f"deal-{row['number']:02d}.html"
        write_dossier(
            folder / FOLDER / name, cohort, row["deal_id"], config, with_reasons=False, remark=form.words["hindsight"]
        )
        progress(f"{FOLDER}/{name}")
    return write_form(folder, cohort, form, chosen)


def write_form(folder: Path, cohort: Cohort, form: Form, chosen: Chosen) -> Path:
    """Write the sheet of a review alone; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Made(
        cohort.book.meta.company, cohort.focus.label, form.taxonomy.stamp, tuple(chosen.rows["deal_id"].tolist())
    )
    sheet = folder / f"review-{cohort.focus.label}.xlsx"
    write_sheet(sheet, form, made, [_told(row) for row in chosen.rows.to_dict("records")])
    return sheet


def _told(row: dict[Any, Any]) -> dict[str, Any]:
    outcome = "won" if row["resolution"] == "won" else "lost"
    return {
        "number": row["number"], "deal_id": row["deal_id"], "account": row["account_name"], "deal": row["deal_name"],
        "outcome": outcome, "amount": row["amount"], "segment": row["segment"],
    }  # fmt: skip
