"""Where notebooks, templates and samples lie: in a checkout, or packed into the installed package."""

from __future__ import annotations

from pathlib import Path

from postmortem.ground.errors import UsageError, nearest

PACKAGE = Path(__file__).resolve().parent.parent


def root() -> Path:
    """Return the folder that holds ``notebooks``, ``templates`` and ``data/samples``."""
    packed = PACKAGE / "bundled"
    return packed if packed.is_dir() else PACKAGE.parent


def notebooks() -> tuple[Path, ...]:
    """Return the built-in notebooks in the order of their numbers."""
    return tuple(sorted((root() / "notebooks").glob("*.ipynb")))


def templates(kind: str) -> Path:
    """Return the folder of templates of one `kind`, such as ``report``."""
    return root() / "templates" / kind


def samples() -> tuple[str, ...]:
    """Return the names of the bundled samples."""
    return tuple(sorted(path.parent.name for path in (root() / "data/samples").glob("*/postmortem.toml")))


def sample(name: str) -> Path:
    """Return the folder of the bundled sample called `name`."""
    if name not in samples():
        raise UsageError("There is no such sample.", got=name, do=nearest(name, samples()))
    return root() / "data/samples" / name
