"""Commands about notebooks: `notebooks list`, `notebooks eject` and `lab`."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from postmortem.cli.console import AsJson, emit
from postmortem.ground.errors import UsageError, nearest

app = typer.Typer(help="The notebooks a report is made of.", no_args_is_help=True)
Folder = Annotated[
    Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
]


@app.command(name="list")
def list_(folder: Folder = None, as_json: AsJson = False) -> None:
    """List the notebooks a run would execute, with their titles."""
    from postmortem.frames.engagement import Engagement
    from postmortem.report.notebooks.plan import plan

    found = plan(Engagement.open(folder).folder)
    told = {notebook.name: notebook.title for notebook in found}
    emit(told, "\n".join(f"{name}  {title}" for name, title in told.items()), as_json)


@app.command()
def eject(
    name: Annotated[str, typer.Argument(help="Name or number of a built-in notebook.")], folder: Folder = None
) -> None:
    """Copy a built-in notebook into the engagement; runs use the copy from then on."""
    from postmortem.frames.engagement import Engagement
    from postmortem.ground import resources

    built_in = {path.stem: path for path in resources.notebooks()}
    hits = [stem for stem in built_in if name in (stem, stem.split("-")[0])]
    if not hits:
        raise UsageError("There is no such built-in notebook.", got=name, do=nearest(name, sorted(built_in)))
    place = Engagement.open(folder).folder / "notebooks" / built_in[hits[0]].name
    if place.exists():
        raise UsageError("This notebook was ejected already.", got=place.name, do="delete the copy first")
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(built_in[hits[0]], place)
    used = "use it from now on" if hits[0][:1].isdigit() else "use it when they are told to"
    emit({"written": str(place)}, f"Copied to {place}. Runs of this engagement {used}.", False)


def lab(folder: Folder = None) -> int:
    """Open the engagement in JupyterLab."""
    if find_spec("jupyterlab") is None:
        raise UsageError("JupyterLab is not installed.", do='install it with: pip install "deal-postmortem[lab]"')
    import subprocess
    import sys

    from postmortem.frames.engagement import Engagement

    place = Engagement.open(folder).folder
    return subprocess.call([sys.executable, "-m", "jupyterlab", "--notebook-dir", str(place)])
