"""Commands about taxonomies: `taxonomy show`, `list`, `lint`, `diff` and `map`."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postmortem.cli import mapping
from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import ConfigError

if TYPE_CHECKING:
    from postmortem.taxonomies import Taxonomy, VersionChange

WIDTH = 96
app = typer.Typer(help="Loss-reason taxonomies: look at them, check your own.", no_args_is_help=True)
app.command(name="map")(mapping.map_reasons)
Name = Annotated[str, typer.Argument(help="A built-in taxonomy, or a TOML file of yours.")]


@app.command()
def show(name: Name = "red_zone", as_json: AsJson = False) -> None:
    """Show every code of a taxonomy with its meaning."""
    taxonomy = _load(name)
    lines = [f"{taxonomy.title} ({taxonomy.stamp})"]
    for depth, reason in taxonomy.walk():
        if reason.group:
            lines += ["", reason.label, "-" * len(reason.label), *_wrapped(reason.definition, 0)]
            continue
        lines += ["", f"{'  ' * depth}{reason.code}: {reason.label}", *_wrapped(reason.definition, depth + 1)]
        known = (
            ("lost to", reason.lost_to or ""), ("remedy", reason.remedy), ("ask", reason.interview_question),
            ("also called", ", ".join(reason.synonyms)), ("replaces", ", ".join(reason.replaces)),
        )  # fmt: skip
        lines += [line for name, text in known if text for line in _wrapped(f"{name}: {text}", depth + 1)]
    emit(taxonomy.to_dict(), "\n".join(lines), as_json)


@app.command()
def lint(name: Name = "red_zone", as_json: AsJson = False) -> None:
    """Check a taxonomy; every fault is named."""
    from postmortem.ground.formats import count
    from postmortem.taxonomies import lint as faults_of

    faults = [f"{fault.code}.{fault.field}: {fault.message}" for fault in faults_of(_load(name))]
    if faults:
        raise ConfigError(f"The taxonomy {name} has {count(len(faults), 'fault')}.", rows=faults)
    emit({"taxonomy": name, "faults": []}, f"{name}: no fault found.", as_json)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the built-in taxonomies."""
    from postmortem.taxonomies import available

    emit(list(available()), "\n".join(available()), as_json)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="The earlier version: a built-in taxonomy, or a TOML file.")],
    new: Annotated[str, typer.Argument(help="The later version.")],
    as_json: AsJson = False,
) -> None:
    """Say what became of every code between two versions, and what that means for comparing quarters."""
    from postmortem.taxonomies import compare_versions

    change = compare_versions(_load(old), _load(new))
    emit({**asdict(change), "comparable": not change.removed}, "\n".join(_told(change)), as_json)


def _wrapped(text: str, depth: int) -> list[str]:
    space = "  " * depth
    return textwrap.wrap(text, WIDTH, initial_indent=space, subsequent_indent=f"{space}  ", break_on_hyphens=False)


def _told(change: VersionChange) -> list[str]:
    """Write what changed, and then what follows for quarters coded under the earlier version."""
    lines = [f"{change.old} → {change.new}"]
    lines += [f"  renamed  {old} → {new}" for old, new in change.renamed]
    lines += [f"  merged   {' + '.join(codes)} → {new}" for codes, new in change.merged]
    lines += [f"  added    {code}" for code in change.added]
    lines += [f"  removed  {code}" for code in change.removed]
    for each in change.changed:
        lines += [f"  changed  {each.code}, {each.field}", f"    was: {each.before or '(nothing)'}"]
        lines += [f"    now: {each.after or '(nothing)'}"]
    if len(lines) == 1:
        return [*lines, "  nothing changed"]
    return [*lines, "", *_consequences(change)]


def _consequences(change: VersionChange) -> list[str]:
    told = []
    if change.removed:
        told.append(
            f"Quarters coded under {change.old} cannot be compared under {change.new}: nothing carries the meaning of "
            f"{', '.join(change.removed)}. Reasons with these codes are set apart until a code of the later version "
            'has replaces = ["old_code"], or [taxonomy.reasons] says what each means.'
        )
    else:
        told.append(f"Quarters coded under {change.old} can be compared under {change.new}: every code is carried on.")
    if change.added:
        told.append(
            f"Nobody could choose {', '.join(change.added)} before: what is counted there now had other codes then."
        )
    if change.merged:
        told.append("Merged codes can be compared as one; what each of them was can no longer be told.")
    if change.redefined:
        told.append(f"Read {', '.join(change.redefined)} with care: the same code has another definition now.")
    moved = [each.code for each in change.changed if each.field == "lost_to"]
    if moved:
        told.append(
            f"{', '.join(moved)}: to whom follows the later version for all quarters, where nothing is recorded."
        )
    return told


def _load(name: str) -> Taxonomy:
    from postmortem.taxonomies import load_taxonomy

    path = Path(name)
    return load_taxonomy(path if path.suffix == ".toml" else name)
