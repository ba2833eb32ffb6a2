"""Several reports in one go: quarters, parts of the deals, engagements; one that cannot be made stops no other.

Reports of one engagement are made in processes of their own as soon as there is more than one, and a process never
serves two engagements.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from postmortem.frames.engagement import Engagement
from postmortem.frames.parts import Part, parts_by
from postmortem.ground.errors import PostmortemError, UsageError, nearest
from postmortem.report.alone import alone
from postmortem.report.disk.folders import FINDINGS, MANIFEST, put_in_place
from postmortem.report.disk.run_cache import caching
from postmortem.report.editions.book_record import describe_book
from postmortem.report.editions.made_from import is_fresh, made_from, standing
from postmortem.report.lanes import Lane, Say, Trouble
from postmortem.report.notebooks.forked_kernels import Engine, kernels_of
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import plan
from postmortem.report.parts import REFUSED, PartTooSmall, write_refusal
from postmortem.report.run import Run, local_day, moment, run_quarter
from postmortem.report.trend_index import write_indexes
from postmortem.report.wanted import Job, Outcome, Wanted

DONE, FAILED, UNCHANGED = "done", "failed", "unchanged"
TOO_SMALL = 4
HEARTBEAT = 0.5
T = TypeVar("T")


def jobs_of(wanted: Wanted, say: Say = lambda line: None) -> tuple[Job | Outcome, ...]:
    """Return the reports that are asked for, one a quarter and part; of several quarters, one may be known to fail.

    Raises
    ------
    PostmortemError
        When settings or data cannot be used, or no deal of the book is of the part.
    """
    engagement = wanted.engagement
    with caching(wanted.output):
        book = engagement.book()
        calendar = engagement.config.fiscal.calendar
        last = calendar.last_ended(wanted.options.get("as_of") or book.meta.extracted_on)
        quarters = [quarter.label for quarter in calendar.parse_range(wanted.quarters, last=last)]
        if not wanted.each:
            part = Part.read(wanted.part) if wanted.part else None
            known = set() if part is None else {str(value) for value in book.deals[part.column].dropna()}
            if part is not None and part.value not in (*known, ""):
                raise UsageError(f"No deal has this {part.column}.", got=part.value, do=nearest(part.value, [*known]))
            return tuple(Job(wanted, quarter, wanted.part) for quarter in quarters)
        asked = {name: wanted.options.get(name) for name in ("kind", "window", "as_of")}
        jobs: list[Job | Outcome] = []
        for quarter in quarters:
            try:
                parts = parts_by(engagement.frame(quarter, **asked, book=book), wanted.each)
            except PostmortemError as error:
                if len(quarters) == 1:
                    raise
                jobs.append(Outcome.of(Trouble.of(error), replace(wanted, quarters=quarter)))
            else:
                jobs += [Job(wanted, quarter, part.text) for part in parts]
    return tuple(jobs)


def make(job: Job, say: Say = lambda line: None) -> Outcome:
    """Make one report, or leave the one that stands where nothing has changed.

    Raises
    ------
    PostmortemError
        As `run_quarter`; too few deals of a part are no error but a page that says so.
    """
    wanted, engagement = job.wanted, job.wanted.engagement.of(job.part)
    say(f"{job.label}: {engagement.config.company.name}")

    def tell(line: str) -> None:
        say(f"{job.label}: {line}" if wanted.name or wanted.each or wanted.part else f"  {line}")

    with caching(wanted.output):
        chosen = plan(engagement.folder, wanted.options.get("notebooks") or engagement.config.report.pages)
        made = made_from(engagement, chosen, _asked(job, engagement))
        stands = standing(job.output / job.quarter, made) if wanted.if_changed else None
        day = wanted.options.get("as_of") or local_day(engagement.config.company.time_zone)
        if stands is not None and is_fresh(engagement, stands, day):
            tell("unchanged")
            return _outcome(job, UNCHANGED, stands)
        try:
            run = run_quarter(engagement, job.quarter, **{**wanted.options, "output": job.output}, progress=tell)
        except PartTooSmall as refusal:
            tell(refusal.what)
            return _outcome(job, REFUSED, _refuse(job, engagement, refusal, made))
    return _outcome(job, FAILED if run.failed else DONE, json.loads((run.folder / MANIFEST).read_text("utf-8")), run)


def batch(wanted: Sequence[Wanted], *, workers: int = 1, say: Say = lambda line: None) -> tuple[Outcome, ...]:
    """Make the reports asked of one engagement or of several.

    Parameters
    ----------
    wanted : sequence of Wanted
        One an engagement.
    workers : int
        Processes at work at the same time: reports of a single engagement, or else engagements, each of which makes
        its reports one after another.
    say : callable
        Is told a line at each step.

    Returns
    -------
    tuple of Outcome
        One a report, in the order asked for.

    Raises
    ------
    PostmortemError
        For a single engagement: when it is not known what to make, or the one report cannot be made.
    """
    if len(wanted) > 1 or wanted[0].name:
        return tuple(outcome for made in _lanes(_engagement, list(wanted), workers, say) for outcome in made)
    (only,) = wanted
    with ExitStack() as stack:
        if only.is_one:
            # Before a book is read, while this process has one thread.
            stack.enter_context(kernels_of(only.engine))
        jobs = jobs_of(only)
        first, *others = jobs
        alone = [make(first, say)] if isinstance(first, Job) and not others else []
        made = alone or _lanes(_report, list(jobs), workers, say)
    indexes(only)
    return tuple(made)


def indexes(wanted: Wanted, say: Say = lambda line: None) -> None:
    """Write the page over all reports that stand in an engagement's output, and over those of each part."""
    if wanted.output.is_dir():
        write_indexes(wanted.output, wanted.engagement.config)


def _engagement(wanted: Wanted, lane: Lane, say: Say) -> list[Outcome]:
    """Make all reports of one engagement in one process, which sees no other engagement."""
    jobs = lane.ask(jobs_of, wanted, say=say)
    if isinstance(jobs, Trouble):
        _say_all(wanted.name, jobs.message, say)
        return [Outcome.of(jobs, wanted)]
    made = [_report(job, lane, say) for job in jobs]
    trouble = lane.ask(indexes, wanted, say=say)
    return [*made, *([Outcome.of(trouble, wanted)] if isinstance(trouble, Trouble) else [])]


def _report(job: Job | Outcome, lane: Lane, say: Say) -> Outcome:
    if isinstance(job, Outcome):
        _say_all(str(job.told["quarter"]), str(job.told["message"]), say)
        return job
    answer: Outcome | Trouble = lane.ask(make, job, say=say)
    if isinstance(answer, Trouble):
        _say_all(job.label, answer.message, say)
        return Outcome.of(answer, job.wanted, job)
    return answer


def ready(engine: Engine) -> AbstractContextManager[str]:
    """Open the kernels of a lane: that this is known by name here lets a lane import all it wants before it does so."""
    return kernels_of(engine)


def _say_all(label: str, message: str, say: Say) -> None:
    """Say an error so that every line of it tells whose it is, though others speak at the same time."""
    for line in message.splitlines():
        say(f"{label}: {line}")


def _lanes(do: Callable[[Any, Lane, Say], T], tasks: Sequence[Any], workers: int, say: Say) -> list[T]:
    """Do the tasks in as many processes as there are workers; a lane lives as long as its tasks share an engagement."""
    waiting = deque(enumerate(tasks))
    engine = next((task.engine for task in tasks if not isinstance(task, Outcome)), "local")
    made: dict[int, T] = {}
    lanes: list[Lane] = []
    whole = threading.Event()

    def work() -> None:
        while waiting and not whole.is_set():
            with Lane(ready, engine) as lane:
                lanes.append(lane)
                while not whole.is_set():
                    try:
                        at, task = waiting.popleft()
                    except IndexError:
                        return
                    made[at] = do(task, lane, say)
                    if isinstance(task, Wanted):
                        break

    with ThreadPoolExecutor(max(1, workers)) as pool:
        try:
            working = [pool.submit(work) for _ in range(max(1, workers))]
            # Ctrl-C may reach another thread than this one, which then hears of it when it next wakes.
            while not all(done.done() for done in working):
                whole.wait(HEARTBEAT)
            for done in working:
                done.result()
        finally:
            # Where all is made there is nothing left to stop.
            whole.set()
            for lane in tuple(lanes):
                lane.stop()
    return [made[at] for at in sorted(made)]


def _asked(job: Job, engagement: Engagement) -> Parameters:
    options, frame = job.wanted.options, engagement.config.frame
    as_of = options.get("as_of")
    return Parameters(
        job.quarter, options.get("kind") or frame.kind, options.get("window") or frame.window,
        as_of.isoformat() if as_of else "", part=job.part,
    )  # fmt: skip


def _refuse(job: Job, engagement: Engagement, refusal: PartTooSmall, made: str) -> dict[str, Any]:
    """Write the page that says why there is no report; return its manifest."""
    options = job.wanted.options
    with alone(
        engagement, job.quarter, options.get("as_of"), job.output, wait=options.get("wait", 0.0), deadline=None
    ) as (aside, _):
        told = write_refusal(aside, refusal.cohort, engagement.config, {
            "made_from": made, "book": describe_book(engagement.book()),
            "written_at": moment(),
        })  # fmt: skip
        put_in_place(aside, job.output / job.quarter)
    return told


def _outcome(job: Job, status: str, manifest: Mapping[str, Any], run: Run | None = None) -> Outcome:
    """Return what is told of a report that stands, from its manifest."""
    pages = manifest.get("pages", {})
    folder = job.output / job.quarter
    silent = job.wanted.fail_if_small and (
        status == REFUSED or ((folder / FINDINGS).is_file() and _says_nothing(folder))
    )
    code = TOO_SMALL if silent else 1 if status == FAILED else 0
    return Outcome(code, {
        **job.wanted.told, "quarter": job.quarter, "part": job.part, "status": status, "exit_code": code,
        "index": str(folder / "index.html"),
        "deals": manifest["rows"]["deals_in_focus"], "frame": manifest["frame"],
        "pages": [name for name, page in pages.items() if page["status"] == "done"],
        "failed": [name for name, page in pages.items() if page["status"] != "done"],
        "findings": manifest.get("gate", {}).get("findings", 0),
        "content": manifest["content"],
        "preflight": [asdict(finding) for finding in run.preflight] if run else manifest.get("preflight", []),
        "commentary": list(run.commentary) if run else manifest.get("commentary", {}).get("flags", []),
        **({"lacking": manifest["lacking"]} if status == REFUSED else {}),
    })  # fmt: skip


def _says_nothing(report: Path) -> bool:
    results = json.loads((report / FINDINGS).read_text(encoding="utf-8"))
    return all(result["status"] == REFUSED for result in results)
