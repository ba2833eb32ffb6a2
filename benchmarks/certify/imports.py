"""Which files of the project a module stands on: its imports, and theirs, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("postmortem", "benchmarks")


def files_under(module: Path, root: Path = ROOT) -> list[Path]:
    """Return a module and the files of the project it uses, directly or through others.

    Imports inside functions count. A name taken from a package is followed to the module the package has it from; only
    where the package makes the name itself does its whole `__init__` count, and where that imports by name at run time,
    as `postmortem.analyses` does for its list, every module of the folder that it names. Packages that merely lie on
    the way to a module run too, but hold nothing but names: importing has no effects in this project. Data files
    (`*.toml`) count with the modules of their folder, those in folders below included.

    Parameters
    ----------
    module : Path
        A file of the project.
    root : Path
        The folder the project's packages lie in.

    Returns
    -------
    list of Path
        Sorted.
    """
    found: set[Path] = set()
    left = [module.resolve()]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += _used(path, root.resolve())
    folders = {path.parent for path in found} - {root.resolve() / name for name in OURS}
    return sorted(found | {data for folder in folders for data in folder.rglob("*.toml")})


@cache
def _used(path: Path, root: Path) -> tuple[Path, ...]:
    """Return the files one file takes something from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = [file for module, name in _taken(tree) for file in _holding(module, name, root)]
    if path.name == "__init__.py" and any(module == "importlib" for module, _ in _taken(tree)):
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        used += [each for each in path.parent.glob("*.py") if each.stem in said]
    return tuple(used)


def _taken(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what is imported: a module, and the name taken from it, empty where it is the module itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, each.name) for each in node.names)


def _holding(module: str, name: str, root: Path) -> list[Path]:
    """Return the file that holds a name of a module: the module, or the one its package has the name from."""
    place = root.joinpath(*module.split("."))
    if module.split(".")[0] not in OURS:
        return []
    if place.with_suffix(".py").is_file():
        return [place.with_suffix(".py")]
    package = place / "__init__.py"
    if not package.is_file():
        return []
    if name and ((place / f"{name}.py").is_file() or (place / name / "__init__.py").is_file()):
        return _holding(f"{module}.{name}", "", root)
    for above, known in _taken(ast.parse(package.read_text(encoding="utf-8"))):
        if name and known == name:
            return _holding(above, name, root)
    return [package]
