"""Commands around an engagement: `init`, `check` and `simulate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import UsageError

# Whoever has the key can tell whom a pseudonym stands for; reports and caches are made anew by every run.
NOT_IN_GIT = (".share-key", ".postmortem/", "/reports/")


def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new engagement.")],
    export: Annotated[Path | None, typer.Option("--from", help="A CRM export: a file, or a folder of files.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing postmortem.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Propose a postmortem.toml for an export, for you to correct."""
    from postmortem.ground.config import FILE_NAME
    from postmortem.intake import propose

    place = folder / FILE_NAME
    if place.exists() and not force:
        raise UsageError(f"There is a {FILE_NAME} already.", got=folder.name, do="correct it, or use --force")
    source = export or folder
    proposal = propose(source)
    folder.mkdir(parents=True, exist_ok=True)
    data = source if source.is_dir() else source.parent
    relative = os.path.relpath(data.resolve(), folder.resolve())
    place.write_text(proposal.toml_for(Path(relative).as_posix()), encoding="utf-8")
    _keep_out_of_git(folder)
    lines = [f"Wrote {place}.", *proposal.summary]
    if proposal.questions:
        lines += ["", "Decide before the first run:", *(f"  - {question}" for question in proposal.questions)]
    lines += ["", f"Then: postmortem check --engagement {folder}", f"and:  postmortem run --engagement {folder}"]
    data_told = {"written": str(place), "recognised": proposal.summary, "questions": proposal.questions}
    emit(data_told, "\n".join(lines), as_json)


def _keep_out_of_git(folder: Path) -> None:
    """Write into the folder's .gitignore what no repository should hold; lines that are there stay."""
    place = folder / ".gitignore"
    there = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    missing = [line for line in NOT_IN_GIT if line not in there]
    if missing:
        place.write_text("\n".join([*there, *missing]) + "\n", encoding="utf-8")


def check(
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    quarter: Annotated[str, typer.Option("--quarter", "-q", help="Quarter to ask about.")] = "last",
    as_json: AsJson = False,
) -> None:
    """Say what this book can answer, what would unlock the rest, and by when."""
    from postmortem.analyses.cache import cached
    from postmortem.cli.checking import report_text
    from postmortem.findings.readiness import readiness
    from postmortem.frames.engagement import Engagement

    engagement = Engagement.open(folder)
    frame = engagement.frame(quarter)
    results = {name: cached(name)(frame) for name in ("rows_used", "not_understood")} | {"readiness": readiness(frame)}
    files = {name: source.file for name, source in engagement.config.tables.items()}
    told = {
        "company": frame.book.meta.company,
        "quarter": frame.focus.label,
        "frame": frame.kind,
        "deals": len(frame.focus_rows),
        "remarks": list(frame.remarks),
        "files": files,
        "results": [result.to_dict() for result in results.values()],
    }
    emit(told, report_text(frame, results, files), as_json)


def simulate(
    preset: Annotated[str, typer.Argument(help="Which company: plain, full, null, or one-cause.")],
    where: Annotated[
        list[str], typer.Argument(metavar="[CAUSE] FOLDER", help="Where the files go; one-cause takes a cause before.")
    ],
    seed: Annotated[int | None, typer.Option(help="Source of every draw; the same seed gives the same files.")] = None,
    quarters: Annotated[int | None, typer.Option(help="Quarters that are over at the extraction.")] = None,
    deals_per_quarter: Annotated[int | None, typer.Option(help="Deals created a quarter.")] = None,
    deals: Annotated[
        int | None, typer.Option(help="About how many deals in all: written in blocks, as Parquet, for any number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write an invented company's deals, with the truth beside them where the preset has one."""
    from postmortem.simulate import build, chosen_parameters, write_blocks, write_files

    *causes, folder = where
    if len(causes) > 1 or (deals is not None and deals_per_quarter is not None):
        raise UsageError(
            "This cannot be simulated.",
            got=" ".join([preset, *where]),
            expected="one folder, one cause before it for one-cause, and one of --deals and --deals-per-quarter",
        )
    parameters = chosen_parameters(
        preset,
        cause=causes[0] if causes else None,
        quarters=quarters,
        deals_per_quarter=deals_per_quarter,
        seed=seed,
    )
    place = Path(folder)
    made = write_files(build(parameters), place) if deals is None else write_blocks(parameters, place, deals)
    files = [str(path) for path in made]
    emit({"written": files}, "\n".join(files), as_json)
