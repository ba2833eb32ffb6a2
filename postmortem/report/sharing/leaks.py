"""Look through everything about to be shared, inside out, for what must not leave.

Every artefact is opened as far as it goes: markup and what it encodes, pictures inside pages, text chunks of PNG,
members of archives and workbooks, pages of a PDF. What cannot be read is a find of its own, as nobody can vouch for it.
"""

from __future__ import annotations

import base64
import binascii
import csv
import html
import io
import json
import re
import struct
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from postmortem.book.identities import SEPARATOR, Finder
from postmortem.report.exports import pdf_text
from postmortem.report.exports.pdf_text import PDF

PNG: Final = b"\x89PNG\r\n\x1a\n"
DATA_ADDRESS: Final = re.compile(r"data:([\w/+.-]+)((?:;[\w=.-]+)*),([^\"'\s)>]*)")
TAG: Final = re.compile(r"<!--|-->|</?[A-Za-z][^<>]*>")
JOINING: Final = re.compile(r"</?(?:wbr|b|i|em|strong|span|tspan|a|t|r)\b[^<>]*>", re.IGNORECASE)
ATTRIBUTE: Final = re.compile(r"=\s*(?:\"([^\"]*)\"|'([^']*)')")
PATTERNS: Final = (
    ("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")),
    ("a path of a machine", re.compile(
        r"(?<![\w.:/])/(?:home|Users|root|tmp|var|mnt|opt|srv|private|data|workspace)/[\w.-]+"
        r"|(?<!\w)[A-Za-z]:\\{1,2}\w|file://|(?<![\w\\])\\\\\w+\\\w")),
    ("a secret", re.compile(
        r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{20,}"
        r"|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|AIza[\w-]{30,}"
        r"|(?i:(?:password|passwd|secret|api[_-]?key|access[_-]?token)[\"']?\s*[:=]\s*[\"']?[^\s\"'<>]{6,})")),
)  # fmt: skip
TEXT_CHUNKS: Final = (b"tEXt", b"zTXt", b"iTXt")
MOST_BYTES = 200_000_000


@dataclass(frozen=True, order=True)
class Leak:
    """One find: in which artefact, where in it, and what it is; never the thing itself."""

    artefact: str
    where: str
    kind: str

    @property
    def line(self) -> str:
        """The find as a line of an error."""
        return f"{self.artefact}, {self.where}: {self.kind}" if self.where else f"{self.artefact}: {self.kind}"


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Attributes
    ----------
    finders : sequence of (str, Finder)
        What to call a find ("a customer's name" is made of ``a name of this kind: account``), and what finds it.
    words : mapping of str to str
        Words of this machine (user, host) to what they are.
    allowed : sequence of str
        Texts in which an address may stand, such as who prepared the report.
    """

    finders: Sequence[tuple[str, Finder]]
    words: Mapping[str, str]
    allowed: Sequence[str] = ()


def scan(artefacts: Mapping[str, bytes], search: Search) -> tuple[Leak, ...]:
    """Return every find in the artefacts (name to bytes), their names included, sorted."""
    leaks: set[Leak] = set()
    for number, (name, content) in enumerate(sorted(artefacts.items()), start=1):
        inner = f"file {number}" if set(_found(name, search)) else name
        leaks |= {Leak(inner, "its name", kind) for kind in _found(name, search)}
        for where, text in _texts(content, name):
            if text is None:
                leaks.add(Leak(inner, where, "cannot be read, so that nobody can vouch for it"))
            else:
                leaks |= {Leak(inner, where, kind) for kind in _found(text, search)}
    return tuple(sorted(leaks))


def _found(text: str, search: Search) -> Iterator[str]:
    """Yield what kinds of finds stand in a text."""
    for whose, finder in search.finders:
        for kind in sorted({kind for kind, _ in finder.find(text)}):
            yield f"{whose}: {kind}"
    allowed = " ".join(search.allowed)
    for kind, pattern in PATTERNS:
        if any(found[0] not in allowed for found in pattern.finditer(text)):
            yield kind
    for word, kind in search.words.items():
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE):
            yield kind


def _texts(content: bytes, name: str, depth: int = 0) -> Iterator[tuple[str, str | None]]:
    """Yield (where, text) for everything an artefact holds; None where it cannot be read."""
    if content.startswith(b"PK\x03\x04") and depth < 4:
        yield from _members(content, depth)
    elif content.startswith(PNG):
        yield from _chunks(content)
    elif content.startswith(PDF):
        yield from pdf_text.texts(content)
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            yield "", None
            return
        if "\0" in text:
            yield "", None
        elif name.endswith((".html", ".svg", ".xml", ".rels")) or text.lstrip()[:1] == "<":
            yield from _markup(text, depth)
        elif name.endswith((".json", ".ipynb")):
            yield from _values(text)
        elif name.endswith(".csv"):
            yield "text", SEPARATOR.join(cell for row in csv.reader(io.StringIO(text)) for cell in row)
        else:
            yield "text", text


def _members(content: bytes, depth: int) -> Iterator[tuple[str, str | None]]:
    """Yield what the members of an archive or a workbook hold, their names, comments and extra fields."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                yield "archive", None
                return
            yield "comment", archive.comment.decode("utf-8", "replace")
            for number, member in enumerate(archive.infolist(), start=1):
                yield f"name of member {number}", member.filename
                yield f"member {number}", (member.comment + b" " + member.extra).decode("latin-1")
                for where, text in _texts(archive.read(member), member.filename, depth + 1):
                    yield f"member {number} {where}".strip(), text
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error):
        yield "archive", None


def _chunks(content: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield the text chunks of a PNG; metadata of cameras and anything behind the picture are not read at all."""
    at = len(PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        data = content[at + 8 : at + 8 + length]
        if kind in TEXT_CHUNKS:
            yield f"{kind.decode()} chunk", _decoded(data).replace("\0", " ")
            for start in range(len(data)):
                if data[start : start + 1] == b"\x78":
                    try:
                        yield f"{kind.decode()} chunk", _decoded(zlib.decompress(data[start:]))
                    except zlib.error:
                        continue
        elif kind == b"eXIf":
            yield "eXIf chunk", None
        at += 12 + length
        if kind == b"IEND":
            break
    if at != len(content):
        yield "behind the picture", None


def _decoded(chunk: bytes) -> str:
    """Return the text of a chunk, which is UTF-8 or Latin-1 by its kind and by who wrote it."""
    try:
        return chunk.decode("utf-8")
    except UnicodeDecodeError:
        return chunk.decode("latin-1")


def _markup(text: str, depth: int) -> Iterator[tuple[str, str | None]]:
    """Yield what a page is read as, its attributes, its raw text, and every picture in it."""
    for number, found in enumerate(DATA_ADDRESS.finditer(text), start=1):
        where = f"picture {number}"
        try:
            packed = urllib.parse.unquote_to_bytes(html.unescape(found[3]))
            inner = base64.b64decode(packed, validate=True) if "base64" in found[2] else packed
        except (binascii.Error, ValueError):
            yield where, None
            continue
        for place, told in _texts(inner, "", depth + 1):
            yield f"{where} {place}".strip(), told
    bare = DATA_ADDRESS.sub("data:", text)
    yield "text", html.unescape(TAG.sub(SEPARATOR, JOINING.sub("", bare)))
    yield (
        "attribute",
        html.unescape(SEPARATOR.join(a or b for tag in TAG.findall(bare) for a, b in ATTRIBUTE.findall(tag))),
    )
    yield "source", html.unescape(bare)


def _values(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the texts of a JSON document, keys included."""
    try:
        yield "text", SEPARATOR.join(_strings(json.loads(text)))
    except ValueError:
        yield "", None


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, each in value.items() for text in (str(key), *_strings(each))]
    return [text for each in value for text in _strings(each)] if isinstance(value, list) else [str(value)]
