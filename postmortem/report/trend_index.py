"""The pages over several reports: one line a quarter, or a part of the deals, with its main figures drawn small.

They are made of what lies in the folders, whichever run put it there; a report that cannot be read has a line that
says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from postmortem.findings import find
from postmortem.findings.told import number_found, signs_with_wins
from postmortem.frames.cohort import NOUNS
from postmortem.frames.parts import COLUMNS
from postmortem.ground.config import Config
from postmortem.ground.errors import PostmortemError
from postmortem.ground.formats import count, interval_text, per_cent, short_money
from postmortem.ground.markup import render
from postmortem.report.disk.bundle import write_whole
from postmortem.report.disk.folders import FINDINGS, MANIFEST
from postmortem.report.pages.brand import look_of
from postmortem.report.pages.pages import About
from postmortem.report.parts import REFUSED
from postmortem.result import Result
from postmortem.stats import wilson

INDEX: Final = "index.html"
HEADS: Final = ("Won", "Moved past the quarter", "Lost to competitors, of losses", "Lost to the status quo, of losses")
MOVED: Final = ("slipped", "pushed_early")
STEP: Final = 0.1
PARTS_ONLY: Final = "parts of the deals"


@dataclass(frozen=True)
class Share:
    """So many of so many, and from where to where their share would lie; missing where there are too few."""

    events: int
    n: int
    low: float
    high: float


@dataclass(frozen=True)
class Drawn:
    """A share as a small picture, in places from 0 to 100 along the axis of its column, and in words.

    Of too few to have an interval there is no picture, only the count.
    """

    text: str
    bounds: str = ""
    point: float | None = None
    low: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Line:
    """One report: its name, its address, its figures in the order of `HEADS`, and what must be said of it."""

    name: str
    href: str
    order: tuple[str, str]
    deals: str = ""
    amount: str = ""
    shares: tuple[Share | None, ...] = ()
    findings: tuple[str, str] = ("", "")
    noun: str = ""
    as_of: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line as the page shows it."""

    line: Line
    cells: tuple[Drawn | None, ...]


def write_indexes(output: Path, config: Config) -> tuple[Path, ...]:
    """Write the page over all quarters, and those over the parts that have reports; return where they lie.

    Parameters
    ----------
    output : Path
        Folder of the reports on all deals.
    config : Config
        Whose they are.
    """
    below, made = [], []
    for column in COLUMNS:
        folder = output / f"by-{column.replace('_', '-')}"
        parts = sorted(path for path in folder.glob("*") if any(_reports(path)))
        words, lines = column.replace("_", " "), []
        for part in parts:
            mine = [read_line(report, f"{part.name}/{report.name}/{INDEX}") for report in _reports(part)]
            lines += [replace(line, name=line.name.removeprefix(f"{words} ")) for line in mine]
            title = f"{mine[-1].name[:1].upper()}{mine[-1].name[1:]}: quarter by quarter"
            made.append(_write(part / INDEX, title, [_of_quarter(line) for line in mine], config, up=f"../{INDEX}"))
        if parts:
            below.append((f"By {words}", f"{folder.name}/{INDEX}"))
            made.append(_write(folder / INDEX, f"Deals by {words}", lines, config, up=f"../{INDEX}", grouped=True))
    lines = [read_line(report, f"{report.name}/{INDEX}") for report in _reports(output)]
    if lines or below:
        made.append(_write(output / INDEX, "Quarter by quarter", lines, config, below=below))
    return tuple(made)


def read_line(report: Path, href: str) -> Line:
    """Read the main figures of one report from its manifest and its results."""
    quarter = report.name
    try:
        told = json.loads((report / MANIFEST).read_text(encoding="utf-8"))
        part, deals = str(told.get("part") or ""), int(told["rows"]["deals_in_focus"])
        line = Line(part or quarter, href, (quarter, part), f"{deals:,}", noun=NOUNS[told["frame"]],
                    as_of=str(told["as_of"]))  # fmt: skip
        if told.get("status") == REFUSED:
            return replace(line, remarks=("Too few deals for a report: " + "; ".join(told["lacking"]) + ".",))
        data = json.loads((report / FINDINGS).read_text(encoding="utf-8"))
        results = {each["analysis"]: find(each["analysis"]).restore(each) for each in reversed(data)}
        failed = [name for name, page in told["pages"].items() if page["status"] != "done"]
        return replace(
            line,
            amount=_amount(results.get("quarter_outcome")),
            shares=_shares(results, str(told["frame"])),
            findings=_findings(results.get("report_findings")),
            remarks=(f"{count(len(failed), 'page')} could not be made.",) if failed else (),
        )
    except (OSError, ValueError, KeyError, TypeError, PostmortemError):
        return Line(quarter, href, (quarter, ""), remarks=("Made by another version of this program; make it again.",))


def _shares(results: Mapping[str, Result], kind: str) -> tuple[Share | None, ...]:
    outcome, taken = results.get("quarter_outcome"), results.get("loss_destination")
    won = moved = competitor = status_quo = None
    if outcome is not None and outcome.status != REFUSED:
        deals = {row["fate"]: int(row["deals"]) for row in outcome.tables["fates"].records}
        if "open" not in deals:
            won = _share(deals.get("won", 0), sum(deals.values()))
            # Deals that closed in a quarter have not moved past it.
            moved = _share(sum(deals.get(fate, 0) for fate in MOVED), sum(deals.values())) if kind != "closed" else None
    if taken is not None and taken.status != REFUSED:
        lost = {row["lost_to"]: int(row["deals"]) for row in taken.tables["destinations"].records}
        competitor, status_quo = (
            _share(lost[party], sum(lost.values()), unknown=lost["unknown"]) for party in ("competitor", "status_quo")
        )
    return won, moved, competitor, status_quo


def _share(events: int, n: int, *, unknown: int = 0) -> Share | None:
    """Return a share with the interval that holds it whatever the unknown ones were, and by chance."""
    if not n or unknown == n:
        return None
    least, most = (wilson(each, n) for each in (events, events + unknown))
    return Share(events, n, least.low, most.high)


def _amount(outcome: Result | None) -> str:
    if outcome is None or outcome.status == REFUSED:
        return ""
    fates = outcome.tables["fates"]
    known = fates.rows["amount"].dropna()
    return short_money(float(known.sum()), fates.column("amount").unit) if len(known) else ""


def _findings(found: Result | None) -> tuple[str, str]:
    if found is None or found.status == REFUSED:
        return "0", "nothing to test"
    findings, against = number_found(found.tables["findings"].records)
    look = found.tables["tested"].first["worth_a_look"]
    beside = [signs_with_wins(against) if against else "", f"{look:,} worth a look" if look else ""]
    return f"{findings:,}", "; ".join(each for each in beside if each)


def _reports(folder: Path) -> Iterator[Path]:
    """Yield the reports in a folder, the latest quarter first; nothing hidden."""
    found = [path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")]
    yield from sorted(found, key=lambda path: path.name, reverse=True)


def _write(
    place: Path,
    title: str,
    lines: Sequence[Line],
    config: Config,
    *,
    up: str = "",
    below: Sequence[tuple[str, str]] = (),
    grouped: bool = False,
) -> Path:
    """Write one page, whole or not at all."""
    asked = [at for at in range(len(HEADS)) if any(line.shares and line.shares[at] for line in lines)]
    tops = {at: _top(lines, at) for at in asked}
    quarters = sorted({line.order[0] for line in lines}, reverse=True)
    groups = [(quarter, [line for line in lines if line.order[0] == quarter]) for quarter in quarters]
    nouns = sorted({line.noun for line in lines if line.noun})
    about = About(
        company=config.company.name, quarter=" to ".join(dict.fromkeys((*quarters[-1:], *quarters[:1]))) or PARTS_ONLY,
        deals=count(len(lines), "report"), as_of="", rows="", provenance="",
        prepared_by=config.report.prepared_by or "", confidentiality=config.report.confidentiality or "",
        look=look_of(config),
    )  # fmt: skip
    html = render(
        "trend.html.j2",
        page_title=title, current="", about=about, pages=(), up=up, below=below,
        heads=[(HEADS[at], per_cent(top)) for at, top in tops.items()],
        groups=[(quarter if grouped else "", [_row(line, tops) for line in mine]) for quarter, mine in (
            groups if grouped else [("", sorted(lines, key=lambda line: line.order, reverse=True))]
        )],
        mixed=len(nouns) > 1, noun=nouns[0].capitalize() if len(nouns) == 1 else "Deals",
    )  # fmt: skip
    write_whole(place, html.encode())
    return place


def _row(line: Line, tops: Mapping[int, float]) -> Row:
    return Row(line, tuple(_drawn(line.shares[at], top) for at, top in tops.items()) if line.shares else ())


def _drawn(share: Share | None, top: float) -> Drawn | None:
    if share is None:
        return None
    if math.isnan(share.low) or math.isnan(share.high):
        return Drawn(f"{share.events:,} of {share.n:,}")
    point, low, high = (round(100 * value / top, 1) for value in (share.events / share.n, share.low, share.high))
    bounds = interval_text(share.low, share.high, "share")
    return Drawn(per_cent(share.events / share.n), bounds, point, low, round(high - low, 1))


def _top(lines: Sequence[Line], at: int) -> float:
    """Return the end of a column's axis: the next ten per cent above everything in it."""
    shares = [line.shares[at] for line in lines if line.shares]
    ends = [share.high for share in shares if share is not None and not math.isnan(share.high)]
    return min(1.0, math.ceil(max(ends, default=1.0) / STEP - 1e-9) * STEP) or 1.0


def _of_quarter(line: Line) -> Line:
    """Return the line of a part as its own page shows it: by quarter."""
    return replace(line, name=line.order[0], href="/".join(line.href.split("/")[1:]))
