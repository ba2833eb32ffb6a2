"""Ids to what they stand for: stages, pipelines and people that an export names by number, looked up in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from postmortem.ground.errors import ConfigError, DataError, nearest
from postmortem.ground.sources import FLAGS_LOOKED_UP, LookupTable
from postmortem.intake.adapter import Adapter
from postmortem.intake.crm_habits import missing
from postmortem.intake.files import Files
from postmortem.intake.folding import MISSING_WORDS, fold_header
from postmortem.intake.histories import VALUES, canonical_fields
from postmortem.intake.quarantine import Ledger
from postmortem.intake.reading import RawTable
from postmortem.intake.stage_entries import STAGE_ID
from postmortem.intake.wording import listed

KEY_OF_DEALS: Final = "deal_id"


@dataclass(frozen=True)
class LookupFiles:
    """The files that say what ids of one table mean.

    Attributes
    ----------
    table : str
        Canonical table.
    lookups : mapping of str to LookupTable
        Column (of a history: field) to the file and its columns.
    files : Files
        The files of the engagement.
    """

    table: str
    lookups: Mapping[str, LookupTable]
    files: Files

    def translate(self, cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
        """Fill columns before an adapter's hook sees them; ids that no file knows stay as they are."""
        chosen = {name: each for name, each in self.lookups.items() if each.by != KEY_OF_DEALS}
        return cells if self.table == "history" else self._filled(cells, chosen, ledger)

    def complete(self, cells: pd.DataFrame, adapter: Adapter, ledger: Ledger) -> pd.DataFrame:
        """Fill what is known by deal, which a hook may have made, and translate the values of a history."""
        if self.table != "history":
            chosen = {name: each for name, each in self.lookups.items() if each.by == KEY_OF_DEALS}
            return self._filled(cells, chosen, ledger)
        for field, lookup in self.lookups.items():
            meaning = self._meaning(field, lookup)
            if f"_{field}" in cells:
                cells = cells.assign(**{f"_{field}": _replaced(cells[f"_{field}"], meaning)})
            if "field" in cells:
                rows = canonical_fields(cells["field"], adapter) == field
                both = {name: cells[name] for name in VALUES if name in cells}
                cells = cells.assign(
                    **{name: values.mask(rows, _replaced(values, meaning)) for name, values in both.items()}
                )
                self._note(ledger, field, lookup, cells["new_value"][rows], set(meaning.values()))
        return cells

    def _filled(self, cells: pd.DataFrame, chosen: Mapping[str, LookupTable], ledger: Ledger) -> pd.DataFrame:
        made: dict[str, pd.Series[str]] = {}
        for name, lookup in chosen.items():
            by, target = lookup.by or name, f"_{name}" if name in FLAGS_LOOKED_UP else name
            if by not in cells:
                raise ConfigError(
                    f"tables.{self.table}.lookups.{name} looks up {by}, which no column holds.",
                    got="columns " + ", ".join(str(name) for name in cells if not str(name).startswith("_")),
                    do=f'name it: by = "...", or map it under [tables.{self.table}.columns]',
                )
            meaning = self._meaning(name, lookup)
            found = _found(cells[by], meaning)
            made[target] = found.fillna(cells.get(target, missing(cells))).astype("str")
            self._note(ledger, name, lookup, cells[by], set(meaning))
            if name == "stage" and by == "stage":
                made[STAGE_ID] = cells[by]
        return cells.assign(**made)

    def _meaning(self, name: str, lookup: LookupTable) -> dict[str, str]:
        raw = self.files.read(lookup.file)
        place = f"tables.{self.table}.lookups.{name}"
        key = raw.frame[header_called(raw, lookup.key, place)].str.strip()
        parts = [raw.frame[header_called(raw, each, place)] for each in lookup.value]
        plain = [part.str.strip().mask(part.str.strip().str.lower().isin(MISSING_WORDS)).fillna("") for part in parts]
        value = plain[0]
        for each in plain[1:]:
            value = (value + " " + each).str.strip()
        known = key.notna() & (value != "")
        return dict(zip(key[known].tolist(), value[known].tolist(), strict=True))

    def _note(self, ledger: Ledger, column: str, lookup: LookupTable, cells: pd.Series[str], known: set[str]) -> None:
        """Say how many cells were looked up, and which are not in the file."""
        words = cells.str.strip()
        strange = words[words.notna() & ~words.isin(known)]
        what = f"was looked up in {lookup.file}"
        what += f"; not found there and kept as it is: {listed(strange)}" if len(strange) else ""
        ledger.note(column, int(words.notna().sum() - len(strange)), what)


def header_called(raw: RawTable, wanted: str, place: str) -> str:
    """Return the header of `raw` that is called `wanted`, or raise `DataError`."""
    found = next((header for header in raw.headers if fold_header(header) == fold_header(wanted)), None)
    if found is None:
        raise DataError(
            f"{raw.file} has no such column.",
            got=wanted,
            expected="one of " + ", ".join(raw.headers),
            do=f"correct it in postmortem.toml under [{place}]; {nearest(wanted, raw.headers)}",
        )
    return found


def _found(cells: pd.Series[str], meaning: Mapping[str, str]) -> pd.Series[str]:
    return cells.map(lambda text: meaning.get(text.strip()), na_action="ignore").astype("str")


def _replaced(cells: pd.Series[str], meaning: Mapping[str, str]) -> pd.Series[str]:
    return _found(cells, meaning).fillna(cells).astype("str")
