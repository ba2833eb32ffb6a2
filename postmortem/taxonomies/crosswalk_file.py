"""Crosswalk files: what the values a CRM holds mean in the codes of a taxonomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from postmortem.ground.errors import ConfigError, nearest
from postmortem.taxonomies.loader import load_taxonomy
from postmortem.taxonomies.model import LOST_TO, Taxonomy
from postmortem.taxonomies.structure import fold, is_snake_case
from postmortem.taxonomies.tomlfile import Fields, raise_faults, read_toml

SHIPPED = Path(__file__).parent / "crosswalks"
HEADER_FIELDS = ("id", "version", "title", "taxonomy", "only_when_named", "entry")
ENTRY_FIELDS = ("values", "codes", "lost_to", "note")


@dataclass(frozen=True)
class Entry:
    """What a value means: no code, one, or several candidates; to whom, where it says so; and a note."""

    values: tuple[str, ...]
    codes: tuple[str, ...] = ()
    lost_to: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Crosswalk:
    """The entries for one system's vocabulary.

    Parameters
    ----------
    id, version, title : str
        Its name, its version and what people read.
    taxonomy : str
        The taxonomy whose codes it names.
    entries : tuple of Entry
        Values are compared without case, punctuation and spacing.
    only_when_named : bool
        True where values (numbers) mean something else in another system.
    """

    id: str
    version: str
    title: str
    taxonomy: str
    entries: tuple[Entry, ...]
    only_when_named: bool = False

    @cached_property
    def _by_value(self) -> Mapping[str, Entry]:
        return {fold(value): entry for entry in self.entries for value in entry.values}

    def find(self, value: str) -> Entry | None:
        """Return the entry for `value`, None when there is none."""
        return self._by_value.get(fold(value))


def load_crosswalks(names: Sequence[str] | None = None, *, folder: str | Path | None = None) -> tuple[Crosswalk, ...]:
    """Return crosswalks, sorted by name.

    Parameters
    ----------
    names : sequence of str, optional
        Which ones, in the order given; all of them unless given.
    folder : str or Path, optional
        A folder of the user's own crosswalks and taxonomies; a crosswalk there takes the place of the
        one that ships under the same file name.

    Raises
    ------
    ConfigError
        Once, with all faults of all files read, or when a name is unknown.
    """
    folders = (SHIPPED,) if folder is None else (SHIPPED, Path(folder) / "crosswalks")
    paths = {path.stem: path for place in folders for path in sorted(place.glob("*.toml"))}
    unknown = [name for name in names or () if name not in paths]
    if unknown:
        raise ConfigError(f"there is no crosswalk {unknown[0]!r}", do=nearest(unknown[0], tuple(paths)))
    faults: list[str] = []
    chosen = sorted(paths) if names is None else names
    heads = [(paths[name], Fields("", read_toml(paths[name]))) for name in chosen]
    named = sorted({head.text("taxonomy") for _, head in heads} - {""})
    taxonomies = {name: load_taxonomy(name, folder=folder) for name in named}
    crosswalks = tuple(_read(path, Fields("", head.table), taxonomies, faults) for path, head in heads)
    raise_faults("the crosswalks", faults, "correct these entries")
    return crosswalks


def _read(path: Path, head: Fields, taxonomies: Mapping[str, Taxonomy], faults: list[str]) -> Crosswalk:
    head.only(HEADER_FIELDS)
    name, version, title, codes_of = (head.text(key, required=True) for key in ("id", "version", "title", "taxonomy"))
    if name != path.stem or not is_snake_case(name):
        head.fault("id", f"expected the name of the file, {path.stem!r}, in snake_case, got {name!r}")
    taxonomy = taxonomies.get(codes_of)
    tables = head.table.get("entry", [])
    entries: list[Entry] = []
    if isinstance(tables, list) and tables and all(isinstance(table, dict) for table in tables):
        given = [Fields(f"entry {row}", table, head.faults) for row, table in enumerate(tables, start=1)]
        entries = [_entry(table, taxonomy) for table in given]
        _note_doubled(given, entries)
    else:
        head.fault("entry", "expected at least one table [[entry]]")
    only_when_named = head.flag("only_when_named")
    faults.extend(f"{path.name}: {fault}" for fault in head.faults)
    return Crosswalk(name, version, title, codes_of, tuple(entries), only_when_named)


def _entry(given: Fields, taxonomy: Taxonomy | None) -> Entry:
    given.only(ENTRY_FIELDS)
    entry = Entry(given.texts("values"), given.texts("codes"), given.text("lost_to") or None, given.text("note"))
    if not entry.values or not all(fold(value) for value in entry.values):
        given.fault("values", "expected one value or more, each with a letter or a digit")
    for code in entry.codes:
        if taxonomy is not None and taxonomy.successor(code) not in taxonomy.assignable:
            hint = nearest(code, taxonomy.assignable)
            given.fault("codes", f"{code!r} is not a code a deal can be given; {hint}")
    if entry.lost_to is not None and entry.lost_to not in LOST_TO:
        given.fault("lost_to", f"{entry.lost_to!r} is unknown; {nearest(entry.lost_to, LOST_TO)}")
    if not entry.codes and entry.lost_to is None:
        given.fault("codes", "says neither why nor to whom; leave the value out and it is listed as unmapped")
    if len(entry.codes) != 1 and not entry.note:
        given.fault("note", "is missing: say what the value merges or leaves open")
    return entry


def _note_doubled(given: Sequence[Fields], entries: Sequence[Entry]) -> None:
    owner: dict[str, int] = {}
    for row, (table, entry) in enumerate(zip(given, entries, strict=True), start=1):
        for value in entry.values:
            if owner.setdefault(fold(value), row) != row:
                table.fault("values", f"{value!r} is mapped by entry {owner[fold(value)]} already")
