"""One deal out of many: the one asked for, else the costliest loss of the quarter."""

from __future__ import annotations

from collections.abc import Hashable
from difflib import get_close_matches
from typing import Any, Final

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import Cohort, lost_rows
from postmortem.frames.resolution import lost_to
from postmortem.ground.errors import UsageError

NEAREST_SHOWN: Final = 5


def known_deal(book: Book, deal_id: str) -> str:
    """Return the id of a deal of the book, found by its id alone.

    Raises
    ------
    UsageError
        When there is no such deal, with the nearest ids.
    """
    ids = book.deals["deal_id"]
    wanted = deal_id.strip()
    if wanted in set(ids):
        return wanted
    begun = ids[ids.str.startswith(wanted)].sort_values().tolist() if wanted else []
    near = begun or get_close_matches(wanted, sorted(ids), n=NEAREST_SHOWN, cutoff=0.5)
    hint = f"nearest ids: {', '.join(near[:NEAREST_SHOWN])}" if near else "no id comes near; look it up in the CRM"
    raise UsageError("There is no such deal.", got=deal_id, expected="the id of a deal as in the CRM", do=hint)


def costliest_losses(cohort: Cohort, top: int) -> pd.DataFrame:
    """Return the rows of the focus quarter's costliest losses; those without an amount come last."""
    lost = lost_rows(cohort.focus_rows)
    return lost.sort_values(["amount", "deal_id"], ascending=[False, True], na_position="last").head(top)


def one_deal(cohort: Cohort, deal_id: str = "") -> dict[Hashable, Any] | None:
    """Return one deal with the cohort's columns.

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    deal_id : str
        A deal of its book, in the cohort or not; the costliest lost deal of the focus quarter unless told.

    Returns
    -------
    dict or None
        Its latest row in the cohort. Of a deal outside of it: what the CRM holds today; stage and forecast category
        are missing once it is closed, because closing overwrites them. None when nothing was lost.

    Raises
    ------
    UsageError
        When the book has no such deal.
    """
    if not deal_id:
        rows = costliest_losses(cohort, 1)
        return None if rows.empty else rows.to_dict("records")[0]
    found = known_deal(cohort.book, deal_id)
    rows = cohort.table[cohort.table["deal_id"] == found].sort_values("quarter")
    return rows.to_dict("records")[-1] if len(rows) else _outside(cohort, found)


def _outside(cohort: Cohort, deal_id: str) -> dict[Hashable, Any]:
    deals = cohort.book.deals
    row = deals[deals["deal_id"] == deal_id].to_dict("records")[0]
    taken = lost_to(cohort.book).set_index("deal_id")
    told = {name: taken[name].get(deal_id) for name in ("lost_to", "lost_to_source", "reason_code", "reason")}
    fate = f"lost_{told['lost_to']}" if row["outcome"] == "lost" else row["outcome"]
    gone = {} if row["outcome"] == "open" else {"stage": None, "forecast_category": None}
    beside = {"quarter": None, "entered_at": pd.NaT, "resolution": fate, "ultimate": fate}
    made = {str(name): row.get(name) for name in cohort.table.columns}
    return dict({**made, **told, **beside, **gone}.items())
