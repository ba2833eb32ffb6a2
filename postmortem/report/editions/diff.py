"""Why figures moved between two editions of one report: what they were made of, the deals, and every figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from postmortem.ground.errors import UsageError
from postmortem.ground.formats import count
from postmortem.report.disk.folders import PREVIOUS, Edition
from postmortem.report.editions.causes import Cause, causes
from postmortem.report.editions.deal_moves import Move, deal_moves
from postmortem.report.editions.figures import Figure, figures_moved

DEALS_NAMED: Final = 3
MOVES_OF_OTHER_QUARTERS: Final = 20


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two editions.

    Attributes
    ----------
    company, quarter : str
        Whose report, about which quarter.
    written : (str, str)
        When each edition was written.
    causes : tuple of Cause
        What differs in what they were made of.
    deals : tuple of Move
        What became of the deals.
    figures : tuple of Figure
        The figures that moved.
    """

    company: str
    quarter: str
    written: tuple[str, str]
    causes: tuple[Cause, ...]
    deals: tuple[Move, ...]
    figures: tuple[Figure, ...]

    @property
    def is_equal(self) -> bool:
        """Whether no figure and no deal differs."""
        return not self.figures and not self.deals

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "company": self.company,
            "quarter": self.quarter,
            "written": list(self.written),
            "equal": self.is_equal,
            "causes": [asdict(cause) for cause in self.causes],
            "deals": [move.to_dict() for move in self.deals],
            "figures": [figure.to_dict() for figure in self.figures],
        }


def compare(before: Edition, after: Edition) -> Difference:
    """Compare two editions of one report.

    Raises
    ------
    UsageError
        When they are of different companies or quarters.
    """
    for name, what in (("company", "companies"), ("quarter", "quarters")):
        was, now = before.manifest.get(name), after.manifest.get(name)
        if was != now:
            raise UsageError(
                f"These reports are of different {what}, so their figures have nothing to do with each other.",
                got=f"{was} and {now}",
                expected="two editions of one report",
                do="name the same quarter of the same engagement twice, the earlier edition first",
            )
    quarter = str(after.manifest["quarter"])
    moves = deal_moves(before.deals, after.deals, quarter)
    return Difference(
        company=str(after.manifest["company"]),
        quarter=quarter,
        written=(str(before.manifest.get("written_at", "")), str(after.manifest.get("written_at", ""))),
        causes=causes(before.manifest, after.manifest),
        deals=moves,
        figures=figures_moved(before.findings, after.findings, moves),
    )


def latest_pair(output: Path, quarter: str | None = None) -> tuple[Path, Path]:
    """Return the edition kept before and the report that replaced it: of a quarter, or of the newest such report.

    Raises
    ------
    UsageError
        When no report has replaced one with other content.
    """
    kept = [path for path in (output / PREVIOUS).glob("*") if not path.name.startswith(".")]
    pairs = [(path, output / path.name) for path in kept if (output / path.name / "manifest.json").is_file()]
    pairs = [pair for pair in pairs if quarter in (None, pair[0].name)]
    if not pairs:
        raise UsageError(
            "There is no earlier edition to compare with.",
            got=quarter or output.name,
            expected="a report that has replaced one with other content: a run keeps what it replaces",
            do="run again after something changed, or name two folders: postmortem diff OLD NEW",
        )
    return max(pairs, key=lambda pair: (pair[1] / "manifest.json").stat().st_mtime)


def told(difference: Difference) -> str:
    """Write a difference as text."""
    first, last = (f"{moment[:16].replace('T', ' ')} UTC" for moment in difference.written)
    lines = [
        f"{difference.company}, {difference.quarter}: the report written on {last}, compared with that of {first}."
    ]
    if difference.is_equal:
        lines.append("The two editions are equal: no figure and no deal differs.")
    if difference.causes:
        lines += ["", "What they were made of"]
        lines += [f"  {cause.what}" for cause in difference.causes]
    if difference.deals:
        lines += ["", f"Deals ({count(len({move.deal_id for move in difference.deals}), 'deal')})"]
        lines += _deal_lines(difference)
    if difference.figures:
        shown = [figure for figure in difference.figures if figure.shown]
        behind = len(difference.figures) - len(shown)
        more = f" and {behind:,} behind pictures, which --json has" if behind else ""
        lines += ["", f"Figures ({len(shown):,}{more}); <- names the deals above that a row is about"]
        lines += _figure_lines(shown, difference)
    return "\n".join(lines)


def _deal_lines(difference: Difference) -> Iterator[str]:
    here = [move for move in difference.deals if difference.quarter in move.quarters]
    elsewhere = [move for move in difference.deals if difference.quarter not in move.quarters]
    for move in (*here, *elsewhere[:MOVES_OF_OTHER_QUARTERS]):
        where = "" if move.quarters == (difference.quarter,) else f" [{', '.join(move.quarters)}]"
        yield f"  {_named(move)}: {move.what}{where}"
    if len(elsewhere) > MOVES_OF_OTHER_QUARTERS:
        yield f"  and {len(elsewhere) - MOVES_OF_OTHER_QUARTERS:,} more changes in other quarters (--json has them)"


def _figure_lines(figures: list[Figure], difference: Difference) -> Iterator[str]:
    """Yield the figures under their question, those of one row on one line."""
    names = {move.deal_id: _named(move) for move in difference.deals}
    for (page, question), answers in groupby(figures, key=lambda figure: (figure.page, figure.question)):
        yield f"  {question} ({page})"
        for (_, row), cells in groupby(answers, key=lambda figure: (figure.table, figure.row)):
            moved = list(cells)
            place = " / ".join(names.get(word, word) for word in row)
            values = "; ".join(f"{figure.label}: {figure.text}" for figure in moved)
            yield f"    {place} | {values}{_why(moved[0])}" if row else f"    {values}"


def _why(figure: Figure) -> str:
    """Return the deals whose own changes are about this figure's row; none where it counts more than one row."""
    if not figure.deals:
        return ""
    more = len(figure.deals) - DEALS_NAMED
    return f"  <- {', '.join(figure.deals[:DEALS_NAMED])}{f' and {more} more' if more > 0 else ''}"


def _named(move: Move) -> str:
    return f"{move.deal_id} {move.deal}".strip()
