"""What a PDF printed by a browser says: the strings of its objects, and the letters of its pages.

Read as Chromium writes it: plain objects, streams packed by deflate, fonts with a table from glyphs to letters.
Whatever is packed otherwise is told as unread, as nobody can vouch for it.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from postmortem.book.identities import SEPARATOR

PDF: Final = b"%PDF-"
OBJECT: Final = re.compile(rb"(?:^|[\r\n])(\d+) 0 obj\b(.*?)[\r\n]endobj\b", re.DOTALL)
SIZE: Final = re.compile(rb"/Size (\d+)")
STREAM: Final = re.compile(rb"\bstream\r?\n(.*?)\r?\n?endstream\s*$", re.DOTALL)
STRING: Final = rb"(?<!<)<([0-9A-Fa-f\s]*)>|\(((?:[^()\\]|\\.)*)\)"
STRINGS: Final = re.compile(STRING, re.DOTALL)
# In the content of a page: a text begins, what is meant by the next glyphs and where they end, a font, letters.
SHOWN: Final = re.compile(
    rb"\b(?P<mark>BT|EMC)\b|/(?P<meant>ActualText)|/(?P<font>\w+)\s+[\d.-]+\s+Tf\b|" + STRING, re.DOTALL
)
REFERENCE: Final = re.compile(rb"/(\w+) (\d+) 0 R")
ESCAPED: Final = re.compile(rb"\\([0-7]{1,3}|\r?\n|.)", re.DOTALL)
CONTROL: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r\n": b""}
GLYPHS: Final = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
NUMBERS: Final = re.compile(rb"<([0-9A-Fa-f]+)>")
ONE_BYTE: Final = re.compile(rb"begincodespacerange\s*<[0-9A-Fa-f]{2}>")
UTF_16 = b"\xfe\xff"


class Unread(Exception):
    """A part of a document that is packed in a way that is not understood."""


def texts(content: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield (where, text) for everything that a PDF says; None where it cannot be read.

    Notes
    -----
    The letters of a page are yielded twice, with and without spaces between the runs in which they are written, as a
    name may be broken over lines between its words and within one.
    """
    objects = {int(found[1]): found[2] for found in OBJECT.finditer(content)}
    size = [int(found[1]) for found in SIZE.finditer(content)]
    if not size or set(objects) != set(range(1, max(size))) or b"/Encrypt" in content:
        yield "objects", None
        return
    try:
        streams = {number: _unpacked(body) for number, body in objects.items() if STREAM.search(body)}
        heads = {number: STREAM.sub(b"", body) for number, body in objects.items()}
        strings = [_text(*found.groups()) for head in heads.values() for found in STRINGS.finditer(head)]
        yield "strings", SEPARATOR.join(strings)
        tables = {int(at) for head in heads.values() for name, at in REFERENCE.findall(head) if name == b"ToUnicode"}
        fonts = _fonts(heads, streams)
        for number, stream in streams.items():
            if number not in tables and not re.search(rb"/Length1\b|/Subtype /Image\b", heads[number]):
                runs = _runs(stream, fonts)
                yield f"object {number}", " ".join(runs)
                yield f"object {number}", "".join(runs)
    except (Unread, zlib.error, ValueError):
        yield "a stream", None


def _unpacked(body: bytes) -> bytes:
    """Return the content of a stream.

    Raises
    ------
    Unread
        When it is packed by anything but deflate, or holds objects.
    """
    found = STREAM.search(body)
    head, packed = body[: found.start()] if found else body, found[1] if found else b""
    if re.search(rb"/Type /(?:ObjStm|XRef)\b", head):
        raise Unread
    filters = re.findall(rb"/(\w+Decode)\b", head)
    if not filters:
        return packed
    if filters != [b"FlateDecode"]:
        raise Unread
    return zlib.decompressobj().decompress(packed)


def _text(digits: bytes | None, letters: bytes | None) -> str:
    """Return a string of an object, written as digits or as letters."""
    raw = _digits(digits) if letters is None else _letters(letters)
    return raw[2:].decode("utf-16-be", "replace") if raw.startswith(UTF_16) else raw.decode("latin-1")


def _digits(written: bytes | None) -> bytes:
    digits = re.sub(rb"\s", b"", written or b"").decode("ascii")
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def _letters(written: bytes) -> bytes:
    def meant(found: re.Match[bytes]) -> bytes:
        mark = found[1]
        return bytes([int(mark, 8) % 256]) if mark.isdigit() else CONTROL.get(mark, mark)

    return ESCAPED.sub(meant, written)


def _fonts(heads: Mapping[int, bytes], streams: Mapping[int, bytes]) -> dict[str, tuple[int, dict[int, str]]]:
    """Return name of a font to the bytes of one of its glyphs and what letters they are."""
    read = {}
    for number, head in heads.items():
        if re.search(rb"/Type /Font\b", head) and not re.search(rb"/Subtype /CIDFont", head):
            at = dict(REFERENCE.findall(head)).get(b"ToUnicode")
            read[number] = _glyphs(streams[int(at)]) if at is not None and int(at) in streams else None
    fonts: dict[str, tuple[int, dict[int, str]]] = {}
    for head in heads.values():
        for name, at in REFERENCE.findall(head):
            table = read.get(int(at))
            if int(at) in read and re.search(rb"/Font\s*<<[^>]*/" + name + rb" ", head):
                if table is None or fonts.get(name.decode(), table) != table:
                    raise Unread
                fonts[name.decode()] = table
    return fonts


def _glyphs(table: bytes) -> tuple[int, dict[int, str]]:
    """Read the table of a font from glyphs to letters."""
    letters: dict[int, str] = {}
    for kind, body in GLYPHS.findall(table):
        numbers = NUMBERS.findall(body)
        if kind == b"char":
            for glyph, text in zip(numbers[::2], numbers[1::2], strict=True):
                letters[int(glyph, 16)] = _utf_16(text)
        elif b"[" in body:
            raise Unread
        else:
            for first, last, text in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
                for step in range(int(last, 16) - int(first, 16) + 1):
                    letters[int(first, 16) + step] = _utf_16(b"%0*X" % (len(text), int(text, 16) + step))
    return 1 if ONE_BYTE.search(table) else 2, letters


def _utf_16(digits: bytes) -> str:
    return unicodedata.normalize("NFKC", _digits(digits).decode("utf-16-be", "replace"))


def _runs(stream: bytes, fonts: Mapping[str, tuple[int, Mapping[int, str]]]) -> list[str]:
    """Return the runs of letters that a stream shows."""
    runs, font, meant, told = [""], None, False, False
    for found in SHOWN.finditer(stream):
        digits, letters = found.groups()[-2:]
        if found["mark"]:
            runs += [""] if found["mark"] == b"BT" else []
            meant = told = False
        elif found["meant"]:
            meant = True
        elif found["font"]:
            font = fonts.get(found["font"].decode("latin-1"))
            if font is None:
                raise Unread
        elif meant and not told:
            runs[-1] += unicodedata.normalize("NFKC", _text(digits, letters))
            told = True
        elif font is not None and not told:
            wide, table = font
            raw = _digits(digits) if letters is None else _letters(letters)
            codes = (int.from_bytes(raw[at : at + wide], "big") for at in range(0, len(raw), wide))
            runs[-1] += "".join(_letter(code, table) for code in codes)
    return [run for run in runs if run]


def _letter(code: int, table: Mapping[int, str]) -> str:
    """Return the letters of a glyph; the box that stands for a letter no font has is one that cannot be read.

    Raises
    ------
    Unread
        When any other glyph has no letters.
    """
    if code not in table and code != 0:
        raise Unread
    return table.get(code, "\N{REPLACEMENT CHARACTER}")
