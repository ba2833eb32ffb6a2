"""What a PDF says is read, strings and letters alike, and what cannot be read is told."""

from __future__ import annotations

import zlib

from postmortem.book.identities import Finder
from postmortem.report.exports.pdf_text import texts
from postmortem.report.sharing.leaks import Search, scan

NAME = "Zantor & Söhne"
SEARCH = Search((("a name of this book", Finder({"account": [NAME]})),), {})
# Glyphs by number: one range from A, single letters, one glyph for two letters.
TABLE = b"""begincodespacerange <0000> <FFFF> endcodespacerange
2 beginbfchar <0101> <0026> <0102> <FB01> endbfchar
2 beginbfrange <0001> <001A> <0041> <0021> <003A> <0061> endbfrange
1 beginbfchar <0103> <00F6> endbfchar"""


def glyphs(text: str) -> bytes:
    """Write a text in the glyphs of the table."""
    codes = {"&": 0x101, "ö": 0x103}
    return b"".join(b"%04X" % codes.get(c, ord(c) - 64 if c.isupper() else ord(c) - 97 + 33) for c in text)


def pdf(content: bytes, *, head: bytes = b"/Filter /FlateDecode", title: bytes = b"(Report)", size: int = 7) -> bytes:
    packed, table = zlib.compress(content) if b"Flate" in head else content, zlib.compress(TABLE)
    bodies = (
        b"<</Title " + title + b"\n/Producer (maker \\(of\\) pages)>>",
        b"<</Type /Catalog /Pages 3 0 R>>",
        b"<</Type /Page /Contents 4 0 R /Resources <</Font <</F5 5 0 R>>>>>>",
        b"<<" + head + b" /Length %d>> stream\n" % len(packed) + packed + b"\nendstream",
        b"<</Type /Font\n/Subtype /Type0 /Encoding /Identity-H /ToUnicode 6 0 R>>",
        b"<</Filter /FlateDecode /Length %d>> stream\n" % len(table) + table + b"\nendstream",
    )
    objects = b"".join(b"%d 0 obj\n%s\nendobj\n" % (at, body) for at, body in enumerate(bodies, start=1))
    return b"%PDF-1.4\n" + objects + b"xref\ntrailer\n<</Size %d /Root 2 0 R>>\n%%%%EOF" % size


def said(content: bytes) -> dict[str, set[str | None]]:
    told: dict[str, set[str | None]] = {}
    for where, text in texts(content):
        told.setdefault(where, set()).add(text)
    return told


def test_letters_are_read_through_the_table_of_their_font() -> None:
    shown = b"BT /F5 9 Tf <" + glyphs("Zan") + b"> Tj 3 0 Td [<" + glyphs("to") + b"> -12 <" + glyphs("r") + b">] TJ ET"
    told = said(pdf(shown + b" BT <" + glyphs("Next") + b"> Tj ET"))
    assert told["object 4"] == {"Zantor Next", "ZantorNext"}
    assert told["strings"] == {"Report\x1emaker (of) pages"}


def test_a_glyph_for_two_letters_and_one_whose_meaning_is_written_beside_it() -> None:
    meant = b"/Span <</ActualText <FEFFFB02>>> BDC <0F0F> Tj EMC <" + glyphs("at") + b"> Tj"
    assert said(pdf(b"BT /F5 9 Tf <0102> Tj " + meant + b" ET"))["object 4"] == {"fi" + "fl" + "at"}


def test_a_name_is_found_wherever_it_is_broken() -> None:
    find = {"a name of this book: account"}
    one = b"BT /F5 9 Tf <" + glyphs("Zantor") + b"> Tj ET BT <" + glyphs("Söhne") + b"> Tj ET"
    within = b"BT /F5 9 Tf <" + glyphs("Zan") + b"> Tj ET BT <" + glyphs("tor&Söhne") + b"> Tj ET"
    title = b"<FEFF" + NAME.encode("utf-16-be").hex().encode() + b">"
    for content in (pdf(one), pdf(within), pdf(b"", title=title), pdf(b"", title=b"(Zantor & S\\366hne)")):
        assert {leak.kind for leak in scan({"a.pdf": content}, SEARCH)} == find
    assert scan({"a.pdf": pdf(b"BT /F5 9 Tf <" + glyphs("Zantor") + b"> Tj ET")}, SEARCH) == ()


def test_what_is_packed_otherwise_is_told_as_unread() -> None:
    unknown_font = b"BT /F9 9 Tf <0001> Tj ET"
    for content in (
        pdf(b"x", head=b"/Filter /LZWDecode"), pdf(b"x", head=b"/Filter [/ASCII85Decode /FlateDecode]"),
        pdf(b"x", head=b"/Type /ObjStm"), pdf(b"x", size=9), pdf(unknown_font), b"%PDF-1.4 cut",
        pdf(b"").replace(zlib.compress(b""), b"no deflate"),
    ):  # fmt: skip
        assert None in {text for _, text in texts(content)}
        assert {leak.kind for leak in scan({"a.pdf": content}, SEARCH)} == {
            "cannot be read, so that nobody can vouch for it"
        }


def test_pixels_and_shapes_of_letters_are_no_text() -> None:
    for head in (b"/Subtype /Image /Filter /FlateDecode", b"/Length1 9 /Filter /FlateDecode"):
        assert "object 4" not in said(pdf(b"BT (not read) Tj ET", head=head))
