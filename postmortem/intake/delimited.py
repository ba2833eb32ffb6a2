"""Text files to rows: encodings, delimiters and true line numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from postmortem.ground.errors import ConfigError, DataError

DELIMITERS: Final = (",", ";", "\t", "|")
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LOOKED_AT = 65_536
ROWS_LOOKED_AT = 20
JUNK_IN_TEXT, JUNK_IN_FALLBACK = 0.3, 0.02
SWALLOWED_FROM: Final = 4

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEPARATOR_LINE = re.compile(r"^sep=(.)\r?\n", re.IGNORECASE)


class Row(NamedTuple):
    """One record of a file; there may be a million of them, and this is the cheapest kind of record.

    Attributes
    ----------
    line : int
        Line it begins on, from 1; the row number in workbooks and Parquet files.
    cells : list of str
        As written; empty where a cell is empty.
    lines : int
        How many lines it spans.
    swallows : bool
        Whether most lines inside one of its fields look like rows of their own.
    """

    line: int
    cells: list[str]
    lines: int = 1
    swallows: bool = False


@dataclass(frozen=True)
class Rows:
    """The records of a file, and what had to be assumed to read them."""

    rows: list[Row]
    remarks: tuple[str, ...] = ()
    may_be_short: bool = False
    """Whether a row may leave out its last, empty cells (workbooks do)."""


def read_delimited(data: bytes, file: str, *, encoding: str | None, delimiter: str | None) -> Rows:
    """Read records from the bytes of a text file.

    Parameters
    ----------
    data : bytes
        The whole file, not empty.
    file : str
        Name for messages.
    encoding, delimiter : str, optional
        As configured; found out unless given.

    Raises
    ------
    DataError
        When the bytes are no text, or a quote is never closed.
    ConfigError
        When the configured encoding or delimiter does not exist.
    """
    text, remarks = _decode(data, file, encoding)
    first = 1
    stated = _SEPARATOR_LINE.match(text)
    if stated is not None:
        text, first = text[stated.end() :], 2
    chosen = _delimiter(text, delimiter or (stated[1] if stated is not None else None))
    return Rows(list(_records(text, chosen, first, file)), remarks)


def _decode(data: bytes, file: str, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    if encoding is not None:
        return _decode_as(data, file, encoding), ()
    for mark, name in MARKS:
        if data.startswith(mark):
            return _decode_as(data, file, name), ()
    unmarked = _unmarked_utf16(data)
    if unmarked is not None:
        return _decode_as(data, file, unmarked), (f"{file} is read as {unmarked}: every other byte is empty",)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _fall_back(data, file)
    if _junk(text) > JUNK_IN_TEXT:
        raise _not_text(file)
    return text, ()


def _decode_as(data: bytes, file: str, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except LookupError:
        raise ConfigError("There is no such encoding.", got=encoding, expected="such as utf-8 or cp1252") from None
    except UnicodeError as error:
        raise DataError(
            f"{file} is not written in {encoding}.",
            got=str(error),
            do="correct [data] encoding in postmortem.toml, or leave it out to have it found",
        ) from None
    return text.removeprefix("\ufeff")


def _fall_back(data: bytes, file: str) -> tuple[str, tuple[str, ...]]:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise _not_text(file) from None
    if _junk(text) > JUNK_IN_FALLBACK:
        raise _not_text(file)
    remark = f"{file} is not UTF-8 and is read as cp1252 (Western European): look at names with accents"
    return text, (remark,)


def _unmarked_utf16(data: bytes) -> str | None:
    head = data[:LOOKED_AT]
    if len(head) < 4 or len(data) % 2:
        return None
    empty = head[0::2].count(0), head[1::2].count(0)
    if min(empty) == 0 and max(empty) > 0.4 * len(head) / 2:
        return "utf-16-be" if empty[0] else "utf-16-le"
    return None


def _junk(text: str) -> float:
    head = text[:LOOKED_AT]
    return len(_CONTROL.findall(head)) / max(len(head), 1)


def _not_text(file: str) -> DataError:
    return DataError(
        f"{file} holds no text that can be read.",
        got="bytes that are no UTF-8, UTF-16 or Western European text",
        expected="a CSV, XLSX or Parquet file",
        do="export it again as CSV (UTF-8), or state [data] encoding in postmortem.toml",
    )


def _delimiter(text: str, stated: str | None) -> str:
    if stated is not None:
        chosen = "\t" if stated.strip().lower() in ("tab", "\\t") else stated
        if len(chosen) != 1 or chosen in '"\r\n':
            raise ConfigError("This is no delimiter.", got=stated, expected="one character, such as ';', or 'tab'")
        return chosen
    return max(DELIMITERS, key=lambda candidate: _fit(text, candidate))


def _fit(text: str, delimiter: str) -> float:
    """How many fields `delimiter` makes of the header, times the share of lines that follow it."""
    reader = csv.reader(io.StringIO(text[:LOOKED_AT], newline=""), delimiter=delimiter)
    try:
        widths = [len(row) for row in islice(reader, ROWS_LOOKED_AT) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0.0
    header = next((width for width in widths if width > 1), 1)
    # Counted by lines: a wrong delimiter that opens a quote makes few and very wide rows of many lines.
    return (header - 1) * widths.count(header) / max(reader.line_num, 1)


def _records(text: str, delimiter: str, first: int, file: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    before, lines = 0, 0
    try:
        for cells in reader:
            at = reader.line_num
            lines = at - before
            yield Row(first + before, cells, lines, lines > 1 and _swallows(cells, delimiter))
            before = at
        if lines > 1:
            before -= lines
            _refuse_unclosed(text, before, delimiter)
    except csv.Error as error:
        raise DataError(
            f"{file} cannot be split into fields.",
            got=f"{error}, from line {first + before}",
            do='close the quotation mark that is opened there; inside a field it is written ""',
        ) from None


def _swallows(cells: list[str], delimiter: str) -> bool:
    """Tell whether a quotation mark that is closed much later has made one field of many rows."""
    inner = [line for cell in cells if "\n" in cell for line in cell.split("\n")[1:]]
    like_rows = sum(line.count(delimiter) >= len(cells) - 1 for line in inner)
    return len(cells) >= SWALLOWED_FROM and 2 * like_rows > len(inner)


def _refuse_unclosed(text: str, line: int, delimiter: str) -> None:
    """Raise `csv.Error` when the last record, which begins after `line` lines, ends inside a quotation."""
    last = islice(io.StringIO(text, newline=""), line, None)
    try:
        # The lenient reader closes it silently at the end of the file.
        list(csv.reader(last, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            raise csv.Error("a quotation mark is never closed") from None
