"""Commands about taxonomies: `taxonomy show` and `taxonomy lint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import ConfigError

if TYPE_CHECKING:
    from postmortem.taxonomies import Taxonomy

app = typer.Typer(help="Loss-reason taxonomies: look at them, check your own.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A built-in taxonomy, or a TOML file of yours.")]


@app.command()
def show(name: Name = "red_zone", as_json: AsJson = False) -> None:
    """Show every code of a taxonomy with its meaning."""
    taxonomy = _load(name)
    lines = [f"{taxonomy.title} ({taxonomy.id} {taxonomy.version})"]
    for reason in taxonomy.reasons:
        lines += ["", f"{reason.code}: {reason.label}", f"  {reason.definition}"]
        lines += [f"  lost to: {reason.lost_to}"] if reason.lost_to else []
        lines += [f"  remedy: {reason.remedy}"] if reason.remedy else []
    emit(taxonomy.to_dict(), "\n".join(lines), as_json)


@app.command()
def lint(name: Name = "red_zone", as_json: AsJson = False) -> None:
    """Check a taxonomy; every fault is named."""
    from postmortem.taxonomies import lint as faults_of

    faults = [f"{fault.code}.{fault.field}: {fault.message}" for fault in faults_of(_load(name))]
    if faults:
        raise ConfigError(f"The taxonomy {name} has {len(faults)} faults.", rows=faults)
    emit({"taxonomy": name, "faults": []}, f"{name}: no fault found.", as_json)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List the built-in taxonomies."""
    from postmortem.taxonomies import available

    emit(list(available()), "\n".join(available()), as_json)


def _load(name: str) -> Taxonomy:
    from postmortem.taxonomies import load_taxonomy

    path = Path(name)
    return load_taxonomy(path if path.suffix == ".toml" else name)
