"""A commentary in an edition: its words for those who may read them, its figures those of the edition's own answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from postmortem.display import WITHHELD
from postmortem.report.editions.record import Report
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.commentary import Commentary, Placed, place
from postmortem.report.pages.quoted import loose_numbers
from postmortem.report.sharing.redact import Terms

WHAT: Final = "commentary"


def placed_in(
    report: Report, pages: Sequence[tuple[Notebook, Harvest]], terms: Terms
) -> tuple[Placed, list[dict[str, str]]]:
    """Return what was written about a report as an edition shows it, and what (``what``) it does not show and ``why``.

    Parameters
    ----------
    report : Report
        With the words as they were when it was made.
    pages : sequence of (Notebook, Harvest)
        Of the edition, redacted.
    terms : Terms
        For whom.

    Notes
    -----
    Names are hidden as anywhere else. A figure named by key is that of the redacted answer. A number written out that
    an answer of the report shows, and none of this edition does, reads ``withheld``; one that no answer ever showed
    is the author's own and stays. Notes below an answer that is not in the edition are left out with it. Outsiders
    get no commentary: nothing tells what free words give away.
    """
    if not report.commentary:
        return Placed(), []
    if terms.audience == "outside":
        return Placed(), [{"what": WHAT, "why": f"not for this audience: {terms.audience}"}]
    everything = [result for _, harvest in report.pages for result in harvest.results]
    shown = [result for _, harvest in pages for result in harvest.results]
    text = terms.plain(report.commentary)
    own = set(loose_numbers(text, everything))
    hidden = [each for each in loose_numbers(text, shown) if each not in own]
    lines = text.splitlines()
    for line, number in hidden:
        lines[line - 1] = re.sub(rf"(?<![\w.,]){re.escape(number)}(?![\w%])", WITHHELD, lines[line - 1])
    placed = place(Commentary(WHAT, "\n".join(lines)), pages, unshown=WITHHELD)
    left = [line for line, _ in hidden]
    left += [int(found[1]) for flag in placed.flags if (found := re.search(r"line (\d+): (?!.* is shown by)", flag))]
    why = "it names an answer or a figure that this edition does not show"
    return placed, [{"what": f"{WHAT}, line {line}", "why": why} for line in sorted(set(left))]
