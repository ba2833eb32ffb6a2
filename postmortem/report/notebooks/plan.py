"""Which notebooks a run executes, all of them checked before the first one starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from postmortem.ground import resources
from postmortem.ground.errors import ConfigError, nearest
from postmortem.report.notebooks.parameters import ONE_DEAL, declared


@dataclass(frozen=True)
class Notebook:
    """One notebook of a run.

    Attributes
    ----------
    name : str
        File name without its ending, ``01-quarter-overview``.
    title : str
        Its first heading.
    path : Path
        Where it lies.
    parameters : tuple of str
        Names its tagged cell declares.
    """

    name: str
    title: str
    path: Path
    parameters: tuple[str, ...]

    @property
    def is_built_in(self) -> bool:
        """Whether it is one of the package, not one of the engagement or a changed copy in it."""
        return self.path in resources.notebooks()


def find_notebooks(engagement: Path) -> dict[str, Path]:
    """Return name to path of all notebooks: the built-in ones, and the engagement's own over them."""
    own = sorted((engagement / "notebooks").glob("*.ipynb")) if (engagement / "notebooks").is_dir() else []
    return {path.stem: path for path in [*resources.notebooks(), *own]}


def plan(engagement: Path, wanted: Sequence[str] = ()) -> tuple[Notebook, ...]:
    """Return the notebooks of a run in order, checked.

    Parameters
    ----------
    engagement : Path
        Folder whose own `notebooks/` are laid over the built-in ones.
    wanted : sequence of str
        Names or leading numbers (``01``), in the order of the pages. Unless told all but those about one deal, which
        declare a `deal_id`, and the built-in ones without a number, such as the gallery, ejected or not: they are made
        when asked for by name.

    Raises
    ------
    ConfigError
        For an unknown name, an unreadable notebook or a parameter that no run can fill.
    """
    found = find_notebooks(engagement)
    apart = {path.stem for path in resources.notebooks() if not path.stem[:1].isdigit()}
    names = [_match(name, found) for name in wanted] or sorted(set(found) - apart)
    read = tuple(_read(name, found[name]) for name in dict.fromkeys(names))
    return tuple(notebook for notebook in read if wanted or ONE_DEAL not in notebook.parameters)


def _match(wanted: str, found: dict[str, Path]) -> str:
    hits = [name for name in found if wanted in (name, name.split("-")[0])]
    if not hits:
        raise ConfigError("There is no such notebook.", got=wanted, do=nearest(wanted, sorted(found)))
    return hits[0]


def _read(name: str, path: Path) -> Notebook:
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise ConfigError(f"The notebook {path.name} cannot be read.", got=str(error)) from None
    headings = [
        line.removeprefix("# ").strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("# ")
    ]
    return Notebook(name, headings[0] if headings else name, path, declared(notebook, path))
