"""Decisions on loss reasons that stand for no code: which are open, and how they get into `postmortem.toml`."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import tomlkit
from tomlkit.items import KeyType, SingleKey

from postmortem.book import Book
from postmortem.ground.config import FILE_NAME, Config
from postmortem.ground.errors import ConfigError, nearest
from postmortem.intake.deriving import reasons_of
from postmortem.intake.load import map_reasons, own_map
from postmortem.intake.wording import shortened, toml_string
from postmortem.taxonomies import Taxonomy, fold
from postmortem.taxonomies.likeness import OFFERED, alike
from postmortem.taxonomies.own_map import OwnTarget, read_own
from postmortem.taxonomies.tomlfile import read_toml

HEADERS = ("value", "codes", "lost_to")


@dataclass(frozen=True)
class OpenValue:
    """A recorded reason that stands for no single code.

    Parameters
    ----------
    value : str
        As the CRM holds it.
    deals : int
        Lost deals that carry it.
    candidates : tuple of str
        Codes it may stand for: those of the crosswalks first, then the likest by name.
    note : str
        What makes it ambiguous, where crosswalks say so.
    """

    value: str
    deals: int
    candidates: tuple[str, ...]
    note: str


def open_values(book: Book, config: Config) -> tuple[OpenValue, ...]:
    """Return every recorded reason that nothing maps to one code and nobody has decided on, the commonest first."""
    texts = reasons_of(book.deals)["text"]
    folder = None if config.taxonomy.folder is None else config.folder / config.taxonomy.folder
    mapped = map_reasons(texts, config, book.taxonomy, folder)
    decided = read_own(own_map(config), book.taxonomy)
    counts = texts.value_counts()
    found = []
    for value, each in mapped.items():
        # Two codes for one value are a decision too: that it says two things at once.
        if each.source in ("unmapped", "ambiguous") and decided.find(value) is None:
            likely = dict.fromkeys((*each.candidates, *alike(value, book.taxonomy)))
            offered = tuple(likely)[: max(OFFERED, len(each.candidates))]
            found.append(OpenValue(value, int(counts[value]), offered, each.note))
    return tuple(sorted(found, key=lambda each: (-each.deals, each.value)))


def read_answers(path: Path) -> dict[str, OwnTarget]:
    """Read decisions from a file.

    Parameters
    ----------
    path : Path
        TOML with lines as under ``[taxonomy.reasons]``, or CSV with the columns value, codes (several joined
        by semicolons) and, where wanted, lost_to.

    Raises
    ------
    ConfigError
        When it cannot be read, or says two things about one value.
    """
    if path.suffix.lower() == ".csv":
        return _from_csv(path)
    if path.suffix.lower() != ".toml":
        raise ConfigError("This file holds no answers.", got=path.name, expected="a file that ends in .toml or .csv")
    return {value: cast(OwnTarget, target) for value, target in read_toml(path).items()}


def _from_csv(path: Path) -> dict[str, OwnTarget]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except OSError as error:
        raise ConfigError("cannot read the file", got=str(path), do=error.strerror or "check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path.name} is not a CSV file in UTF-8", got=str(error)) from None
    headers = set(rows[0]) if rows else set()
    if rows and not {"value", "codes"} <= headers <= set(HEADERS):
        raise ConfigError(
            f"{path.name} has other columns.",
            got=", ".join(sorted(map(str, headers))),
            expected="value, codes and perhaps lost_to",
        )
    found: dict[str, OwnTarget] = {}
    faults = []
    for line, row in enumerate(rows, start=2):
        codes = [code.strip() for code in (row["codes"] or "").split(";") if code.strip()]
        party = (row.get("lost_to") or "").strip()
        value = row["value"] or ""
        target: OwnTarget = {"codes": codes, "lost_to": party} if party or len(codes) != 1 else codes[0]
        if not codes and not party:
            # A line left open is a value skipped, so that a list can be filled in bit by bit.
            continue
        if found.setdefault(value, target) != target:
            faults.append(f"line {line}: {shortened(value)} is there twice and means something else")
    if faults:
        raise ConfigError(f"{path.name} contradicts itself.", rows=faults, do="keep one line a value")
    return found


def checked(
    answers: Mapping[str, OwnTarget], book: Book, config: Config, *, replace: bool = False
) -> dict[str, OwnTarget]:
    """Return those answers that are new, or refuse all of them.

    Parameters
    ----------
    answers : mapping
        Value -> decision.
    book : Book
        Whose values they are about.
    config : Config
        With the decisions taken before.
    replace : bool
        Whether a decision taken before may be changed.

    Raises
    ------
    ConfigError
        With every unknown code; or with every value the data do not hold and every decision taken before.
    """
    read_own(answers, book.taxonomy)
    before = own_map(config)
    held = tuple(dict.fromkeys(reasons_of(book.deals)["text"]))
    folded = {fold(value) for value in held} - {""}
    faults = [
        f"{shortened(value)}: no lost deal carries it; {nearest(value, held) if held else 'none carries a reason'}"
        for value in answers
        if value not in held and fold(value) not in folded
    ]
    new = {value: target for value, target in answers.items() if _plain(before.get(value)) != _plain(target)}
    if not replace:
        faults += [
            f"{shortened(value)}: decided before as {before[value]!r}; use --replace to change it"
            for value in new
            if value in before
        ]
    if faults:
        raise ConfigError(
            f"{len(faults)} answers cannot be taken.", rows=faults, do="correct them; nothing was written"
        )
    return new


def write_decisions(new: Mapping[str, OwnTarget], config: Config) -> Path:
    """Add decisions to ``[taxonomy.reasons]`` of `postmortem.toml`, whole or not at all; comments stay."""
    place = config.folder / FILE_NAME
    document = tomlkit.parse(place.read_bytes().decode("utf-8-sig"))
    taxonomy = document.setdefault("taxonomy", tomlkit.table(is_super_table=True))
    section = taxonomy.setdefault("reasons", tomlkit.table())
    for value, target in new.items():
        item = _item(target)
        if value in section:
            section[value] = item
        else:
            # Written out by hand, so that what cannot be seen in a value is seen in the file.
            section.add(SingleKey(value, KeyType.Basic, None, toml_string(value)), item)
    aside = place.with_name(f".{place.name}.writing")
    aside.write_bytes(tomlkit.dumps(document).encode("utf-8"))
    os.replace(aside, place)
    return place


def described(target: OwnTarget, taxonomy: Taxonomy) -> str:
    """Say in words what a decision means."""
    plain = _plain(target)
    names = [taxonomy.reason(taxonomy.current(code)).label for code in plain[0]]
    return " or ".join(names) + (f", lost to: {plain[1]}" if plain[1] else "") if names else f"lost to: {plain[1]}"


def _plain(target: OwnTarget | None) -> tuple[tuple[str, ...], str]:
    """Return codes and party of a decision, however it was written."""
    if target is None:
        return (), ""
    if isinstance(target, str):
        return (target,), ""
    codes = target.get("codes") or ()
    return ((codes,) if isinstance(codes, str) else tuple(codes)), str(target.get("lost_to") or "")


def _item(target: OwnTarget) -> tomlkit.items.Item:
    codes, party = _plain(target)
    if len(codes) == 1 and not party:
        return tomlkit.item(codes[0])
    table = tomlkit.inline_table()
    if codes:
        table.add("codes", list(codes))
    if party:
        table.add("lost_to", party)
    return table
