"""The files of one engagement, each read once although several tables may come from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from postmortem.ground.config import Config
from postmortem.intake.reading import RawTable, Settings, read_table


@dataclass(frozen=True)
class Files:
    """Files of the data folder as text, kept while a book is read and no longer.

    Attributes
    ----------
    config : Config
        Where the folder is and how files are written.
    """

    config: Config
    _read: dict[tuple[str, str | None], RawTable] = field(default_factory=dict)

    def read(self, file: str, sheet: str | None = None) -> RawTable:
        """Return a file, or one sheet of it, or raise `DataError`."""
        if (file, sheet) not in self._read:
            data = self.config.data
            settings = Settings(data.encoding, data.delimiter, sheet, data.decimal)
            # An absolute data folder or file takes the place of what stands before it.
            self._read[file, sheet] = read_table(self.config.folder / data.folder / file, file, settings)
        return self._read[file, sheet]
