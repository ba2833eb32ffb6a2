"""Run one quarter: check, execute the notebooks in their kernels, take the results, write the report whole.

A report is written aside and put in place by renaming, so that a killed run leaves the last good report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from postmortem.findings.actions import ACTIONS_FILE, read_actions
from postmortem.findings.gate import LEVEL, tally
from postmortem.findings.scoring import score
from postmortem.frames.choose import Choice
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.frames.held import holding
from postmortem.ground import schema
from postmortem.ground.config import FILE_NAME, Preflight
from postmortem.intake.stored_snapshots import store_of
from postmortem.report.alone import alone
from postmortem.report.disk.folders import DEALS, RAW, put_in_place
from postmortem.report.disk.run_cache import caching
from postmortem.report.editions.book_record import describe_book, tier_of
from postmortem.report.editions.made_from import made_from
from postmortem.report.editions.manifest import content_hash, findings, made_with, manifest, write_json, write_tables
from postmortem.report.editions.preflight import Finding, book_findings, frame_findings, last_manifest, refuse
from postmortem.report.editions.record import keep_record
from postmortem.report.notebooks.asked_ahead import asked_ahead
from postmortem.report.notebooks.execute import EXECUTED, Progress, brief, execute
from postmortem.report.notebooks.executed_notebooks import finish
from postmortem.report.notebooks.forked_kernels import Engine, kernels_of, server
from postmortem.report.notebooks.harvest import Harvest
from postmortem.report.notebooks.kept import Kept, prune
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.pictures import are_drawn, drawn_ahead, picture
from postmortem.report.notebooks.plan import Notebook, plan
from postmortem.report.pages.blocks import FULL_WIDTH
from postmortem.report.pages.closing import FRONT, closing, named_in
from postmortem.report.pages.commentary import Placed, place, read_commentary, record_of
from postmortem.report.pages.failure import failure_page
from postmortem.report.pages.front import drawn_in, front_page
from postmortem.report.pages.pages import about, links, on_page, page
from postmortem.report.parts import enough, of_parts


@dataclass(frozen=True)
class Run:
    """What one run left behind.

    Attributes
    ----------
    quarter : str
        Label of the quarter.
    folder : Path
        The report.
    pages : tuple of str
        Notebooks that finished.
    failed : tuple of str
        Notebooks that stopped with an error.
    deals : int
        Deals of the focus quarter.
    frame : str
        Kind of cohort.
    content : str
        Hash over pages, findings and tables.
    preflight : tuple of Finding
        What the pre-flight said of the data.
    findings : int
        Findings, without signs that go with winning.
    commentary : tuple of str
        What in the commentary does not fit the report.
    """

    quarter: str
    folder: Path
    pages: tuple[str, ...]
    failed: tuple[str, ...]
    deals: int
    frame: str
    content: str
    preflight: tuple[Finding, ...] = ()
    findings: int = 0
    commentary: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, or 1 when a notebook failed."""
        return 1 if self.failed else 0


def run_quarter(
    engagement: Engagement,
    quarter: str = "last",
    *,
    output: Path | None = None,
    kind: Choice | None = None,
    window: int | None = None,
    as_of: dt.date | None = None,
    notebooks: Sequence[str] = (),
    accept_changes: bool = False,
    engine: Engine = "forked",
    wait: float = 0.0,
    deadline: float | None = None,
    fresh: bool = False,
    progress: Progress = lambda line: None,
) -> Run:
    """Make the report of one quarter.

    Parameters
    ----------
    engagement : Engagement
        Whose book.
    quarter : str
        One quarter, or ``last``.
    output : Path, optional
        Folder that holds one folder a quarter; the configuration's unless told.
    kind, window, as_of
        As in `Engagement.frame`.
    notebooks : sequence of str
        Names or numbers of notebooks; the configuration's `[report] pages` or all unless told.
    accept_changes : bool
        Go on where the data look unlike those of the last report.
    engine : {"forked", "local"}
        How kernels are started; forked ones where that is safe, which changes no figure.
    wait : float
        Seconds to wait where another run is writing the same report.
    deadline : float, optional
        Seconds of `time.monotonic` at which the run is stopped; what was finished is kept for the next one.
    fresh : bool
        Execute every notebook, whatever earlier runs have left.
    progress : callable
        Is told a line at each step.

    Returns
    -------
    Run
        With the notebooks that failed, if any; the others' pages are there all the same.

    Raises
    ------
    PostmortemError
        Before any notebook runs: configuration, data, frame, notebook or output that cannot be used, data that the
        pre-flight refuses, or another run on the same report. After that: a disk that is full, time that is over,
        more tests than a report may name from; the last good report stays where it is.
    """
    output = (output or engagement.folder / engagement.config.report.output).resolve()
    chosen = plan(engagement.folder, notebooks or engagement.config.report.pages)
    of_parts(chosen, engagement.part)
    # What was decided was decided for all deals, and is scored in their report.
    decided = read_actions(engagement.folder) if engagement.part is None else ()
    # One notebook makes its imports itself in the time that a server would take to make them.
    engine = engine if len(chosen) > 1 or server() else "local"
    with ExitStack() as stack:
        cache = stack.enter_context(caching(output))
        aside, cut_off = stack.enter_context(alone(engagement, quarter, as_of, output, wait=wait, deadline=deadline))
        stack.enter_context(kernels_of(engine))
        # Kernels have what is read here in memory.
        stack.enter_context(holding())
        progress("reading the book")
        book = engagement.book()
        last = last_manifest(output, book.meta.company)
        settings = engagement.config.preflight
        day = as_of or local_day(book.meta.time_zone)
        # Before the frame: half an export may hold no deal of the quarter, which is not what is wrong with it.
        found = book_findings(last, engagement.config, book, day)
        _heed(found, settings, accept_changes, progress)
        cohort = engagement.frame(quarter, kind=kind, window=window, as_of=as_of, book=book)
        of_frame = frame_findings(last, settings, cohort)
        _heed(of_frame, settings, accept_changes, progress)
        found = (*found, *of_frame)
        enough(cohort, engagement.part)
        scored = score(decided, cohort)
        told = Parameters(
            quarter=cohort.focus.label,
            kind=kind or engagement.config.frame.kind,
            window=len(cohort.window),
            as_of=cohort.as_of.isoformat(),
            part=engagement.part.text if engagement.part else "",
        )
        written = read_commentary(engagement.folder, told.quarter, engagement.part)
        kept = Kept.of(cache, engagement, cohort, told, output, fresh=fresh, cut_off=cut_off)
        before = asked_ahead(server(), aside, engagement, cohort, book)
        with drawn_ahead(server(), aside) as ahead, before as asked:

            def harvested(harvest: Harvest) -> None:
                asked.want(harvest.results)
                ahead.want(on_page(harvest), processes=1)

            done, failed = execute(
                chosen, told, engagement.folder, aside, engine=engine, kept=kept, deadline=deadline,
                progress=progress, harvested=harvested,
            )  # fmt: skip
            ahead.want(drawn_in(done))
            placed = place(written, done)
            for flag in placed.flags:
                progress(f"commentary: {flag}")
            progress("looking back at the quarter before")
            asked.finish()
            last_words = closing(engagement, cohort, book, done, scored)
            progress("writing the pages")
            content = _write(aside, engagement, cohort, told, done, failed, last_words, placed, {
                **made_with(engagement, book), **record_of(written, placed),
                "made_from": made_from(engagement, chosen, replace(told, as_of=as_of.isoformat() if as_of else "")),
                "book": describe_book(book), "preflight": [asdict(each) for each in found],
            })  # fmt: skip
        folder = output / cohort.focus.label
        put_in_place(aside, folder)
        prune(cache)
    names = tuple(notebook.name for notebook, _ in done)
    return Run(
        cohort.focus.label, folder, names, tuple(failed), len(cohort.focus_rows), cohort.kind, content, found,
        named_in(last_words), placed.flags,
    )  # fmt: skip


def local_day(zone: str) -> dt.date:
    """Return the day it is in a time zone."""
    return dt.datetime.now(ZoneInfo(zone)).date()


def moment() -> str:
    """Return the moment as manifests write it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _heed(found: tuple[Finding, ...], settings: Preflight, accept_changes: bool, progress: Progress) -> None:
    """Say what a pre-flight found, and stop where it must."""
    for finding in found:
        progress(f"pre-flight: {finding.line}")
    refuse(found, settings, accept_changes=accept_changes)


def _write(
    aside: Path,
    engagement: Engagement,
    cohort: Cohort,
    told: Parameters,
    done: Sequence[tuple[Notebook, Harvest]],
    failed: dict[str, str],
    last_words: Harvest,
    placed: Placed,
    beside: dict[str, Any],
) -> str:
    """Write pages, findings, tables and manifest, which also holds `beside`; return the content hash."""
    description, navigation = about(cohort, engagement.config), links(done)
    linked = {link.name for link in navigation}
    drawn = partial(picture, width=FULL_WIDTH)
    failures = [f"{name}: {brief(error)}" for name, error in failed.items()]
    # What holds no picture first: pictures are still being drawn.
    told_of = [*done, (FRONT, last_words)]
    write_json(aside / "findings.json", findings(told_of))
    write_tables(aside / "tables", told_of)
    internal = aside / "internal"
    internal.mkdir()
    whole = engagement.book() if engagement.part else None
    keep_record(aside, cohort, description, done, placed.text, whole)
    raw = cohort.book.deals[["deal_id", *RAW]]
    cohort.table.merge(raw, on="deal_id", how="left").to_parquet(aside / DEALS, index=False)
    for name, error in failed.items():
        (internal / f"{name}.html").write_text(failure_page(name, error, description), encoding="utf-8")
    # Then the pages of which all pictures are there already; the front page, made when the others are, comes last.
    for notebook, harvested in sorted(done, key=lambda each: not are_drawn(on_page(each[1]))):
        if notebook.name in linked:
            html = page(notebook, harvested, description, navigation, placed.notes.get(notebook.name))
            (aside / f"{notebook.name}.html").write_text(html, encoding="utf-8")
        shown = harvested.results if notebook.is_built_in else None
        finish(aside / EXECUTED / f"{notebook.name}.ipynb", shown, drawn)
    index = front_page(done, description, cohort, navigation, failures, last_words, summary=placed.summary)
    (aside / "index.html").write_text(index, encoding="utf-8")
    content = content_hash(aside, [*aside.glob("*.html"), aside / "findings.json", *(aside / "tables").glob("*.csv")])
    statuses: dict[str, Any] = {
        notebook.name: {"status": "done", "linked": notebook.name in linked, "left_out": list(harvested.dropped)}
        for notebook, harvested in done
    }
    statuses |= {name: {"status": "failed", "error": brief(error)} for name, error in failed.items()}
    inputs = [(_shown(path, engagement), path) for path in engagement.input_files()]
    inputs += [(path.name, path) for path in (engagement.folder / ACTIONS_FILE,) if path.is_file()]
    tests = tally([result for _, harvested in done for result in harvested.results])
    data = manifest(cohort, inputs, asdict(told), statuses) | {"tier": tier_of(cohort)}
    data |= {"gate": {"false_discovery_rate": LEVEL, "findings": named_in(last_words), **asdict(tests)}}
    data |= beside | {"content": content, "written_at": moment()}
    write_json(aside / "manifest.json", data)
    return content


def _shown(path: Path, engagement: Engagement) -> str:
    """Name an input without the path of this machine."""
    if path.name == FILE_NAME:
        return path.name
    is_stored = path.parent in (store_of(engagement.config), engagement.folder / schema.FIELDWORK_FOLDER)
    return f"{path.parent.name}/{path.name}" if is_stored else f"data/{path.name}"
