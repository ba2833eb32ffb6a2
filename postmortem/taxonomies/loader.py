"""Find taxonomy files, read them and resolve what they extend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from postmortem.ground.errors import ConfigError, nearest
from postmortem.taxonomies.model import Reason, Taxonomy
from postmortem.taxonomies.structure import is_snake_case, structural_faults
from postmortem.taxonomies.tomlfile import Fields, raise_faults, read_toml

SHIPPED = Path(__file__).parent
HEADER_FIELDS = ("id", "version", "title", "extends", "codes")
CODE_FIELDS = tuple(field.name for field in fields(Reason) if field.name != "code")


def available(*, folder: str | Path | None = None) -> tuple[str, ...]:
    """Return the names of the taxonomies that ship, and of those in `folder`, sorted."""
    folders = (SHIPPED,) if folder is None else (Path(folder), SHIPPED)
    return tuple(sorted({path.stem for place in folders for path in place.glob("*.toml")}))


def load_taxonomy(name_or_path: str | Path, *, folder: str | Path | None = None) -> Taxonomy:
    """Return a taxonomy with everything it extends.

    Parameters
    ----------
    name_or_path : str or Path
        A name ("red_zone"), looked up in `folder` and then among those that ship, or the path of a
        ``.toml`` file.
    folder : str or Path, optional
        A folder of the user's own taxonomies.

    Returns
    -------
    Taxonomy
        Inherited reasons first. A code that the file repeats keeps its place, and every field the
        file does not give; ``lost_to = ""`` takes an inherited value away.

    Raises
    ------
    ConfigError
        Once, with all faults of a file: fields unknown, missing or of a wrong type, unknown or
        circular parents, a circular `extends`.
    """
    folders = (SHIPPED,) if folder is None else (Path(folder), SHIPPED)
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        return _read(path, (path.parent, *folders), ())
    return _read(_find(name_or_path, folders), folders, ())


def _find(name: str, folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        path = folder / f"{name}.toml"
        if is_snake_case(name) and path.is_file():
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise ConfigError(
        f"there is no taxonomy {name!r}",
        expected="the name of a taxonomy, or the path of a file that ends in .toml",
        do=nearest(name, known),
    )


def _read(path: Path, folders: tuple[Path, ...], below: tuple[Path, ...]) -> Taxonomy:
    resolved = path.resolve()
    if resolved in below:
        circle = " extends ".join(item.stem for item in (*below[below.index(resolved) :], resolved))
        raise ConfigError("a taxonomy extends itself", got=circle, do="remove `extends` from one of them")
    head = Fields("", read_toml(path))
    head.only(HEADER_FIELDS)
    name, version, title = (head.text(key, required=True) for key in ("id", "version", "title"))
    if name and not is_snake_case(name):
        head.fault("id", f"write it in snake_case, got {name!r}")
    base_name = head.text("extends")
    base = _read(_find(base_name, folders), folders, (*below, resolved)) if base_name else None
    inherited = {reason.code: reason for reason in base.reasons} if base else {}
    reasons = tuple(_reasons(head, inherited).values())
    faults = [*head.faults, *(f"codes.{fault}" for fault in structural_faults(reasons))]
    raise_faults(path.name, faults, "correct the file; `postmortem taxonomy lint` checks it again")
    based_on = (f"{base.id}@{base.version}", *base.based_on) if base else ()
    return Taxonomy(name, version, title, reasons, based_on)


def _reasons(head: Fields, inherited: Mapping[str, Reason]) -> dict[str, Reason]:
    """Return code -> reason: the inherited ones, changed and added to by the file."""
    codes = head.table.get("codes", {})
    if not isinstance(codes, dict) or (not codes and not inherited):
        head.fault("codes", "expected at least one table [codes.some_code]")
        return dict(inherited)
    reasons = dict(inherited)
    for code, table in codes.items():
        if not isinstance(table, dict):
            head.fault(f"codes.{code}", f"expected a table [codes.{code}], got {table!r}")
            continue
        given = Fields(f"codes.{code}", table, head.faults)
        reasons[code] = _reason(given, inherited.get(code, Reason(code, "", "")))
    return reasons


def _reason(given: Fields, base: Reason) -> Reason:
    """Return `base` with the fields of the file put over it."""
    given.only(CODE_FIELDS)
    return Reason(
        code=base.code,
        label=given.text("label", base.label, required=True),
        definition=given.text("definition", base.definition),
        parent=given.text("parent", base.parent or "") or None,
        lost_to=given.text("lost_to", base.lost_to or "") or None,
        ecosystem=given.text("ecosystem", base.ecosystem or "") or None,
        remedy=given.text("remedy", base.remedy),
        interview_question=given.text("interview_question", base.interview_question),
        signals=given.texts("signals", base.signals),
        defining=given.texts("defining", base.defining),
        synonyms=given.texts("synonyms", base.synonyms),
        replaces=given.texts("replaces", base.replaces),
        group=given.flag("group", base.group),
    )
