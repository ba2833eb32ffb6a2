"""Find and open files: unpacked bytes, or words that say why there is nothing to read a table from."""

from __future__ import annotations

import gzip
import zlib
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from postmortem.book.snapshot_store import is_stored
from postmortem.ground import schema
from postmortem.ground.config import FILE_NAME
from postmortem.ground.errors import DataError

ENDINGS: Final = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".parquet", ".pq")
GZIP, OLD_EXCEL, PDF = b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"%PDF"


def unpacked(path: Path, file: str) -> bytes:
    """Return the bytes of a file, gunzipped as often as it is packed.

    Raises
    ------
    DataError
        When it is missing, a folder, unreadable, damaged or empty.
    """
    try:
        data = path.read_bytes()
        while data.startswith(GZIP):
            data = gzip.decompress(data)
    except FileNotFoundError:
        raise _missing(path, file) from None
    except IsADirectoryError:
        raise DataError(f"{file} is a folder, not a file.", do="name a file in it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{file} is damaged and cannot be unpacked.", got=str(error), do="copy or export it again"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{file} cannot be read.", got=reason, do="check its permissions") from None
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise DataError(f"{file} is empty.", expected="a header and rows under it", do="export it again")
    return data


def _missing(path: Path, file: str) -> DataError:
    beside = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    close = get_close_matches(path.name, beside, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "correct `file` in postmortem.toml, or [data] folder"
    return DataError("There is no such file.", got=file, do=hint)


def refuse_other_kinds(data: bytes, file: str) -> None:
    """Raise `DataError` for what people take for a table: old workbooks, PDFs, web pages, JSON."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = None
    if data.startswith(OLD_EXCEL):
        kind = "an Excel 97 workbook (.xls)"
    elif data.startswith(PDF):
        kind = "a PDF"
    elif start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<head")):
        kind = "a web page or XML (some exports called .xls are)"
    elif start.startswith((b"{", b"[")) and b'":' in data[:4096]:
        kind = "JSON"
    if kind is not None:
        raise DataError(
            f"{file} is no table that can be read.",
            got=kind,
            expected="CSV, XLSX or Parquet",
            do="export it as CSV (UTF-8), or save it as .xlsx",
        )


def tables_in(export: Path) -> dict[str, Path]:
    """Return the files of an export that look like tables, by their path inside it; hidden ones are passed over.

    So are the engagement's own snapshots and fieldwork, which are read without being configured.

    Raises
    ------
    DataError
        When there is no such file or folder, or no such file in it.
    """
    if export.is_file():
        return {export.name: export}
    if not export.is_dir():
        raise DataError("There is no such file or folder.", got=export.name or str(export), do="name an export")
    paths = sorted(path for path in export.rglob("*") if path.is_file())
    shown = {path.relative_to(export).as_posix(): path for path in paths}
    files = {
        name: path
        for name, path in shown.items()
        if not any(part.startswith((".", "~$")) for part in path.relative_to(export).parts)
        and path.name.lower().removesuffix(".gz").endswith(ENDINGS)
        and not is_stored(path)
        and not _is_fieldwork(path)
    }
    if not files:
        raise DataError(
            "This folder holds no table that can be read.",
            got=", ".join(list(shown)[:5]) or "an empty folder",
            expected="CSV, XLSX or Parquet files, gzipped or not",
            do="name the folder your CRM's exports lie in",
        )
    return files


def _is_fieldwork(path: Path) -> bool:
    """Whether a file lies where an engagement keeps what people filled in."""
    is_one = path.parent.name == schema.FIELDWORK_FOLDER and path.stem in schema.FIELDWORK
    return is_one and (path.parent.parent / FILE_NAME).is_file()


def stem_of(file: str) -> str:
    """Return the name of a file without folders and endings, in small letters."""
    name = Path(file).name.lower().removesuffix(".gz")
    return name.rsplit(".", 1)[0]
